"""`--query`: the rows of a file of SQL in place of files of events."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.cli.command import RULES, event, kittiwake, write

if not os.environ.get("CI"):
    pytest.importorskip("duckdb")

SQL = """\
SELECT id AS event_id, 'acme' AS account_id, customer AS contact_id, 'cart.item_added' AS type,
  placed::TIMESTAMP AT TIME ZONE 'Europe/Berlin' AS time, {'price': price::DECIMAL(18, 2)} AS properties
FROM baskets ORDER BY id
"""
BASKETS = (
    "id,customer,placed,price",
    "01,c1,2025-03-03 11:00,9.90",
    "02,c2,2025-03-03 13:00,",
    "03,,2025-03-03 13:00,1",
)


@pytest.fixture
def files(tmp_path: Path) -> list[str | Path]:
    """Options that name rules, a query and its table."""
    rules = write(tmp_path / "rules.yaml", RULES)
    query, baskets = write(tmp_path / "baskets.sql", SQL), write(tmp_path / "data" / "baskets.csv", *BASKETS)
    return ["--rules", rules, "--query", query, "--input", baskets]


def test_a_replay_decides_the_rows_of_a_query_as_it_decides_their_events(tmp_path: Path, files: list[str]) -> None:
    first = {**json.loads(event("x", "2025-03-03T10:00:00Z", price=9.9)), "type": "cart.item_added", "event_id": "01"}
    second = {**json.loads(event("x", "2025-03-03T12:00:00Z", "c2")), "type": "cart.item_added", "event_id": "02"}
    same = write(
        tmp_path / "same.jsonl", json.dumps(first), json.dumps(second), json.dumps({**second, "contact_id": None})
    )
    ran = kittiwake("replay", *files, "--output", tmp_path / "by-query")
    assert ran.code == 0, ran.err
    assert kittiwake("replay", *files[:2], "--input", same, "--output", tmp_path / "by-file").code == 0
    by_query, by_file = ((tmp_path / name / "decisions") for name in ("by-query", "by-file"))
    assert [one.read_text() for one in by_query.iterdir()] == [one.read_text() for one in by_file.iterdir()]
    (dead,) = [json.loads(one.read_text()) for one in (tmp_path / "by-query" / "dead_letters").iterdir()]
    assert (dead["reason"], "baskets.sql:3" in ran.out) == ("no_subject", True)


def test_explain_takes_the_query_of_a_replay(files: list[str]) -> None:
    ran = kittiwake("explain", *files, "--contact", "c1")
    assert ran.code == 0, ran.err
    assert "cart.item_added (01)" in ran.out
    assert "FIRED" in ran.out


def test_profile_takes_the_query_of_a_replay(files: list[str]) -> None:
    ran = kittiwake("profile", *files[2:], "--json")
    assert ran.code == 0, ran.err
    assert "cart.item_added" in ran.out


def test_a_run_needs_an_input_or_a_query(tmp_path: Path, files: list[str]) -> None:
    ran = kittiwake("replay", *files[:2], "--output", tmp_path / "out")
    assert (ran.code, ran.err) == (
        2,
        "no input: name files of events, such as 'events/*.jsonl', or a query with --query\n",
    )
    ran = kittiwake("replay", *files[:4], "--output", tmp_path / "out")
    assert ran.code == 2
    assert ran.err.startswith(f"{tmp_path}/baskets.sql:3:6: Catalog Error: Table with name baskets does not exist!")


def test_a_query_takes_no_shape_and_leaves_the_output_as_it_was(tmp_path: Path, files: list[str]) -> None:
    shape = ["--input-shape", "segment", "--input-account", "acme"]
    ran = kittiwake("replay", *files, *shape, "--output", tmp_path / "out")
    assert (ran.code, ran.err) == (2, "a query gives the fields of events itself: leave the shape out\n")
    assert not (tmp_path / "out").exists()


def test_programs_name_a_query_too(tmp_path: Path, files: list[str]) -> None:
    from kittiwake import explain_contact, load_rules, replay

    rules, query, baskets = load_rules(files[1]), files[3], files[5]
    assert replay(rules, baskets, tmp_path / "out", query=query).counts.events == 2
    assert explain_contact(rules, baskets, "c2", query=query).contact_id == "c2"
