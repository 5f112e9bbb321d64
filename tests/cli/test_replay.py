"""`kittiwake replay`."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kittiwake.shape_files.names import shape_names
from tests.cli.command import RULES, event, kittiwake, write

ADDED = event("cart.item_added", "2025-03-03T10:00:00Z")
LATER = event("shop.entered", "2025-03-03T12:00:00Z", "c2")


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    return write(tmp_path / "rules.yaml", RULES)


def rows(output: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for path in sorted((output / name).iterdir()) for line in path.read_text().splitlines()]


def test_a_replay_writes_triggers_decisions_dead_letters_and_a_summary(tmp_path: Path, rules: Path) -> None:
    events = write(tmp_path / "events.jsonl", ADDED, LATER, "no event")
    output = tmp_path / "out"
    ran = kittiwake("replay", "--rules", rules, "--input", events, "--output", output)
    assert ran.code == 0, ran.err
    assert ran.out.endswith(f"written to {output}\n")
    assert "1 dead letter" in ran.out
    assert [row["fired_at"] for row in rows(output, "triggers")] == ["2025-03-03T11:00:00Z"]
    assert rows(output, "decisions") == rows(output, "triggers")
    assert [row["reason"] for row in rows(output, "dead_letters")] == ["not_json"]
    assert json.loads((output / "summary.json").read_text())["triggers"] == 1


def test_a_summary_is_data_for_programs(tmp_path: Path, rules: Path) -> None:
    events = write(tmp_path / "events.jsonl", ADDED, LATER)
    ran = kittiwake("replay", "--rules", rules, "--input", events, "--output", tmp_path / "out", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert (ran.data["ok"], ran.data["triggers"], ran.data["contacts"]) == (True, 1, 1)


def test_several_inputs_globs_and_gzip_are_read_and_the_end_can_be_named(tmp_path: Path, rules: Path) -> None:
    write(tmp_path / "in" / "a.jsonl", LATER)
    (tmp_path / "in" / "b.jsonl.gz").write_bytes(gzip.compress(ADDED.encode()))
    command = ["replay", "--rules", rules, "--input", tmp_path / "in" / "*.jsonl", "--input", tmp_path / "in" / "*.gz"]
    ran = kittiwake(*command, "--output", tmp_path / "out", "--until", "2025-03-03T10:59:59Z", "--json")
    assert (ran.data["events"], ran.data["triggers"]) == (2, 0)
    ran = kittiwake(*command, "--output", tmp_path / "out", "--until", "2025-03-03T12:00:00+01:00", "--json")
    assert ran.data["triggers"] == 1


def test_events_are_named_bare_or_by_input_and_both_together_are_read(tmp_path: Path, rules: Path) -> None:
    added, later = write(tmp_path / "added.jsonl", ADDED), write(tmp_path / "later.jsonl", LATER)
    ran = kittiwake("replay", added, "--rules", rules, "--output", tmp_path / "out", "--input", later, "--json")
    assert (ran.code, ran.data["events"], ran.data["triggers"]) == (0, 2, 1)


def test_rows_are_written_in_parquet_if_so_asked(tmp_path: Path, rules: Path) -> None:
    events = write(tmp_path / "events.jsonl", ADDED, LATER, "no event")
    ran = kittiwake(
        "replay", "--rules", rules, "--input", events, "--output", tmp_path / "out", "--format", "parquet", "--json"
    )
    assert (ran.code, ran.data["triggers"]) == (0, 1)
    found = {path.parent.name: pq.read_table(path).num_rows for path in (tmp_path / "out").glob("*/*.parquet")}
    assert found == {"triggers": 1, "decisions": 1, "dead_letters": 1}


def test_records_of_another_shape_are_read_as_their_producers_write_them(tmp_path: Path, rules: Path) -> None:
    call = {"type": "track", "event": "Product Added", "messageId": "m1", "userId": "c1"}
    calls = write(
        tmp_path / "calls.jsonl",
        json.dumps(call | {"timestamp": "2025-03-03T10:00:00Z"}),
        json.dumps({"type": "page", "messageId": "m2", "anonymousId": "a1", "timestamp": "2025-03-03T12:00:00Z"}),
    )
    shape = ["--input-shape", "segment", "--input-account", "acme"]
    ran = kittiwake("replay", "--rules", rules, "--input", calls, "--output", tmp_path / "out", *shape)
    assert ran.code == 0, ran.err
    (trigger,) = rows(tmp_path / "out", "triggers")
    assert (trigger["account_id"], trigger["contact_id"], trigger["events"]["first"]) == ("acme", "c1", "m1")
    told = kittiwake(
        "explain", "--rules", rules, "--input", calls, "--contact", "anonymous:a1", "--allow-empty", *shape
    )
    assert told.code == 0, told.err
    assert "12:00  page.viewed (m2)" in told.out


@pytest.mark.parametrize("command", ["replay", "explain"])
@pytest.mark.parametrize("name", ["events.parquet", "events"])
def test_parquet_is_refused_in_another_shape(tmp_path: Path, rules: Path, command: str, name: str) -> None:
    columns = {name: [""] for name in ("event_id", "account_id", "contact_id", "type", "time")}
    pq.write_table(pa.table(columns), tmp_path / name)
    shape = ["--input-shape", "segment", "--input-account", "acme"]
    rest = ["--contact", "c1"] if command == "explain" else ["--output", tmp_path / "out"]
    ran = kittiwake(command, "--rules", rules, "--input", tmp_path / name, *rest, *shape)
    assert ran.code == 2
    assert f"{name} as segment: Parquet is read in the canonical shape only" in ran.err


def test_too_many_dead_letters_stop_it_which_is_a_finding(tmp_path: Path, rules: Path) -> None:
    events = write(tmp_path / "events.jsonl", ADDED, LATER, "no event")
    command = ["replay", "--rules", rules, "--input", events, "--output", tmp_path / "out"]
    ran = kittiwake(*command, "--max-dead-letter-ratio", "0.1")
    assert ran.code == 1
    assert "nothing was decided" in ran.out
    assert rows(tmp_path / "out", "decisions") == []
    assert kittiwake(*command, "--max_dead_letter_ratio", "0.1", "--json").data["stopped"] == "dead_letters"


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--until", "noon"], "--until: 'noon' is not an RFC 3339 time"),
        (["--allowed-lateness", "an hour"], "--allowed-lateness: 'an hour' is no duration: write 90s"),
        (["--max-dead-letter-ratio", "2"], "--max-dead-letter-ratio: '2' is no part of one: write, say, 0.1"),
        (["--max-dead-letter-ratio", "x"], "--max-dead-letter-ratio: 'x' is no part of one: write, say, 0.1"),
        (["--max-dead-letter-ratio", "nan"], "--max-dead-letter-ratio: 'nan' is no part of one: write, say, 0.1"),
        (["--input-shape", "ga5"], f"--input-shape: 'ga5' is no shape: write {shape_names()}"),
        (
            ["--input-shape", "segment"],
            "--input-account: Segment's records name no account: say whose they are, such as --input-account acme",
        ),
        (
            ["--input-account", "acme"],
            "--input-account: canonical records name their account_id themselves: leave it out",
        ),
        (["--input", "gone.jsonl"], "cannot read gone.jsonl: No such file or directory"),
        (["--input", "*.gone"], "no file matches *.gone"),
    ],
)
def test_a_bad_option_or_input_is_unusable_and_writes_nothing(
    tmp_path: Path, rules: Path, arguments: list[str], complaint: str
) -> None:
    events = write(tmp_path / "events.jsonl", ADDED)
    command = ["replay", "--rules", rules, "--input", events, "--output", tmp_path / "out", *arguments]
    ran = kittiwake(*command)
    assert ran.code == 2
    assert complaint in ran.err
    assert not (tmp_path / "out").exists()
    found = kittiwake(*command, "--json")
    assert found.code == 2
    assert complaint in found.data["errors"][0]["message"]


def test_bad_rules_and_a_foreign_output_are_unusable(tmp_path: Path, rules: Path) -> None:
    events = write(tmp_path / "events.jsonl", ADDED)
    bad = write(tmp_path / "bad.yaml", RULES.replace("1h", "1 hour"))
    ran = kittiwake("replay", "--rules", bad, "--input", events, "--output", tmp_path / "out")
    assert ran.code == 2
    assert f"{bad}:5:11" in ran.err
    write(tmp_path / "mine" / "file", "mine")
    ran = kittiwake("replay", "--rules", rules, "--input", events, "--output", tmp_path / "mine")
    assert ran.code == 2
    assert "is not empty" in ran.err


def test_a_missing_option_is_unusable(rules: Path) -> None:
    ran = kittiwake("replay", "--rules", rules)
    assert ran.code == 2
    assert "--output" in ran.err


ASKS_FOR_MORE = """
account: acme
policy: {feeds: {order.completed: {every: 6h, mode: hold}}}
rules:
  - {id: cart, when: cart.item_added, wait: 1h, unless: order.completed}
  - id: price
    when: {item: {price: {drops_by: 10%}}}
    interest: {events: product.viewed, item: product_id, within: 7d}
