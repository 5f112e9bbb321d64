"""A backfill over a table of a million rows, on the emulator: read by Arrow, written by loads, held to SQL."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from kittiwake.pipelines.backfill import main
from tests.input.inputs import rows
from tests.services.tables import Tables

RULES: Final = """
account: acme
rules:
  - id: cart-abandonment
    when: cart.item_added
    wait: 1h
    unless: order.completed
    include: {product: product_id}
"""
ROWS: Final = 5
"""Of each contact: a cart, three pages, and of every other contact an order, else a page."""
DEAD_EACH: Final = 1_000
"""Of so many contacts the cart of one has no time."""

EVENTS: Final = f"""
CREATE TABLE `{{path}}` PARTITION BY TIMESTAMP_TRUNC(time, DAY) CLUSTER BY account_id, contact_id AS
SELECT CONCAT('e', CAST(n AS STRING)) AS event_id, 'acme' AS account_id,
  CONCAT('c', CAST(DIV(n, {ROWS}) AS STRING)) AS contact_id,
  CASE WHEN MOD(n, {ROWS}) = 0 THEN 'cart.item_added'
    WHEN MOD(n, {2 * ROWS}) = {ROWS - 1} THEN 'order.completed' ELSE 'page.viewed' END AS type,
  IF(MOD(n, {ROWS * DEAD_EACH}) = {ROWS}, NULL, TIMESTAMP_ADD(
    TIMESTAMP '2026-11-01 10:00:00+00', INTERVAL MOD(n, 72000) + 60 * MOD(n, {ROWS}) SECOND)) AS time,
  TO_JSON(STRUCT(CONCAT('p', CAST(MOD(n, 997) AS STRING)) AS product_id, n / 7 AS price)) AS properties
FROM UNNEST(GENERATE_ARRAY(0, {{rows}} - 1)) AS n
"""
DUE: Final = """
SELECT cart.contact_id, cart.event_id, JSON_VALUE(cart.properties, '$.product_id')
FROM `{path}` AS cart LEFT JOIN `{path}` AS bought
  ON bought.contact_id = cart.contact_id AND bought.type = 'order.completed' AND bought.time > cart.time
    AND bought.time < TIMESTAMP_ADD(cart.time, INTERVAL 1 HOUR)
WHERE cart.type = 'cart.item_added' AND cart.time IS NOT NULL AND bought.event_id IS NULL
"""
FIRED: Final = "SELECT contact_id, first_event_id, JSON_VALUE(include, '$.product') FROM `{dataset}.triggers`"


def in_folder(folder: Path) -> tuple[list[tuple[str, ...]], str]:
    """Whom a run into files fired for, and its summary."""
    found = [
        (row["contact_id"], row["events"]["first"], row["include"]["product"]) for row in rows(folder / "triggers")
    ]
    return found, (folder / "summary.json").read_text()


def in_tables(tables: Tables, dataset: str) -> tuple[list[tuple[str, ...]], str]:
    """The same of a run into tables."""
    (run,) = tables.query(f"SELECT summary FROM `{dataset}.runs`")
    return [tuple(row.values()) for row in tables.query(FIRED.format(dataset=dataset))], run["summary"]


@pytest.mark.parametrize(
    ("number", "into_tables"), [(10_000, False), pytest.param(1_000_000, True, marks=pytest.mark.nightly)]
)
def test_a_table_fires_what_sql_over_it_says(
    tables: Tables, tmp_path: Path, capsys: pytest.CaptureFixture[str], number: int, into_tables: bool
) -> None:
    dataset = tables.create_dataset()
    path, output = f"{dataset}.events", f"bq://{dataset}" if into_tables else str(tmp_path / "out")
    tables.query(EVENTS.format(path=path, rows=number))
    (tmp_path / "rules.yaml").write_text(RULES)
    argv = ["--rules", str(tmp_path / "rules.yaml"), "--input", f"bq://{path}", "--output", output]
    argv += ["--until", "2026-11-03T00:00:00Z", "--start", "2026-11-22T00:00:00Z"]
    assert main(argv) == 0, capsys.readouterr().err
    fired, summary = in_tables(tables, dataset) if into_tables else in_folder(tmp_path / "out")
    due = [tuple(row.values()) for row in tables.query(DUE.format(path=path))]
    assert sorted(fired) == sorted(due)
    contacts, dead = number // ROWS, number // ROWS // DEAD_EACH
    assert len(due) == contacts // 2 - dead
    counted = json.loads(summary)
    assert counted["dead_letters"] == {"missing_field": dead}
    assert counted["records"] == contacts + contacts // 2, "pages are left out by BigQuery"
