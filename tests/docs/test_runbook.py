"""The SQL of docs/how-to/runbook.md runs, and after the erasure nothing of the contact is in any table."""

from __future__ import annotations

import base64
import json
import re

import pytest

pytest.importorskip("google.cloud.bigquery")

from kittiwake.input.bigquery.addresses import dataset_of
from kittiwake.stream.tables.schema import SNAPSHOTS, TABLES, VIEWS, Table, Type
from tests.repo import sources
from tests.services.tables import Tables

ERASED, KEPT = "c-42", "c-7"
FENCE = re.compile(r"^ *```sql (\w+)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
SQL = dict(FENCE.findall((sources.ROOT / "docs/how-to/runbook.md").read_text(encoding="utf-8")))
AT = "2026-11-30 10:00:00+00:00"
VALUES = {Type.INT64: 1, Type.BOOL: False, Type.TIMESTAMP: AT, Type.DATE: AT[:10], Type.STRING: "x", Type.BYTES: ""}
NAMED = {"account_id": "acme", "decision": "fired", "attributes": "{}"}


def row(table: Table, contact_id: str) -> dict[str, object]:
    """A row about a contact, with a value in every column that needs one."""
    found = {column.name: VALUES[column.type] for column in table.columns if column.mode == "REQUIRED"}
    found |= {name: value for name, value in NAMED.items() if name in found}
    if any(column.name == "contact_id" for column in table.columns):
        found["contact_id"] = contact_id
    return found


@pytest.fixture
def dataset(tables: Tables) -> str:
    """Tables with two contacts in each, in `dead_letters` as bytes and as attributes of a message."""
    name = tables.create_dataset()
    found = dataset_of(name)
    assert found
    tables.create(found, *TABLES, SNAPSHOTS)
    for table in (*TABLES, SNAPSHOTS):
        rows = [row(table, contact_id) for contact_id in (ERASED, KEPT, ERASED)]
        _insert(tables, f"{name}.{table.name}", rows if table.name != "dead_letters" else list(map(_dead, rows, _RAWS)))
    for view in VIEWS:
        tables.query(f"CREATE VIEW `{name}.{view.name}` AS {view.sql_in(found)}")
    return name


_RAWS = (b'{"contact_id":"c-42","type"', b'{"contact_id":"c-7"}', b"\xff not text")


def _dead(one: dict[str, object], raw: bytes) -> dict[str, object]:
    attributes = json.dumps({"subject": ERASED} if raw.startswith(b"\xff") else {})
    return {**one, "raw": raw, "attributes": attributes}


def _insert(tables: Tables, name: str, rows: list[dict[str, object]]) -> None:

    as_json = [
        {key: base64.b64encode(value).decode() if isinstance(value, bytes) else value for key, value in one.items()}
        for one in rows
    ]
    assert tables.client.insert_rows_json(name, as_json) == []


def _ask(tables: Tables, dataset: str, name: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = []
    for statement in filter(str.strip, SQL[name].replace("shop-1.marketing", dataset).split(";")):
        found = tables.query(statement)
    return found


def test_after_the_erasure_nothing_of_the_contact_is_in_any_table_and_others_stay(tables: Tables, dataset: str) -> None:
    asked = set(SQL) - {"erase", "erased"}
    assert asked == {"flood", "volume", "late"}
    assert all(_ask(tables, dataset, name) is not None for name in asked), "what people on call ask is SQL"
    before = {str(one["place"]): one["number"] for one in _ask(tables, dataset, "erased")}
    assert before == {table.name: 2 for table in (*TABLES, SNAPSHOTS)}
    _ask(tables, dataset, "erase")
    assert {one["number"] for one in _ask(tables, dataset, "erased")} == {0}
    for table in (*TABLES, SNAPSHOTS):
        (left,) = tables.query(f"SELECT COUNT(*) AS number FROM `{dataset}.{table.name}`")
        assert left["number"] == 1, table.name
