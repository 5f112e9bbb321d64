"""Step: messages of Pub/Sub to the arrivals of their events, keyed by contact; what is no event becomes a dead letter.

What nobody needs goes no further: it never crosses the shuffle. `kittiwake.stream.intake` says which is which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

import apache_beam as beam
from apache_beam.io.gcp.pubsub import PubsubMessage
from apache_beam.pvalue import PCollection, TaggedOutput

from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.awaited import Awaited
from kittiwake.stream.intake import Brought, IntakeSettings, Message, take
from kittiwake.stream.items.routing import SHARDS, ItemRouters
from kittiwake.stream.logs import TYPES_AWAITED
from kittiwake.stream.metrics import (
    EVENTS_IN,
    EXTRA_EVENTS,
    LEFT_OUT,
    UNKNOWN_ACCOUNTS,
    UNKNOWN_TYPES,
    UNNEEDED,
)
from kittiwake.stream.records import Stage, encode
from kittiwake.stream.rules_source.view import RulesSource, shaped
from kittiwake.time.instants import instant_of
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.logs import log
from kittiwake.transforms.metrics import count, count_dead_letters
from kittiwake.transforms.stream.rules_metrics import meter_rules

_DEAD: Final = "dead_letters"
_ITEMS: Final = "of_items"


class ParsedMessages(NamedTuple):
    """What comes of taking in."""

    arrivals: PCollection[tuple[bytes, bytes]]
    """Keys of contacts, and `records.BufferedEvent` as bytes."""
    dead: PCollection[bytes]
    """`records.DeadLetterRecord`, as bytes."""
    of_items: PCollection[tuple[bytes, bytes]]
    """Keys of items, and `items.records.ItemRecord` as bytes."""


@dataclass(eq=False)
class ParseMessages(beam.PTransform):
    """Takes messages in: of each come arrivals or a dead letter, and what is unneeded is counted."""

    rules: RulesSource
    shape: InputShape = CANONICAL
    max_age_us: int | None = None
    """How far back from the clock an event may lie; None: any time."""
    clock: Callable[[], int] = now_us
    item_shards: int = SHARDS

    def expand(self, messages: PCollection[PubsubMessage]) -> ParsedMessages:
        """No message is lost."""
        taking = IntakeSettings(self.shape, self.max_age_us)
        parse = ParseDoFn(shaped(self.rules, self.shape), taking, self.clock, self.item_shards)
        step = beam.ParDo(parse).with_output_types(tuple[bytes, bytes], **{_DEAD: bytes, _ITEMS: tuple[bytes, bytes]})
        taken = messages | "Parse" >> step.with_outputs(_DEAD, _ITEMS, main="arrivals")
        return ParsedMessages(taken["arrivals"], taken[_DEAD], taken[_ITEMS])


class ParseDoFn(beam.DoFn):
    """The rules are asked for once a bundle: what is known of some times stays true of them."""

    def __init__(
        self, rules: RulesSource, taking: IntakeSettings, clock: Callable[[], int], item_shards: int = SHARDS
    ) -> None:
        self._rules, self._taking, self._clock, self._item_shards = rules, taking, clock, item_shards

    def setup(self) -> None:
        """What routes events to items is kept for as long as the rules are."""
        self._routers = ItemRouters(self._item_shards)
        self._version = ""
        self._awaited: Awaited | None = None

    def start_bundle(self) -> None:
        """Ask for the rules, and start counting from nothing."""
        clock_us = self._clock()
        self._known = self._rules.view(clock_us)
        meter_rules(self._rules, clock_us)
        programs = self._known.programs
        if programs.used.ruleset_version != self._version:
            self._version, self._awaited = programs.used.ruleset_version, Awaited(programs, clock_us)
        self._refused: Counter[DeadLetterReason] = Counter()
        self._taken = self._extra = self._left_out = self._unneeded = 0
        self._unknown_types = self._unknown_accounts = 0

    def process(self, element: PubsubMessage) -> Iterator[tuple[bytes, bytes] | TaggedOutput]:
        """One message."""
        found = take(message_of(element), self._clock(), self._known, self._taking, self._routers, self._awaited)
        if isinstance(found, Brought):
            self._taken += found.events > 0
            self._extra += max(found.events - 1, 0)
            self._left_out += not found.events
            if found.unneeded:
                self._unneeded += found.unneeded
                self._unknown_types += found.unknown_types
                self._unknown_accounts += found.unknown_accounts
            for key, arrival in found.needed:
                yield key, encode(arrival)
            for routed in found.of_items:
                yield TaggedOutput(_ITEMS, routed)
        else:
            self._refused[found.reason] += 1
            yield TaggedOutput(_DEAD, encode(found))

    def finish_bundle(self) -> None:
        """Report what was counted: a metric costs as much as a message, and a log line more."""
        count(EVENTS_IN, self._taken)
        count(EXTRA_EVENTS, self._extra)
        count(LEFT_OUT, self._left_out)
        count(UNNEEDED, self._unneeded)
        count(UNKNOWN_TYPES, self._unknown_types)
        count(UNKNOWN_ACCOUNTS, self._unknown_accounts)
        count_dead_letters(Stage.INTAKE, self._refused)
        if self._awaited is not None and self._awaited.is_over(self._clock()):
            missing, self._awaited = self._awaited.missing(), None
            if missing is not None:
                log(TYPES_AWAITED, **missing._asdict())


def message_of(element: PubsubMessage) -> Message:
    """A message as Beam gives it, without what it may lack."""
    attributes = element.attributes or {}
    return Message(element.data or b"", attributes, element.message_id or "", _publish_us(element.publish_time))


def _publish_us(moment: datetime | None) -> int | None:
    """A time without a zone is one of UTC, as everything of Pub/Sub."""
    if moment is None:
        return None
    return instant_of(moment if moment.tzinfo else moment.replace(tzinfo=UTC))
