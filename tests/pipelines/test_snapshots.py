"""A backfill up to a time, its snapshots, and a stream that goes on from them, decide as a backfill over everything."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from examples.shop.generate import lines as shop_lines
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.cli.main import app
from kittiwake.input.events import parse_event
from kittiwake.kernel.evaluate.decisions import unfinished
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.state import State, new_state
from kittiwake.model import Event
from kittiwake.output.rows import Mode, decision_row, line
from kittiwake.output.snapshots import state_of
from kittiwake.pipelines.preflight.findings import Findings, Verdict
from kittiwake.pipelines.preflight.snapshots import check_snapshots
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.stream.rules_source.source import rules_source
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.instants import DAY_US, HOUR_US, format_instant
from tests.batch.items import RULES as ITEM_RULES
from tests.input.inputs import START_US, as_sets, record, rows, write_lines, write_rules
from tests.pipelines.running import ROOT, Job

RULES = ROOT / "examples" / "shop" / "rules"


def test_a_stream_goes_on_from_the_snapshots_of_a_backfill(job: Job, tmp_path: Path) -> None:
    lines = [line for line in shop_lines(contacts=60, seed=3, days=12) if b'"item_id"' not in line]
    inputs = write_lines(tmp_path / "shop.jsonl", lines)
    job.rules = RULES
    whole = job(inputs, output="whole")
    assert whole.code == Exit.FINE, whole.err
    until_us = whole.summary.until_us
    at_us = until_us - 3 * DAY_US
    first = job(inputs, "--until", format_instant(at_us), "--snapshots", output="first")
    assert first.code == Exit.FINE, first.err
    programs = Programs(load(RULES))
    emitted = [row for row in rows(first.output / "decisions") if row["decision"] != "deferred"]
    emitted += list(continued(programs, states(first.output), lines, at_us, until_us))
    found, wanted = shown(emitted), shown(rows(whole.output / "decisions"))
    assert set(found) - set(wanted) == set()
    assert found == wanted
    assert len(rows(first.output / "snapshots")) > 50


def test_replay_and_the_job_write_the_same_snapshots(job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In files that end at a size."""
    monkeypatch.setattr("kittiwake.pipelines.graphs.backfill.SNAPSHOT_FILE_BYTES", 20_000)
    inputs = write_lines(tmp_path / "shop.jsonl", shop_lines(contacts=30, seed=5, days=8))
    job.rules = RULES
    by_job = job(inputs, "--snapshots", output="job")
    sizes = [path.stat().st_size for path in (by_job.output / "snapshots").glob("part-*")]
    assert len(sizes) > 2
    assert max(sizes) < 40_000
    argv = [
        "replay",
        "--allow-empty",
        "--rules",
        str(RULES),
        "--input",
        str(inputs),
        "--output",
        str(tmp_path / "replay"),
        "--snapshots",
    ]
    assert CliRunner().invoke(app, argv).exit_code == 0
    of_job, of_replay = (rows(location / "snapshots") for location in (by_job.output, tmp_path / "replay"))
    assert sorted(map(str, of_job)) == sorted(map(str, of_replay))
    assert as_sets(by_job.output, without=["mode"]) == as_sets(tmp_path / "replay", without=["mode"])


def test_a_run_without_snapshots_takes_those_of_the_run_before_away(job: Job, tmp_path: Path) -> None:
    inputs = write_lines(tmp_path / "shop.jsonl", shop_lines(contacts=3, seed=5, days=2))
    job.rules = RULES
    assert (job(inputs, "--snapshots").output / "snapshots").exists()
    assert not (job(inputs).output / "snapshots").exists()


def states(output: Path) -> dict[tuple[str, str], State]:
    found = {}
    for row in rows(output / "snapshots"):
        if "contact_id" not in row:
            continue  # of items, of whose events there are none here
        state = state_of(row)
        assert isinstance(state, State), state
        found[row["account_id"], row["contact_id"]] = state
    return found


