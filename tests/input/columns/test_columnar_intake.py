"""Columnar intake, an optimisation: rows are, one by one, the events and dead letters that their lines would be."""

from __future__ import annotations

import json
import random
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from kittiwake.batch.counts import Counts
from kittiwake.batch.intake import Intake, Taken
from kittiwake.batch.settings import RunSettings
from kittiwake.input.bulk import Table
from kittiwake.input.columns.blocks import AnyBlock, in_lines, records_at, records_of_block
from kittiwake.input.columns.bulk import read_columns
from kittiwake.input.events import AHEAD_MAX_US, EVENT_BYTES_MAX, TIME_MIN_US
from kittiwake.input.native import blocks as native
from kittiwake.input.parquet import block_of, lines_of_rows
from kittiwake.model import DeadLetter
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.time.instants import parse_instant
from kittiwake.values import parse_sound
from tests.input.damaged_records import TIMES

START_US: Final = parse_instant("2026-11-02T00:00:00Z")
RULES: Final = """
account: acme
rules:
  - id: cart
    when: cart.item_added
    wait: 1h
    unless: order.completed
  - id: price-drop
    when: {item: {price: {drops_by: 10%}}}
    interest: {events: product.viewed, item: product_id, within: 30d}
"""
PROGRAMS: Final = Programs(load_files({"rules.yaml": RULES.encode()}, []))


GOOD: Final[dict[str, Any]] = {
    "event_id": "e1", "account_id": "acme", "contact_id": "c1", "type": "cart.item_added",
    "time": "2026-11-01T10:00:00Z", "properties": '{"product_id":"p1","price":68.74,"tags":["a",1,null]}',
}  # fmt: skip


class Took(NamedTuple):
    """What came of rows, on one way or the other."""

    events: list[tuple[Any, ...]]
    items: list[tuple[Any, ...]]
    dead_letters: list[DeadLetter]
    counts: Counts


def taken(*blocks: AnyBlock) -> Took:
    counts = Counts()
    intake = Intake(RunSettings(START_US), PROGRAMS, counts)
    found = [intake.take("events", block) for block in blocks]
    return Took(_rows(found, 0), _rows(found, 2), [dead for one in found for dead in one.dead_letters], counts)


def _rows(found: list[Taken], at: int) -> list[tuple[Any, ...]]:
    tables: list[Table] = [one[at] for one in found]
    rows = [row for one in tables for row in zip(*one, strict=True)]
    return sorted([(*row[:-1], _told(parse_sound(row[-1]))) for row in rows], key=repr)


def _told(value: Any) -> str:
    """With the types of its numbers; a record read alone has its names in order."""
    return json.dumps(value, sort_keys=True, default=repr)


def agree(batch: pa.RecordBatch) -> Took:
    """What came of a batch; it is held to what comes of its lines, with the accelerator and without."""
    block = block_of(1, batch)
    by_columns, by_lines = taken(block), taken(*in_lines(block))
    assert by_columns == by_lines
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(native, "installed", lambda: None)
        assert taken(block) == by_columns
    return by_columns


def left(batch: pa.RecordBatch) -> list[int]:
    """The rows that are out of the ordinary."""
    found = read_columns(batch, TIME_MIN_US, START_US + AHEAD_MAX_US, lambda _: None, lambda _: None)
    return found.contacts.left


# ---------------------------------------------------------------- rows of every sort

_TEXT_TYPES: Final = (pa.string(), pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string()))
_STAMPS: Final = tuple(pa.timestamp(unit, zone) for unit in ("s", "ms", "us", "ns") for zone in ("UTC", "+02:00"))

ids = st.sampled_from(["e1", "e2", "é\n", "\u2028", '"\\', "", "x" * 128, "x" * 129, "\U0001f600" * 128, None])
kinds = st.sampled_from(["cart.item_added", "product.viewed", "price.changed", "Cart", "a b", "", None])
subjects = st.sampled_from(["c1", "c2"]) | ids
numbers = st.integers(-(10**20), 10**20) | st.floats(allow_nan=False, allow_infinity=False)
cells = st.none() | st.booleans() | numbers | st.sampled_from(["", "é", "\\", '"', "\n", "a" * 40])
objects = st.dictionaries(st.sampled_from(["a", "product_id", "é", "\\", ""]), cells | st.lists(cells, max_size=2))
BROKEN: Final = (
    "", "null", "{", "[1]", '{"a": 1e999}', '{"a":1e-999}', '{"a":1},"type":"x.y"', '{"a":1}\n{"b":2}', '"a\nb"',
    "\t{}\r\n", " {}", "{} ", "[" * 99, '{"a":' + "[" * 70 + "]" * 70 + "}", '{"a":1,"a":2}', r'{"a":"\ud800"}',
    '{"a":"\x01"}', '{"a":01}', '{"a":' + "9" * 400 + "}", '{"a":0.' + "0" * 400 + "1}", '{"a":NaN}', "{}{}", "{}\r",
    '{"a":"\\', '{"\\u0061":1,"a":2}', '{"a": {"b": {}}}', '{"a":"{"}', '{"a":"\u2028"}',
)  # fmt: skip
texts = objects.map(json.dumps) | objects.map(lambda one: json.dumps(one, ensure_ascii=False, indent=1))
columns: dict[str, st.SearchStrategy[Any]] = {
    "event_id": ids, "account_id": st.just("acme") | ids, "contact_id": subjects | st.just("c1"),
    "item_id": st.none() | subjects, "type": kinds | st.just("cart.item_added"),
}  # fmt: skip
wild = st.fixed_dictionaries(
    columns | {"time": st.sampled_from([*TIMES, None]), "properties": texts | st.none() | st.sampled_from(BROKEN)}
)
tame = wild.map(
    lambda row: {
        "event_id": "e1",
        "account_id": "acme",
        "contact_id": "c1",
        "type": row["type"] or "product.viewed",
        "time": "2026-11-01T10:00:00Z",
        "properties": row["properties"],
    }
)


