"""Bytes in other encodings as UTF-8, block by block.

Pure. UTF-16 is known by its byte order mark; every other encoding somebody has to say.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator
from itertools import chain
from typing import Final

from kittiwake.input.errors import UnsoundError

UTF_16_MARKS: Final = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
UTF_8: Final = "utf-8"


def from_utf16(blocks: Iterator[bytes]) -> Iterator[bytes]:
    """Blocks as UTF-8 if they begin with the byte order mark of UTF-16; all others are passed on as they are.

    Raises:
        UnsoundError: bytes are none of the encoding.
    """
    first = next(blocks, b"")
    whole = chain([first], blocks)
    yield from _decoded(whole, "utf-16") if first.startswith(UTF_16_MARKS) else whole


def as_utf8(blocks: Iterator[bytes], encoding: str = UTF_8) -> Iterator[bytes]:
    """Blocks as UTF-8, without a byte order mark; bytes that claim to be UTF-8 are passed on unread.

    Raises:
        UnsoundError: bytes are none of the encoding.
    """
    first = next(blocks, b"")
    if first.startswith(UTF_16_MARKS):
        encoding = "utf-16"
    elif first.startswith(codecs.BOM_UTF8):
        first, encoding = first[len(codecs.BOM_UTF8) :], UTF_8
    whole = chain([first], blocks)
    yield from whole if encoding == UTF_8 else _decoded(whole, encoding)


def _decoded(blocks: Iterator[bytes], encoding: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in blocks:
            yield decoder.decode(block).encode()
        yield decoder.decode(b"", final=True).encode()
    except UnicodeError as error:
        raise UnsoundError(f"it is no sound {encoding} ({getattr(error, 'reason', error)})") from None
