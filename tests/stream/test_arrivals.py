"""The quick way from a message to its event, an optimisation: whatever it takes, the long way gives the same event."""

from __future__ import annotations

import json
import random

import msgspec
import pytest

from kittiwake.input.events import AHEAD_MAX_US, EVENT_BYTES_MAX, parse_event
from kittiwake.input.shapes.base import CANONICAL, InputShape, Shape
from kittiwake.model import DeadLetter, Event
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream import arrivals
from kittiwake.stream.arrivals import CLOCK, event_from, event_of, events_from
from kittiwake.stream.records import BufferedEvent, arrival_of
from kittiwake.time.instants import END_OF_TIME_US, parse_instant
from tests.stream.odd import PLAIN, damaged

CLOCK_US = parse_instant("2026-11-02T00:00:00Z")
TIMES = [
    "2026-11-01T10:00:00Z", "2026-11-01T10:00:59.9999999Z", "2026-11-01T10:00:00.5Z", "2026-11-01T10:00:60Z",
    "2026-11-01T10:59:60Z", "2026-11-01T10:00:00+02:00", "2026-11-01T10:00:00.Z", "2026-11-01T10:00:0Z",
    "2026-11-01t10:00:00z", "2026-11-01 10:00:00Z", "2026-13-01T10:00:00Z", "2026-11-02T00:10:00Z",
    "2026-11-02T00:10:00.000001Z", "1899-12-31T23:59:59Z", "2026-11-01T10:00:00\u0660Z", "2026-11-01T10:0000:Z",
    "2026-11-01T10:00:00-02:00", "2026-11-01T10:00:00+01:00", "2026-11-01T10:00:00+25:00", "2026-02-30T10:00:00Z",
    "2026-11-01T24:00:00Z", "2026-11-01T10:60:00Z", "2026-11-01T10:00:00.123456+00:00", "", "Z", "2026-11-01T10:00:00",
    "2026-11-01T10:00:00+0530", "2026-11-01T10:00:00-05", "2026-11-01T10:00:00.5+00", "2026-11-01T10:00:00+053",
    "2026-11-01T10:00:00+24", "2026-11-01T10:00:00+0060", "2026-11-01T10:00:00-", "0001-01-01T00:00:00+23:59",
    "1900-01-01T00:00:00Z", "1900-01-01T00:00:00+00:01", "2026-11-01T10:00:\u0661\u0661Z",
]  # fmt: skip


def _long(data: bytes, clock_us: int = CLOCK_US) -> Event | DeadLetter:
    return parse_event(data, "", clock_us, start_name=CLOCK)


def _said(found: Event | DeadLetter) -> str:
    """All of it, with `1` apart from `1.0` and `True`."""
    return repr(found)


@pytest.mark.parametrize("seed", range(40))
def test_what_goes_the_quick_way_is_the_event_of_the_long_way(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(100):
        data = damaged(dice)
        assert _said(event_from(data, CLOCK_US, CANONICAL)) == _said(_long(data)), (seed, data)


@pytest.mark.parametrize("time", TIMES)
def test_every_time_is_read_alike(time: str) -> None:
    fields = json.loads(PLAIN) | {"time": time}
    for data in (json.dumps(fields).encode(), json.dumps(fields, ensure_ascii=False).encode()):
        assert _said(event_from(data, CLOCK_US, CANONICAL)) == _said(_long(data))


ORDINARY = [
    PLAIN, PLAIN.replace(b'"p1"', rb'"p\u00e9"'), PLAIN.replace(b'"p1"', '"é"'.encode()),
    PLAIN.replace(b"1000", b"1e3"), PLAIN.replace(b"10:00:00Z", b"10:00:00.250+02:00"),
    PLAIN[: PLAIN.index(b',"properties"')] + b"}", PLAIN[: PLAIN.index(b'{"product')] + b"null}", b" " + PLAIN + b"\n",
]  # fmt: skip


@pytest.mark.parametrize("data", ORDINARY)
def test_ordinary_records_go_the_quick_way(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or all would be right, and slow."""
    expected = _long(data)
    monkeypatch.setattr(arrivals, "parse_events", lambda *_, **__: pytest.fail("the long way"))
    assert _said(event_from(data, CLOCK_US, CANONICAL)) == _said(expected)


def test_a_record_has_the_bytes_it_may_have_and_no_more() -> None:
    for size in (EVENT_BYTES_MAX, EVENT_BYTES_MAX + 1):
        data = PLAIN.replace(b'"p1"', b'"%s"' % (b"x" * (size - len(PLAIN) + 2)))
        assert len(data) == size
        assert _said(event_from(data, CLOCK_US, CANONICAL)) == _said(_long(data))


def test_the_future_begins_ten_minutes_after_the_clock_and_is_told_in_words_of_a_stream() -> None:
    time_us = parse_instant("2026-11-01T10:00:00Z")
    assert isinstance(event_from(PLAIN, time_us - AHEAD_MAX_US, CANONICAL), Event)
    dead = event_from(PLAIN, time_us - AHEAD_MAX_US - 1, CANONICAL)
    assert isinstance(dead, DeadLetter)
    assert dead.reason is DeadLetterReason.TIME_IN_FUTURE
    assert dead.detail == "time lies more than 10 minutes ahead of the job's clock"


def _arrival(data: bytes) -> BufferedEvent:
    return BufferedEvent(0, "", "", data)


@pytest.mark.parametrize("seed", range(10))
def test_an_arrival_is_the_event_that_the_intake_saw_whatever_the_clock_says(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(100):
        data = damaged(dice)
        seen = event_from(data, CLOCK_US, CANONICAL)
        if isinstance(seen, Event):
            assert _said(event_of(_arrival(data), CANONICAL)) == _said(seen)


def test_after_the_shuffle_nothing_lies_in_the_future() -> None:
    data = PLAIN.replace(b"2026", b"9999")
    assert isinstance(event_from(data, CLOCK_US, CANONICAL), DeadLetter)
    assert _said(event_of(_arrival(data), CANONICAL)) == _said(_long(data, END_OF_TIME_US))
    assert isinstance(event_of(_arrival(data), CANONICAL), Event)


def test_other_shapes_go_the_long_way() -> None:
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
    of_places = [event_of(BufferedEvent(0, "", "", data, place=place), shape) for place in (0, 1, 2)]
    assert (*of_places[:2],) == events
    dead = of_places[2]
    assert isinstance(dead, DeadLetter)
    assert (dead.reason, dead.raw) == (DeadLetterReason.WRONG_TYPE, data)


def test_an_arrival_of_the_release_before_is_its_messages_own_event() -> None:
    before = msgspec.msgpack.encode([1, 5, "e1", "a.b", b"{}", {"n": "1"}, "m1", 7])
    assert arrival_of(before) == BufferedEvent(5, "e1", "a.b", b"{}", {"n": "1"}, "m1", 7, 0)
