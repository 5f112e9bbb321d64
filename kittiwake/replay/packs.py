"""Packs: how the rows of many contacts travel from one worker to another, in few elements.

Pure. Every contact has a bucket, by a digest of its name and so the same on every worker; a pack
holds rows of one bucket's contacts. A bucket is settled as one; `buckets` holds what does not fit into memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final
from zlib import crc32

import msgspec

from kittiwake.replay.contacts import Groups, Row, Subject

BUCKET_BYTES: Final = 4 * 1024 * 1024
"""Bytes of input that should meet in a bucket: some 20,000 events, which take 10 MB of memory (ten times that of a
tenfold compressed input)."""

BUCKETS_MIN: Final = 64
"""Enough for tens of workers to share a small job evenly; each costs a fraction of a millisecond."""

BUCKETS_MAX: Final = 16_384
"""From 64 GB of input on buckets grow instead: packs would become as small as single events."""

PACK_BYTES: Final = 32 * 1024 * 1024
"""Bytes taken in after which a worker hands on what it has packed: more only costs memory."""

ELEMENT_BYTES: Final = 64 * 1024 * 1024
"""Bytes of a pack above which it is cut in two: below the largest element a runner takes (Dataflow: 80 MB). It is
seldom asked for: a contact would have to fill a bundle, and with numbers such as 1e300, whose digits all travel."""

_Part = tuple[str, str, list[Row]]
_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(list[_Part]).decode


def buckets_for(bytes_total: int) -> int:
    """Into how many buckets an input of so many bytes is dealt.

    >>> buckets_for(0), buckets_for(4_000_000_000), buckets_for(10**15)
    (64, 953, 16384)
    """
    return min(max(bytes_total // BUCKET_BYTES, BUCKETS_MIN), BUCKETS_MAX)


def bucket_of(subject: Subject, buckets: int) -> int:
    """The bucket of a contact."""
    account_id, contact_id = subject
    return crc32(contact_id.encode(), crc32(account_id.encode())) % buckets


def packed(groups: Groups, buckets: int, element_bytes: int = ELEMENT_BYTES) -> Iterator[tuple[int, bytes]]:
    """A pack for every bucket that has rows; more than one where it would be larger than an element may be."""
    parts: dict[int, list[_Part]] = {}
    for subject, rows in groups.items():
        parts.setdefault(bucket_of(subject, buckets), []).append((*subject, rows))
    for bucket, some in parts.items():
        for pack in _packs_of(some, element_bytes):
            yield bucket, pack


def _packs_of(parts: list[_Part], element_bytes: int) -> Iterator[bytes]:
    """Packs of so many bytes at most, unless a single row is larger."""
    pack = _encode(parts)
    if len(pack) <= element_bytes or len(parts) == len(parts[0][-1]) == 1:
        yield pack
        return
    for half in _halves(parts):
        yield from _packs_of(half, element_bytes)


def _halves(parts: list[_Part]) -> Iterator[list[_Part]]:
    """Half of the contacts each; of one contact, half of its rows."""
    if len(parts) > 1:
        middle = len(parts) // 2
        yield parts[:middle]
        yield parts[middle:]
        return
    account_id, contact_id, rows = parts[0]
    middle = len(rows) // 2
    yield [(account_id, contact_id, rows[:middle])]
    yield [(account_id, contact_id, rows[middle:])]


def unpacked(packs: Iterable[bytes]) -> Groups:
    """The rows of a bucket, by contact."""
    groups: Groups = {}
    for pack in packs:
        for account_id, contact_id, rows in _decode(pack):
            groups.setdefault((account_id, contact_id), []).extend(rows)
    return groups
