"""Step: events of items and the interest of contacts, in any order, to the changes that reach each contact.

The join of ADR 0026: `kittiwake.stream.items.shard` says what is given. Global window. State is a value state (the
item) and a bag state (interest). A timer only forgets: it is set once a bundle for the day in which something may be.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import apache_beam as beam
from apache_beam.coders import BytesCoder
from apache_beam.pvalue import PCollection, TaggedOutput
from apache_beam.transforms.timeutil import TimeDomain
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec, TimerSpec, on_timer
from apache_beam.utils.timestamp import Timestamp

from kittiwake.kernel.items.index import Outcome
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.contact.sealing import UnreadableError
from kittiwake.stream.contact.timer_grid import TIMER_US
from kittiwake.stream.feeds import shard as feeds
from kittiwake.stream.feeds.records import FeedShard, feed_shard_of
from kittiwake.stream.items import shard
from kittiwake.stream.items.dead_letters import ItemDeadLetters
from kittiwake.stream.items.records import subject_of_item
from kittiwake.stream.logs import ITEM_FAILED
from kittiwake.stream.metrics import (
    FEED_NOTICES,
    ITEM_CHANGES,
    ITEM_EVENTS,
    ITEM_EVENTS_FORGOTTEN,
    ITEM_EVENTS_TOO_LATE,
    ITEM_INTERESTS_FORGOTTEN,
    ITEMS_FAILED,
)
from kittiwake.stream.records import DeadLetterRecord, Stage, encode
from kittiwake.stream.rules_source.view import RulesSource
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.logs import log
from kittiwake.transforms.metrics import count, count_dead_letters

_DEAD: Final = "dead_letters"

SILENCE: Final = "silence"
"""Tag of the timer that looks whether a feed is silent; those that forget have the number of their day."""


class JoinedItems(NamedTuple):
    """What comes of joining."""

    changes: PCollection[tuple[bytes, bytes]]
    """Keys of contacts, and `records.BufferedEvent` as bytes."""
    dead_letters: PCollection[bytes]
    """`records.DeadLetterRecord`, as bytes."""


@dataclass(eq=False)
class JoinItems(beam.PTransform):
    """Gives every contact the changes of the items that it showed interest in."""

    rules: RulesSource
    clock: Callable[[], int] = now_us

    def expand(self, of_items: PCollection[tuple[bytes, bytes]]) -> JoinedItems:
        """A shard of an item is on one worker."""
        step = beam.ParDo(JoinDoFn(self.rules, self.clock)).with_output_types(tuple[bytes, bytes], **{_DEAD: bytes})
        found = of_items | "Join" >> step.with_outputs(_DEAD, main="changes")
        return JoinedItems(found["changes"], found[_DEAD])


class JoinDoFn(beam.DoFn):
    """One shard of an item a key."""

    ITEM: Final = ReadModifyWriteStateSpec("item", BytesCoder())
    INTERESTS: Final = BagStateSpec("interests", BytesCoder())
    FORGET: Final = TimerSpec("forget", TimeDomain.WATERMARK)

    def __init__(self, rules: RulesSource, clock: Callable[[], int]) -> None:
        self._rules, self._clock = rules, clock

    def start_bundle(self) -> None:
        """Start counting from nothing."""
        self._set: set[tuple[bytes, int]] = set()
        self._failures: Counter[str] = Counter()
        self._changes = self._forgotten = self._interests_forgotten = self._notices = 0
        self._outcomes: Counter[Outcome] = Counter()
        self._refused: Counter[DeadLetterReason] = Counter()

    def finish_bundle(self) -> None:
        """Report what was counted, and log what went wrong, without a word of whom it concerns."""
        count(ITEM_EVENTS, self._outcomes.total())
        count(ITEM_EVENTS_TOO_LATE, self._outcomes[Outcome.LATE])
        count(ITEM_CHANGES, self._changes)
        count(FEED_NOTICES, self._notices)
        count(ITEM_EVENTS_FORGOTTEN, self._forgotten)
        count(ITEM_INTERESTS_FORGOTTEN, self._interests_forgotten)
        count(ITEMS_FAILED, self._failures.total())
        count_dead_letters(Stage.ITEMS, self._refused)
        for failure, number in sorted(self._failures.items()):
            log(ITEM_FAILED, failure=failure, number=number)

    def process(
        self,
        element: tuple[bytes, bytes],
        item: Any = beam.DoFn.StateParam(ITEM),
        interests: Any = beam.DoFn.StateParam(INTERESTS),
        forget: Any = beam.DoFn.TimerParam(FORGET),
    ) -> Iterator[tuple[bytes, bytes] | TaggedOutput]:
        """One record of an item."""
        key, record = element
        store = _BeamShard(key, item, interests, forget, self._set, self._failures)
        feed = feed_shard_of(key)
        if feed is not None:
            yield from self._of_feed(store, feed, record)
            return
        account_id, item_id, _ = subject_of_item(key)
        try:
            given = shard.on_record(store, (account_id, item_id), record, self._horizon_us(account_id))
        except UnreadableError as error:
            self._failures[str(error)] += 1
            yield from map(self._dead, self._dead_letters(account_id, item_id).unread(record, str(error)))
            return
        if given.outcome is not None:
            self._outcomes[given.outcome] += 1
        if given.outcome is Outcome.LATE:
            yield self._dead(self._dead_letters(account_id, item_id).too_late(record))
        self._forgotten += given.forgotten
        for change in given.changes:
            self._changes += 1
            yield change

    @on_timer(FORGET)
    def at_timer(
        self,
        key: bytes = beam.DoFn.KeyParam,
        at: Timestamp = beam.DoFn.TimestampParam,
        item: Any = beam.DoFn.StateParam(ITEM),
        interests: Any = beam.DoFn.StateParam(INTERESTS),
        forget: Any = beam.DoFn.TimerParam(FORGET),
    ) -> Iterable[tuple[bytes, bytes] | TaggedOutput]:
        """A day of the shard is over, or what the events of a feed cover."""
        store = _BeamShard(key, item, interests, forget, self._set, self._failures)
        feed = feed_shard_of(key)
        return self._forget(store, key, None, at.micros) if feed is None else self._at_feed(store, key, feed, at.micros)

    def _at_feed(
        self, store: _BeamShard, key: bytes, feed: FeedShard, at_us: int
    ) -> Iterator[tuple[bytes, bytes] | TaggedOutput]:
        yield from self._of_feed(store, feed, at_us)
        if at_us % shard.FORGET_EVERY_US == 0:
            yield from self._forget(store, key, feed, at_us)

    def _of_feed(
        self, store: _BeamShard, feed: FeedShard, what: bytes | int
    ) -> Iterator[tuple[bytes, bytes] | TaggedOutput]:
        """A record of a feed, or the instant of its timer: contacts are notified."""
        horizon_us = self._horizon_us(feed.account_id)
        try:
            if isinstance(what, bytes):
                given = feeds.on_record(store, feed, what, horizon_us)
            else:
                given = feeds.on_timer(store, feed, what, horizon_us)
            for notice in given:
                self._notices += 1
                yield notice
        except UnreadableError as error:
            self._failures[str(error)] += 1
            dead_letters = self._dead_letters(feed.account_id, feed.rhythm.type, "feed")
            yield from map(self._dead, dead_letters.unread(what, str(error)) if isinstance(what, bytes) else ())

    def _forget(self, store: _BeamShard, key: bytes, feed: FeedShard | None, at_us: int) -> list[TaggedOutput]:
        """Forget what the watermark has passed."""
        account_id, name, _ = subject_of_item(key) if feed is None else (feed.account_id, feed.rhythm.type, 0)
        try:
            gone = shard.on_timer(store, at_us, self._clock(), self._horizon_us(account_id), is_item=feed is None)
        except UnreadableError as error:
            self._failures[str(error)] += 1
            return []
        self._interests_forgotten += len(gone.interests)
        if gone.damaged:
            self._failures[shard.DAMAGED_INTEREST] += gone.damaged
        dead_letters = self._dead_letters(account_id, name, "item_id" if feed is None else "feed")
        return [self._dead(one) for one in dead_letters.forgotten(*gone)]

    def _dead_letters(self, account_id: str, name: str, named: str = "item_id") -> ItemDeadLetters:
        clock_us = self._clock()
        version = self._rules.view(clock_us).programs.used.ruleset_version
        return ItemDeadLetters(account_id, name, clock_us, version, named)

    def _dead(self, found: DeadLetterRecord) -> TaggedOutput:
        self._refused[found.reason] += 1
        return TaggedOutput(_DEAD, encode(found))

    def _horizon_us(self, account_id: str) -> int:
        return self._rules.view(self._clock()).plan(account_id).versions.horizon_us


class _BeamShard(NamedTuple):
    """A shard's state and timers in Beam."""

    key: bytes
    item: Any
    interests: Any
    forget: Any
    set_already: set[tuple[bytes, int]]
    failures: Counter[str]

    def read_item(self) -> bytes | None:
        found: bytes | None = self.item.read()
        return found

    def write_item(self, data: bytes) -> None:
        self.item.write(data)

    def read_interests(self) -> Iterable[bytes]:
        found: Iterable[bytes] = self.interests.read()
        return found

    def add_interest(self, element: bytes) -> None:
        self.interests.add(element)

    def write_interests(self, elements: Sequence[bytes]) -> None:
        self.interests.clear()
        for element in elements:
            self.interests.add(element)

    def pass_over(self, why: str) -> None:
        self.failures[why] += 1

    def set_silence_timer(self, at_us: int) -> None:
        at_us = -(-at_us // TIMER_US) * TIMER_US
        self.forget.set(Timestamp(micros=at_us), dynamic_timer_tag=SILENCE)

    def set_timer(self, at_us: int) -> None:
        if (self.key, at_us) not in self.set_already:
            self.set_already.add((self.key, at_us))
            self.forget.set(Timestamp(micros=at_us), dynamic_timer_tag=str(at_us // shard.FORGET_EVERY_US))
