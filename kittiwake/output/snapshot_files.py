"""Local files of snapshots, read whole and held to their manifests. Called by replay, which starts from them.

A row that is missing or no snapshot refuses all of them: its contact would hear again what it has heard, and a run over
files can wait until they are mended. Jobs, which read files of buckets in parts, have `transforms.snapshot_parts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from kittiwake.errors import UnusableError
from kittiwake.input.errors import shown
from kittiwake.input.files import find_files
from kittiwake.input.reading import read_records
from kittiwake.output.snapshot_rows import Snapshot, SnapshotError, snapshot_of_line
from kittiwake.output.snapshot_set import (
    AGAIN,
    MANIFEST,
    RowSum,
    SnapshotFile,
    SnapshotSetError,
    manifest_of,
    refuse_other_files,
    written_name,
)


def snapshots_in(patterns: Sequence[str]) -> Iterator[Snapshot]:
    """What the rows of the files say that paths and globs name; the files of one folder are all that a run wrote there.

    Whoever uses a row has to read on to the end: only then is known that none is missing.

    Raises:
        UnusableError: a file is missing, cannot be read, or is not as it was written.
    """
    folders: dict[Path, list[str]] = {}
    for name in find_files(patterns):
        own = folders.setdefault(Path(name).parent, [])
        own += [] if Path(name).name == MANIFEST else [name]
    for folder, names in folders.items():
        yield from _folder(folder, names)


def _folder(folder: Path, names: Sequence[str]) -> Iterator[Snapshot]:
    manifest = _manifest(folder)
    try:
        if manifest is not None:
            refuse_other_files(map(written_name, names), manifest)
        for name in names:
            yield from _file(name, None if manifest is None else manifest[written_name(name)])
    except SnapshotSetError as error:
        raise UnusableError(f"{shown(str(folder))}: {error}") from None


def _manifest(folder: Path) -> Mapping[str, SnapshotFile] | None:
    """The manifest of a folder; None if there is none."""
    path = folder / MANIFEST
    try:
        return manifest_of(path.read_bytes()) if path.exists() else None
    except SnapshotSetError as error:
        raise UnusableError(f"{shown(str(folder))}: {error}") from None
    except OSError as error:
        raise UnusableError(f"cannot read {shown(str(path))}: {error.strerror or error}") from error


def _file(name: str, expected: SnapshotFile | None) -> Iterator[Snapshot]:
    rows = RowSum()
    for record in read_records(name):
        rows.add(record.raw)
        if expected is None and b'"digest":' in record.raw:
            raise SnapshotSetError(f"{MANIFEST} is missing, which was written beside {shown(name)}. {AGAIN}.")
        try:
            yield snapshot_of_line(record.raw)
        except SnapshotError as error:
            raise UnusableError(f"{shown(name)}, line {record.number}, is no snapshot: {error}. {AGAIN}.") from None
    if expected is not None:
        rows.refuse_other(expected)
