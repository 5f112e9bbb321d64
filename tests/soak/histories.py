"""Contacts that come, live for some days and never come again, and what the kernel decides of each in one call."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Final, NamedTuple

from kittiwake.input.events import parse_event
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.output.rows import Mode, decision_row
from kittiwake.rules.compile.accounts import Programs
from kittiwake.stream.records import encode, subject_of
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, format_instant, parse_instant
from tests.stream.generated_cases import FAR_US, Row, arrival_of_line, standing

START_US: Final = parse_instant("2026-11-02T00:00:00Z")
LATENESS_US: Final = DAY_US
"""How late an event may be put in its place. Those that are drawn come less late, so that none is lost."""
LATE_US: Final = 12 * HOUR_US
LIFE_US: Final = 6 * DAY_US
MAX_AGE_US: Final = 14 * DAY_US
GONE_US: Final = 10 * DAY_US + MAX_AGE_US + LATENESS_US + DAY_US
"""After a contact's last event: its profile is forgotten, an event older than that is refused, and a day beside."""

RULES: Final = b"""
account: acme
timezone: America/Toronto
policy:
  retention: 9d
  profile_retention: 10d
  frequency: [{max: 2, per: day}]
  quiet_hours: {from: "21:00", to: "08:00"}
rules:
  - {id: cart, when: cart.item_added, wait: 1h, unless: order.completed, reentry: 6h}
  - {id: checkout, when: checkout.started, wait: [30m, 4h], unless: {event: order.completed, same: checkout_id}}
  - {id: trial, when: cart.item_added, wait: 4h, unless: order.completed, mode: shadow}
  - {id: loyal, when: order.completed, reaches: {sum: total, at: [100, 250]}}
  - {id: looking, when: product.viewed, given: {count: product.viewed, within: 1d, gte: 3}, wait: 2h, reentry: 1d}
  - {id: keen, when: {sequence: [product.viewed, cart.item_added, checkout.started], within: 30m}, reentry: 1d}
"""
_TYPES: Final = ("product.viewed", "product.viewed", "cart.item_added", "checkout.started", "order.completed")


class Sent(NamedTuple):
    """A message under way; one that is sent twice is two."""

    arrives_us: int
    key: bytes
    record: bytes


class History(NamedTuple):
    """One contact."""

    key: bytes
    events: tuple[Event, ...]
    sent: tuple[Sent, ...]

    @property
    def gone_us(self) -> int:
        """When nothing of it may be kept any more."""
        return max(event.time_us for event in self.events) + GONE_US


def history(rng: random.Random, name: str, begins_us: int) -> History:
    """A contact that has some visits; of its messages some are late, some come twice, and none in order."""
    lines = [_line(rng, name, number, time_us) for number, time_us in enumerate(_times_us(rng, begins_us))]
    sent: list[Sent] = []
    for line in lines:
        key, arrival = arrival_of_line(line)
        for _ in range(rng.choice((1, 1, 1, 1, 2))):
            late_us = rng.choice((0, 0, 0, MINUTE_US, HOUR_US, LATE_US))
            sent.append(Sent(arrival.time_us + rng.randint(0, late_us), key, encode(arrival)))
    events = [event for line in lines if isinstance(event := parse_event(line, "", FAR_US), Event)]
    assert len(events) == len(lines)
    return History(sent[0].key, tuple(events), tuple(sent))


def _times_us(rng: random.Random, begins_us: int) -> Iterator[int]:
    for _ in range(rng.randint(1, 4)):
        at_us = begins_us + rng.randrange(LIFE_US)
        for _ in range(rng.randint(1, 6)):
            at_us += rng.choice((0, 1_000, MINUTE_US, 17 * MINUTE_US))
            yield at_us


def _line(rng: random.Random, name: str, number: int, time_us: int) -> bytes:
    product, checkout, total = rng.randrange(3), rng.randrange(2), rng.choice((20, 75, 140))
    properties = f'{{"product_id":"p{product}","checkout_id":"k{checkout}","total":{total}}}'
    return (
        f'{{"event_id":"{name}-{number}","account_id":"acme","contact_id":"{name}","type":"{rng.choice(_TYPES)}",'
        f'"time":"{format_instant(time_us)}","properties":{properties}}}'
    ).encode()


def decided(programs: Programs, of: History) -> list[Row]:
    """What stands of the contact in the end, by one call of the kernel with all its events."""
    account_id, contact_id = subject_of(of.key)
    versions = programs.of(account_id)
    step = advance(versions, new_state(contact_id), versions.needed(of.events), of.gone_us)
    return standing([decision_row(one, Mode.STREAM) for one in step.decisions])
