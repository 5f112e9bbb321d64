"""Queries: rows of SQL over files are events, nothing else is reached, and what is wrong is located."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from kittiwake.input.columns.blocks import records_of_block
from kittiwake.input.errors import InputError
from kittiwake.input.query.blocks import NEEDS_DUCKDB, blocks_of_query, check_query
from kittiwake.input.query.model import Query

if not os.environ.get("CI"):
    pytest.importorskip("duckdb")

COLUMNS = {
    "event_id": "'e'", "account_id": "'acme'", "contact_id": "'c'", "type": "'a.b'", "time": "'2026-01-01T00:00:00Z'",
}  # fmt: skip
ORDERS = """\
SELECT "order" AS event_id, 'acme' AS account_id, any_value(customer) AS contact_id, 'order.completed' AS type,
  min("when"::TIMESTAMP AT TIME ZONE 'Europe/Berlin') AS time,
  {total: sum(qty::INTEGER * price::DECIMAL(18, 2)),
   products: list({product_id: sku, quantity: qty::INTEGER} ORDER BY sku)} AS properties
FROM {from}
GROUP BY "order" ORDER BY "order"
"""
ROWS = """\
order,customer,when,sku,qty,price
00018,c-2,2026-07-02 11:30,p-1,1,9.90
00017,c-1,2026-01-01 10:00,p-2,1,20.00
00017,c-1,2026-01-01 10:00,p-1,2,9.90
"""
FOLDED = [
    {
        "event_id": "00017",
        "account_id": "acme",
        "contact_id": "c-1",
        "type": "order.completed",
        "time": "2026-01-01T09:00:00.000000Z",
        "properties": {
            "total": 39.8,
            "products": [{"product_id": "p-1", "quantity": 2}, {"product_id": "p-2", "quantity": 1}],
        },
    },
    {
        "event_id": "00018",
        "account_id": "acme",
        "contact_id": "c-2",
        "type": "order.completed",
        "time": "2026-07-02T09:30:00.000000Z",
        "properties": {"total": 9.9, "products": [{"product_id": "p-1", "quantity": 1}]},
    },
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a query's files; the process stands in another one."""
    (tmp_path / "q").mkdir()
    (tmp_path / "q" / "rows.csv").write_text(ROWS)
    (tmp_path / "outside.csv").write_text(ROWS)
    return tmp_path / "q"


def event(**others: str) -> str:
    """The columns of an event in SQL, some of them others than usual."""
    return ", ".join(f"{value} AS {name}" for name, value in {**COLUMNS, **others}.items())


EVENT = event()


def query(folder: Path, sql: str, *inputs: str) -> Query:
    (folder / "q.sql").write_text(sql)
    return Query(str(folder / "q.sql"), inputs)


def rows(found: Query) -> list[object]:
    check_query(found)
    return [json.loads(record.raw) for block in blocks_of_query(found) for record in records_of_block(block)]


def refused(found: Query) -> str:
    with pytest.raises(InputError) as error:
        rows(found)
    return str(error.value).replace(str(Path(found.path).parent) + "/", "")


@pytest.mark.parametrize(
    "given", ["read_csv('rows.csv', all_varchar = true)", "'./rows.csv'", '"rows.csv"', "read_csv(['r*.csv'])"]
)
def test_order_rows_become_orders_with_paths_taken_from_the_folder_of_the_query(folder: Path, given: str) -> None:
    assert rows(query(folder, ORDERS.replace("{from}", given))) == FOLDED


def test_an_input_is_a_table_by_its_name_or_by_the_name_given(folder: Path) -> None:
    outside, parts = folder.parent / "outside.csv", folder.parent / "parts"
    parts.mkdir()
    head, first, *others = ROWS.splitlines(keepends=True)
    (parts / "1.csv").write_text(head + first)
    (parts / "2.csv").write_text(head + "".join(others))
    assert rows(query(folder, ORDERS.replace("{from}", "outside"), str(outside))) == FOLDED
    assert rows(query(folder, ORDERS.replace("{from}", "lines"), f"lines={parts}/*.csv")) == FOLDED


def test_ids_of_a_table_keep_their_zeros_and_its_times_no_zone_of_this_machine(folder: Path) -> None:
    (folder / "t.csv").write_text("id,placed\n007,2026-07-01 12:00\n")
    sql = f"SELECT {event(event_id='id', time='placed::TIMESTAMPTZ')} FROM t"
    found = rows(query(folder, sql, str(folder / "t.csv")))
    assert [(one["event_id"], one["time"]) for one in found] == [("007", "2026-07-01T12:00:00.000000Z")]  # type: ignore[index]


