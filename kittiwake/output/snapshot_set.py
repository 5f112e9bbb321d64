"""The manifest beside the files of `snapshots`: how many rows each file has, and the digest of its rows.

Pure. Written by the hosts that write snapshots. A stream reads it at its launch, and its workers hold every file to it.
So a file that was cut off at the end of a line, one that was left out, and one of another run are noticed: the contacts
in them would start with nothing, and what was pending for them would never fire.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final, Self

import msgspec

from kittiwake.errors import UnusableError
from kittiwake.values import canonical_bytes

MANIFEST: Final = "manifest.json"
"""Its name, in the folder of the files."""

FORMAT: Final = 1
"""Whatever is added to or taken from the manifest raises it: a release refuses what it does not know."""


class SnapshotSetError(UnusableError):
    """Files of snapshots that are not what a run wrote; the message names the file, and says what to do."""


class SnapshotFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a file of snapshots holds."""

    name: str
    """Without its folder."""
    rows: int
    sha256: str
    """Of its rows, each with a line feed at its end: of a file that is not compressed what `sha256sum` prints."""


class _Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: int
    files: tuple[SnapshotFile, ...]
    sha256: str
    """Of the canonical JSON of `files`."""


class RowSum:
    """The rows of one file, summed up while they pass."""

    def __init__(self) -> None:
        """No rows yet."""
        self.rows = 0
        """How many have passed."""
        self._hash = hashlib.sha256()

    def add(self, row: bytes) -> None:
        """Take the next row, without the end of its line."""
        self.rows += 1
        self._hash.update(row + b"\n")

    @classmethod
    def of(cls, rows: Iterable[bytes]) -> Self:
        """The sum of all rows of a file."""
        found = cls()
        for row in rows:
            found.add(row)
        return found

    def file(self, name: str) -> SnapshotFile:
        """What the manifest says of the file."""
        return SnapshotFile(name, self.rows, self._hash.hexdigest())

    def refuse_other(self, expected: SnapshotFile) -> None:
        """Refuse rows that are not those that the manifest names.

        Raises:
            SnapshotSetError: rows are missing, too many, or others.
        """
        found = self.file(expected.name)
        if found == expected:
            return
        what = f"it has {found.rows:,} rows, and {MANIFEST} says {expected.rows:,}"
        if found.rows == expected.rows:
            what = f"its rows are not those that {MANIFEST} names: their SHA-256 is another"
        raise SnapshotSetError(f"{expected.name} is not as it was written: {what}. {AGAIN}.")


AGAIN: Final = "Copy the whole folder of snapshots again, or run the backfill again"


def manifest_bytes(files: Iterable[SnapshotFile]) -> bytes:
    """The manifest of the files of one folder."""
    listed = tuple(sorted(files, key=lambda file: file.name))
    found = _Manifest(FORMAT, listed, _digest(listed))
    return msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"


def manifest_of(data: bytes) -> Mapping[str, SnapshotFile]:
    """The files that a manifest names, by name.

    Raises:
        SnapshotSetError: it is none of this release, or was altered.
    """
    try:
        found = msgspec.json.decode(data, type=_Manifest)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise SnapshotSetError(f"{MANIFEST} cannot be read: {error}. {AGAIN}.") from None
    if found.format != FORMAT:
        raise SnapshotSetError(f"{MANIFEST} is of format {found.format}, and this release reads format {FORMAT}")
    if found.sha256 != _digest(found.files):
        raise SnapshotSetError(f"{MANIFEST} is not as it was written: its own SHA-256 is another. {AGAIN}.")
    return {file.name: file for file in found.files}


def _digest(files: tuple[SnapshotFile, ...]) -> str:
    return hashlib.sha256(canonical_bytes(msgspec.to_builtins(files))).hexdigest()


def refuse_other_files(names: Iterable[str], manifest: Mapping[str, SnapshotFile]) -> None:
    """Refuse a set of files that is not the manifest's.

    Raises:
        SnapshotSetError: one is missing, or does not belong to it.
    """
    given = set(names)
    missing, foreign = sorted(manifest.keys() - given), sorted(given - manifest.keys())
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise SnapshotSetError(f"{missing[0]}{more} of {MANIFEST} is not among the files: name all files of the folder")
    if foreign:
        raise SnapshotSetError(f"{foreign[0]} is not in {MANIFEST}: it is not of the run that wrote the others")


def written_name(path: str) -> str:
    """The name under which a run wrote a file that may have been compressed since."""
    return path.rpartition("/")[2].removesuffix(".gz").removesuffix(".zst")
