"""Record batches: how the events of many contacts travel from one worker to another, in few elements.

Pure. Every contact has a partition, by a digest of its name and so the same on every worker; a batch holds events of
one partition's contacts as a compressed table: a fifth of their bytes as JSON, which is what a shuffle costs. A
partition is decided as one; `partitions` takes care of what does not fit into memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, Generic, TypeVar
from zlib import crc32

import msgspec
import zstandard

from kittiwake.batch.event_rows import Subject
from kittiwake.batch.items.rows import ItemRow
from kittiwake.input.bulk import Table

LEVEL: Final = 1
"""Of zstd: higher ones cost more and gain nothing on batches of some hundred kilobytes."""

PARTITION_BYTES: Final = 16 * 1024 * 1024
"""Bytes of input that should meet in a partition: some 70,000 events, which take 40 MB of memory (ten times that of a
tenfold compressed input)."""

PARTITIONS_MIN: Final = 64
"""Enough for tens of workers to share a small job evenly; each costs a fraction of a millisecond."""

PARTITIONS_MAX: Final = 16_384
"""From 64 GB of input on partitions grow instead: batches would become as small as single events."""

BATCH_BYTES: Final = 16 * 1024 * 1024
"""Bytes taken in after which a worker hands on what it has batched: more only costs memory. Even if one contact did it
all, with numbers such as 1e300 whose digits all travel, its batch is smaller than the largest element a runner takes
(Dataflow: 80 MB): a block is small, and only the last one comes on top."""

_EncodedBatch = tuple[list[str], list[str], list[int], list[str], list[str], bytes]
"""A table; its properties stand one a line."""

_EncodedItems = tuple[list[str], list[str], list[int], list[str], list[int], list[int], list[str], list[str], bytes]
"""Rows of items, a list a field; their properties stand one a line."""

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(_EncodedBatch).decode
_decode_items: Final = msgspec.msgpack.Decoder(_EncodedItems).decode


def partitions_for(bytes_total: int) -> int:
    """Into how many partitions an input of so many bytes is dealt.

    >>> partitions_for(0), partitions_for(4_000_000_000), partitions_for(10**15)
    (64, 238, 16384)
    """
    return min(max(bytes_total // PARTITION_BYTES, PARTITIONS_MIN), PARTITIONS_MAX)


def partition_of(subject: Subject, partitions: int) -> int:
    """The partition of a contact."""
    account_id, contact_id = subject
    return crc32(contact_id.encode(), crc32(account_id.encode())) % partitions


_Row = TypeVar("_Row", bound=tuple[Any, ...])


class Batcher(Generic[_Row]):
    """Deals rows out to partitions by their subject, and encodes those of each together."""

    def __init__(self, partitions: int) -> None:
        self._partitions = partitions
        self._rows: dict[int, list[_Row]] = {}

    def put(self, coming: Iterable[_Row]) -> None:
        """Take rows, whose subject stands first and whose properties stand last."""
        rows, partitions = self._rows, self._partitions
        for row in coming:
            partition = partition_of(row[:2], partitions)
            some = rows.get(partition)
            if some is None:
                rows[partition] = [row]
            else:
                some.append(row)

    def batches(self) -> Iterator[tuple[int, bytes]]:
        """A batch for every partition that has rows; none are held afterwards."""
        rows, self._rows = self._rows, {}
        compress = zstandard.ZstdCompressor(level=LEVEL).compress
        while rows:
            partition, some = rows.popitem()
            *columns, properties = zip(*some)  # noqa: B905 (all of one length)
            yield partition, compress(_encode((*columns, b"\n".join(properties))))


class RecordBatcher(Batcher[tuple[str, str, int, str, str, bytes]]):
    """Batches of the events of contacts."""

    def add(self, table: Table) -> None:
        """Take the events of a table."""
        self.put(zip(*table))  # noqa: B905 (all of one length)


def decompressed(batch: bytes) -> bytes:
    """A batch as MessagePack."""
    return zstandard.decompress(batch)


def read_batch(batch: bytes) -> Table:
    """The events of a batch."""
    account_ids, contact_ids, times_us, event_ids, types, properties = _decode(decompressed(batch))
    return Table(account_ids, contact_ids, times_us, event_ids, types, properties.split(b"\n"))


def read_item_batch(batch: bytes) -> Iterator[ItemRow]:
    """The rows of a batch of rows of items."""
    *columns, properties = _decode_items(decompressed(batch))
    return zip(*columns, properties.split(b"\n"), strict=True)