def continued(
    programs: Programs, known: dict[tuple[str, str], State], lines: list[bytes], at_us: int, until_us: int
) -> list[dict[str, Any]]:
    """What a stream tells that starts from the snapshots and is given every event from that time on."""
    events: dict[tuple[str, str], list[Event]] = {subject: [] for subject in known}
    for raw in lines:
        event = parse_event(raw, "", 2**62)
        if isinstance(event, Event) and event.contact_id is not None and event.time_us >= at_us:
            events.setdefault((event.account_id, event.contact_id), []).append(event)
    emitted = []
    for (account_id, contact_id), given in events.items():
        versions, state = programs.of(account_id), known.get((account_id, contact_id), new_state(contact_id))
        for upto_us in (at_us + 2 * HOUR_US, until_us):
            advanced = advance(versions, state, [e for e in given if e.time_us < upto_us], upto_us)
            state = advanced.state
            emitted += [decision_row(row, Mode.STREAM) for row in advanced.decisions]
        emitted += [decision_row(row, Mode.STREAM) for row in unfinished(versions, state)]
    return [json.loads(line(row)) for row in emitted]


def shown(found: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps({**row, "mode": ""}, sort_keys=True) for row in found)


def test_a_run_goes_on_from_the_snapshots_of_the_day_before_or_says_why_not(job: Job, tmp_path: Path) -> None:
    """The cart of the first day falls due on the second, in which its contact says nothing."""
    first = write_lines(tmp_path / "1.jsonl", [record()])
    second = write_lines(tmp_path / "2.jsonl", [record(event_id="e2", contact_id="c-2", time="2026-11-01T10:40:00Z")])
    until = ("--until", "2026-11-02T00:00:00Z")
    assert job(first, "--until", "2026-11-01T10:30:00Z", "--snapshots", output="one").code == Exit.FINE
    snapshots = f"{tmp_path}/one/snapshots/*"
    one_by_one = job(second, *until, "--start_from", snapshots, output="two")
    assert one_by_one.code == Exit.FINE, one_by_one.err
    at_once = job([first, second], *until, output="all")
    assert as_sets(one_by_one.output)["decisions"] == as_sets(at_once.output)["decisions"]
    assert len(rows(one_by_one.output / "triggers")) == 2
    too_early = job(second, "--until", "2026-11-01T10:00:00Z", "--start_from", snapshots, output="two")
    assert (too_early.code, "are of 2026-11-01T10:30:00Z already" in too_early.err) == (Exit.UNUSABLE, True)
    (file,) = (tmp_path / "one" / "snapshots").glob("part*")
    file.write_bytes(file.read_bytes() * 2)
    doubled = job(second, *until, "--start_from", snapshots, output="two")
    assert (doubled.code, "has 2 rows, and manifest.json says 1" in doubled.err) == (Exit.UNUSABLE, True)


FEED_RULES = """
  - {id: cart, when: cart.item_added, wait: 1h, unless: order.completed}
policy: {feeds: {order.completed: {every: 6h, mode: hold}}}
"""


def test_what_is_known_of_items_and_of_feeds_goes_on_as_well(job: Job, tmp_path: Path) -> None:
    """An item is seen, and viewed, on the first day, and becomes cheaper on the second.

    Orders stop on the first day, and a cart of it, and one of the second, are held as in one run over both.
    """
    job.rules = write_rules(tmp_path / "items.yaml", ITEM_RULES.format(account="acme") + FEED_RULES)
    cart, order = {"contact_id": "c-1", "type": "cart.item_added"}, {"contact_id": "c-2", "type": "order.completed"}
    item = {"contact_id": ..., "item_id": "p1", "type": "price.changed"}
    viewed = {"contact_id": "c-1", "type": "product.viewed", "properties": {"product_id": "p1"}}
    first = [record(event_id="i1", properties={"price": 10}, **item), record(event_id="v1", **viewed)]
    first += [record(event_id="o", time="2026-11-01T01:00:00Z", **order)]
    first += [record(event_id="c", time="2026-11-01T11:40:00Z", **cart)]
    second = [record(event_id="i2", time="2026-11-01T20:00:00Z", properties={"price": 8}, **item)]
    second += [record(event_id="d", time="2026-11-01T20:10:00Z", **{**cart, "contact_id": "c-3"})]
    days = [write_lines(tmp_path / f"{day}.jsonl", some) for day, some in enumerate((first, second))]
    until = ("--until", "2026-11-02T00:00:00Z")
    plain = job(days[0], "--until", "2026-11-01T12:00:00Z", "--snapshots", output="one")
    assert plain.code == Exit.FINE, plain.err
    one_by_one = job(days[1], *until, "--start_from", f"{tmp_path}/one/snapshots/*", output="two")
    assert one_by_one.code == Exit.FINE, one_by_one.err
    at_once = job(days, *until, output="all")
    assert as_sets(one_by_one.output)["decisions"] == as_sets(at_once.output)["decisions"]
    assert [row["rule_id"] for row in rows(one_by_one.output / "triggers")] == ["price-drop"]
    assert [row["decision"] for row in rows(one_by_one.output / "decisions") if row["rule_id"] == "cart"] == [
        "deferred",
        "deferred",
    ]
    said = [json.loads((one.output / "summary.json").read_text()) for one in (one_by_one, at_once)]
    assert said[0]["feeds"] == said[1]["feeds"]
    assert "nothing of items" not in one_by_one.err
    of_contacts = job(days[1], *until, "--start_from", f"{tmp_path}/one/snapshots/part*", output="two")
    assert (of_contacts.code, "feeds-00000" in of_contacts.err) == (Exit.UNUSABLE, True)


