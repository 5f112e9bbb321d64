"""Events of BigQuery, read as a backfill reads them, on the emulator: whatever holds them, they are the same events."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from google.api_core.exceptions import Forbidden
from google.cloud import bigquery

from kittiwake.batch.counts import Counts
from kittiwake.batch.intake import Intake
from kittiwake.batch.settings import RunSettings
from kittiwake.errors import UnusableError
from kittiwake.input.errors import shown
from kittiwake.input.reading import read_blocks
from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.pipelines.backfill import main
from kittiwake.pipelines.inputs import Asked, find_inputs
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load_files
from kittiwake.shape_files.naming import input_shape
from kittiwake.time.instants import parse_instant
from kittiwake.transforms.batch.read import SourcedBlock
from kittiwake.transforms.batch.read_tables import ReadStream
from tests.services import ga4
from tests.services.emulators.bigquery import BigqueryService
from tests.services.tables import Tables

START_US: Final = parse_instant("2026-11-22T00:00:00Z")
RULES: Final = """
account: acme
rules:
  - id: cart-abandonment
    when: cart.item_added
    wait: 1h
    unless: order.completed
    include: {product: product_id}
"""
PROGRAMS: Final = Programs(load_files({"rules.yaml": RULES.encode()}, []))

_Field = bigquery.SchemaField
HEAD: Final = [
    _Field("event_id", "STRING", mode="REQUIRED"),
    _Field("account_id", "STRING"),
    _Field("contact_id", "STRING"),
    _Field("type", "STRING"),
]


def event(number: int, **changes: Any) -> dict[str, Any]:
    row = {
        "event_id": f"e{number}",
        "account_id": "acme",
        "contact_id": f"c{number % 4}",
        "type": ("cart.item_added", "order.completed", "page.viewed")[number % 3],
        "time": f"2026-11-0{1 + number % 3}T10:{number:02}:00.123456Z",
        "properties": {"product_id": f"p{number}é", "price": 1.5},
    }
    return row | changes


EVENTS: Final = [
    *(event(number) for number in range(30)),
    event(30, type=None),
    event(31, time=None),
    event(32, contact_id=None, type="cart.item_added"),
    event(33, account_id="other"),
    event(34, type="cart.item_added", properties=None),
]


@pytest.fixture(scope="module")
def shop(bigquery_service: BigqueryService) -> Iterator[str]:
    """A dataset with the same events in tables of every kind."""
    tables = Tables(bigquery_service)
    dataset = tables.create_dataset()

    def load(name: str, schema: list[bigquery.SchemaField], rows: list[dict[str, Any]]) -> None:
        made = bigquery.Table(f"{dataset}.{name}", schema)
        if any(field.name == "time" and field.field_type == "TIMESTAMP" for field in schema):
            made.time_partitioning = bigquery.TimePartitioning(field="time")
            made.clustering_fields = ["account_id", "contact_id"]
        tables.client.create_table(made)
        config = bigquery.LoadJobConfig(schema=schema, source_format="NEWLINE_DELIMITED_JSON")
        lines = "\n".join(json.dumps(row) for row in rows).encode()
        tables.client.load_table_from_file(io.BytesIO(lines), made, job_config=config).result()

    time = _Field("time", "TIMESTAMP")
    parts = [_Field("product_id", "STRING"), _Field("price", "FLOAT")]
    texts = [row | {"properties": row["properties"] and json.dumps(row["properties"])} for row in EVENTS]
    load("as_json", [*HEAD, time, _Field("properties", "JSON")], EVENTS)
    load("as_struct", [*HEAD, time, _Field("properties", "RECORD", fields=parts)], EVENTS)
    load("as_text", [*HEAD, _Field("time", "STRING"), _Field("properties", "STRING")], texts)
    for day in range(1, 4):
        rows = [row for row in EVENTS if (row["time"] or "2026-11-01")[9] == str(day)]
        load(f"days_2026110{day}", [*HEAD, time, _Field("properties", "JSON")], rows)
    load("days_20260101", [_Field("x", "STRING")], [])
    load("ga4", ga4.SCHEMA, list(ga4.rows(60)))
    load("foreign", [_Field("id", "STRING"), _Field("user_id", "INTEGER"), _Field("event_type", "STRING"),
                     _Field("time", "INTEGER"), _Field("properties", "STRING", mode="REPEATED")], [])  # fmt: skip
    tables.query(f"CREATE VIEW `{dataset}.as_view` AS SELECT * FROM `{dataset}.as_json`")
    yield dataset
    tables.close()


def found(asked: Asked, settings: RunSettings = RunSettings(START_US)) -> Any:  # noqa: B008 (it cannot change)
    return find_inputs(asked, settings, PROGRAMS)


def asked(*locations: str, query: Path | None = None, from_: str | None = None) -> Asked:
    from_us = None if from_ is None else parse_instant(from_)
    return Asked(locations, None if query is None else str(query), from_us, None)


def blocks(one: Asked, settings: RunSettings = RunSettings(START_US)) -> Iterator[SourcedBlock]:  # noqa: B008
    """All blocks, read in this process as a worker reads them."""
    step = ReadStream((settings.shape,))
    step.start_bundle()
    streams = found(one, settings).opened(lambda _: None).streams
    for stream in streams:
        yield from step.process(stream)
    tables = len({stream.table for stream in streams})
    assert (step.counts.unreadable, step.counts.tables, step.counts.files) == ({}, tables, 0)


def taken(some: Iterator[Any], shape: InputShape = CANONICAL) -> tuple[list[Any], list[str]]:
    """The events of blocks, and why others are dead letters."""
    intake = Intake(RunSettings(START_US, shape=shape), PROGRAMS, Counts())
    events, dead = [], []
    for block in some:
        result = intake.take(block.file, block.block, shape)
        events += [(*row[:-1], json.loads(row[-1])) for row in zip(*result.table, strict=True)]
        dead += [one.reason.value for one in result.dead_letters]
    return sorted(events, key=repr), sorted(dead)


@pytest.fixture
def expected(tmp_path: Path) -> tuple[list[Any], list[str]]:
    """The events that rules want and the dead letters, from JSON lines; what is not read of a table is left out."""
    lines = [{name: value for name, value in row.items() if value is not None} for row in EVENTS]
    path = tmp_path / "events.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines if line.get("account_id") == "acme"))
    return taken(SourcedBlock("f", block) for block in read_blocks(str(path)))


@pytest.mark.parametrize("name", ["as_json", "as_struct", "as_text", "as_view", "days_202611*"])
def test_tables_of_every_kind_hold_the_events_of_the_file(
    tables: Tables, shop: str, expected: tuple[list[Any], list[str]], name: str
) -> None:
    assert taken(blocks(asked(f"bq://{shop}.{name}"))) == expected
    assert len(expected[0]) > 10
    assert expected[1] == ["missing_field", "missing_field", "no_subject"]


def test_only_rows_and_columns_that_the_rules_need_are_read(tables: Tables, shop: str) -> None:
    read = list(blocks(asked(f"bq://{shop}.as_json", from_="2026-11-02T00:00:00Z")))
    rows = [row for one in read for row in one.block.batch.to_pylist()]
    assert {row["type"] for row in rows} <= {"cart.item_added", "order.completed", None}
    assert {row["account_id"] for row in rows} == {"acme"}
    assert min(row["time"] for row in rows if row["time"]).day == 2
    assert any(row["time"] is None for row in rows), "else nobody would see that it has no time"


def test_of_a_wildcard_only_tables_of_the_days_are_read(tables: Tables, shop: str) -> None:
    settings = RunSettings(START_US, parse_instant("2026-11-02T00:00:00Z"))
    planned = found(asked(f"bq://{shop}.days_*", from_="2026-11-01T12:00:00Z"), settings).planned
    assert [one.name[-8:] for one in planned] == ["20261101", "20261102"]
    with pytest.raises(UnusableError, match="no table begins with nothing_"):
        found(asked(f"bq://{shop}.nothing_*"))


def test_a_query_brings_foreign_tables_in_and_takes_the_times_of_the_run(
    tables: Tables, shop: str, tmp_path: Path
) -> None:
    sql = tmp_path / "events.sql"
    sql.write_text(
        f"SELECT event_id, 'acme' AS account_id, contact_id, type, time, properties FROM `{shop}.as_json`"
        " WHERE time >= @from AND time < @until"
    )
    settings = RunSettings(START_US, parse_instant("2026-11-03T00:00:00Z"))
    events, dead = taken(blocks(asked(query=sql, from_="2026-11-02T00:00:00Z"), settings))
    assert {one[2] // 86_400_000_000 for one in events} == {parse_instant("2026-11-02T00:00:00Z") // 86_400_000_000}
    assert dead == []
    with pytest.raises(UnusableError, match=r"has @from: say --from TIME"):
        found(asked(query=sql), settings)
    sql.write_text("SELECT event_id FROM nowhere")
    with pytest.raises(UnusableError, match="events"):
        found(asked(query=sql))


def test_what_is_wrong_with_a_table_is_said_before_launch_with_the_sql_that_mends_it(
    tables: Tables, shop: str, tmp_path: Path
) -> None:
    with pytest.raises(UnusableError) as refused:
        found(asked(f"bq://{shop}.foreign"))
    *said, sql = str(refused.value).splitlines()
    assert f"table {shop}.foreign has no column event_id; it has id, user_id, event_type, time, properties" in said
    assert f"column time of table {shop}.foreign is INT64 and has to be TIMESTAMP or STRING" in said
    (tmp_path / "mended.sql").write_text(sql)
    assert taken(blocks(asked(query=tmp_path / "mended.sql"))) == ([], [])
    for name, words in (("nowhere", "cannot read bq://"), ("as_json", "only TIMESTAMP is cut")):
        with pytest.raises(UnusableError, match=words):
            found(asked(f"bq://{shop}.{name if name == 'nowhere' else 'as_text'}", from_="2026-11-02T00:00:00Z"))


def test_rows_of_ga4_are_the_events_of_its_export_and_true_duplicates_share_an_id(
    tables: Tables, shop: str, tmp_path: Path
) -> None:
    shape = input_shape("ga4", "acme", ("--input_shape", "--input_account"))
    settings = RunSettings(START_US, shape=shape)
    lines = tmp_path / "ga4.jsonl"
    lines.write_text("".join(json.dumps(ga4.exported(row)) + "\n" for row in ga4.rows(60)))

    def as_texts(some: Iterator[Any]) -> list[str]:
        events, dead = taken(some, shape)
        assert dead == []
        return [re.sub(r'(?<=session_id": )"(\d+)"', r"\1", json.dumps(one)) for one in events]

    read = as_texts(blocks(asked(f"bq://{shop}.ga4"), settings))
    assert read == as_texts(SourcedBlock("f", one) for one in read_blocks(str(lines), shape=shape))
    assert len(set(read)) < len(read), "some rows stand twice"
    assert any('"anonymous:' in one for one in read)


def test_a_run_reads_inputs_of_several_kinds_and_says_first_what_they_cost(
    tables: Tables, shop: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "more.jsonl").write_text(json.dumps(event(40, contact_id="more", type="cart.item_added")) + "\n")
    sql = f"SELECT * REPLACE ('asked' AS contact_id) FROM `{shop}.as_view` WHERE account_id = 'acme'"
    (tmp_path / "more.sql").write_text(sql)
    inputs = [f"bq://{shop}.as_json", str(tmp_path / "more.jsonl")]
    argv = ["--rules", str(tmp_path / "rules.yaml"), "--input", *inputs, "--query", str(tmp_path / "more.sql")]
    argv += ["--start", "2026-11-22T00:00:00Z", "--output", str(tmp_path / "out")]
    assert main([*argv, "--estimate"]) == 0
    lines = capsys.readouterr().err.splitlines()
    assert re.match(rf"backfill: bq://{re.escape(shop)}.as_json: about \d+ rows, [\d.]+ MB by the Storage", lines[0])
    assert "a query that scans" in lines[1]
    assert not (tmp_path / "out").exists()
    assert main(argv) == 0, capsys.readouterr().err
    assert "a query that scans" in capsys.readouterr().err.splitlines()[0]
    rows = [
        json.loads(row) for one in (tmp_path / "out" / "triggers").iterdir() for row in one.read_text().splitlines()
    ]
    contacts = {row["contact_id"] for row in rows}
    assert {"more", "asked"} < contacts
    assert contacts & {f"c{number}" for number in range(4)}


def test_a_refusal_names_the_roles(tables: Tables, monkeypatch: pytest.MonkeyPatch) -> None:
    """The emulator refuses nobody: what Google's client raises stands in."""

    def refuse(*_: object, **__: object) -> None:
        raise Forbidden("Access Denied: Table a:b.c: User does not have permission")  # type: ignore[no-untyped-call]

    monkeypatch.setattr(bigquery.Client, "get_table", refuse)
    with pytest.raises(UnusableError, match=r"^Google refuses bq://abcdef\.b\.c: Access Denied.*bigquery\.dataViewer"):
        found(asked("bq://abcdef.b.c"))


def test_a_table_that_is_gone_when_it_is_read_stops_the_run(tables: Tables, tmp_path: Path) -> None:
    path = f"{tables.create_dataset()}.gone"
    tables.query(f"CREATE TABLE `{path}` AS SELECT 'e' event_id, 'acme' account_id, 'c' contact_id, "
                 "'cart.item_added' type, CURRENT_TIMESTAMP() time")  # fmt: skip
    streams = found(asked(f"bq://{path}")).opened(lambda _: None).streams
    tables.query(f"DROP TABLE `{path}`")
    step = ReadStream((CANONICAL,))
    step.start_bundle()
    assert list(step.process(streams[0])) == []
    assert list(step.counts.unreadable) == [shown(f"bq://{path}")]