def batch_of(rows: list[dict[str, Any]], dice: random.Random, **others: pa.Array) -> pa.RecordBatch:
    """Columns of texts, each of any type that holds them, but for `others`."""
    found = {}
    for name in (*columns, "time", "properties"):
        values = pa.array([row.get(name) for row in rows], pa.string())
        kind = dice.choice(_TEXT_TYPES)
        found[name] = values.dictionary_encode() if pa.types.is_dictionary(kind) else values.cast(kind)
    return pa.record_batch({**found, **others})


@settings(max_examples=30, deadline=None, phases=[Phase.generate])
@given(st.lists(wild | tame, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_rows_of_texts_are_what_their_lines_are(rows: list[dict[str, Any]], dice: random.Random) -> None:
    agree(batch_of(rows, dice))


instants = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-3, 3).map(lambda off: TIME_MIN_US + off),
    st.integers(-3, 3).map(lambda off: START_US + AHEAD_MAX_US + off),
    st.integers(START_US - 10**12, START_US),
)


@settings(max_examples=25, deadline=None, phases=[Phase.generate])
@given(st.lists(instants, min_size=1, max_size=8), st.sampled_from(_STAMPS), st.randoms(use_true_random=False))
def test_times_of_every_unit_are_what_their_texts_are(
    times_us: list[int | None], kind: pa.DataType, dice: random.Random
) -> None:
    a_second = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[kind.unit]
    counted = [None if us is None else us * a_second // 10**6 for us in times_us]
    counted = [one if one is None or -(2**63) <= one < 2**63 else None for one in counted]
    agree(
        batch_of(
            [GOOD] * len(counted), dice, time=pa.array(counted, pa.int64()).cast(pa.timestamp(kind.unit)).cast(kind)
        )
    )


_VALUES: Final[list[tuple[pa.DataType, list[Any]]]] = [
    (pa.int64(), [0, -1, 2**63 - 1]),
    (pa.uint64(), [2**64 - 1]),
    (pa.float64(), [0.0, -0.0, 1.5, 1e300, 5e-324, float("nan"), float("inf")]),
    (pa.float32(), [0.5, 3.4e38, float("nan")]),
    (pa.bool_(), [True, False]),
    (pa.string(), ["", "é", "\n", '"', "a\\"]),
    (pa.decimal128(38, 9), [Decimal("1.5"), Decimal("0.000000001"), Decimal("-12345678901234567890.5")]),
    (pa.decimal256(76, 38), [Decimal("1.5"), Decimal("0.5")]),
    (pa.date32(), [datetime(2026, 11, 1, tzinfo=UTC).date()]),
    (pa.timestamp("us", "UTC"), [datetime(2026, 11, 1, 0, 0, 0, 5, UTC)]),
    (pa.list_(pa.string()), [[], [None], ["a", "b"]]),
    (pa.list_(pa.struct({"x": pa.float64()})), [[], [{"x": 1.0}, None], [{"x": float("nan")}]]),
    (pa.dictionary(pa.int8(), pa.string()), ["a"]),
    (pa.null(), [None]),
]


@pytest.mark.parametrize("seed", range(5))
def test_structs_and_maps_are_what_their_json_is(seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(6):
        fields = {f"f{at}{'é' * (at % 2)}": dice.choice(_VALUES) for at in range(dice.randint(1, 4))}
        some = [
            {name: dice.choice([None, *own]) for name, (_, own) in fields.items()} if dice.random() < 0.9 else None
            for _ in range(8)
        ]
        structs = pa.array(some, pa.struct([(name, kind) for name, (kind, _) in fields.items()]))
        rows = [GOOD | {"event_id": f"e{at}"} for at in range(8)]
        times = pa.array([datetime(2026, 11, 1, tzinfo=UTC)] * 8)
        agree(batch_of(rows, dice, time=times, properties=structs))
        keys = [[("a", "1"), (dice.choice(["a", "b", ""]), None)][: dice.randrange(3)] for _ in range(8)]
        agree(batch_of(rows, dice, time=times, properties=pa.array(keys, pa.map_(pa.string(), pa.string()))))


# ---------------------------------------------------------------- single laws


def rows_of(*changes: dict[str, Any]) -> pa.RecordBatch:
    return batch_of([GOOD | change for change in changes], random.Random(0))


def test_ordinary_rows_go_the_fast_way() -> None:
    """Or all would be right, and slow."""
    batch = rows_of({}, {"properties": None}, {"properties": r'{"a":"\u00e9"}'}, {"contact_id": None, "item_id": "p1"})
    assert left(batch) == []
    assert len(agree(batch).events) == 3
    typed = batch.drop_columns(["properties", "time"])
    typed = typed.append_column("time", pa.array([datetime(2026, 11, 1, tzinfo=UTC)] * 4))
    typed = typed.append_column("properties", pa.array([{"a": 1.5, "b": [1], "c": Decimal("1.50")}] * 4))
    assert left(typed) == []
    assert len(agree(typed).events) == 3


@pytest.mark.parametrize(("as_struct", "bytes_max"), [(True, 64), (False, 200)])
def test_a_row_that_the_filter_drops_becomes_no_value_of_python(as_struct: bool, bytes_max: int) -> None:
    """The least text takes 50 bytes, and a row has six. Of JSON its decoder cuts a slice a row."""
    rows, at = range(4_096), datetime(2026, 11, 1, tzinfo=UTC)
    values = [{"product_id": f"p{number}", "price": number / 7} for number in rows]
    names = {"event_id": [f"e{number}" for number in rows], "account_id": ["acme"] * len(rows)}
    names |= {"contact_id": [f"c{number}" for number in rows], "type": ["page.viewed"] * len(rows)}
    properties = pa.array(values if as_struct else list(map(json.dumps, values)))
    batch = pa.record_batch(
        {**names, "time": pa.array([at] * len(rows), pa.timestamp("us", "UTC")), "properties": properties}
    )

    def bytes_of_a_row(wanted: str) -> float:
        tracemalloc.start()
        read_columns(batch, TIME_MIN_US, 2**60, lambda _: frozenset({wanted}), lambda _: frozenset())
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak / len(rows)

    bytes_of_a_row("other")  # what is made once
    assert bytes_of_a_row("other") < bytes_max < bytes_of_a_row("page.viewed") / 2


def test_one_bad_row_leaves_its_neighbours_on_the_fast_way() -> None:
    for bad in ({"type": "cart "}, {"time": "noon"}, {"properties": "{"}, {"event_id": None}, {"item_id": "i1"}):
        batch = rows_of({}, bad, {})
        assert left(batch) == [1], bad
        assert len(agree(batch).dead_letters) == 1, bad


def test_a_row_that_is_no_utf8_or_too_long_is_a_dead_letter_of_its_own() -> None:
    bad = pa.array([b"\xff", b"c1", b"c2"], pa.binary()).view(pa.string())
    for name in ("contact_id", "properties", "type"):
        batch = rows_of({}, {}, {})
        batch = batch.set_column(batch.schema.get_field_index(name), name, bad)
        assert agree(batch).dead_letters[0].source == "events:1"
    long = rows_of(
        {},
        {"properties": json.dumps({"a": "x" * EVENT_BYTES_MAX})},
        {"properties": json.dumps({"a": "é" * 50_000}, ensure_ascii=False)},
    )
    (dead,) = agree(long).dead_letters
    assert (dead.source, dead.reason.value) == ("events:2", "oversize")


def test_a_row_without_any_value_is_a_dead_letter_and_moves_no_other() -> None:
    """Of such a row Arrow's join makes no text at all."""
    nothing = dict.fromkeys(GOOD)
    for rows in ([nothing], [{}, nothing, {"contact_id": "c2"}, nothing], [nothing, nothing]):
        batch = rows_of(*rows)
        assert len(lines_of_rows(batch, None)) == len(rows)
        dead = [f"events:{number}" for number, row in enumerate(rows, 1) if row is nothing]
        assert [one.source for one in agree(batch).dead_letters] == dead


def test_numbers_of_rows_are_those_of_the_file() -> None:
    block = block_of(101, rows_of({}, {"event_id": None}, {}))
    assert [one.number for one in records_of_block(block)] == [101, 102, 103]
    assert [one.number for one in records_at(block, [1])] == [102]
    assert [one.source for one in taken(block).dead_letters] == ["events:102"]
