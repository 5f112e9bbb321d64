"""Packs: how the events of many contacts travel from one worker to another, in few elements.

Pure. Every contact has a bucket, by a digest of its name and so the same on every worker; a pack holds events of one
bucket's contacts as a compressed table: a fifth of their bytes as JSON, which is what a shuffle costs. A bucket is
settled as one; `buckets` takes care of what does not fit into memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from zlib import crc32

import msgspec
import zstandard

from kittiwake.batch.event_rows import Subject
from kittiwake.input.bulk import Table

LEVEL: Final = 1
"""Of zstd: higher ones cost more and gain nothing on packs of some hundred kilobytes."""

BUCKET_BYTES: Final = 16 * 1024 * 1024
"""Bytes of input that should meet in a bucket: some 70,000 events, which take 40 MB of memory (ten times that of a
tenfold compressed input)."""

BUCKETS_MIN: Final = 64
"""Enough for tens of workers to share a small job evenly; each costs a fraction of a millisecond."""

BUCKETS_MAX: Final = 16_384
"""From 64 GB of input on buckets grow instead: packs would become as small as single events."""

PACK_BYTES: Final = 16 * 1024 * 1024
"""Bytes taken in after which a worker hands on what it has packed: more only costs memory. Even if one contact did it
all, with numbers such as 1e300 whose digits all travel, its pack is smaller than the largest element a runner takes
(Dataflow: 80 MB): a block is small, and only the last one comes on top."""

_Packed = tuple[list[str], list[str], list[int], list[str], list[str], bytes]
"""A table; its properties stand one a line."""

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_Packed).decode


def buckets_for(bytes_total: int) -> int:
    """Into how many buckets an input of so many bytes is dealt.

    >>> buckets_for(0), buckets_for(4_000_000_000), buckets_for(10**15)
    (64, 238, 16384)
    """
    return min(max(bytes_total // BUCKET_BYTES, BUCKETS_MIN), BUCKETS_MAX)


def bucket_of(subject: Subject, buckets: int) -> int:
    """The bucket of a contact."""
    account_id, contact_id = subject
    return crc32(contact_id.encode(), crc32(account_id.encode())) % buckets


class Packer:
    """Deals events out to buckets, and packs them."""

    def __init__(self, buckets: int) -> None:
        self._buckets = buckets
        self._rows: dict[int, list[tuple[str, str, int, str, str, bytes]]] = {}

    def add(self, table: Table) -> None:
        """Take the events of a table."""
        rows, buckets = self._rows, self._buckets
        for row in zip(*table):  # noqa: B905 (all of one length)
            bucket = bucket_of(row[:2], buckets)
            some = rows.get(bucket)
            if some is None:
                rows[bucket] = [row]
            else:
                some.append(row)

    def packs(self) -> Iterator[tuple[int, bytes]]:
        """A pack for every bucket that has events; none are held afterwards."""
        rows, self._rows = self._rows, {}
        compress = zstandard.ZstdCompressor(level=LEVEL).compress
        while rows:
            bucket, some = rows.popitem()
            *columns, properties = zip(*some)  # noqa: B905 (all of one length)
            yield bucket, compress(_encode((*columns, b"\n".join(properties))))


def unpacked(pack: bytes) -> Table:
    """The events of a pack."""
    account_ids, contact_ids, times_us, event_ids, types, properties = _decode(zstandard.decompress(pack))
    return Table(account_ids, contact_ids, times_us, event_ids, types, properties.split(b"\n"))
