"""What is written is what the tables have columns for; ids are functions of the facts; nothing is rounded."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.input.bigquery.addresses import Dataset, dataset_of
from kittiwake.output.rows import Mode, decision_row
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.records import Stage
from kittiwake.stream.tables.rows import (
    RAW_KEPT_BYTES,
    RefusedRow,
    TableRow,
    dead_letter_table_row,
    decision_table_row,
    is_unreachable,
    late_event_table_row,
    refused_dead_letter,
)
from kittiwake.stream.tables.schema import (
    DEAD_LETTERS,
    DECISIONS,
    LATE_EVENTS,
    RUNS,
    SNAPSHOTS,
    TABLES,
    TRIGGERS,
    VIEWS,
    ColumnMode,
    Table,
    Type,
)
from kittiwake.values import parse_json
from tests.stream import sample_records

ROWS: list[tuple[Table, TableRow]] = [
    (TRIGGERS, decision_table_row(sample_records.trigger(), sample_records.CLOCK_US)),
    (DECISIONS, decision_table_row(sample_records.bare(), sample_records.CLOCK_US)),
    (DEAD_LETTERS, dead_letter_table_row(sample_records.dead())),
    (DEAD_LETTERS, dead_letter_table_row(sample_records.dead(publish_us=None, message_id="", attributes={}))),
    (LATE_EVENTS, late_event_table_row(sample_records.late())),
]
JSON_TYPES: dict[Type, type] = {Type.INT64: int, Type.BOOL: bool}
"""All others are written as text."""


@pytest.mark.parametrize(("table", "row"), ROWS, ids=lambda value: getattr(value, "name", ""))
def test_a_row_has_the_columns_of_its_table_in_their_order_and_types(table: Table, row: TableRow) -> None:
    assert list(row) == [column.name for column in table.columns]
    for column in table.columns:
        value = row[column.name]
        if column.mode is ColumnMode.REPEATED:
            assert all(type(one) is str for one in value)
        elif value is None:
            assert column.mode is ColumnMode.NULLABLE, column
        else:
            assert type(value) is JSON_TYPES.get(column.type, str), column


def test_a_table_is_partitioned_by_a_required_time_and_clustered_by_columns_it_has() -> None:
    for table in TABLES:
        partition = table.column(table.partition)
        assert (partition.type, partition.mode) == (Type.TIMESTAMP, ColumnMode.REQUIRED)
        assert all(table.column(name).mode is ColumnMode.REQUIRED for name in table.clustering)
        assert len({column.name for column in table.columns}) == len(table.columns)


def test_a_decision_keeps_every_field_of_the_row_under_a_column_of_its_own() -> None:
    fields = decision_row(sample_records.decision(), Mode.STREAM)
    row = decision_table_row(sample_records.trigger(), sample_records.CLOCK_US)
    events = fields.pop("events")
    columns = ("first_event_id", "last_event_id", "event_count", "first_event_time", "last_event_time")
    assert tuple(row[name] for name in columns) == tuple(events.values())
    for name in ("instance", "include", "threshold", "digest"):
        assert parse_json(row[name]) == fields.pop(name)
    assert {name: row[name] for name in fields} == fields


def test_numbers_of_any_length_stand_in_a_row_digit_by_digit() -> None:
    row = decision_table_row(sample_records.trigger(threshold=sample_records.LONG_NUMBER), sample_records.CLOCK_US)
    assert row["include"] == sample_records.INCLUDE
    assert row["threshold"] == str(sample_records.LONG_NUMBER)
    assert f'"long":{sample_records.LONG_NUMBER},' in row["include"]


def test_a_row_written_twice_has_one_id_and_a_revision_another() -> None:
    first = decision_table_row(sample_records.trigger(), 1)
    again = decision_table_row(sample_records.trigger(), 2)
    revised = decision_table_row(sample_records.trigger(revision=1), 1)
    assert first["row_id"] == again["row_id"] == "a" * 32 + "-0"
    assert revised["row_id"] == "a" * 32 + "-1"
    assert {name for name in first if first[name] != again[name]} == {"written_at"}


@pytest.mark.parametrize(
    "change",
    [
        {"happened_us": sample_records.CLOCK_US + 1},
        {"ruleset_version": "another"},
        {"release": "9.9.9"},
        {"attributes": {"trace": "t", "source": "shop"}},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_dead_letter_made_again_has_its_id_again(change: dict[str, Any]) -> None:
    assert dead_letter_table_row(sample_records.dead(**change))["row_id"] == ROWS[2][1]["row_id"]


@pytest.mark.parametrize(
    "change",
    [
        {"raw": b"x"},
        {"message_id": "m-2"},
        {"attributes": {}},
        {"reason": DeadLetterReason.NOT_JSON},
        {"stage": Stage.EVALUATE},
    ],
)
def test_another_dead_letter_has_another_id(change: dict[str, Any]) -> None:
    assert dead_letter_table_row(sample_records.dead(**change))["row_id"] != ROWS[2][1]["row_id"]


def test_a_late_event_taken_again_has_its_id_again_and_another_event_another() -> None:
    row_id = late_event_table_row(sample_records.late())["row_id"]
    again = sample_records.late(
        happened_us=1, evaluated_to_us=sample_records.AT_US + 99, message_id="m-9", publish_us=4
    )
    assert late_event_table_row(again)["row_id"] == row_id
    others = [{"event_id": "e9"}, {"contact_id": "c-2"}, {"account_id": "b"}, {"raw": b"{}"}, {"time_us": 5}]
    ids = {late_event_table_row(sample_records.late(**other))["row_id"] for other in others}
    assert len(ids | {row_id}) == len(others) + 1


def test_an_id_stays_what_it_was_in_earlier_releases() -> None:
    assert ROWS[2][1]["row_id"] == "dd08443c978410c4011c591ea205ed5b"
    assert late_event_table_row(sample_records.late())["row_id"] == "def36bbef160ed095eb156244ef852b1"


def test_raw_bytes_are_kept_up_to_a_bound_and_counted_beyond_it() -> None:
    raw = bytes(range(256)) * (RAW_KEPT_BYTES // 256 + 1)
    row = dead_letter_table_row(sample_records.dead(raw))
    assert base64.b64decode(row["raw"]) == raw[:RAW_KEPT_BYTES]
    assert row["raw_size"] == len(raw)
    same_start = dead_letter_table_row(sample_records.dead(raw + b"x"))
    assert same_start["row_id"] != row["row_id"]


@given(st.text(), st.dictionaries(st.text(), st.text()), st.binary())
def test_whatever_comes_in_becomes_a_row_that_beam_can_encode(
    name: str, attributes: dict[str, str], raw: bytes
) -> None:
    """Beam encodes rows with orjson, and a row that it cannot encode would fail its bundle for ever."""
    orjson = pytest.importorskip("orjson")
    row = dead_letter_table_row(sample_records.dead(raw, attributes=attributes, message_id=name))
    assert orjson.loads(orjson.dumps(row)) == row
    assert json.loads(row["attributes"]) == attributes


# ---------------------------------------------------------------- refused rows

BAD_VALUE = [{"reason": "invalid", "location": "include", "message": "bad value: ann@example.com", "debugInfo": ""}]


def test_a_refused_row_becomes_a_dead_letter_that_quotes_nothing_but_the_row_itself() -> None:
    row = decision_table_row(sample_records.trigger(), sample_records.CLOCK_US)
    dead = refused_dead_letter(RefusedRow(TRIGGERS, row, BAD_VALUE), 5, "0.1.0")
    assert dead.detail == "table triggers refused it: invalid (include)"
    assert dead.attributes == {"table": "triggers", "row_id": f"{'a' * 32}-0"}
    assert (dead.stage, dead.reason, dead.happened_us) == ("write", "row_refused", 5)
    assert dead.ruleset_version == row["ruleset_version"]
    written_at = row.pop("written_at")
    assert written_at not in dead.raw.decode()
    assert json.loads(dead.raw) == row


def test_a_row_refused_twice_is_one_dead_letter() -> None:
    rows = [decision_table_row(sample_records.trigger(), clock_us) for clock_us in (1, 2)]
    dead_letters = [refused_dead_letter(RefusedRow(TRIGGERS, row, BAD_VALUE), n, "0.1.0") for n, row in enumerate(rows)]
    assert len({dead_letter_table_row(dead_letter)["row_id"] for dead_letter in dead_letters}) == 1


@pytest.mark.parametrize(
    ("errors", "detail"),
    [
        ("Received row with size 3.1MB that exceeds", "too_large"),
        ([], "unnamed"),
        ([{"message": "ann@example.com"}], "unnamed"),
        ([{"reason": "stopped"}, {"reason": "invalid", "location": "time"}], "invalid (time), stopped"),
        ([{"reason": "Not Found", "message": "table ann"}], "Not Found"),
    ],
)
def test_of_what_bigquery_says_reasons_and_columns_are_told(errors: Any, detail: str) -> None:
    dead_letter = refused_dead_letter(RefusedRow(LATE_EVENTS, {}, errors), 5, "0.1.0")
    assert dead_letter.detail == f"table late_events refused it: {detail}"


def test_a_table_that_is_out_of_reach_is_told_from_a_row_that_is_bad() -> None:
    assert is_unreachable([{"reason": "Forbidden"}])
    assert not is_unreachable(BAD_VALUE)
    assert not is_unreachable("too large")


# ---------------------------------------------------------------- datasets and docs


@pytest.mark.parametrize("text", ["", "shop", "shop.", ".d", "shop.d.t", "Shop.d", "shop.d-e", "shop d", "a" * 2_000])
def test_what_names_no_dataset_is_none(text: str) -> None:
    assert dataset_of(text) is None


def test_a_table_has_the_path_that_sql_and_the_one_that_beam_asks_for() -> None:
    dataset = Dataset("shop-1", "marketing")
    assert dataset.table("triggers") == "shop-1.marketing.triggers"
    assert dataset.spec("triggers") == "shop-1:marketing.triggers"


def _page_tables(root: Path) -> dict[str, dict[str, tuple[str, ...]]]:
    """docs/reference/tables.md: columns by the headings that name tables, with type, mode and meaning."""
    parts = re.split(r"^#+ ", (root / "docs/reference/tables.md").read_text(), flags=re.MULTILINE)
    found = {}
    row = re.compile(r"^\| `(\w+)` \| (\S+) \| (\w+) \| (.+?) \|$", re.MULTILINE)
    for part in filter(None, parts):
        found[part.splitlines()[0]] = {name: tuple(cells) for name, *cells in row.findall(part)}
    return found


def test_every_column_has_its_row_in_the_page_and_no_row_is_made_up(root: Path) -> None:
    page = _page_tables(root)
    shown = {heading: list(columns) for heading, columns in page.items() if columns}
    assert shown == {
        "triggers and decisions": [column.name for column in TRIGGERS.columns],
        "dead_letters": [column.name for column in DEAD_LETTERS.columns],
        "late_events": [column.name for column in LATE_EVENTS.columns],
        "snapshots": [column.name for column in SNAPSHOTS.columns],
        "runs": [column.name for column in RUNS.columns],
    }
    assert TRIGGERS.columns == DECISIONS.columns
    for heading, table in (
        ("triggers and decisions", TRIGGERS),
        ("dead_letters", DEAD_LETTERS),
        ("late_events", LATE_EVENTS),
        ("snapshots", SNAPSHOTS),
        ("runs", RUNS),
    ):
        for column in table.columns:
            assert page[heading][column.name][:2] == (column.type.value, column.mode.value.lower()), column


def test_every_table_and_view_has_its_row_in_the_page(root: Path) -> None:
    page = (root / "docs/reference/tables.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \| (table|view) \|", page, re.MULTILINE)
    assert rows == [(one.name, "table") for one in (*TABLES, SNAPSHOTS, RUNS)] + [(one.name, "view") for one in VIEWS]
    for table in (*TABLES, SNAPSHOTS, RUNS):
        assert f"| `{table.name}` | `{table.partition}` | {table.expiry_days} days |" in page
