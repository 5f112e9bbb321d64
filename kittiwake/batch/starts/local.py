"""The states from which the contacts of a replay start, read from files of snapshots: a day costs a day.

Works on a temporary file (`external_sort`). Loaded by `replay` only where a run starts from an earlier one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from types import TracebackType
from typing import Final, Self, TypeAlias

import msgspec

from kittiwake.batch.event_rows import Subject
from kittiwake.batch.external_sort import Sorter
from kittiwake.batch.feeds.covered import Covered, unite
from kittiwake.batch.feeds.snapshots import covered_by
from kittiwake.batch.gathering import ROW_BYTES
from kittiwake.batch.starts.merge import TWO_STATES
from kittiwake.errors import UnusableError
from kittiwake.kernel.plan.feeds import NO_FEEDS, FeedsOfRules
from kittiwake.kernel.state.codec import encode
from kittiwake.output.feed_snapshots import FeedSnapshot
from kittiwake.output.item_snapshots import ItemSnapshot
from kittiwake.output.snapshot_files import snapshots_in
from kittiwake.output.snapshot_set import SnapshotSetError

_Kept: TypeAlias = tuple[str, str, bytes]
"""Account, contact, state."""

_decoder: Final = msgspec.msgpack.Decoder(list[_Kept])


class LocalStarts:
    """The states of contacts, of which about `held_bytes` are in memory. To be used in a `with`."""

    def __init__(self, held_bytes: int, feeds: FeedsOfRules = NO_FEEDS) -> None:
        """Nothing is known yet; of no other feeds than `feeds` anything is taken in."""
        self._feeds_of_rules = feeds
        self.feeds: Covered = {}
        """What the events of feeds have covered."""
        self.has_items = self.has_feeds = False
        """Whether there are rows of items among them, and of feeds."""
        self._sorter: Sorter[_Kept] = Sorter(_decoder, held_bytes)
        self.evaluated_to_us: int | None = None
        """Up to when the first of them was decided; None: there are none."""
        self.contacts = 0
        """How many there are."""

    def __enter__(self) -> Self:
        self._sorter.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._sorter.__exit__(kind, error, trace)

    def read(self, patterns: Sequence[str], on_item: Callable[[ItemSnapshot], None]) -> None:
        """Take in files of snapshots; what they know of items goes to `on_item`.

        Raises:
            UnusableError: they cannot be read, or are not what a run wrote; or there is no row in them.
        """
        for found in snapshots_in(patterns):
            self.evaluated_to_us = min(found.evaluated_to_us, self.evaluated_to_us or found.evaluated_to_us)
            if isinstance(found, ItemSnapshot):
                self.has_items = True
                on_item(found)
            elif isinstance(found, FeedSnapshot):
                self.has_feeds = True
                unite(self.feeds, covered_by(self._feeds_of_rules, found))
            else:
                state = encode(found.state)
                self._sorter.put((found.account_id, found.state.contact_id, state), ROW_BYTES + len(state))
                self.contacts += 1
        if self.evaluated_to_us is None:
            raise UnusableError("there is no row in them")

    def in_order(self) -> Iterator[tuple[Subject, bytes]]:
        """Every contact once. To be asked when all are in.

        Raises:
            SnapshotSetError: a contact has two states, of which none is the one to start from.
        """
        for subject, same in groupby(self._sorter.in_order(), key=itemgetter(0, 1)):
            first, *others = {state for _, _, state in same}
            if others:
                raise SnapshotSetError(TWO_STATES)
            yield subject, first
