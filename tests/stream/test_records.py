"""Records on their way through the job: each is the event that the intake has seen, also after an update of the job."""

from __future__ import annotations

import json
import random

import msgspec
import pytest

from kittiwake.input.events import parse_event
from kittiwake.input.shapes.base import CANONICAL, InputShape, Shape
from kittiwake.input.single import CLOCK, event_from, events_from
from kittiwake.model import DeadLetter, Event
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.records import BufferedEvent, buffered_event_of, event_of
from kittiwake.time.instants import END_OF_TIME_US, parse_instant
from tests.input.damaged_records import PLAIN, TIMES, damaged

CLOCK_US = parse_instant("2026-11-02T00:00:00Z")


def _fully(data: bytes, clock_us: int = CLOCK_US) -> Event | DeadLetter:
    return parse_event(data, "", clock_us, start_name=CLOCK)


def _said(found: Event | DeadLetter) -> str:
    """All of it, with `1` apart from `1.0` and `True`."""
    return repr(found)


def _arrival(data: bytes) -> BufferedEvent:
    return BufferedEvent(0, "", "", data)


@pytest.mark.parametrize("seed", range(10))
def test_an_arrival_is_the_event_that_the_intake_saw_whatever_the_clock_says(seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(100):
        data = damaged(rng)
        seen = event_from(data, CLOCK_US, CANONICAL)
        if isinstance(seen, Event):
            assert _said(event_of(_arrival(data), CANONICAL)) == _said(seen)


def test_after_the_shuffle_nothing_lies_in_the_future() -> None:
    data = PLAIN.replace(b"2026", b"9999")
    assert isinstance(event_from(data, CLOCK_US, CANONICAL), DeadLetter)
    assert _said(event_of(_arrival(data), CANONICAL)) == _said(_fully(data, END_OF_TIME_US))
    assert isinstance(event_of(_arrival(data), CANONICAL), Event)


def test_messages_of_other_shapes_are_events_too() -> None:
    shape = InputShape(Shape.SEGMENT, "acme")
    call = {"type": "track", "event": "Product Added", "messageId": "m1", "userId": "c1", "timestamp": TIMES[0]}
    event = event_of(_arrival(json.dumps(call).encode()), shape)
    assert isinstance(event, Event)
    assert (event.type, event.contact_id, event.account_id) == ("cart.item_added", "c1", "acme")
    assert isinstance(event_of(_arrival(PLAIN), shape), DeadLetter)


def test_an_arrival_says_which_of_its_messages_events_it_is() -> None:
    shape = InputShape(Shape.SEGMENT, "acme")
    call = {"type": "page", "messageId": "m1", "userId": "c1", "anonymousId": "a1", "timestamp": TIMES[0]}
    data = json.dumps(call).encode()
    events = events_from(data, CLOCK_US, shape)
    assert not isinstance(events, DeadLetter)
    assert [event.type for event in events] == ["page.viewed", "contact.merged"]
    of_indexes = [event_of(BufferedEvent(0, "", "", data, index=index), shape) for index in (0, 1, 2)]
    assert (*of_indexes[:2],) == events
    dead = of_indexes[2]
    assert isinstance(dead, DeadLetter)
    assert (dead.reason, dead.raw) == (DeadLetterReason.WRONG_TYPE, data)


def test_an_arrival_of_the_release_before_is_its_messages_own_event() -> None:
    before = msgspec.msgpack.encode([1, 5, "e1", "a.b", b"{}", {"n": "1"}, "m1", 7])
    assert buffered_event_of(before) == BufferedEvent(5, "e1", "a.b", b"{}", {"n": "1"}, "m1", 7, 0)
