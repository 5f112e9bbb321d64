"""The fast decoder of blocks, an optimisation: whatever it takes, the full parser gives the same event."""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from kittiwake.input import bulk, event_times, events
from kittiwake.input.bulk import ParsedBlock, Table, read_table, read_tables
from kittiwake.input.events import parse_event
from kittiwake.model import Event
from kittiwake.time.instants import parse_instant
from kittiwake.values import parse_sound
from tests.input.damaged_records import OTHER, PLAIN, TIMES, damaged

START_US = parse_instant("2026-11-02T00:00:00Z")


def parse(lines: list[bytes], wanted: frozenset[str] | None = None) -> ParsedBlock:
    return read_table(lines, events.TIME_MIN_US, START_US + events.AHEAD_MAX_US, lambda _: wanted)


def events_of(table: Table) -> Iterator[Event]:
    for account_id, contact_id, time_us, event_id, event_type, text in zip(*table, strict=True):
        yield Event(time_us, event_id, event_type, parse_sound(text), account_id, contact_id)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_taken_from_a_block_are_the_events_of_the_full_parser(seed: int) -> None:
    dice = random.Random(seed)
    for size in (1, 1, 1, 2, 5, 40):
        lines = [damaged(dice) for _ in range(size)]
        parsed = parse(lines)
        expected = {at: parse_event(line, "here", START_US) for at, line in enumerate(lines) if at not in parsed.left}
        assert list(events_of(parsed.table)) == list(expected.values()), f"seed {seed}"
        assert parsed.taken == len(expected)
        times_us = [found.time_us for found in expected.values() if isinstance(found, Event)]
        assert not times_us or parsed.newest_us == max(times_us)


def test_ordinary_records_go_the_fast_way() -> None:
    """Or all would be right, and slow."""
    assert parse([PLAIN, OTHER, PLAIN]).left == []
    odd = [
        PLAIN.replace(b'"p1"', rb'"p\u00e9"'), PLAIN.replace(b"1000", b"1e3"),
        PLAIN.replace(b'"deep":', b'"' + b"x" * 400 + b'":'),
        PLAIN[: PLAIN.index(b',"properties"')] + b"}", PLAIN[: PLAIN.index(b'{"product')] + b"null}",
    ]  # fmt: skip
    assert parse([*odd, PLAIN]).left == []


