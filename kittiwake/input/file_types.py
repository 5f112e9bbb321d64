"""What an input file holds, by its name or else by its first bytes; files that hold no records are refused by name.

Pure. Called by the readers of both hosts.
"""

from __future__ import annotations

from enum import Enum
from typing import Final


class Kind(Enum):
    """How the records of a file are written."""

    LINES = "JSON lines"
    GZIP = "JSON lines in gzip"
    ZSTD = "JSON lines in zstd"
    PARQUET = "Parquet"

    @property
    def is_packed(self) -> bool:
        """Whether a file has to be read from its start."""
        return self in (Kind.GZIP, Kind.ZSTD)


BEGINNING_BYTES: Final = 4
"""First bytes that `kind_of` has to see: the longest of the signatures below."""

_ENDINGS: Final = {".gz": Kind.GZIP, ".zst": Kind.ZSTD, ".parquet": Kind.PARQUET}
_SIGNATURES: Final = {
    b"\x1f\x8b": Kind.GZIP,
    b"\x28\xb5\x2f\xfd": Kind.ZSTD,
    **{bytes([first, 0x2A, 0x4D, 0x18]): Kind.ZSTD for first in range(0x50, 0x60)},  # frames to be skipped
    b"PAR1": Kind.PARQUET,
}

NOT_READ: Final = (".bz2", ".xz", ".zip", ".lz4", ".avro", ".tar", ".tar.gz", ".tgz", ".tar.zst")
"""Endings of files that would only make dead letters; of an archive, the first event of each file would be lost in the
heading before it."""

READ: Final = "JSON lines are read, plain, gzip or zstd, and Parquet"
"""What is read, for those who named something else."""


def kind_by_name(name: str) -> Kind | None:
    """What the name of a file says that it holds; None: nothing."""
    lower = name.lower()
    return next((kind for ending, kind in _ENDINGS.items() if lower.endswith(ending)), None)


def kind_of(name: str, beginning: bytes) -> Kind:
    """What a file holds: its name goes before its first bytes, so that garbage in an archive is no text.

    >>> kind_of("a.gz", b"garbage"), kind_of("a", b"garbage")
    (<Kind.GZIP: 'JSON lines in gzip'>, <Kind.LINES: 'JSON lines'>)
    """
    named = kind_by_name(name)
    if named is not None:
        return named
    return next((kind for signature, kind in _SIGNATURES.items() if beginning.startswith(signature)), Kind.LINES)


def is_not_read(name: str) -> bool:
    """Whether the name of a file says that it holds nothing that is read."""
    return name.lower().endswith(NOT_READ)
