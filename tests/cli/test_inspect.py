"""`kittiwake inspect`."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.cli.command import RULES, event, kittiwake, write

ORDERS = ("order_id;customer_id;ordered_at;total", "1;c1;01.03.2026 10:00;9,90", "2;c2;15.03.2026 11:00;1.200,00")


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    return write(tmp_path / "orders.csv", *ORDERS)


def test_a_shape_is_shown_with_the_command_that_writes_it(orders: Path) -> None:
    ran = kittiwake("inspect", orders)
    assert (ran.code, ran.err) == (0, "")
    assert "orders.csv: CSV with semicolons between, 4 columns" in ran.out
    assert "2 records: 2 events of 2 contacts" in ran.out
    assert ran.out.endswith(f"next\n  kittiwake inspect {orders} --output shapes/orders.yaml\n")


def test_the_shape_that_is_written_runs_with_the_command_shown(tmp_path: Path, orders: Path) -> None:
    shape = tmp_path / "shapes" / "orders.yaml"
    ran = kittiwake("inspect", orders, "--output", shape)
    assert ran.code == 0
    assert f"the shape is written to {shape}" in ran.out
    command = ran.out.splitlines()[-1].split()
    assert command[:2] == ["kittiwake", "replay"]
    rules = write(
        tmp_path / "rules.yaml", RULES.replace("cart.item_added", "order.completed").replace("unless", "# unless")
    )
    given = [
        str(tmp_path / "out") if one == "out/run" else str(rules) if one == "rules" else one for one in command[1:]
    ]
    replayed = kittiwake(*given, "--json")
    assert (replayed.code, replayed.data["events"]) == (0, 2)


def test_a_file_that_is_there_is_not_written_over(tmp_path: Path, orders: Path) -> None:
    shape = write(tmp_path / "mine.yaml", "mine")
    ran = kittiwake("inspect", orders, "--output", shape)
    assert (ran.code, shape.read_text()) == (2, "mine\n")
    assert "is there already, and is left as it is: name another file" in ran.err
    ran = kittiwake("inspect", orders, "--output", tmp_path / "shape.txt")
    assert (ran.code, ran.err) == (2, f"--output: a shape file ends in .yaml: write {tmp_path}/shape.txt.yaml\n")


def test_events_need_no_shape(tmp_path: Path) -> None:
    path = write(tmp_path / "events.jsonl", event("a.b", "2026-01-01T00:00:00Z"), event("a.b", "2026-01-02T00:00:00Z"))
    ran = kittiwake("inspect", path)
    assert ran.code == 0
    assert "events as docs/reference/events.md has them: no shape is needed" in ran.out
    assert ran.out.endswith(f"next\n  kittiwake replay --rules rules --input {path} --output out/run\n")


def test_parquet_is_inspected_and_its_shape_reads_it(tmp_path: Path) -> None:
    table = pa.table({"user": ["c1", "c2"], "event": ["a", "b"], "ts": [1772359200, 1772359201], "price": [1.5, None]})
    pq.write_table(table, tmp_path / "e.parquet")
    ran = kittiwake("inspect", tmp_path / "e.parquet", "--json")
    assert (ran.code, ran.data["types"]) == (0, {"a": 1, "b": 1})
    assert "records: {format: parquet}" in ran.data["shape"]


def test_records_that_are_no_events_are_counted_with_their_places(tmp_path: Path) -> None:
    rows = [json.dumps({"id": at, "user": "c", "event": "a", "ts": 1772359200}) for at in range(5)]
    path = write(tmp_path / "e.jsonl", *rows, "broken", "[]")
    ran = kittiwake("inspect", path)
    assert ran.code == 1
    assert "no events, not_json: Malformed JSON" in ran.out or "no events, not_json: " in ran.out
    assert f"({path}:6)" in ran.out


@pytest.mark.parametrize("location", ["bq://p1.d.t", "gs://b/x.csv", "https://shop.example/x.csv"])
def test_what_is_no_file_of_this_machine_is_refused_with_what_to_do(location: str) -> None:
    ran = kittiwake("inspect", location)
    assert ran.code == 2
    assert ran.err.startswith(f"{location} is ")
    assert "No such file" not in ran.err


def test_files_of_two_kinds_are_refused(tmp_path: Path, orders: Path) -> None:
    other = write(tmp_path / "e.jsonl", event("a.b", "2026-01-01T00:00:00Z"))
    ran = kittiwake("inspect", orders, other)
    assert ran.code == 2
    assert "e.jsonl is JSON lines: inspect one kind at a time" in ran.err


@pytest.mark.parametrize("name", ["none.csv", "."])
def test_what_cannot_be_read_is_unusable(tmp_path: Path, name: str) -> None:
    ran = kittiwake("inspect", tmp_path / name, "--json")
    assert (ran.code, ran.data["ok"]) == (2, False)


def test_without_a_file_the_usage_is_shown() -> None:
    ran = kittiwake("inspect")
    assert ran.code == 2
    assert "FILE..." in ran.err
