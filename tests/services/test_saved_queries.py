"""The saved queries of examples/bigquery run, and say what they are for."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kittiwake.input.bigquery.addresses import dataset_of
from kittiwake.kernel.plan.gates import GATES
from kittiwake.reasons import Outcome, Reason
from kittiwake.stream.records import decision_record
from kittiwake.stream.tables.rows import decision_table_row, late_event_table_row
from tests.stream.sample_records import CLOCK_US, decision, late

if TYPE_CHECKING:
    from tests.services.tables import Tables

bigquery = pytest.importorskip("google.cloud.bigquery")
creating = pytest.importorskip("kittiwake.pipelines.google.bigquery_tables")

DAY, NEXT_DAY = date(2026, 11, 3), date(2026, 11, 4)


def refused(number: int, reason: Reason | None, **changes: Any) -> Any:
    """A candidate that a gate refused; of None one that fired."""
    outcome = {} if reason is None else {"decision": Outcome.SUPPRESSED, "reason": reason, "fired_at_us": None}
    return decision(f"{number:032x}", **{**outcome, **changes})


DECISIONS = [
    refused(1, None),
    refused(2, Reason.NO_CONSENT, contact_id="c-2"),
    refused(3, Reason.NO_CONSENT, contact_id="c-3"),
    refused(4, Reason.FREQUENCY_CAP),
    refused(5, Reason.SUPERSEDED),  # no gate
    refused(6, None, account_id="other"),
]


def test_the_saved_queries_say_why_nothing_came_and_how_many_each_gate_refused(root: Path, tables: Tables) -> None:
    dataset = dataset_of(tables.create_dataset())
    assert dataset
    assert creating.create_tables(tables.client, dataset).problems == []
    rows = [decision_table_row(decision_record(one), CLOCK_US) for one in DECISIONS]
    assert tables.client.insert_rows_json(dataset.table("decisions"), rows) == []
    assert tables.client.insert_rows_json(dataset.table("late_events"), [late_event_table_row(late())]) == []

    def ask(name: str, *parameters: tuple[str, str, Any]) -> list[tuple[Any, ...]]:
        given = [bigquery.ScalarQueryParameter(*one) for one in (("account_id", "STRING", "acme"), *parameters)]
        config = bigquery.QueryJobConfig(default_dataset=dataset.path, query_parameters=given)
        sql = (root / "examples/bigquery" / name).read_text()
        return [tuple(row.values()) for row in tables.client.query(sql, job_config=config).result()]

    times = (("from_time", "TIMESTAMP", "2026-11-03T00:00:00Z"), ("until_time", "TIMESTAMP", "2026-11-04T00:00:00Z"))
    found = ask("why_not.sql", ("contact_id", "STRING", "c-1"), *times)
    assert [(what, decided, why) for _, what, decided, why, *_ in found] == [
        ("cart", "fired", None),
        ("cart", "suppressed", "frequency_cap"),
        ("cart", "suppressed", "superseded"),
        ("cart.item_added", "late_event", "too_late"),
    ]
    funnel = ask("funnel.sql", ("from_day", "DATE", DAY), ("until_day", "DATE", NEXT_DAY))
    assert [row[3:] for row in funnel] == [("no_consent", 4, 2, 2), ("frequency_cap", 2, 1, 1)]
    assert {row[:3] for row in funnel} == {(DAY, "cart", "fired")}


def test_the_funnel_has_the_gates_in_their_order(root: Path) -> None:
    text = (root / "examples/bigquery/funnel.sql").read_text().split("UNNEST([")[1].split("])")[0]
    assert re.findall(r"'(\w+)'", text) == [str(gate) for gate in GATES]
