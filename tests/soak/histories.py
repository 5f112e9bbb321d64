"""Contacts that come, live for some days and never come again, the items they look at, and what the kernel decides of
each contact in one call.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, NamedTuple

from kittiwake.input.events import parse_event
from kittiwake.kernel.evaluate.feeds import silences_in
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.items.join import of_contact
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.output.rows import Mode, decision_row
from kittiwake.rules.compile.accounts import Programs
from kittiwake.stream.records import key_of
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, format_instant, parse_instant
from tests.soak.outages import BACKLOG_US, Outages
from tests.soak.rules import ACCOUNT, CROWD, FEED, LATENESS_US, OTHER_ACCOUNT, reach_us
from tests.stream.generated_cases import FAR_US, Row, standing

START_US: Final = parse_instant("2026-11-02T00:00:00Z")
LATE_US: Final = 12 * HOUR_US
"""How late an event comes at most, less than it may be, so that none is lost."""
LIFE_US: Final = 6 * DAY_US
MAX_AGE_US: Final = 7 * DAY_US
ITEMS: Final = 3
PRICES: Final = (18, 20, 24, 30)
_TYPES: Final = ("product.viewed", "product.viewed", "cart.item_added", "checkout.started", FEED)
GONE_US: Final = reach_us() + 5 * DAY_US + MAX_AGE_US + LATENESS_US + 2 * DAY_US
"""After a contact's last event: items and feeds concern it no more, its profile is forgotten, an event older than that
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


class Draw(NamedTuple):
    """What histories are drawn from."""

    rng: random.Random
    outages: Outages


def history(draw: Draw, name: str, begins_us: int) -> History:
    """A contact that has some visits."""
    account_id = draw.rng.choice((ACCOUNT, ACCOUNT, ACCOUNT, OTHER_ACCOUNT))
    return _history(
        draw, account_id, name, [(at_us, draw.rng.choice(_TYPES)) for at_us in _times_us(draw.rng, begins_us)]
    )


def till(draw: Draw, account_id: str, name: str, begins_us: int) -> History:
    """A contact that orders for a day, about every two hours: while it does so no feed of the account is silent."""
    times_us = range(begins_us, begins_us + DAY_US, 2 * HOUR_US)
    return _history(draw, account_id, name, [(at_us + draw.rng.randrange(HOUR_US), FEED) for at_us in times_us])


def crowd(draw: Draw, name: str, begins_us: int) -> History:
    """A contact that does a thing so often in an hour that its account is flooded."""
    begins_us += draw.rng.randrange(DAY_US - HOUR_US)
    event_type = draw.rng.choice(("product.viewed", "cart.item_added"))
    times_us = sorted(begins_us + draw.rng.randrange(HOUR_US) for _ in range(CROWD))
    return _history(draw, ACCOUNT, name, [(at_us, event_type) for at_us in times_us])


def _history(draw: Draw, account_id: str, name: str, did: Iterable[tuple[int, str]]) -> History:
    """Of its messages some are late, some come twice, and none in order; those of a feed that stopped come after that.

    Nobody orders while orders are lost.
    """
    rng, lines, sent = draw.rng, list[bytes](), list[Sent]()
    for number, (time_us, event_type) in enumerate(did):
        outage = draw.outages.at(account_id, event_type, time_us)
        if outage is not None and outage.is_lost:
            event_type, outage = "page.left", None
        line = _line(rng, account_id, name, number, event_type, time_us)
        lines.append(line)
        sent += _sent(rng, line, time_us, 0 if outage is None else outage.ends_us + rng.randrange(BACKLOG_US))
    return History(key_of(account_id, name), tuple(map(_event, lines)), tuple(sent))


def item_events(rng: random.Random, day: int, begins_us: int) -> tuple[list[Event], list[Sent]]:
    """Prices of a day, and their messages, which come as those of contacts do."""
    lines = [
        f'{{"event_id":"p{item}-{day}-{number}","account_id":"{ACCOUNT}","item_id":"p{item}","type":"price.changed",'
        f'"time":"{format_instant(begins_us + rng.randrange(DAY_US))}","properties":{{"price":{rng.choice(PRICES)}}}}}'
        for item in range(ITEMS)
        for number in range(rng.randint(0, 2))
    ]
    found = [_event(line.encode()) for line in lines]
    sent = [one for line, event in zip(lines, found, strict=True) for one in _sent(rng, line.encode(), event.time_us)]
    return found, sent


def _event(line: bytes) -> Event:
    found = parse_event(line, "", FAR_US)
    assert isinstance(found, Event), found
    return found


def _sent(rng: random.Random, line: bytes, time_us: int, from_us: int = 0) -> Iterator[Sent]:
    """A message, which some take for two; none comes before `from_us`."""
    for _ in range(rng.choice((1, 1, 1, 1, 2))):
        late_us = rng.choice((0, 0, 0, MINUTE_US, HOUR_US, LATE_US))
        yield Sent(max(time_us + rng.randint(0, late_us), from_us), line)


def _times_us(rng: random.Random, begins_us: int) -> Iterator[int]:
    for _ in range(rng.randint(1, 4)):
        at_us = begins_us + rng.randrange(LIFE_US)
        for _ in range(rng.randint(1, 6)):
            at_us += rng.choice((0, 1_000, MINUTE_US, 17 * MINUTE_US))
            yield at_us


def _line(rng: random.Random, account_id: str, name: str, number: int, event_type: str, time_us: int) -> bytes:
    product, checkout, total = rng.randrange(3), rng.randrange(2), rng.choice((20, 75, 140))
    properties = f'{{"product_id":"p{product}","checkout_id":"k{checkout}","total":{total}}}'
    return (
        f'{{"event_id":"{name}-{number}","account_id":"{account_id}","contact_id":"{name}","type":"{event_type}",'
        f'"time":"{format_instant(time_us)}","properties":{properties}}}'
    ).encode()


class Seen(NamedTuple):
    """What is common to contacts: the rules, where it is known when feeds were silent, and the events of items."""

    programs: Programs
    of_items: Iterable[Event]


def seen(programs: Programs, of_contacts: Mapping[str, Iterable[Event]], of_items: Iterable[Event]) -> Seen:
    """Of all events of contacts that any feed or breaker asks of, by account."""
    silences = {name: silences_in(programs.of(name), events) for name, events in of_contacts.items()}
    return Seen(programs.with_silences(silences), of_items)


def decided(by: Seen, of: History) -> tuple[list[Row], Counter[str]]:
    """What stands of the contact in the end, by one call of the kernel with all its events and those of items.

    And how much of it was due while a feed was silent, or armed in a flood.
    """
    first = of.events[0]
    assert first.contact_id is not None
    versions = by.programs.of(first.account_id)
    events = versions.needed(of_contact(versions, [*of.events, *by.of_items], first.contact_id))
    step = advance(versions, new_state(first.contact_id), events, of.gone_us)
    held = Counter[str]()
    for one, number in step.silent.items():
        held["due in a flood" if one.flooded else "due while a feed is silent"] += number
    return standing([decision_row(one, Mode.STREAM) for one in step.decisions]), held
