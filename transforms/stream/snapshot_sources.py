"""The files of snapshots that a stream starts from: found, read once, held to their manifests, and cut into parts.

Reads files, local and remote, as long as that takes. Called at launch. A row that is missing, or of another run, is
refused here: its contact would start with nothing. A row that is no snapshot is reported, and becomes a dead letter.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from kittiwake.errors import UnusableError
from kittiwake.output.formats import FEEDS, ITEMS
from kittiwake.output.snapshot_rows import SnapshotError
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
from kittiwake.stream.seeding import Seeded, seed_of
from kittiwake.transforms.input_files import InputFile, input_files, lines_of
from kittiwake.transforms.snapshot_parts import SnapshotPart, SnapshotSource, rows_of, without_end
from kittiwake.values import parse_json

MANIFEST_BYTES_MAX: Final = 64 * 1024 * 1024
"""Some 400,000 files, four times as many as one run reads."""

PART_BYTES: Final = 4 * 1024 * 1024
"""Of rows that are read as one element, some 1,000 contacts: a bundle holds them, and commits them at once."""
PARTS_MAX: Final = 20_000
"""Parts of all files together: each is an element of the graph that a launch sends, some 200 bytes of 20 MB."""

COMPRESSED: Final = (".gz", ".zst")
"""Files that can only be read from their beginning: each is one part."""

FIRST_LINES: Final = 20
"""Lines of a file of which one has to be a snapshot: else it is a file of another kind, and not one of bad rows."""


class RefusedRow(NamedTuple):
    """A row that is no snapshot."""

    where: str
    why: str


class FoundSnapshots(NamedTuple):
    """What a stream starts from."""

    sources: tuple[SnapshotPart, ...]
    """Parts of files and tables."""
    name: str
    """What it is, for people: `3 file(s) of snapshots`."""
    evaluated_to_us: int
    """How far the first contacts were decided, the earliest of them."""
    refused: tuple[RefusedRow, ...] = ()
    """Rows that are no snapshots: each becomes a dead letter, and its contact starts with nothing."""
    has_items: bool = False
    """Whether there are rows of items among them."""
    has_feeds: bool = False
    """Whether there are rows of feeds and breakers."""


def find_snapshots(patterns: Sequence[str], part_bytes: int = PART_BYTES) -> FoundSnapshots:
    """The files that patterns name, manifests left out; those of one folder are the whole of what a run wrote there.

    Raises:
        UnusableError: one is missing, is not what a run wrote, or is no file of snapshots; or there is no row in them.
    """
    folders: dict[str, list[InputFile]] = {}
    for file in input_files(patterns):
        folder, _, name = file.name.rpartition("/")
        if name != MANIFEST:
            folders.setdefault(folder, []).append(file)
    part_bytes = max(part_bytes, sum(file.size for files in folders.values() for file in files) // PARTS_MAX)
    found = [one for folder, files in folders.items() for one in _folder(folder, files, part_bytes)]
    evaluated_to_us = min((one.begun_us for one in found if one.begun_us is not None), default=None)
    if evaluated_to_us is None:
        raise UnusableError("there is no row in them")
    parts = tuple(part for one in found for part in one.parts)
    kinds = [any(written_name(part.path).startswith(kind) for part in parts) for kind in (ITEMS, FEEDS)]
    refused = tuple(row for one in found for row in one.refused)
    return FoundSnapshots(parts, f"{len(found)} file(s) of snapshots", evaluated_to_us, refused, *kinds)


class _File(NamedTuple):
    """What a file holds."""

    parts: tuple[SnapshotSource, ...]
    begun_us: int | None
    """How far its first contact was decided; None: it has no row."""
    refused: tuple[RefusedRow, ...]


def _folder(folder: str, files: list[InputFile], part_bytes: int) -> Iterator[_File]:
    manifest = _manifest(folder)
    if manifest is not None:
        try:
            refuse_other_files((written_name(file.name) for file in files), manifest)
        except SnapshotSetError as error:
            raise SnapshotSetError(f"{folder}: {error}") from None
    for file in files:
        yield _file(file, None if manifest is None else manifest[written_name(file.name)], part_bytes)


def _manifest(folder: str) -> Mapping[str, SnapshotFile] | None:
    """The manifest of a folder; None if there is none."""
    path = f"{folder}/{MANIFEST}" if folder else MANIFEST
    try:
        if not FileSystems.exists(path):
            return None
        with FileSystems.open(path) as file:
            return manifest_of(file.read(MANIFEST_BYTES_MAX))
    except SnapshotSetError as error:
        raise SnapshotSetError(f"{folder}: {error}") from None
    except (BeamIOError, OSError) as error:
        raise UnusableError(f"cannot read {path}: {error}") from error


def _file(file: InputFile, expected: SnapshotFile | None, part_bytes: int) -> _File:
    """Read a file to its end.

    Raises:
        UnusableError: it cannot be read, is no file of snapshots, or had a manifest when it was written.
    """
    begun_us = _begun_us(file.name, has_manifest=expected is not None)
    whole = RowSum()
    try:
        parts = tuple(_parts(file, whole, part_bytes))
    except OSError as error:
        raise UnusableError(f"cannot read {file.name}: {error.strerror or error}") from error
    if expected is None or whole.file(expected.name) == expected:
        return _File(parts, begun_us, () if expected is not None else tuple(_refused(file.name)))
    refused = tuple(_refused(file.name))
    if not refused or whole.rows != expected.rows:
        whole.refuse_other(expected)
    return _File(parts, begun_us, refused)


def _parts(file: InputFile, whole: RowSum, part_bytes: int) -> Iterator[SnapshotSource]:
    """The parts of a file, which end with lines; all its rows are summed up as well."""
    if file.name.endswith(COMPRESSED):
        source = SnapshotSource(file.name, whole.file(file.name))
        for row in rows_of(source):
            whole.add(row)
        yield source._replace(expected=whole.file(file.name))
        return
    start = end = 0
    rows = RowSum()
    with FileSystems.open(file.name, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
        for line in stream:
            end += len(line)
            row = without_end(line)
            if row:
                rows.add(row)
                whole.add(row)
            if end - start >= part_bytes:
                yield SnapshotSource(file.name, rows.file(file.name), start, end)
                start, rows = end, RowSum()
    if end > start:
        yield SnapshotSource(file.name, rows.file(file.name), start, end)


def _refused(path: str) -> Iterator[RefusedRow]:
    for number, line in _lines(path):
        try:
            seed_of(line)
        except SnapshotError as error:
            yield RefusedRow(f"{path}, line {number}", str(error))


def _begun_us(path: str, *, has_manifest: bool) -> int | None:
    """How far the first contact of a file was decided whose row can be read; None: it has no row.

    Raises:
        UnusableError: it cannot be read, is no file of snapshots, or had a manifest when it was written.
    """
    why = None
    for number, line in _lines(path):
        try:
            found = seed_of(line)
        except SnapshotError as error:
            why = why or f"{path}, line {number}, is no snapshot: {error}"
            if number >= FIRST_LINES:
                break
            continue
        if not has_manifest and "digest" in parse_json(line):
            raise UnusableError(f"{MANIFEST} is missing, which was written beside {path}. {AGAIN}.")
        return found.seed.time_us if isinstance(found, Seeded) else found.evaluated_to_us
    if why is not None:
        raise UnusableError(why)
    return None


def _lines(name: str) -> Iterator[tuple[int, bytes]]:
    try:
        yield from lines_of(name)
    except OSError as error:
        raise UnusableError(f"cannot read {name}: {error.strerror or error}") from error