"""


def test_what_snapshots_say_nothing_of_is_said_and_what_they_hold_is_not(tmp_path: Path, rules: Path) -> None:
    order = event("order.completed", "2025-03-03T10:30:00Z", "c2")
    price = json.loads(event("price.changed", "2025-03-03T10:00:00Z"))
    of_item = json.dumps({**price, "contact_id": None, "item_id": "p1", "properties": {"price": 5}})
    events = write(tmp_path / "events.jsonl", ADDED, order, of_item)
    more, said = write(tmp_path / "more.yaml", ASKS_FOR_MORE), list[str]()
    for name, of_first in (("one", rules), ("two", more)):
        first, to = tmp_path / name, ("--input", events, "--allow-empty", "--output")
        assert kittiwake("replay", "--rules", of_first, *to, first, "--snapshots").code == 0
        ran = kittiwake("replay", "--rules", more, *to, tmp_path / "next", "--start-from", f"{first}/snapshots/*")
        assert ran.code == 0, ran.err
        said.append(ran.err)
    of_items, of_feeds = said[0].splitlines()
    assert of_items.startswith("--start-from: there is nothing of items in the snapshots: to catalogue rules the first")
    assert "nothing of feeds and breakers in the snapshots: order.completed counts as neither silent" in of_feeds
    assert said[1] == ""
