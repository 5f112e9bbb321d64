"""docs/reference/tables.md: its SQL runs, over tables with rows in them; a launch prints what the page shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from kittiwake.input.bigquery.addresses import Dataset, dataset_of
from kittiwake.stream.tables.rows import dead_letter_table_row, decision_table_row, late_event_table_row
from kittiwake.stream.tables.schema import RUNS, TABLES, TRIGGERS
from kittiwake.stream.trigger_message import trigger_message
from tests.repo import pages
from tests.stream import sample_records

if TYPE_CHECKING:
    from tests.services.tables import Tables

creating = pytest.importorskip("kittiwake.pipelines.google.bigquery_tables")

PAGE = "docs/reference/tables.md"
SHOWN = Dataset("shop-1", "marketing")


def fences(root: Path, language: str) -> list[str]:
    return [fence.body for fence in pages.fences((root / PAGE).read_text()) if fence.language == language]


def test_the_statements_of_the_page_run(root: Path, tables: Tables) -> None:
    dataset = dataset_of(tables.create_dataset())
    assert dataset
    creating.create_tables(tables.client, dataset, tables=(*TABLES, RUNS))
    rows = {
        "triggers": decision_table_row(sample_records.trigger(contact_id="c-42"), sample_records.CLOCK_US),
        "decisions": decision_table_row(sample_records.bare(contact_id="c-42"), sample_records.CLOCK_US),
        "dead_letters": dead_letter_table_row(sample_records.dead()),
        "late_events": late_event_table_row(sample_records.late(contact_id="c-42")),
    }
    for name, row in rows.items():
        assert tables.client.insert_rows_json(dataset.table(name), [row]) == []
    found = [tables.query(sql.replace(SHOWN.path, dataset.path)) for sql in fences(root, "sql")]
    _yesterday, why, how, number, _wrong, more, _cheaply, _forgotten, _runs = found
    assert [row["reason"] for row in why] == ["no_consent"]
    assert [(row["fired"], row["candidates"]) for row in how] == [(0, 1)]
    assert [str(row["total"]) for row in number] == ["68.74"]
    assert more == []
    left = {name: len(tables.query(f"SELECT * FROM `{dataset.table(name)}`")) for name in rows}
    assert left == {"triggers": 0, "decisions": 0, "dead_letters": 1, "late_events": 0}


def test_what_the_page_shows_of_a_launch_is_what_is_told(root: Path) -> None:
    from google.cloud.bigquery import SchemaField

    there = [
        SchemaField(column.name, column.type.value, column.mode.value)
        for column in TRIGGERS.columns
        if column.name != "partial_history"
    ]
    assert [f"{sentence}\n" for sentence in creating.differences(TRIGGERS, SHOWN, there)] == fences(root, "text")


def test_every_attribute_of_a_message_has_its_row(root: Path) -> None:
    part = (root / PAGE).read_text().split("| attribute | value |\n|---|---|\n")[1].split("\n\n")[0]
    cells = [row.split(" | ")[0].strip("| ") for row in part.splitlines()]
    shown = [name.strip("` ") for cell in cells for name in cell.split(",")]
    assert shown == list(
        trigger_message(sample_records.trigger(traceparent=sample_records.TRACE, channel="push")).attributes
    )
