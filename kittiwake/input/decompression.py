"""The bytes of compressed files, block by block in bounded memory; what is torn or corrupt is an error.

Reads from streams that its callers, the readers of `file_types`, were given. Files that were joined
are read to the end of the last one.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable, Iterator
from typing import BinaryIO, Final, TypeAlias, cast

from kittiwake.input.errors import UnsoundError

BEGINNING_BYTES: Final = 4
"""First bytes by which a file's type is known: as many as the longest signature in `file_types` has."""

ZSTD_BYTES: Final = 4 * 1024
"""Compressed bytes given to zstd at once: it unpacks all it is given, at worst 32,000 times as much (128 MB), and is
as fast with them as with more."""


ZSTD_WINDOW_BYTES_MAX: Final = 128 * 1024 * 1024
"""Memory that a zstd file may ask of its reader: what all levels of compression do with, and zstd's own bound."""

OnRead: TypeAlias = Callable[[int], None]
"""Called with how many bytes have just been read from the file, for progress."""


class Source:
    """A stream that reports how much is read, and lets its beginning be seen: not every file system can seek."""

    def __init__(self, stream: BinaryIO, on_read: OnRead) -> None:
        """Read from where `stream` stands."""
        self.stream = stream
        self._on_read = on_read
        self._seen = b""
        self._reported = 0

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        if self._seen:
            block, self._seen = self._seen[:size], self._seen[size:]
            return block
        block = self.stream.read(size)
        self._reported += len(block)
        self._on_read(len(block))
        return block

    def beginning(self, size: int) -> bytes:
        """The next bytes, at most `size`, which will be read again; if there are any, at least `BEGINNING_BYTES`."""
        seen = self.read(size)
        while len(seen) < BEGINNING_BYTES and (more := self.read(size - len(seen))):
            seen += more
        self._seen = seen
        return seen

    def seek(self, at: int) -> None:
        """Read on from a byte of the file."""
        self._seen = b""
        self.stream.seek(at)

    def report_upto(self, size: int) -> None:
        """Report that so many bytes are read, by whoever reads `stream` itself."""
        if size > self._reported:
            self._on_read(size - self._reported)
            self._reported = size


def gzip_blocks(source: Source, block_bytes: int) -> Iterator[bytes]:
    """What a gzip file holds, in blocks of at most `block_bytes`.

    Raises:
        UnsoundError: it is corrupt, or cut off before its end; the blocks before have been yielded.
    """
    return _to_the_end(_gzip_blocks, "gzip", source, block_bytes)


def zstd_blocks(source: Source, block_bytes: int) -> Iterator[bytes]:
    """What a zstd file holds, as `gzip_blocks`."""
    return _to_the_end(_zstd_blocks, "zstd", source, block_bytes)


def _to_the_end(
    unpack: Callable[[Source, int], Iterator[bytes]], name: str, source: Source, block_bytes: int
) -> Iterator[bytes]:
    try:
        if not source.beginning(block_bytes):
            raise EOFError
        yield from unpack(source, block_bytes)
    except EOFError:
        raise UnsoundError(f"the {name} file is cut off before its end") from None


def _gzip_blocks(source: Source, block_bytes: int) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=cast("BinaryIO", source)) as unzipped:
            while block := unzipped.read(block_bytes):
                yield block
    except (gzip.BadGzipFile, zlib.error) as error:
        raise UnsoundError(f"it is no sound gzip file ({error})") from error


def _zstd_blocks(source: Source, block_bytes: int) -> Iterator[bytes]:
    """Not by the library's own reader of streams, to which a frame that is cut off has simply ended."""
    import zstandard  # noqa: PLC0415 - 10 ms that only runs over zstd files need to pay

    frame, parts, size = None, [], 0
    library = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW_BYTES_MAX)
    try:
        while packed := source.read(ZSTD_BYTES):
            while packed:
                frame = frame or library.decompressobj()
                parts.append(frame.decompress(packed))
                size += len(parts[-1])
                packed = frame.unused_data
                if frame.eof:
                    frame = None
            if size >= block_bytes:
                yield from _cut(b"".join(parts), block_bytes)
                parts, size = [], 0
    except zstandard.ZstdError as error:
        raise UnsoundError(_why_not_zstd(error)) from error
    if size:
        yield b"".join(parts)
    if frame is not None:
        raise EOFError


def _cut(content: bytes, block_bytes: int) -> Iterator[bytes]:
    for start in range(0, len(content), block_bytes):
        yield content[start : start + block_bytes]


def _why_not_zstd(error: Exception) -> str:
    if "too much memory" in str(error):
        largest = ZSTD_WINDOW_BYTES_MAX // 1024**2
        return f"its zstd window is larger than {largest} MiB: compress it again without --long"
    return f"it is no sound zstd file ({error})"
