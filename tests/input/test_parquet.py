"""Events in Parquet: every row is the line that the same event would have been."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.input import lines
from kittiwake.input.errors import InputError
from kittiwake.input.events import parse_event
from kittiwake.input.file_types import splits_of
from kittiwake.input.lines import Record, records_in
from kittiwake.input.reading import blocks_of
from kittiwake.input.splits import WHOLE, Split
from kittiwake.model import DeadLetter, Event
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.time.instants import parse_instant
from kittiwake.values import parse_json
from tests.input.inputs import START_US, write_lines, write_rules

TEXTS = ("event_id", "account_id", "contact_id", "item_id", "type", "time", "properties")
ROW: dict[str, Any] = {
    "event_id": "e1",
    "account_id": "acme",
    "contact_id": "c1",
    "type": "cart.item_added",
    "time": "2026-11-01T10:00:00Z",
    "properties": '{"price": 68.74}',
}


def written(table: pa.Table, **options: Any) -> bytes:
    target = io.BytesIO()
    pq.write_table(table, target, **options)
    return target.getvalue()


def table(rows: Sequence[dict[str, Any]], **columns: pa.Array) -> pa.Table:
    """A table of texts, but for the columns named."""
    texts = {name: pa.array([row.get(name) for row in rows], pa.string()) for name in TEXTS}
    return pa.table({**texts, **columns})


def records(content: bytes, split: Split = WHOLE) -> list[Record]:
    blocks = blocks_of(io.BytesIO(content), "events.parquet", split=split)
    return [record for block in blocks for record in records_in(block)]


def read(found: pa.Table) -> list[Event | DeadLetter]:
    return [parse_event(one.raw, "p", START_US, raw_size=one.size) for one in records(written(found))]


def event(found: pa.Table) -> Event:
    (one,) = read(found)
    assert isinstance(one, Event), one
    return one


def reason(found: pa.Table) -> str:
    (one,) = read(found)
    assert isinstance(one, DeadLetter), one
    return one.reason.value


# ---------------------------------------------------------------- rows

names = st.sampled_from(["e1", "", "é\n", "\u2028", '"\\', "x" * 129]) | st.none()
numbers = st.integers(-(10**20), 10**20) | st.decimals(allow_nan=False, allow_infinity=False, places=4).map(float)
properties = st.dictionaries(names.map(str), st.none() | st.booleans() | numbers | names | st.lists(names), max_size=3)
broken = st.sampled_from(
    ["{", "", "null", "[1]", '{"a": 1e999}', '{"a":1},"type":"x.y"', '"a\nb"', "\t{}\r\n", "[" * 99]
)
rows = st.fixed_dictionaries(
    {
        "event_id": names, "account_id": st.just("acme") | names, "contact_id": names, "item_id": st.none() | names,
        "type": st.just("cart.item_added") | names, "time": st.just(ROW["time"]) | st.just("1 November"),
        "properties": properties.map(lambda value: json.dumps(value, indent=1)) | st.none() | broken,
    }
)  # fmt: skip


def as_line(row: dict[str, Any]) -> bytes:
    """The event as a person would write it: without what is null, properties as JSON or, if they are none, as text."""
    fields = {name: value for name, value in row.items() if value is not None}
    text = fields.pop("properties", None)
    line = json.dumps(fields)
    if text is None:
        return line.encode()
    try:
        json.loads(text)
    except ValueError:
        text = json.dumps(text)
    return (line[:-1] + (", " if fields else "") + f'"properties": {text}}}').replace("\n", " ").encode()


@given(st.lists(rows, min_size=1, max_size=5))
def test_a_row_is_the_event_or_the_dead_letter_that_its_line_would_be(some: list[dict[str, Any]]) -> None:
    def told(one: Event | DeadLetter) -> object:
        return one if isinstance(one, Event) else (one.reason, one.detail)

    expected = [parse_event(as_line(row), "p", START_US) for row in some]
    assert list(map(told, read(table(some)))) == list(map(told, expected))


def test_a_text_beside_the_json_brings_no_field_of_its_own() -> None:
    assert reason(table([{**ROW, "properties": '{},"contact_id":"c2"'}])) == "wrong_type"


def test_a_row_is_one_line_and_its_number_is_its_place() -> None:
    some = [{**ROW, "properties": '{"a":\r\n1}', "event_id": str(number)} for number in range(5_000)]
    found = records(written(table(some), row_group_size=1_700))
    assert [record.number for record in found] == list(range(1, 5_001))
    assert [json.loads(record.raw)["event_id"] for record in found] == [str(number) for number in range(5_000)]


def test_other_columns_and_the_order_of_columns_mean_nothing() -> None:
    found = table([ROW]).append_column("time.zone", pa.array(["x"])).append_column("note", pa.array([b"\xff"]))
    assert event(found.select(found.column_names[::-1])) == event(table([ROW]))


def test_texts_may_be_written_in_any_way() -> None:
    for kind in (pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.string_view()):
        columns = {name: pa.array([ROW.get(name)]).cast(pa.string()).cast(kind) for name in TEXTS}
        assert event(table([ROW], **columns)) == event(table([ROW])), kind


def test_of_a_row_beyond_every_bound_only_the_beginning_is_held(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "RAW_BYTES_MAX", 200)
    note = json.dumps({"note": "x" * 300})
    found = records(written(table([ROW, {**ROW, "properties": note}, ROW])))
    assert [(record.number, len(record.raw), record.size > 300) for record in found] == [
        (1, found[0].size, False), (2, 200, True), (3, found[0].size, False),
    ]  # fmt: skip


# ---------------------------------------------------------------- times

INSTANTS_US = [0, 1, -1, 1_700_000_000_123_456, parse_instant("1900-01-01T00:00:00Z")]


@pytest.mark.parametrize("unit", ["us", "ns"])
@pytest.mark.parametrize("zone", ["UTC", "America/Toronto"])
def test_a_timestamp_is_its_instant_in_whole_microseconds(unit: str, zone: str) -> None:
    counted = [time_us if unit == "us" else time_us * 1_000 + 999 for time_us in INSTANTS_US]
    column = pa.array(counted, pa.timestamp(unit, zone))
    found = read(table([ROW] * len(INSTANTS_US), time=column))
    assert [one.time_us for one in found if isinstance(one, Event)] == INSTANTS_US


@pytest.mark.parametrize(("unit", "scale"), [("s", 1_000_000), ("ms", 1_000)])
def test_coarse_timestamps_are_instants_too(unit: str, scale: int) -> None:
    assert (
        event(table([ROW], time=pa.array([1_700_000_000], pa.timestamp(unit, "UTC")))).time_us == 1_700_000_000 * scale
    )


def test_a_timestamp_that_no_calendar_has_is_a_bad_time() -> None:
    assert reason(table([ROW], time=pa.array([10**15], pa.timestamp("ms", "UTC")))) == "bad_time"


def test_a_timestamp_at_the_beginning_of_its_range_is_a_bad_time() -> None:
    assert reason(table([ROW], time=pa.array([-(2**63) + 1], pa.timestamp("ns", "UTC")))) == "bad_time"


def test_a_null_time_is_missing() -> None:
    assert reason(table([ROW], time=pa.array([None], pa.timestamp("us", "UTC")))) == "missing_field"


# ---------------------------------------------------------------- properties


def test_a_struct_is_an_object_without_what_is_null() -> None:
    kind = pa.struct(
        [
            ("price", pa.decimal128(20, 5)), ("count", pa.uint64()), ("rate", pa.float64()), ("none", pa.string()),
            ("day", pa.date32()), ("at", pa.timestamp("ns", "UTC")), ("new", pa.bool_()),
            ("lines", pa.list_(pa.struct([("id", pa.string())]))),
            ("tags", pa.map_(pa.string(), pa.int64())),
            ("colour", pa.dictionary(pa.int8(), pa.string())),
        ]
    )  # fmt: skip
    value = {
        "price": Decimal("68.74000"), "count": 2**64 - 1, "rate": 0.1, "none": None, "day": date(2026, 11, 1),
        "at": 1_001, "new": True, "lines": [{"id": "a"}, {"id": None}, None], "tags": [("x", 1), ("y", None)],
        "colour": "red",
    }  # fmt: skip
    text = """{"price": 68.74, "count": 18446744073709551615, "rate": 0.1, "day": "2026-11-01", "new": true,
        "at": "1970-01-01T00:00:00.000001Z", "lines": [{"id": "a"}, {}, null], "tags": {"x": 1, "y": null},
        "colour": "red"}"""
    column = pa.array([{**value, "count": 1}, None, value], kind)
    _, empty, found = read(table([ROW] * 3, properties=column))
    assert isinstance(empty, Event)
    assert isinstance(found, Event)
    assert (empty.properties, found.properties) == ({}, parse_json(text))


def test_a_map_is_an_object() -> None:
    column = pa.array([[("a", [1])], [], None, [("b.c", None)]], pa.map_(pa.string(), pa.list_(pa.int8())))
    found = read(table([ROW] * 4, properties=column))
    assert [one.properties for one in found if isinstance(one, Event)] == [{"a": [1]}, {}, {}, {"b.c": None}]


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_a_dead_letter(number: float) -> None:
    assert reason(table([ROW], properties=pa.array([{"x": number}]))) == "bad_number"


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_a_date_that_no_calendar_has_is_text(kind: pa.DataType) -> None:
    days = pa.array([10_000_000, None, 20_000, -10_000_000], pa.int32()).cast(pa.date32()).cast(kind)
    found = read(table([ROW] * 4, properties=pa.StructArray.from_arrays([days], ["day"])))
    assert [one.properties.get("day") for one in found if isinstance(one, Event)] == [
        "29349-01-26", None, "2024-10-04", "-25410-12-06",
    ]  # fmt: skip


def test_a_date_beyond_all_reckoning_is_text_too() -> None:
    days = pa.array([2**31 - 1], pa.int32()).cast(pa.date32())
    assert "day" in event(table([ROW], properties=pa.StructArray.from_arrays([days], ["day"]))).properties


# ---------------------------------------------------------------- no UTF-8

BAD = b'"\xff\n"'


def texts_of(*cells: bytes) -> pa.Array:
    return pa.array(cells).view(pa.string())


@pytest.mark.parametrize(
    "changes",
    [
        {"contact_id": texts_of(b'c"1', BAD, b"c2")},
        {"contact_id": texts_of(b"c1", b"\xff", b"c2")},
        {"contact_id": texts_of(b'c"1', BAD, b"c2").dictionary_encode()},
        {"contact_id": texts_of(b'c"1', BAD, b"c2").cast(pa.string_view())},
        {"time": texts_of(b"2026-11-01T10:00:00Z", BAD, b"2026-11-01T10:00:00Z")},
        {"properties": texts_of(b"{}", b'{"a":"\xff"}', b'{"a":"\\""}')},
        {"properties": pa.StructArray.from_arrays([texts_of(b"a", BAD, b"c")], ["a"])},
        {"properties": pa.StructArray.from_arrays([texts_of(b"a", b"\xed\xa0\x80", b"c")], ["a"])},
        {"properties": pa.MapArray.from_arrays([0, 1, 2, 3], texts_of(b"a", BAD, b"c"), pa.array([1, 2, 3]))},
        {"properties": pa.MapArray.from_arrays([0, 1, 2, 3], pa.array(["a", "b", "c"]), texts_of(b"a", BAD, b"c"))},
    ],
    ids=["id", "plain id", "dictionary", "view", "time", "json", "struct", "surrogate", "key", "value"],
)
def test_a_text_that_is_not_utf8_is_a_dead_letter_of_its_own_row(changes: dict[str, pa.Array]) -> None:
    first, second, third = read(table([ROW] * 3, **changes))
    assert isinstance(second, DeadLetter)
    assert second.reason.value == "not_utf8"
    assert b"\n" not in second.raw
    assert (type(first), type(third)) == (Event, Event)


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"time": pa.array([0], pa.timestamp("us"))}, "its column time has times without a zone: adjust it to"),
        ({"time": pa.array([0], pa.int64())}, "its column time is int64 and has to be a timestamp in UTC, or"),
        ({"time": pa.array([0], pa.date32())}, "its column time is date32[day] and has to be a timestamp in UTC"),
        ({"event_id": pa.array([1])}, "its column event_id is int64 and has to be text"),
        ({"type": pa.array([b"x"])}, "its column type is binary and has to be text"),
        ({"properties": pa.array([["a"]])}, "its column properties is list<element: string> and has to be"),
        ({"properties": pa.array([{"a": [{"b": b"x"}]}])}, "its column properties.a.b is binary, for which"),
        ({"properties": pa.array([{"a": 0}], pa.struct([("a", pa.timestamp("s"))]))}, "its column properties.a has"),
        ({"properties": pa.array([[(1, 2)]], pa.map_(pa.int8(), pa.int8()))}, "its column properties is map"),
    ],
)  # fmt: skip
def test_a_column_of_another_type_is_refused_with_what_it_should_be(changes: dict[str, pa.Array], why: str) -> None:
    with pytest.raises(InputError) as error:
        read(table([ROW], **changes))
    assert str(error.value).startswith(f"cannot read events.parquet: {why}")


def test_a_column_that_is_not_there_or_twice_is_refused() -> None:
    with pytest.raises(InputError, match="it has no column account_id; it has a, event_id"):
        read(pa.table({"a": ["x"], "event_id": ["e1"]}))
    with pytest.raises(InputError, match="it has several columns type"):
        read(table([ROW]).append_column("type", pa.array(["x"])))


SOUND = written(table([{**ROW, "event_id": f"e{number}"} for number in range(1_000)]), compression="none")


@pytest.mark.parametrize(
    "content",
    [b"", b"PAR1", b"{}\n", SOUND[:-1], SOUND[: len(SOUND) // 2], SOUND[:40] + bytes(200) + SOUND[240:]],
    ids=["empty", "signature", "lines", "torn", "half", "zeros"],
)
def test_a_file_that_is_not_sound_is_an_error_that_names_it(content: bytes) -> None:
    with pytest.raises(InputError, match=r"^cannot read events\.parquet: it is no sound Parquet file"):
        records(content)


WITHOUT_PYARROW = """
import sys
sys.modules["pyarrow"] = None
from kittiwake.cli.main import app
app(sys.argv[1:])
"""


def test_without_pyarrow_what_to_install_is_said_and_lines_are_read(tmp_path: Path) -> None:
    (tmp_path / "events.parquet").write_bytes(SOUND)
    write_lines(tmp_path / "events.jsonl", [])
    rules = write_rules(tmp_path / "rules.yaml")

    def ran(name: str, *flags: str) -> subprocess.CompletedProcess[str]:
        command = [
            "replay",
            "--allow-empty",
            "--rules",
            str(rules),
            "--input",
            str(tmp_path / name),
            "--output",
            str(tmp_path / "out"),
        ]
        full = [sys.executable, "-c", WITHOUT_PYARROW, *command, *flags]
        return subprocess.run(full, capture_output=True, text=True, check=False)

    refused = ran("events.parquet")
    assert refused.returncode == 2
    assert "install pyarrow, which the extra kittiwake[parquet] brings" in refused.stderr
    assert "to write Parquet, install pyarrow" in ran("events.jsonl", "--format", "parquet").stderr
    assert ran("events.jsonl").returncode == 0


# ---------------------------------------------------------------- in runs


def test_splits_share_the_row_groups_of_a_file() -> None:
    content = written(table([{**ROW, "event_id": f"e{number}"} for number in range(1_000)]), row_group_size=90)
    found = [records(content, split) for split in splits_of("events.parquet", len(content), len(content) // 5)]
    assert sum(1 for one in found if one) > 2
    assert [record for one in found for record in one] == records(content)


def test_by_its_bytes_too_a_file_is_known() -> None:
    found = [record for block in blocks_of(io.BytesIO(SOUND), "events") for record in records_in(block)]
    assert found == records(SOUND)


def test_whoever_waits_is_told_the_size_of_the_file_in_the_end() -> None:
    told: list[int] = []
    list(blocks_of(io.BytesIO(SOUND), "events.parquet", told.append))
    assert sum(told) == len(SOUND)


def test_a_replay_of_parquet_is_a_replay_of_lines(tmp_path: Path) -> None:
    some = [
        {**ROW, "event_id": f"e{n}", "contact_id": f"c{n % 7}", "time": f"2026-11-{n % 9 + 1:02}T10:00:00Z"}
        for n in range(99)
    ]
    some[50]["time"] = "noon"
    (tmp_path / "events.parquet").write_bytes(written(table(some)))
    write_lines(tmp_path / "events.jsonl", [as_line(row) for row in some])
    programs = Programs(load(write_rules(tmp_path / "rules.yaml")))
    by = {
        name: replay(programs, [str(tmp_path / name)], tmp_path / f"{name}.out", RunSettings(START_US))
        for name in ("events.parquet", "events.jsonl")
    }
    first, second = ((tmp_path / f"{name}.out" / "decisions" / "part-00000-of-00001.jsonl").read_bytes() for name in by)
    assert first == second != b""
    examples = by["events.parquet"].counts.examples
    assert [place.source for place in examples["bad_time"]] == [f"{tmp_path}/events.parquet:51"]


def test_a_bit_flipped_in_a_page_is_noticed_by_the_checksum_that_its_writer_left() -> None:
    rows = [
        {"event_id": f"e{n}", "account_id": "acme", "contact_id": "c", "type": "a", "time": "2026-11-01T10:00:00Z"}
        for n in range(50)
    ]
    content = written(table(rows), write_page_checksum=True, compression="none", use_dictionary=False)
    at = content.index(b"e17")
    assert len(records(content)) == 50
    damaged = content[:at] + b"e" + bytes([content[at + 1] ^ 1]) + content[at + 2 :]
    with pytest.raises(InputError, match=r"no sound Parquet file .*CRC"):
        records(damaged)
