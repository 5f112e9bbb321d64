"""Contacts that come, live for some days and never come again, the items they look at, and what the kernel decides of
each contact in one call.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from kittiwake.input.events import parse_event
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.items.join import of_contact
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.output.rows import Mode, decision_row
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.rules.versions import always
from kittiwake.stream.records import key_of
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, format_instant, parse_instant
from tests.stream.generated_cases import FAR_US, Row, standing

START_US: Final = parse_instant("2026-11-02T00:00:00Z")
LATENESS_US: Final = DAY_US
"""How late an event may be put in its place. Those that are drawn come less late, so that none is lost."""
LATE_US: Final = 12 * HOUR_US
LIFE_US: Final = 6 * DAY_US
MAX_AGE_US: Final = 7 * DAY_US
ACCOUNT: Final = "acme"
ITEMS: Final = 3
PRICES: Final = (18, 20, 24, 30)
_RULES: Final = """
account: acme
timezone: America/Toronto
policy:
  retention: 4d
  profile_retention: 5d
  frequency: [{max: 2, per: day}]
  quiet_hours: {from: "21:00", to: "08:00"}
rules:
  - {id: cart, when: cart.item_added, wait: CART, unless: order.completed, reentry: 6h}
  - {id: checkout, when: checkout.started, wait: [30m, 4h], unless: {event: order.completed, same: checkout_id}}
  - {id: trial, when: cart.item_added, wait: 4h, unless: order.completed, mode: shadow}
  - {id: loyal, when: order.completed, reaches: {sum: total, at: [100, 250]}}
  - {id: looking, when: product.viewed, given: {count: product.viewed, within: 1d, gte: 3}, wait: 2h, reentry: 1d}
  - {id: keen, when: {sequence: [product.viewed, cart.item_added, checkout.started], within: 30m}, reentry: 1d}
  - id: cheaper
    when: {item: {price: {drops_by: PERCENT%}}}
    interest: {events: [product.viewed, cart.item_added], item: product_id, within: 3d}
    unless: {event: order.completed, item: product_id}
    wait: 1h
    include: {price: item.price, seen: product_id}
"""
_SILENT: Final = "  - {id: silent, audience: {absent: order.completed, within: 2d}}\n"
_TYPES: Final = ("product.viewed", "product.viewed", "cart.item_added", "checkout.started", "order.completed")


def rules_text(number: int) -> bytes:
    """The rules of a version: each differs from the one before, in a wait, in a threshold or in a rule more or less."""
    text = _RULES.replace("CART", f"{1 + number % 2}h").replace("PERCENT", str(10 + number // 2 % 2 * 10))
    return (text + _SILENT * (number // 3 % 2)).encode()


def _reach_us() -> int:
    """How long changes of an item come to a contact after its interest: some are held back."""
    plan = Programs(always(load_files({"acme.yaml": rules_text(0)})), LATENESS_US, whole_history=False).plan(ACCOUNT)
    assert plan.catalog is not None
    return max(one.reach_us for one in plan.catalog.interests)


GONE_US: Final = _reach_us() + 5 * DAY_US + MAX_AGE_US + LATENESS_US + 2 * DAY_US
"""After a contact's last event: changes of items concern it no more, its profile is forgotten, an event older than that
is refused; and two days beside, in which it is asked whether the rules are the same.
"""


class Sent(NamedTuple):
    """A message under way; one that is sent twice is two."""

    arrives_us: int
    line: bytes


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
    events = tuple(map(_event, lines))
    return History(key_of(ACCOUNT, name), events, tuple(_sent(rng, lines, events)))


def item_events(rng: random.Random, day: int, begins_us: int) -> tuple[list[Event], list[Sent]]:
    """Prices of a day, and their messages, which come as those of contacts do."""
    lines = [
        f'{{"event_id":"p{item}-{day}-{number}","account_id":"{ACCOUNT}","item_id":"p{item}","type":"price.changed",'
        f'"time":"{format_instant(begins_us + rng.randrange(DAY_US))}","properties":{{"price":{rng.choice(PRICES)}}}}}'
        for item in range(ITEMS)
        for number in range(rng.randint(0, 2))
    ]
    found = [_event(line.encode()) for line in lines]
    return found, list(_sent(rng, [line.encode() for line in lines], found))


def _event(line: bytes) -> Event:
    found = parse_event(line, "", FAR_US)
    assert isinstance(found, Event), found
    return found


def _sent(rng: random.Random, lines: Iterable[bytes], events: Iterable[Event]) -> Iterator[Sent]:
    for line, event in zip(lines, events, strict=True):
        for _ in range(rng.choice((1, 1, 1, 1, 2))):
            late_us = rng.choice((0, 0, 0, MINUTE_US, HOUR_US, LATE_US))
            yield Sent(event.time_us + rng.randint(0, late_us), line)


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
        f'{{"event_id":"{name}-{number}","account_id":"{ACCOUNT}","contact_id":"{name}","type":"{rng.choice(_TYPES)}",'
        f'"time":"{format_instant(time_us)}","properties":{properties}}}'
    ).encode()


def decided(programs: Programs, of: History, of_items: Iterable[Event]) -> list[Row]:
    """What stands of the contact in the end, by one call of the kernel with all its events and those of items."""
    versions = programs.of(ACCOUNT)
    contact_id = of.events[0].contact_id
    assert contact_id is not None
    events = versions.needed(of_contact(versions, [*of.events, *of_items], contact_id))
    step = advance(versions, new_state(contact_id), events, of.gone_us)
    return standing([decision_row(one, Mode.STREAM) for one in step.decisions])
