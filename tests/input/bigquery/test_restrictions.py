"""Which rows are asked of a table: the condition says neither less than the rules need, nor more than they can."""

from __future__ import annotations

import pytest

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.canonical import TableColumn
from kittiwake.input.bigquery.mapped import mapped_read
from kittiwake.input.bigquery.restrictions import NAMES_MAX, RowsWanted, literal, restriction_of
from kittiwake.input.mapping.mapping import RecordMapping
from kittiwake.shape_files.naming import input_shape
from kittiwake.time.instants import parse_instant

COLUMNS = [
    TableColumn("account_id", "STRING", is_required=True),
    TableColumn("type", "STRING"),
    TableColumn("time", "TIMESTAMP", is_required=True),
    TableColumn("item_id", "STRING"),
]
FROM_US = parse_instant("2026-11-01T00:00:00Z")
WANTED = RowsWanted(frozenset({"order.completed", "cart.item_added"}), frozenset({"acme"}), FROM_US, FROM_US + 1)


def test_a_row_that_lacks_what_is_asked_for_is_read_where_the_column_lets_it() -> None:
    assert restriction_of(COLUMNS, WANTED) == (
        "time >= TIMESTAMP '2026-11-01T00:00:00Z' AND time < TIMESTAMP '2026-11-01T00:00:00.000001Z'"
        " AND (type IN ('cart.item_added', 'order.completed') OR type IS NULL)"
        " AND account_id IN ('acme')"
    )


def test_events_of_items_are_all_read_where_rules_look_at_items() -> None:
    found = restriction_of(COLUMNS, RowsWanted(frozenset({"order.completed"}), items=True))
    assert found == "(type IN ('order.completed') OR type IS NULL OR item_id IS NOT NULL)"


def test_nothing_is_asked_where_everything_is_wanted_or_names_are_too_many() -> None:
    assert restriction_of(COLUMNS, RowsWanted()) == ""
    assert restriction_of(COLUMNS, RowsWanted(frozenset(f"a.b{number}" for number in range(NAMES_MAX + 1)))) == ""
    texts = [column._replace(type="STRING") for column in COLUMNS]
    assert "time" not in restriction_of(texts, WANTED)


def test_names_cannot_leave_their_quotes() -> None:
    assert literal("a' OR '1'='1\n\\") == r"'a\' OR \'1\'=\'1\U0000000a\\'"


def _ga4() -> RecordMapping:
    shape = input_shape("ga4", "acme", ("--input_shape", "--input_account")).shape
    assert isinstance(shape, RecordMapping)
    return shape


def test_ga4_is_asked_for_its_own_names_of_types_and_for_rows_that_merge_a_visitor() -> None:
    columns = [
        TableColumn("event_name", "STRING"),
        TableColumn("event_timestamp", "INT64"),
        TableColumn("user_id", "STRING"),
        TableColumn("event_params", "STRUCT", is_repeated=True),
        TableColumn("unneeded", "BYTES"),
    ]
    wanted = RowsWanted(frozenset({"order.completed", "scroll", "contact.merged"}), None, FROM_US)
    read = mapped_read("a.b.c", columns, _ga4(), wanted)
    assert read.columns == ["event_name", "event_timestamp", "user_id", "event_params"]
    names = "event_name IN ('contact.merged', 'order.completed', 'purchase', 'scroll') OR event_name IS NULL"
    names += " OR user_id IS NOT NULL"
    assert read.restriction == f"(event_timestamp >= {FROM_US} OR event_timestamp IS NULL) AND ({names})"
    assert read.is_cut
    with pytest.raises(UnusableError, match=r"none of the columns .*; it has other"):
        mapped_read("a.b.c", [TableColumn("other", "STRING")], _ga4(), wanted)
