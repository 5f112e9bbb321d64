"""`kittiwake explain` of a table of BigQuery: the contact's rows alone, and the same words as of a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from kittiwake.cli.main import app
from tests.input.inputs import record, write_lines, write_rules

if TYPE_CHECKING:
    from tests.services.tables import Tables

pytest.importorskip("kittiwake.pipelines.google.contact_rows")

UNTIL = "2026-11-04T00:00:00Z"


def explained(rules: Path, location: str, *flags: str) -> tuple[int, Any, str]:
    """The exit code, what is printed as JSON, and what is said beside it."""
    argv = ["explain", "--rules", str(rules), "--input", location, "--contact", "c-1", "--json", *flags]
    ran = CliRunner().invoke(app, argv)
    return ran.exit_code, json.loads(ran.stdout), ran.stderr


def test_a_contact_of_a_table_is_explained_as_that_of_a_file(tables: Tables, tmp_path: Path) -> None:
    from google.cloud import bigquery

    rules = write_rules(tmp_path / "rules.yaml")
    lines = [record(event_id=f"e{at}", contact_id=f"c-{at % 2}") for at in range(4)]
    file = write_lines(tmp_path / "events.jsonl", lines)
    path = f"{tables.create_dataset()}.events"
    names = ("event_id", "account_id", "contact_id", "type")
    schema = [bigquery.SchemaField(name, "STRING", "REQUIRED") for name in names]
    schema += [bigquery.SchemaField("time", "TIMESTAMP", "REQUIRED"), bigquery.SchemaField("properties", "STRING")]
    wanted = bigquery.Table(path, schema)
    wanted.clustering_fields = ["contact_id"]
    tables.client.create_table(wanted)
    rows = [{**one, "properties": json.dumps(one.get("properties", {}))} for one in map(json.loads, lines)]
    assert tables.client.insert_rows_json(path, rows) == []
    code, of_table, said = explained(rules, f"bq://{path}", "--until", UNTIL)
    assert (code, of_table) == explained(rules, str(file), "--until", UNTIL)[:2]
    assert of_table["events"] == 2
    assert f"bq://{path}: a query for one contact scans at most" in said


def test_without_an_end_a_table_is_refused(tmp_path: Path) -> None:
    rules = write_rules(tmp_path / "rules.yaml")
    code, said, _ = explained(rules, "bq://shop-1.raw.events")
    assert (code, said["errors"][0]["message"][:50]) == (2, "--until: of bq://shop-1.raw.events only the contac")


def test_a_table_of_other_columns_is_refused_in_one_line_with_the_view_that_mends_it(
    tables: Tables, tmp_path: Path
) -> None:
    from google.cloud import bigquery

    path = f"{tables.create_dataset()}.clicks"
    tables.client.create_table(bigquery.Table(path, [bigquery.SchemaField("id", "STRING")]))
    code, said, _ = explained(write_rules(tmp_path / "rules.yaml"), f"bq://{path}", "--until", UNTIL)
    (message,) = [error["message"] for error in said["errors"]]
    assert code == 2
    assert "\n" not in message
    assert f"table {path} has no column event_id; it has id" in message
    assert "name a view as --input: CREATE VIEW `" in message
    assert message.endswith(f" FROM `{path}` AS t")
    assert "--query" not in message
