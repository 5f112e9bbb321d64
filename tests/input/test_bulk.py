"""The quick way to events, an optimisation: whatever it takes, the long way gives the same event."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from kittiwake.input import bulk as quick
from kittiwake.input import event_times, events
from kittiwake.input.bulk import Quick, Table, read_table
from kittiwake.input.events import parse_event
from kittiwake.model import Event
from kittiwake.time.instants import parse_instant
from kittiwake.values import parse_sound

START_US = parse_instant("2026-11-02T00:00:00Z")
PLAIN = (
    b'{"event_id":"e1","account_id":"acme","contact_id":"c1","type":"cart.item_added","time":"2026-11-01T10:00:00Z",'
    b'"properties":{"product_id":"p1","price":68.74,"tags":["a",1,null],"deep":{"x":1000}}}'
)
OTHER = PLAIN.replace(b'"e1"', b'"e2"').replace(b"10:00:00Z", b"10:00:01.5+02:00")
PIECES = (
    b'"',
    b"{",
    b"}",
    b"[",
    b",",
    b":",
    b"null",
    b"true",
    b"1e3",
    b"1e999",
    b"1e-999",
    b"-0.0",
    b"\xff",
    b"\xc3\xa9",
    b"\\ud800",
    b"\\u00e9",
    b"\\/",
    b"60",
    b"+02:00",
    b".1234567",
    b" ",
    b"item_id",
    b"contact_id",
    b"9" * 320,
    b"0." + b"0" * 330 + b"1",
    b"[" * 70,
    b"[" * 62 + b"]" * 62,
    b"x" * 130,
    b"",
    b"Z",
    b"T24",
    b"\x00",
    b'"type":"a b",',
    b'"more":1,',
    b'"properties":{"a":1e999},',
    b'"properties":{},',
    b'"propert\\u0069es":[1e999],',
)


def _record(dice: random.Random) -> bytes:
    """The plain record with a few pieces put in, or over, somewhere."""
    raw = dice.choice((PLAIN, OTHER))
    for _ in range(dice.randint(0, 3)):
        at, span = dice.randrange(len(raw)), dice.choice((0, 0, 1, 2, 8))
        raw = raw[:at] + dice.choice(PIECES) + raw[at + span :]
    return raw


def quickly(lines: list[bytes], wanted: frozenset[str] | None = None) -> Quick:
    return read_table(lines, events.TIME_MIN_US, START_US + events.AHEAD_MAX_US, lambda _: wanted)


def events_of(table: Table) -> Iterator[Event]:
    for account_id, contact_id, time_us, event_id, event_type, text in zip(*table, strict=True):
        yield Event(time_us, event_id, event_type, parse_sound(text), account_id, contact_id)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_taken_from_a_block_are_the_events_of_the_long_way(seed: int) -> None:
    dice = random.Random(seed)
    for size in (1, 1, 1, 2, 5, 40):
        lines = [_record(dice) for _ in range(size)]
        quick = quickly(lines)
        long = {at: parse_event(line, "here", START_US) for at, line in enumerate(lines) if at not in quick.left}
        assert list(events_of(quick.table)) == list(long.values()), f"seed {seed}"
        assert quick.taken == len(long)
        times_us = [found.time_us for found in long.values() if isinstance(found, Event)]
        assert not times_us or quick.newest_us == max(times_us)


def test_ordinary_records_go_the_quick_way() -> None:
    """Or all would be right, and slow."""
    assert quickly([PLAIN, OTHER, PLAIN]).left == []
    odd = [
        PLAIN.replace(b'"p1"', rb'"p\u00e9"'), PLAIN.replace(b"1000", b"1e3"),
        PLAIN.replace(b'"deep":', b'"' + b"x" * 400 + b'":'),
        PLAIN[: PLAIN.index(b',"properties"')] + b"}", PLAIN[: PLAIN.index(b'{"product')] + b"null}",
    ]  # fmt: skip
    assert quickly([*odd, PLAIN]).left == []


def test_one_bad_record_leaves_its_neighbours_on_the_quick_way() -> None:
    for bad in (b"{", b"", b"\xff", PLAIN.replace(b"2026", b"2027"), PLAIN.replace(b"cart.", b"cart "), b"[]"):
        assert quickly([PLAIN, bad, OTHER]).left == [1], bad


TIMES = [
    "2026-11-01T10:00:00Z", "2026-11-01T10:00:59.9999999Z", "2026-11-01T10:00:00.5Z", "2026-11-01T10:00:60Z",
    "2026-11-01T10:59:60Z", "2026-11-01T10:00:00+02:00", "2026-11-01T10:00:00.Z", "2026-11-01T10:00:0Z",
    "2026-11-01t10:00:00z", "2026-11-01 10:00:00Z", "2026-13-01T10:00:00Z", "2026-11-02T00:10:00Z",
    "2026-11-02T00:10:00.000001Z", "1899-12-31T23:59:59Z", "2026-11-01T10:00:00\u0660Z", "2026-11-01T10:0000:Z",
    "2026-11-01T10:00:00-02:00", "2026-11-01T10:00:00+01:00", "2026-11-01T10:00:00+25:00", "2026-02-30T10:00:00Z",
    "2026-11-01T24:00:00Z", "2026-11-01T10:60:00Z", "2026-11-01T10:00:00.123456+00:00", "", "Z",
]  # fmt: skip


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("number", [1, 2])
def test_every_time_is_read_alike(time: str, number: int) -> None:
    fields = json.loads(PLAIN) | {"time": time}
    for raw in (json.dumps(fields).encode(), json.dumps(fields, ensure_ascii=False).encode()):
        found = list(events_of(quickly([raw] * number).table))
        assert found in ([], [parse_event(raw, "here", START_US)] * number)


@pytest.mark.parametrize("seed", range(5))
def test_times_of_many_forms_stand_side_by_side(seed: int) -> None:
    dice = random.Random(seed)
    lines = [json.dumps(json.loads(PLAIN) | {"time": dice.choice(TIMES)}).encode() for _ in range(60)]
    quick = quickly(lines)
    long = [parse_event(line, "here", START_US) for at, line in enumerate(lines) if at not in quick.left]
    assert list(events_of(quick.table)) == long
    assert long


def test_only_wanted_types_are_kept_and_all_are_counted() -> None:
    quick = quickly([PLAIN, OTHER.replace(b"cart.item_added", b"page.viewed"), PLAIN], frozenset({"page.viewed"}))
    assert [event.type for event in events_of(quick.table)] == ["page.viewed"]
    assert quick.taken == 3


@pytest.mark.parametrize(
    "hidden", ['"properties":{"a":1e999},', '"properties":[[1]],', '"propert\\u0069es":{"a":1e999},']
)
def test_a_record_with_properties_twice_is_looked_at_the_long_way(hidden: str) -> None:
    """A decoder looks at the last ones only; so does a person who reads the dead letter."""
    doubled = PLAIN.replace(b'"event_id"', hidden.encode() + b'"event_id"')
    absent = PLAIN[: PLAIN.index(b',"properties"')] + b"}"
    assert quickly([PLAIN, doubled, absent]).left == [1]


def _at(hour: int, minute: int) -> bytes:
    return PLAIN.replace(b"10:00:00", b"%02d:%02d:00" % (hour, minute)).replace(b"item_", b"x%d_" % minute)


def test_threads_share_what_is_remembered_and_none_loses_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for memory in (event_times._minutes, event_times._hours, quick._types):
        monkeypatch.setattr(memory, "_number_max", 3)
    blocks = [[_at(hour, minute) for minute in range(9)] for hour in range(10)]
    switched_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(lambda block: quickly(block).left, blocks * 40))
    finally:
        sys.setswitchinterval(switched_s)
    assert found == [[]] * len(found)
