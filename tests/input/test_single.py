"""The fast decoder of one message, an optimisation: whatever it takes, the full parser gives the same event."""

from __future__ import annotations

import json
import random

import pytest

from kittiwake.input import single
from kittiwake.input.events import AHEAD_MAX_US, EVENT_BYTES_MAX, parse_event
from kittiwake.input.shapes.base import CANONICAL
from kittiwake.input.single import CLOCK, event_from
from kittiwake.model import DeadLetter, Event
from kittiwake.reasons import DeadLetterReason
from kittiwake.time.instants import parse_instant
from tests.input.damaged_records import PLAIN, TIMES, damaged

CLOCK_US = parse_instant("2026-11-02T00:00:00Z")


def _fully(data: bytes, clock_us: int = CLOCK_US) -> Event | DeadLetter:
    return parse_event(data, "", clock_us, start_name=CLOCK)


def _said(found: Event | DeadLetter) -> str:
    """All of it, with `1` apart from `1.0` and `True`."""
    return repr(found)


@pytest.mark.parametrize("seed", range(40))
def test_what_goes_the_fast_way_is_the_event_of_the_full_parser(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(100):
        data = damaged(dice)
        assert _said(event_from(data, CLOCK_US, CANONICAL)) == _said(_fully(data)), (seed, data)


@pytest.mark.parametrize("time", TIMES)
def test_every_time_is_read_alike(time: str) -> None:
    fields = json.loads(PLAIN) | {"time": time}
    for data in (json.dumps(fields).encode(), json.dumps(fields, ensure_ascii=False).encode()):
        assert _said(event_from(data, CLOCK_US, CANONICAL)) == _said(_fully(data))


ORDINARY = [
    PLAIN, PLAIN.replace(b'"p1"', rb'"p\u00e9"'), PLAIN.replace(b'"p1"', '"é"'.encode()),
    PLAIN.replace(b"1000", b"1e3"), PLAIN.replace(b"10:00:00Z", b"10:00:00.250+02:00"),
    PLAIN[: PLAIN.index(b',"properties"')] + b"}", PLAIN[: PLAIN.index(b'{"product')] + b"null}", b" " + PLAIN + b"\n",
]  # fmt: skip


@pytest.mark.parametrize("data", ORDINARY)
def test_ordinary_records_go_the_fast_way(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """Or all would be right, and slow."""
    expected = _fully(data)
    monkeypatch.setattr(single, "parse_events", lambda *_, **__: pytest.fail("the full parser"))
    assert _said(event_from(data, CLOCK_US, CANONICAL)) == _said(expected)


def test_a_record_has_the_bytes_it_may_have_and_no_more() -> None:
    for size in (EVENT_BYTES_MAX, EVENT_BYTES_MAX + 1):
        data = PLAIN.replace(b'"p1"', b'"%s"' % (b"x" * (size - len(PLAIN) + 2)))
        assert len(data) == size
        assert _said(event_from(data, CLOCK_US, CANONICAL)) == _said(_fully(data))


def test_the_future_begins_ten_minutes_after_the_clock_and_is_told_in_words_of_a_stream() -> None:
    time_us = parse_instant("2026-11-01T10:00:00Z")
    assert isinstance(event_from(PLAIN, time_us - AHEAD_MAX_US, CANONICAL), Event)
    dead = event_from(PLAIN, time_us - AHEAD_MAX_US - 1, CANONICAL)
    assert isinstance(dead, DeadLetter)
    assert dead.reason is DeadLetterReason.TIME_IN_FUTURE
    assert dead.detail == "time lies more than 10 minutes ahead of the job's clock"
