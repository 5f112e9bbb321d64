"""Where events wait between being read and being decided: a file for each process, which all of them read.

Touches unnamed files in the folder for such. A process appends to its own file; which bytes of it are whose, whoever
wrote them reports. The operating system removes the files even of processes that are killed.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Final, NamedTuple

from kittiwake.batch.external_sort import no_room

_WRITTEN_MAX: Final = 1 << 30
"""Bytes of one write: systems write no more than 2 GB at once."""


class Piece(NamedTuple):
    """Where some bytes lie."""

    file: int
    """Which of the files."""
    start: int
    size: int


class Spill:
    """The files, by their handles, as one of the processes has them."""

    def __init__(self, handles: Sequence[int], own: int, instead: str = "") -> None:
        """`own` is the number of its own file, which is empty; `instead` says what may be done besides making room."""
        self._handles, self._own, self._end, self._instead = handles, own, 0, instead

    def put(self, content: bytes) -> Piece:
        """Append bytes to the own file.

        Raises:
            UnusableError: they cannot be written.
        """
        piece = Piece(self._own, self._end, len(content))
        view = memoryview(content)
        while view:
            try:
                written = os.pwrite(self._handles[self._own], view[:_WRITTEN_MAX], self._end)
            except OSError as error:
                raise no_room(error, self._instead) from None
            self._end += written
            view = view[written:]
        return piece

    def read(self, piece: Piece) -> bytes:
        """The bytes of a piece, whoever put them."""
        found = bytearray()
        while len(found) < piece.size:
            more = os.pread(self._handles[piece.file], piece.size - len(found), piece.start + len(found))
            assert more, "a piece lies before the end of its file"
            found += more
        return bytes(found)
