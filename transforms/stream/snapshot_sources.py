"""The files of snapshots that a stream starts from: found, held to their manifests, their beginnings read.

Reads files, local and remote. Called at launch. What is refused here would let contacts start with nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from kittiwake.errors import UnusableError
from kittiwake.output.item_snapshots import ItemSnapshot
from kittiwake.output.snapshot_set import (
    AGAIN,
    MANIFEST,
    SnapshotFile,
    SnapshotSetError,
    manifest_of,
    refuse_other_files,
)
from kittiwake.stream.seeding import Seeded, SnapshotError, seed_of
from kittiwake.values import parse_json
from transforms.input_files import input_files, lines_of
from transforms.stream.seed import SnapshotSource

MANIFEST_BYTES_MAX: Final = 64 * 1024 * 1024
"""Some 400,000 files, four times as many as one run reads."""


class FoundSnapshots(NamedTuple):
    """What a stream starts from."""

    sources: tuple[SnapshotSource, ...]
    evaluated_to_us: int
    """How far the first contacts of the files were decided, the earliest of them."""


def find_snapshots(patterns: Sequence[str]) -> FoundSnapshots:
    """The files that patterns name, manifests left out; those of one folder are the whole of what a run wrote there.

    Raises:
        UnusableError: one is missing, altered, or no file of snapshots; or there is no row in them.
    """
    folders: dict[str, list[str]] = {}
    for file in input_files(patterns):
        folder, _, name = file.name.rpartition("/")
        if name != MANIFEST:
            folders.setdefault(folder, []).append(file.name)
    sources = [source for folder, paths in folders.items() for source in _sources(folder, paths)]
    begun = [_begun_us(source) for source in sources]
    evaluated_to_us = min((one for one in begun if one is not None), default=None)
    if evaluated_to_us is None:
        raise UnusableError("there is no row in them")
    return FoundSnapshots(tuple(sources), evaluated_to_us)


def _sources(folder: str, paths: list[str]) -> Iterable[SnapshotSource]:
    manifest = _manifest(folder)
    if manifest is None:
        return [SnapshotSource(path, None) for path in paths]
    try:
        refuse_other_files(map(_name_of, paths), manifest)
    except SnapshotSetError as error:
        raise SnapshotSetError(f"{folder}: {error}") from None
    return [SnapshotSource(path, manifest[_name_of(path)]) for path in paths]


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


def _begun_us(source: SnapshotSource) -> int | None:
    """How far the first contact of a file was decided; None: it has no row.

    Raises:
        UnusableError: it cannot be read, is no file of snapshots, or had a manifest when it was written.
    """
    for number, line in _lines(source.path):
        where = f"{source.path}, line {number}"
        try:
            found = _evaluated_to_us(seed_of(line))
        except SnapshotError as error:
            raise UnusableError(f"{where}, is no snapshot: {error}") from None
        if source.expected is None and "digest" in parse_json(line):
            raise UnusableError(f"{MANIFEST} is missing, which was written beside {source.path}. {AGAIN}.")
        return found
    return None


def _evaluated_to_us(found: Seeded | ItemSnapshot) -> int:
    return found.seed.time_us if isinstance(found, Seeded) else found.evaluated_to_us


def _lines(name: str) -> Iterator[tuple[int, bytes]]:
    try:
        yield from lines_of(name)
    except OSError as error:
        raise UnusableError(f"cannot read {name}: {error.strerror or error}") from error


def _name_of(path: str) -> str:
    """The name under which a run wrote a file that may have been compressed since."""
    return path.rpartition("/")[2].removesuffix(".gz").removesuffix(".zst")
