"""The items of a run over files: gathered beside the contacts while files are read, joined before contacts are decided.

Works on a temporary file (`external_sort`). Called by `replay`, which loads it only where rules of the run name items,
and by `kittiwake.simulate`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from kittiwake.batch.counts import Counts
from kittiwake.batch.items.gathering import ItemGathering
from kittiwake.batch.items.join import joined
from kittiwake.batch.items.rows import InterestRows, rows_of_items, rows_of_snapshot
from kittiwake.input.bulk import Table
from kittiwake.output.item_snapshots import ItemSnapshot
from kittiwake.rules.compile.accounts import Programs


class LocalItems:
    """Events of items, and the interest in them, of a whole run. To be used in a `with`."""

    def __init__(self, programs: Programs, held_bytes: int) -> None:
        """Nothing is known yet; about `held_bytes` of it will be in memory."""
        self._programs = programs
        self._interest = InterestRows(programs)
        self._gathering = ItemGathering(held_bytes)

    def __enter__(self) -> Self:
        self._gathering.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._gathering.__exit__(kind, error, trace)

    def add(self, items: Table, contacts: Table) -> None:
        """Put in what came of a block: events of items, and those of contacts, which may show interest."""
        self._gathering.add(rows_of_items(items))
        self._gathering.add(self._interest.of(contacts))

    def add_start(self, found: ItemSnapshot) -> None:
        """Put in what an earlier run knew of an item, and the interest in it."""
        self._gathering.add(rows_of_snapshot(found))

    def item_changes(
        self, until_us: int, counts: Counts, keep: Callable[[bytes], None] | None = None
    ) -> Iterator[Table]:
        """The item changes of all contacts, and then nothing is held; `keep` takes lines for a stream that goes on."""
        yield from joined(self._programs, self._gathering.in_order(), until_us, counts, keep)
        self._gathering.discard()
