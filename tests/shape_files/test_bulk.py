"""A block of records is read as its records are one by one: the same events, the same dead letters, the same counts."""

from __future__ import annotations

import json
import random
from typing import Any, Final

import pytest

from kittiwake.batch.counts import Counts
from kittiwake.batch.intake import Intake, NoRules
from kittiwake.batch.settings import RunSettings
from kittiwake.input.events import NESTING_MAX, parse_events
from kittiwake.input.fields import RowContext
from kittiwake.input.lines import Block
from kittiwake.input.mapping.bulk import block_reader
from kittiwake.input.mapping.mapping import RecordMapping
from kittiwake.input.shapes.base import InputShape
from kittiwake.model import DeadLetter, Event
from kittiwake.values import canonical, parse_sound
from tests.input.damaged_records import PIECES
from tests.shape_files.shaping import RECORD, START_US, shape

SHAPES: Final[dict[str, dict[str, str]]] = {
    "plain": {},
    "deep": {"contact": "user.id", "time": "user.at", "properties": "user.with", "event_id": "user.list.0"},
    "named": {"properties": "{total: with.total, n: {path: with.n, as: number}, w: with, c: {value: 1}}"},
    "whole": {"properties": ".", "event_id": "{digest: true}"},
    "casts": {"numbers": "[n]", "account": "shop", "contact": "[{path: who, as: text, absent: [0]}, other]"},
    "guests left out": {"guests": "leave_out", "only": "{test: {ne: true}}"},
    "guests apart": {"guests": "apart", "type": "{path: what, names: {order.completed: a.b}, others: leave_out}"},
    "epoch": {"time": "[{path: epoch, unit: millis}, at]", "type": "{value: a.b}"},
    "pairs": {"records": "{pairs: [list], json: [text]}", "properties": "[list, text]"},
    "ordinals": {"event_id": "{fields: [id], ordinal: true}"},
}
ODD: Final = "odd"
"""Stands for one of `ODD_JSON`, which Python does not write."""
ODD_JSON: Final = (b"1e400", b"-1E+400", b"1e-400", b"9" * 320, b"0." + b"0" * 330 + b"1", b'"\\ud800"')
VALUES: Final[tuple[Any, ...]] = (
    *(
        None,
        "",
        "x",
        "0",
        0,
        7,
        1.5,
        True,
        [],
        {},
        ["a", 1],
        {"total": 12.50, "n": "3"},
        {"id": "u", "at": RECORD["at"]},
    ),
    *(
        "2026-11-02 10:00",
        "2999-01-01T00:00:00Z",
        1793610000000,
        "Order Completed",
        "é" * 130,
        '{"a": 1e3}',
        "{",
        ODD,
        [ODD],
        {"a": ODD},
    ),
    *([{"key": "k", "value": {"string_value": "v"}}], {"with": {"deep": [1, {"x": None}]}, "list": ["z"], "id": "q"}),
)
FIELDS: Final = ("id", "who", "what", "at", "with", "user", "shop", "other", "test", "epoch", "list", "text")


def record(dice: random.Random) -> dict[str, Any]:
    """A good record with some fields changed."""
    found = {**RECORD, "user": {"id": "u1", "at": RECORD["at"], "with": {"a": 1}, "list": ["l"]}, "shop": "s"}
    for name in dice.sample(FIELDS, dice.choice((0, 0, 1, 2, 4))):
        found[name] = dice.choice(VALUES)
    for name in dice.sample(list(found), dice.choice((0, 0, 0, 1))):
        del found[name]
    return found


def line(dice: random.Random) -> bytes:
    raw = json.dumps(record(dice), ensure_ascii=dice.random() < 0.5).encode()
    raw = raw.replace(json.dumps(ODD).encode(), dice.choice(ODD_JSON))
    if dice.random() < 0.1:
        at = dice.randrange(len(raw))
        raw = raw[:at] + dice.choice(PIECES).replace(b"\n", b" ") + raw[at:]
    return raw if dice.random() < 0.98 else b"  "


def text_of(event: Event) -> tuple[str, ...]:
    own = (event.account_id, str(event.contact_id), event.event_id, event.type, str(event.time_us))
    return (*own, canonical(event.properties))