def test_a_block_of_records_with_lists_is_checked_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many lists and objects all of them have: orders with lines are a block of those."""
    lines = [PLAIN.replace(b'"a",', b'{"a":[1]},' * 9)] * 200
    deep = PLAIN.replace(b'"a"', b"[" * events.NESTING_MAX + b"]" * events.NESTING_MAX)
    assert parse([*lines, deep, *lines]).left == [200]
    monkeypatch.setattr(bulk, "_one_by_one", None)
    assert parse(lines).taken == 200


def test_one_bad_record_leaves_its_neighbours_on_the_fast_way() -> None:
    for bad in (b"{", b"", b"\xff", PLAIN.replace(b"2026", b"2027"), PLAIN.replace(b"cart.", b"cart "), b"[]"):
        assert parse([PLAIN, bad, OTHER]).left == [1], bad


@pytest.mark.parametrize("time", TIMES)
@pytest.mark.parametrize("number", [1, 2])
def test_every_time_is_read_alike(time: str, number: int) -> None:
    fields = json.loads(PLAIN) | {"time": time}
    for raw in (json.dumps(fields).encode(), json.dumps(fields, ensure_ascii=False).encode()):
        found = list(events_of(parse([raw] * number).table))
        assert found in ([], [parse_event(raw, "here", START_US)] * number)


@pytest.mark.parametrize("seed", range(5))
def test_times_of_many_forms_stand_side_by_side(seed: int) -> None:
    dice = random.Random(seed)
    lines = [json.dumps(json.loads(PLAIN) | {"time": dice.choice(TIMES)}).encode() for _ in range(60)]
    parsed = parse(lines)
    expected = [parse_event(line, "here", START_US) for at, line in enumerate(lines) if at not in parsed.left]
    assert list(events_of(parsed.table)) == expected
    assert expected


def test_only_wanted_types_are_kept_and_all_are_counted() -> None:
    parsed = parse([PLAIN, OTHER.replace(b"cart.item_added", b"page.viewed"), PLAIN], frozenset({"page.viewed"}))
    assert [event.type for event in events_of(parsed.table)] == ["page.viewed"]
    assert parsed.taken == 3


@pytest.mark.parametrize(
    "hidden", ['"properties":{"a":1e999},', '"properties":[[1]],', '"propert\\u0069es":{"a":1e999},']
)
def test_a_record_with_properties_twice_goes_to_the_full_parser(hidden: str) -> None:
    """A decoder looks at the last ones only; so does a person who reads the dead letter."""
    doubled = PLAIN.replace(b'"event_id"', hidden.encode() + b'"event_id"')
    absent = PLAIN[: PLAIN.index(b',"properties"')] + b"}"
    assert parse([PLAIN, doubled, absent]).left == [1]


def _at(hour: int, minute: int) -> bytes:
    return PLAIN.replace(b"10:00:00", b"%02d:%02d:00" % (hour, minute)).replace(b"item_", b"x%d_" % minute)


def test_threads_share_what_is_remembered_and_none_loses_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for memory in (event_times.known_minutes, event_times.known_hours, bulk.known_types):
        monkeypatch.setattr(memory, "_number_max", 3)
    blocks = [[_at(hour, minute) for minute in range(9)] for hour in range(10)]
    switched_s = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(lambda block: parse(block).left, blocks * 40))
    finally:
        sys.setswitchinterval(switched_s)
    assert found == [[]] * len(found)


# ---------------------------------------------------------------- items

ITEM = PLAIN.replace(b'"contact_id"', b'"item_id"')


def _item_events_of(table: Table) -> Iterator[Event]:
    for account_id, item_id, time_us, event_id, event_type, text in zip(*table, strict=True):
        yield Event(time_us, event_id, event_type, parse_sound(text), account_id, None, item_id)


@pytest.mark.parametrize("seed", range(40))
def test_events_of_contacts_and_of_items_side_by_side_are_those_of_the_full_parser(seed: int) -> None:
    dice = random.Random(seed)
    for size in (1, 1, 2, 5, 40):
        lines = [damaged(dice) for _ in range(size)]
        lines = [line.replace(b"contact_id", dice.choice((b"contact_id", b"item_id"))) for line in lines]
        latest_us = START_US + events.AHEAD_MAX_US
        contacts, items = read_tables(lines, events.TIME_MIN_US, latest_us, lambda _: None, lambda _: None)
        left = {*contacts.left, *items.left}
        expected = [parse_event(line, "here", START_US) for at, line in enumerate(lines) if at not in left]
        found = [*events_of(contacts.table), *_item_events_of(items.table)]
        assert sorted(found, key=str) == sorted(expected, key=str), f"seed {seed}"
        assert contacts.taken + items.taken == len(expected)
        assert len(contacts.left) + len(items.left) == len(left)


def test_items_go_the_fast_way_beside_contacts_even_where_a_property_is_called_item_id() -> None:
    named = PLAIN.replace(b'"product_id"', b'"item_id"')
    lines = [PLAIN, ITEM, named, ITEM, OTHER]
    contacts, items = read_tables(lines, events.TIME_MIN_US, START_US, lambda _: None, lambda _: None)
    assert (contacts.taken, items.taken, contacts.left, items.left) == (3, 2, [], [])


def test_events_of_items_that_nobody_wants_are_counted_only() -> None:
    found = read_tables([PLAIN, ITEM], events.TIME_MIN_US, START_US, lambda _: None, lambda _: frozenset()).items
    assert (found.taken, len(found.table.types)) == (1, 0)
