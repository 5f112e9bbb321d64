"""Sorting more than fits into memory: sorted runs in a temporary file, merged while they are read.

Touches one unnamed file in the worker's own folder for such, and nothing else. Called by `gathering` and
`oversized_contacts`. What is sorted are tuples of plain values, compared whole; equal ones all come out again.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from heapq import merge
from tempfile import TemporaryFile, gettempdir
from types import TracebackType
from typing import IO, Final, Generic, Self, TypeVar

import msgspec

from kittiwake.errors import UnusableError

FRAME_BYTES: Final = 16 * 1024
"""Bytes of a run that are read at once: four times as much in memory, so that merging a thousand runs takes 64 MB."""

_ARRAY_32: Final = b"\xdd"
"""How msgpack begins a list whose length follows in four bytes."""

_encode: Final = msgspec.msgpack.Encoder().encode

R = TypeVar("R", bound=tuple[object, ...])


def no_room(error: OSError, instead: str = "") -> UnusableError:
    """Why no temporary file can be written, and what to do."""
    why = error.strerror or error
    return UnusableError(
        f"cannot write temporary files into {gettempdir()}: {why}; set TMPDIR to a folder with more room{instead}"
    )


class _Run(msgspec.Struct, frozen=True):
    """Where a run lies in the file."""

    begin: int
    end: int


class Sorter(Generic[R]):
    """Records put in in any order, and taken out in order, of which about `held_bytes` are in memory.

    To be used in a `with`: at its end, however it comes, nothing is left on the disk. The operating system
    removes the file even of a process that is killed, as it has no name.
    """

    def __init__(self, decoder: msgspec.msgpack.Decoder[list[R]], held_bytes: int) -> None:
        self._decode = decoder.decode
        self._held_bytes = held_bytes
        self._held: list[R] = []
        self.bytes = 0
        """About how many of records are in memory."""
        self._runs: list[_Run] = []
        self._file: IO[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def discard(self) -> None:
        """Forget all records; nothing is left in memory or on the disk."""
        self._held.clear()
        if self._file is not None:
            with suppress(OSError):  # of what there was no room for, which nobody reads any more
                self._file.close()

    def put(self, record: R, size: int) -> None:
        """Keep a record that takes about `size` bytes of memory."""
        self._held.append(record)
        self.bytes += size
        if self.bytes > self._held_bytes:
            self.spill()

    def in_order(self) -> Iterator[R]:
        """All records from the smallest to the largest. To be asked when all are in; again, once they have come out."""
        if self._file is None:
            self._held.sort()
            return iter(self._held)
        if self._held:
            self.spill()
        return merge(*[self._read(self._file, run) for run in self._runs])

    def spill(self) -> None:
        """Write what is held as one more run, and hold nothing.

        Raises:
            UnusableError: there is no room for it.
        """
        self._held.sort()
        begin = self._runs[-1].end if self._runs else 0
        try:
            if self._file is None:
                self._file = TemporaryFile(prefix="kittiwake-")  # noqa: SIM115 (closed in `__exit__`)
            self._runs.append(_Run(begin, self._write(self._file)))
        except OSError as error:
            raise no_room(error) from None
        self._held.clear()
        self.bytes = 0

    def _write(self, file: IO[bytes]) -> int:
        """Write what is held, in frames: the length of each, then its records. Where the file then ends."""
        records: list[bytes] = []
        size = 0
        for record in self._held:
            records.append(_encode(record))
            size += len(records[-1])
            if size >= FRAME_BYTES:
                _write_frame(file, records)
                size = 0
        _write_frame(file, records)
        file.flush()
        return file.tell()

    def _read(self, file: IO[bytes], run: _Run) -> Iterator[R]:
        at = run.begin
        while at < run.end:
            file.seek(at)
            size = int.from_bytes(file.read(4), "big")
            frame = file.read(size)
            at = file.tell()
            yield from self._decode(frame)


def _write_frame(file: IO[bytes], records: list[bytes]) -> None:
    frame = b"".join([_ARRAY_32, len(records).to_bytes(4, "big"), *records])
    file.write(len(frame).to_bytes(4, "big"))
    file.write(frame)
    records.clear()
