"""Events of items and interest gathered by item, in bounded memory: what does not fit is sorted on disk.

Works on a temporary file (`external_sort`). Called by `replay` with all of a run, and by the job with those of one
partition of items.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Final, Self

import msgspec

from kittiwake.batch.external_sort import Sorter
from kittiwake.batch.items.rows import ROW_BYTES, ItemRow

_decoder: Final = msgspec.msgpack.Decoder(list[ItemRow])


class ItemGathering:
    """Rows of items, of which about `held_bytes` are in memory. To be used in a `with`."""

    def __init__(self, held_bytes: int) -> None:
        """No rows yet."""
        self._sorter: Sorter[ItemRow] = Sorter(_decoder, held_bytes)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sorter.__exit__(kind, error, trace)

    def add(self, rows: Iterable[ItemRow]) -> None:
        """Put rows to those of their items."""
        put = self._sorter.put
        for row in rows:
            put(row, ROW_BYTES + len(row[-1]))

    def in_order(self) -> Iterator[ItemRow]:
        """All rows by account and item: its events, then the interest in it by contact. To be asked once."""
        return self._sorter.in_order()

    def discard(self) -> None:
        """Forget what was put in: its memory and its file are free."""
        self._sorter.discard()
