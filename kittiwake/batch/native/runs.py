"""Contacts that the accelerator keeps no longer: in runs, each in order, in one temporary file until they are merged.

Touches one unnamed file in the folder for such, which the operating system removes even of a process that is killed.
Called by `gathering`. What a frame of a run consists of is known to `native/src/spilled.rs`, which makes and reads it.
"""

from __future__ import annotations

from collections.abc import Callable
from tempfile import TemporaryFile
from typing import Final

import zstandard

from kittiwake.batch.external_sort import no_room
from kittiwake.batch.workers.spill import Piece, Spill

FRAME_BYTES: Final = 64 * 1024
"""Bytes of a frame, of which one of each run is in memory while they are merged: a thousand runs take 64 MB."""

LEVEL: Final = 1
"""Of zstd, as of record batches: a fifth of the bytes for a tenth of a microsecond an event."""

_SIZE_BYTES: Final = 4


class Runs:
    """The runs of one gathering; nothing is written before the first. To be closed."""

    def __init__(self) -> None:
        """No runs yet.

        Raises:
            UnusableError: no temporary file can be made.
        """
        try:
            self._file = TemporaryFile(prefix="kittiwake-")  # noqa: SIM115 (closed in `close`)
        except OSError as error:
            raise no_room(error) from None
        self._spill = Spill([self._file.fileno()], 0)
        self._compress = zstandard.ZstdCompressor(level=LEVEL).compress
        self._decompress = zstandard.ZstdDecompressor().decompress
        self._left: list[Piece] = []
        """What was not read of each run."""

    def close(self) -> None:
        """Remove the file."""
        self._file.close()

    @property
    def number(self) -> int:
        """How many there are."""
        return len(self._left)

    def write(self, next_frame: Callable[[int], bytes]) -> None:
        """Write one more run, whose frames are asked for one by one, of so many bytes, until one is empty.

        Raises:
            UnusableError: there is no room for them.
        """
        begin = self._left[-1].start + self._left[-1].size if self._left else 0
        size = 0
        while frame := next_frame(FRAME_BYTES):
            packed = self._compress(frame)
            size += self._spill.put(len(packed).to_bytes(_SIZE_BYTES, "little") + packed).size
        self._left.append(Piece(0, begin, size))

    def read(self, run: int) -> bytes:
        """The next frame of a run, once all runs are written; empty at its end."""
        _, start, size = self._left[run]
        if not size:
            return b""
        packed = int.from_bytes(self._spill.read(Piece(0, start, _SIZE_BYTES)), "little")
        frame = self._decompress(self._spill.read(Piece(0, start + _SIZE_BYTES, packed)))
        self._left[run] = Piece(0, start + _SIZE_BYTES + packed, size - _SIZE_BYTES - packed)
        return frame
