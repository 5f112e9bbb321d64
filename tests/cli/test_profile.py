"""`kittiwake profile`."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from kittiwake.batch.workers.progress import Progress
from kittiwake.event_plan.reading import load_plan
from kittiwake.terminal.progress import progress
from tests.cli.command import Ran, event, kittiwake, write

ORDERS = [event("order.completed", f"2025-03-0{day}T10:00:00Z", f"c{day}", total=f"{day}.5") for day in range(1, 6)]
OTHER = event("shop.entered", "2025-03-03T12:00:00Z", "c2", account="zeta")


@pytest.fixture
def events(tmp_path: Path) -> Path:
    return write(tmp_path / "events.jsonl", *ORDERS, OTHER, "no event")


def test_a_plan_is_printed_and_what_to_check_stands_beside_it(tmp_path: Path, events: Path) -> None:
    ran = kittiwake("profile", events)
    assert ran.code == 0
    printed = tmp_path / "printed.yaml"
    printed.write_text(ran.out)
    plan = load_plan(printed)
    assert {name: found.count for name, found in plan.events.items()} == {"order.completed": 5, "shop.entered": 1}
    assert "check: 1 of 7 (14.28 %) records are no events: not_json 1\n" in ran.err
    assert "check: order.completed: total is a number written as a text in 5 of 5 (100 %)" in ran.err
    assert "--account acme profiles one" in ran.err


def test_what_events_of_items_bring_stands_under_items(tmp_path: Path) -> None:
    of_item = {"event_id": "1", "account_id": "acme", "item_id": "sku-1", "type": "item.updated"}
    events = [json.dumps({**of_item, "time": "2025-03-01T10:00:00Z", "properties": {"price": 5, "title": "a"}})]
    output = tmp_path / "events.yaml"
    ran = kittiwake("profile", write(tmp_path / "events.jsonl", *ORDERS, *events), "--output", output)
    assert ran.code == 0, ran.err
    plan = load_plan(output)
    assert plan.items is not None
    assert {name: (one.count, sorted(one.properties or ())) for name, one in plan.items.items()} == {
        "item.updated": (1, ["price", "title"])
    }
    assert list(plan.events) == ["order.completed"]


def test_the_same_events_in_other_files_are_the_same_plan(tmp_path: Path, events: Path) -> None:
    first = write(tmp_path / "more" / "1.jsonl", OTHER, *ORDERS[3:])
    second = write(tmp_path / "more" / "2.jsonl", "no event", *reversed(ORDERS[:3]))
    assert kittiwake("profile", first, "--input", second).out == kittiwake("profile", "--input", events).out


def test_a_file_that_is_there_is_replaced_only_where_one_says_so(tmp_path: Path, events: Path) -> None:
    output = tmp_path / "events.yaml"
    ran = kittiwake("profile", events, "--output", output)
    assert (ran.code, ran.out) == (0, f"written to {output}\n")
    output.write_text("mine")
    refused = kittiwake("profile", events, "--output", output)
    assert (refused.code, refused.err) == (
        2,
        f"{output} is there already: name another file, or say --force to replace it\n",
    )
    assert output.read_text() == "mine"
    assert kittiwake("profile", events, "--output", output, "--force").code == 0
    assert load_plan(output).events["order.completed"].count == 5
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


@pytest.mark.parametrize(
    ("name", "message"),
    [("", "is a folder: name a file in it"), ("none/events.yaml", "there is no folder")],
)
def test_an_output_that_cannot_be_written_is_refused(tmp_path: Path, events: Path, name: str, message: str) -> None:
    ran = kittiwake("profile", events, "--output", tmp_path / name)
    assert (ran.code, message in ran.err) == (2, True)


def test_one_account_can_be_profiled(events: Path) -> None:
    ran = kittiwake("profile", events, "--account", "zeta", "--json")
    assert (ran.code, ran.data["account"], list(ran.data["events"])) == (0, "zeta", ["shop.entered"])
    ran = kittiwake("profile", events, "--account", "other")
    assert (ran.code, ran.out) == (1, "")
    assert "no event of a contact of account other in 7 records: nothing is written" in ran.err


def test_files_without_an_event_are_said_to_have_none(tmp_path: Path) -> None:
    output = tmp_path / "events.yaml"
    ran = kittiwake("profile", write(tmp_path / "a.jsonl", "x", "[]"), "--output", output)
    assert (ran.code, ran.out, output.exists()) == (1, "", False)
    assert "no event of a contact in 2 records: nothing is written" in ran.err
    assert f"1 not_an_object, such as {tmp_path / 'a.jsonl'}:2" in ran.err


def test_a_run_without_input_says_what_to_name() -> None:
    ran = kittiwake("profile")
    assert (ran.code, ran.err) == (
        2,
        "no input: name files of events, such as 'events/*.jsonl', or a query with --query\n",
    )


def test_records_of_another_shape_are_profiled_as_the_events_they_are(tmp_path: Path) -> None:
    call = {"type": "track", "event": "Order Completed", "messageId": "1", "userId": "c"}
    more = {"timestamp": "2025-01-01T00:00:00Z", "properties": {"total": "1.50"}}
    calls = write(tmp_path / "calls.jsonl", json.dumps({**call, **more}))
    ran: Ran = kittiwake("profile", calls, "--input-shape", "segment", "--input-account", "acme", "--json")
    assert (ran.code, list(ran.data["events"]), ran.data["account"]) == (0, ["order.completed"], "acme")


def test_what_a_terminal_would_obey_is_printed_as_an_escape(tmp_path: Path) -> None:
    hostile = event("order.completed", "2025-03-03T12:00:00Z", note="\x1b[2J\u202e")
    ran = kittiwake("profile", write(tmp_path / "events.jsonl", hostile), "--values", "shown")
    assert '"\\x1b[2J\\u202e"' in ran.out.replace("\\e", "\\x1b")
    assert "\x1b" not in ran.out


def test_a_page_is_written_beside_the_plan(tmp_path: Path, events: Path) -> None:
    output, page = tmp_path / "events.yaml", tmp_path / "events.html"
    ran = kittiwake("profile", events, "--output", output, "--html", page)
    assert (ran.code, ran.out) == (0, f"written to {output}\nwritten to {page}\n")
    assert page.read_text().startswith("<!doctype html>\n<html")
    assert kittiwake("profile", events, "--html", page).code == 2
    printed = kittiwake("profile", events, "--html", page, "--force")
    assert printed.out == output.read_text()
    assert printed.err.endswith(f"written to {page}\n")


def test_rules_fit_the_profile_of_their_events_also_where_the_shape_derives_them(tmp_path: Path) -> None:
    products = [{"product_id": "p1", "price": "3"}]
    record = {"type": "track", "event": "Order Completed", "messageId": "m1", "userId": "u1"}
    record |= {"timestamp": "2026-10-01T10:00:00Z", "properties": {"order_id": "o1", "products": products}}
    events = write(tmp_path / "calls.jsonl", json.dumps(record))
    rules = "account: acme\nrules:\n  - id: a\n    when: order.item_purchased\n    per: [product_id, order_id]\n"
    write(tmp_path / "rules" / "a.yaml", rules)
    shape = ("--input-shape", "segment", "--input-account", "acme")
    assert kittiwake("profile", events, *shape, "--output", tmp_path / "rules" / "events.yaml").code == 0
    ran = kittiwake("validate", tmp_path / "rules")
    assert (ran.code, ran.err) == (0, "")
    write(tmp_path / "rules" / "a.yaml", rules.replace("order_id", "ordr_id").replace("item_purchased", "item_bought"))
    assert kittiwake("validate", tmp_path / "rules").code == 1


def test_whoever_waits_reads_how_long_it_will_take_yet(capsys: pytest.CaptureFixture[str]) -> None:
    clock = iter([0.0, 20.0])
    with progress(quiet=False, speaker="profile", clock=lambda: next(clock), reads_only=True) as show:
        show(Progress(25_000_000, 100_000_000, 1_000_000, 0, 0))
    line = "profile: 20 s: reading 25 % of 100.0 MB, 1.2 MB/s, 50,000 records/s, 60 s left\n"
    assert capsys.readouterr().err == line


def test_of_much_to_check_the_first_is_printed_and_all_is_data(tmp_path: Path) -> None:
    total = {f"total{number}": "1.5" for number in range(40)}
    events = write(tmp_path / "events.jsonl", event("order.completed", "2025-03-03T12:00:00Z", **total))
    printed = [line for line in kittiwake("profile", events).err.splitlines() if line.startswith("check: ")]
    assert (len(printed), printed[-1]) == (31, "check: and 10 more, which --html and --json list")
    assert len(kittiwake("profile", events, "--json").data["findings"]) == 40


@pytest.mark.parametrize(("values", "mode"), [("safe", 0o644), ("none", 0o644), ("shown", 0o600), ("hashed", 0o600)])
def test_a_plan_that_shows_what_people_sent_is_for_its_owner_alone(tmp_path: Path, values: str, mode: int) -> None:
    events = write(tmp_path / "events.jsonl", event("form.sent", "2026-11-02T09:00:00Z", email="ada@example.com"))
    plan, before = tmp_path / "events.yaml", os.umask(0o022)
    try:
        assert kittiwake("profile", events, "--values", values, "--output", plan).code == 0
    finally:
        os.umask(before)
    assert stat.S_IMODE(plan.stat().st_mode) == mode