def test_an_event_of_a_feed_that_comes_with_the_next_day_corrects_what_waited_for_it(job: Job, tmp_path: Path) -> None:
    """A cart is due at 10:00, and the next day brings an order of 05:00, of another contact."""
    job.rules = write_rules(tmp_path / "items.yaml", ITEM_RULES.format(account="acme") + FEED_RULES)
    cart, order = {"contact_id": "c-1", "type": "cart.item_added"}, {"contact_id": "c-2", "type": "order.completed"}
    first = [record(event_id="o", time="2026-11-01T01:00:00Z", **order)]
    first += [record(event_id="c", time="2026-11-01T09:00:00Z", **cart)]
    late = [record(event_id="p", time="2026-11-01T05:00:00Z", **order)]
    days = [write_lines(tmp_path / f"{day}.jsonl", some) for day, some in enumerate((first, late))]
    lateness = ("--allowed_lateness", "1d")
    assert job(days[0], *lateness, "--until", "2026-11-01T12:00:00Z", "--snapshots", output="one").code == Exit.FINE
    until = (*lateness, "--until", "2026-11-01T13:00:00Z")
    one_by_one = job(days[1], *until, "--start_from", f"{tmp_path}/one/snapshots/*", output="two")
    assert one_by_one.code == Exit.FINE, one_by_one.err
    held = rows(tmp_path / "one" / "decisions")
    assert [(row["decision"], row["reason"]) for row in held] == [("deferred", "feed_silent")]
    (sent,) = rows(one_by_one.output / "triggers")
    assert (sent["contact_id"], sent["fired_at"]) == ("c-1", "2026-11-01T10:00:00Z")


def test_a_launch_of_a_stream_says_what_the_snapshots_lack(tmp_path: Path) -> None:
    events = write_lines(tmp_path / "1.jsonl", [record(), record(event_id="o", type="order.completed")])
    carts = write_rules(tmp_path / "carts.yaml")
    more = write_rules(tmp_path / "more.yaml", ITEM_RULES.format(account="acme") + FEED_RULES)
    for rules in (carts, more):
        replay(Programs(load(rules)), [str(events)], tmp_path / rules.stem, RunSettings(START_US, snapshots=True))
    said = []
    for written, asking in ((carts, carts), (carts, more), (more, more)):
        findings = Findings(is_dataflow=False)
        assert check_snapshots(
            [f"{tmp_path / written.stem}/snapshots/*"],
            None,
            rules_source(asking, allowed_lateness_us=HOUR_US),
            findings,
        )
        assert not findings.problems
        said.append([one.text for one in findings.found if one.verdict is Verdict.UNKNOWN])
    of_items, of_feeds = said[1]
    assert of_items.startswith("--snapshots: there is nothing of items in the snapshots")
    assert of_feeds.startswith("--snapshots: there is nothing of feeds and breakers in the snapshots: order.completed ")
    assert (said[0], len(said[2])) == ([], 1), "there is no event of an item"
