"""A seal on what a job keeps of a contact, so that damaged bytes are noticed and not taken for other ones.

Pure. Around the `cell` and around each element of the `bag`. What was kept before there were seals is read as it is.
"""

from __future__ import annotations

import zlib
from typing import Final

MARK: Final = b"\xc1"
"""Stands first. No record begins with it: msgpack uses it for nothing."""
SUM_BYTES: Final = 4
"""Of a CRC-32: it notices every damage within 32 bits, and of any other all but one in four billion."""
_START: Final = len(MARK) + SUM_BYTES


class UnreadableError(Exception):
    """What is kept of a contact cannot be read: it is damaged, or of a later release. Says why, without values."""


def sealed(data: bytes) -> bytes:
    """Bytes to be kept."""
    return MARK + zlib.crc32(data).to_bytes(SUM_BYTES) + data


def unsealed(data: bytes) -> memoryview:
    """The bytes that were sealed, not a copy; those of before there were seals as they are.

    Raises:
        UnreadableError: they are not what was sealed.
    """
    whole = memoryview(data)
    if not data.startswith(MARK):
        return whole
    inside = whole[_START:]
    if zlib.crc32(inside).to_bytes(SUM_BYTES) != data[len(MARK) : _START]:
        raise UnreadableError("its checksum is another")
    return inside