def check(mapping: RecordMapping, lines: list[bytes], ordinals: tuple[int, ...] = ()) -> int:
    """Whether both ways agree; how many lines were read at once."""
    block_reader.cache_clear()  # one that has met an odd record checks values itself from then on
    block = Block(1, lines, sum(map(len, lines)) + len(lines) - 1, 0, (), ordinals)
    asked, counts = InputShape(mapping, "acme" if mapping.spec.account is None else None), Counts()
    taken = Intake(RunSettings(START_US, shape=asked), NoRules(), counts).take("here", block)
    singly: list[Any] = [
        parse_events(raw, f"here:{at}", START_US, asked, context=RowContext((), ordinals[at - 1] if ordinals else 1))
        for at, raw in enumerate(lines, 1)
        if raw.strip()
    ]
    events = [event for found in singly if not isinstance(found, DeadLetter) for event in found]
    rows = zip(*taken.table, strict=True)
    found = [Event(row[2], row[3], row[4], parse_sound(row[5]), row[0], row[1]) for row in rows]
    assert sorted(map(text_of, found)) == sorted(map(text_of, events))
    assert taken.dead_letters == [one for one in singly if isinstance(one, DeadLetter)]
    assert (counts.records, counts.events, counts.left_out) == (len(singly), len(events), singly.count(()))
    assert counts.newest_us == max([event.time_us for event in events], default=None)
    at_once = block_reader(mapping).read(block, asked.account_id, START_US, lambda _: None)
    return at_once.taken + at_once.left_out


@pytest.mark.parametrize("name", SHAPES)
def test_a_block_is_read_as_its_records_are_one_by_one(name: str) -> None:
    mapping, dice, at_once = shape(**SHAPES[name]), random.Random(name), 0
    for number in range(80):
        lines = [line(dice) for _ in range(dice.choice((1, 5, 30)))]
        ordinals = tuple(dice.choice((1, 2)) for _ in lines) if name == "ordinals" else ()
        at_once += check(mapping, lines, ordinals)
        if number % 4 == 0:
            good = [json.dumps(RECORD | {"user": {"id": "u", "at": RECORD["at"], "list": ["l"]}}).encode()] * 3
            at_once += check(mapping, good, (1, 2, 3) if ordinals else ())
    assert at_once > 100, "records that are as expected are read at once"


def test_only_events_of_types_that_are_wanted_are_kept_and_the_others_counted() -> None:
    mapping, counts = shape(), Counts()
    lines = [json.dumps(RECORD | {"what": what, "id": what}).encode() for what in ("a.b", "c.d", "a.b", "e.f")]
    intake = Intake(RunSettings(START_US, shape=InputShape(mapping)), NoRules(lambda _: frozenset({"a.b"})), counts)
    taken = intake.take("here", Block(1, lines, sum(map(len, lines)) + 3))
    assert taken.table.types == ["a.b", "a.b"]
    assert (counts.records, counts.events, counts.unneeded) == (4, 4, 2)


def test_a_shape_of_several_events_a_record_is_never_read_at_once() -> None:
    assert not block_reader(shape(each="with.list")).reads
    assert not block_reader(shape(contact='[who, {path: v, prefix: "v:"}]', visitors="end")).reads
    assert block_reader(shape()).reads


@pytest.mark.parametrize("opened", ["[", '{"a":'])
def test_a_record_that_nests_too_deep_is_refused_however_short_it_is(opened: str) -> None:
    closed = {"[": "]", '{"a":': "}"}[opened]
    for depth in (NESTING_MAX - 2, NESTING_MAX - 1, NESTING_MAX, NESTING_MAX + 1):
        odd = json.dumps(RECORD)[:-1] + ', "deep": ' + opened * depth + ("" if opened == "[" else "1") + closed * depth
        check(shape(), [json.dumps(RECORD).encode(), odd.encode() + b"}"])


UNUSUAL: Final = {
    "quotes": "{'say \"hi\"': with.total}",
    "backslash": "{'a\\b': with.total}",
    "control character": '{"a\\tb": with.total}',
    "twice": "[{a: with.total}, {a: with.none, b: id}]",
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_properties_of_unusual_names_are_read_as_of_usual_ones(name: str) -> None:
    assert check(shape(properties=UNUSUAL[name]), [json.dumps(RECORD).encode()] * 2) == 2


UNREAD: Final = (
    b"1e400", b"-1e400", b"1E+400", b"1e-400", b"12.5e0400", b"1" + b"0" * 250 + b"e99", b"0." + b"0" * 250 + b"1e-99",
    b"9" * 320, b"0." + b"0" * 330 + b"1", b"1e5", b"1e308", b'"1e400"', b'"\\ud800"', b'{"a":1,"a":2}', b'"a\\nb"',
)  # fmt: skip
"""Each alone, in a list and in an object; some of them are odd, and nothing more."""
AROUND: Final = ((b"", b""), (b"[", b"]"), (b'[0, "x:", ', b"]"), (b'{"a":', b"}"), (b'{"a" : ', b" }"))


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("value", UNREAD)
def test_what_nobody_reads_is_refused_one_by_one_and_in_a_block_alike(name: str, value: bytes) -> None:
    good = json.dumps(RECORD | {"user": {"id": "u", "at": RECORD["at"], "list": ["l"]}}).encode()
    odd = [b"".join((good[:-1], b', "unread": ', around[0], value, around[1], b"}")) for around in AROUND]
    check(shape(**SHAPES[name]), [good, *odd, good], (1,) * 7 if name == "ordinals" else ())
