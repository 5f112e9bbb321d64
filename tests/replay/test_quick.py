"""The quick way to an event, an optimisation: whatever it takes, the long way gives the same event."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import pytest

from kittiwake.model import Event
from kittiwake.replay import events
from kittiwake.replay.contacts import Groups
from kittiwake.replay.events import parse_event
from kittiwake.replay.quick import quick_event, take_lines
from kittiwake.time.instants import parse_instant
from kittiwake.values import parse_json

START_US = parse_instant("2026-11-02T00:00:00Z")
PLAIN = (
    b'{"event_id":"e1","account_id":"acme","contact_id":"c1","type":"cart.item_added","time":"2026-11-01T10:00:00Z",'
    b'"properties":{"product_id":"p1","price":68.74,"tags":["a",1,null],"deep":{"x":1e3}}}'
)
PIECES = (
    b'"',
    b"{",
    b"}",
    b"[",
    b",",
    b":",
    b"null",
    b"true",
    b"1e999",
    b"1e-999",
    b"-0.0",
    b"\xff",
    b"\xc3\xa9",
    b"\\ud800",
    b"\\u00e9",
    b"60",
    b"+02:00",
    b".1234567",
    b" ",
    b"\n",
    b"item_id",
    b"contact_id",
    b"9" * 320,
    b"[" * 70,
    b"x" * 130,
    b"",
    b"Z",
    b"T24",
    b"\x00",
    b'"type":"a b",',
    b'"more":1,',
)


def _records(seed: int) -> Iterator[bytes]:
    """The plain record with a few pieces put in, or over, somewhere."""
    dice = random.Random(seed)
    for _ in range(200):
        raw = PLAIN
        for _ in range(dice.randint(1, 3)):
            at, span = dice.randrange(len(raw)), dice.choice((0, 0, 1, 2, 8))
            raw = raw[:at] + dice.choice(PIECES) + raw[at + span :]
        yield raw


def _long_way(raw: bytes, monkeypatch: pytest.MonkeyPatch) -> object:
    with monkeypatch.context() as patched:
        patched.setattr(events, "quick_event", lambda *_: None)
        return parse_event(raw, "here", START_US)


@pytest.mark.parametrize("seed", range(20))
def test_what_the_quick_way_takes_is_the_event_of_the_long_way(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    parse_event(PLAIN, "here", START_US)  # the long way teaches the quick one the type
    for raw in _records(seed):
        found = quick_event(raw, events.TIME_MIN_US, START_US + events.AHEAD_MAX_US)
        if found is not None:
            assert found == _long_way(raw, monkeypatch), f"seed {seed}: {raw!r}"


@pytest.mark.parametrize(
    "time",
    [
        "2026-11-01T10:00:00Z", "2026-11-01T10:00:59.9999999Z", "2026-11-01T10:00:00.5Z", "2026-11-01T10:00:60Z",
        "2026-11-01T10:59:60Z", "2026-11-01T10:00:00+02:00", "2026-11-01T10:00:00.Z", "2026-11-01T10:00:0Z",
        "2026-11-01t10:00:00z", "2026-11-01 10:00:00Z", "2026-13-01T10:00:00Z", "2026-11-02T00:10:00Z",
        "2026-11-02T00:10:00.000001Z", "1899-12-31T23:59:59Z", "2026-11-01T10:00:00\u0660Z", "2026-11-01T10:0000:Z",
    ],
)  # fmt: skip
def test_every_time_is_read_alike(time: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = json.loads(PLAIN) | {"time": time}
    for raw in (json.dumps(fields).encode(), json.dumps(fields, ensure_ascii=False).encode()):
        found = quick_event(raw, events.TIME_MIN_US, START_US + events.AHEAD_MAX_US)
        assert found is None or found == _long_way(raw, monkeypatch)


def test_an_ordinary_record_goes_the_quick_way() -> None:
    parse_event(PLAIN, "here", START_US)
    assert isinstance(quick_event(PLAIN, 0, START_US), Event)


@pytest.mark.parametrize("seed", range(20))
def test_what_is_taken_unparsed_is_the_event_of_the_long_way(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    parse_event(PLAIN, "here", START_US)
    lines = [raw for raw in _records(seed) if b"\n" not in raw]
    for raw in lines:
        groups: Groups = {}
        taken = take_lines([raw], events.TIME_MIN_US, START_US + events.AHEAD_MAX_US, groups, sound=False)
        assert taken.taken + len(taken.left) == 1
        for (account_id, contact_id), ((time_us, event_id, event_type, properties),) in groups.items():
            found = Event(time_us, event_id, event_type, parse_json(properties), account_id, contact_id)
            assert found == _long_way(raw, monkeypatch), f"seed {seed}: {raw!r}"