def test_json_and_parquet_are_tables_too(folder: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    (folder / "docs.json").write_text('[{"id": "1",\n "items": [{"sku": "p"}]}]')
    pq.write_table(pa.table({"id": ["1"], "total": [2.5]}), folder / "sums.parquet")
    sql = f"SELECT {EVENT}, {{sku: items[1].sku, total: total}} AS properties FROM docs JOIN sums USING (id)"
    (found,) = rows(query(folder, sql, str(folder / "docs.json"), str(folder / "sums.parquet")))
    assert found["properties"] == {"sku": "p", "total": 2.5}  # type: ignore[index]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT\n  foo\nFROM 'rows.csv'", "q.sql:2:3: Binder Error: Referenced column \"foo\" not found"),
        ("SELECT a b c", 'q.sql:1:12: Parser Error: syntax error at or near "c"'),
        ("SELECT 'é', foo FROM read_csv('rows.csv')", "q.sql:1:13: Binder Error"),
        ("FROM read_csv('rows.csv') WHERE foo = 1", "q.sql:1:33: Binder Error"),
        ("SELECT 1; SELECT 2", "q.sql: 2 statements: write one SELECT"),
        ("", "q.sql: 0 statements: write one SELECT"),
        ("COPY (SELECT 1) TO 'stolen.csv'", "q.sql: COPY: write one SELECT"),
        ("SET threads = 8", "q.sql: SET: write one SELECT"),
        (f"SELECT {EVENT} FROM read_csv('nope.csv')", "q.sql:1:"),
        (f"SELECT {event(total='1')}", "q.sql: its column total is no field of an event: put it into properties"),
        ("SELECT 'e' AS event_id", "q.sql: it has no column account_id: write, say, 'acme' AS account_id"),
        ("SELECT 'e' AS event_id, 'a' AS account_id, 'a.b' AS type", "q.sql: it has no column time"),
        (
            f"SELECT {event(event_id='17')}",
            "q.sql: its column event_id is INTEGER, and ids are texts: write event_id::VARCHAR AS event_id",
        ),
        (
            f"SELECT {event(time='make_timestamp(0)')}",
            "q.sql: its column time is TIMESTAMP, without a zone: write time AT TIME ZONE 'Europe/Berlin' AS time",
        ),
        (f"SELECT {event(properties='{x: INTERVAL 1 DAY}')}", "q.sql: its column properties.x is"),
        (
            f"SELECT {event(event_id='error(customer)::VARCHAR')} FROM 'rows.csv'",
            "q.sql: Invalid Input Error: c-",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_line_and_column(folder: Path, sql: str, message: str) -> None:
    assert refused(query(folder, sql)).startswith(message)
    assert not (folder / "stolen.csv").exists()


@pytest.mark.parametrize(
    "unsteady",
    ["random()", "now()", "current_date", "localtimestamp", "uuid()", "age(TIMESTAMP '2026-01-01')", "nextval('s')"],
)
def test_a_query_that_asks_the_clock_or_chance_is_refused(folder: Path, unsteady: str) -> None:
    message = refused(query(folder, f"SELECT {EVENT},\n  {{x: {unsteady}}} AS properties"))
    assert message.startswith("q.sql:2:7: ")
    assert "gives other events at every run" in message
    assert "every run" in refused(query(folder, f"SELECT {EVENT} FROM range(9) USING SAMPLE 2"))


@pytest.mark.parametrize(
    "source",
    [
        "read_csv('../outside.csv')",
        "read_csv('{parent}/outside.csv')",
        "read_text('/etc/passwd')",
        "glob('/etc/*')",
        "read_csv('https://example.com/a.csv')",
        "read_parquet('s3://bucket/a.parquet')",
    ],
)
def test_nothing_beyond_the_folder_and_the_inputs_is_read(folder: Path, source: str) -> None:
    message = refused(query(folder, f"SELECT {EVENT} FROM {source.format(parent=folder.parent)}"))
    assert "a query reads the folder that it stands in, and the files of --input" in message


def test_a_path_outside_is_read_where_an_input_names_it(folder: Path) -> None:
    sql = ORDERS.replace("{from}", "read_csv('../outside.csv', all_varchar = true)")
    assert rows(query(folder, sql, str(folder.parent / "outside.csv"))) == FOLDED


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("nope.csv", "is no file"),
        ("{folder}/*.nope", "name the table that it is in the query: orders={folder}/*.nope"),
        ("rows={folder}/*.nope", "no file matches {folder}/*.nope"),
        ("{folder}/q.sql", "table q: files of one kind are read"),
        ("rows={folder}/broken.json", "cannot read {folder}/broken.json as table rows: "),
    ],
)
def test_an_input_that_is_no_table_is_refused(folder: Path, given: str, message: str) -> None:
    (folder / "broken.json").write_text('{"a": ')
    found = query(folder, f"SELECT {EVENT} FROM rows", given.format(folder=folder))
    with pytest.raises(InputError) as error:
        check_query(found)
    assert message.format(folder=folder) in str(error.value)


def test_two_inputs_of_one_name_are_refused(folder: Path) -> None:
    found = query(folder, "SELECT 1", str(folder / "rows.csv"), f"rows={folder}/rows.csv")
    assert "there are two tables rows" in refused(found)


def test_without_duckdb_the_extra_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "duckdb", None)
    assert refused(query(folder, "SELECT 1")) == NEEDS_DUCKDB
    assert "kittiwake[query]" in NEEDS_DUCKDB


def test_a_query_that_is_no_text_or_not_there_is_refused(folder: Path) -> None:
    assert "No such file" in refused(Query(str(folder / "none.sql")))
    (folder / "q.sql").write_bytes(b"SELECT '\xff'")
    assert refused(Query(str(folder / "q.sql"))) == "cannot read q.sql: byte 8 is not UTF-8"


@pytest.mark.nightly
def test_millions_of_rows_are_read_in_bounded_memory(folder: Path) -> None:
    import subprocess

    query(folder, f"SELECT {event(event_id='i::VARCHAR')} FROM range(5_000_000) t(i)")
    script = (
        "import resource, sys\n"
        "from kittiwake.input.query.blocks import blocks_of_query\n"
        "from kittiwake.input.query.model import Query\n"
        "n = sum(len(block.batch) for block in blocks_of_query(Query(sys.argv[1])))\n"
        "print(n, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)\n"
    )
    ran = subprocess.run([sys.executable, "-c", script, folder / "q.sql"], capture_output=True, text=True, check=True)
    number, megabytes = map(int, ran.stdout.split())
    assert number == 5_000_000
    assert megabytes < 400
