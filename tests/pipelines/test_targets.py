"""The job and replay run from a target: what each version decides, frozen targets, and targets that cannot be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kittiwake.rules.publishing.freezing import freeze
from kittiwake.rules.publishing.local import LocalTarget
from kittiwake.rules.publishing.publish import publish
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.instants import HOUR_US, parse_instant
from tests.cli.command import kittiwake
from tests.input.inputs import as_sets, record, write_lines
from tests.pipelines.running import Job

SECOND_US = parse_instant("2026-11-01T12:00:00Z")
CART = b"account: acme\nrules: [{id: cart, when: cart.item_added, wait: 1h}]\n"
ORDER = b"account: acme\nrules: [{id: order, when: order.completed}]\n"


@pytest.fixture
def target(job: Job, tmp_path: Path) -> Path:
    """Carts always, orders instead from noon on."""
    found = tmp_path / "target"
    publish(LocalTarget(found), {"a.yaml": CART}, None, 0)
    publish(LocalTarget(found), {"a.yaml": ORDER}, SECOND_US, SECOND_US - HOUR_US)
    job.rules = found
    return found


@pytest.fixture
def events(tmp_path: Path) -> Path:
    """A cart and an order in each hour from 10:00 to 14:00."""
    lines = []
    for hour in range(10, 15):
        for name in ("cart.item_added", "order.completed"):
            time = f"2026-11-01T{hour}:00:00Z"
            lines.append(record(event_id=f"{name}-{hour}", type=name, time=time, contact_id=f"c{hour}"))
    return write_lines(tmp_path / "events.jsonl", lines)


def by_replay(target: Path | str, events: Path, tmp_path: Path) -> dict[str, Any]:
    """The summary of `kittiwake replay`."""
    output = tmp_path / "replay"
    ran = kittiwake("replay", "--rules", target, "--input", events, "--output", output, "--json")
    return dict(json.loads(ran.out))


def fired(output: Path) -> set[tuple[str, str, str | None]]:
    rows = [json.loads(line) for path in (output / "decisions").iterdir() for line in path.read_bytes().splitlines()]
    return {(row["rule_id"], row["contact_id"], row["reason"]) for row in rows}


def test_each_event_is_decided_by_the_version_in_force_at_its_time(
    job: Job, target: Path, events: Path, tmp_path: Path
) -> None:
    ran = job(events)
    summary = by_replay(target, events, tmp_path)
    orders = {("order", f"c{hour}", None) for hour in (12, 13, 14)}
    assert fired(ran.output) == {("cart", "c10", None), ("cart", "c11", "rule_removed"), *orders}
    assert as_sets(tmp_path / "replay", without=["mode"]) == as_sets(ran.output, without=["mode"])
    assert (ran.code, summary["unneeded"], ran.summary.counts.unneeded) == (Exit.FINE, 3, 3)


def test_the_summary_names_the_versions_and_the_report_the_newest(
    job: Job, target: Path, events: Path, tmp_path: Path
) -> None:
    ran = job(events)
    summary = by_replay(target, events, tmp_path)
    starts = [version["effective_from"] for version in summary["versions"]]
    assert starts == ["always", "2026-11-01T12:00:00Z"]
    assert summary["versions"][-1]["ruleset_version"] == summary["ruleset_version"]
    assert summary["frozen_at"] is None
    assert f"rule set {summary['ruleset_version']}, the newest of 2 versions, until" in ran.out
    assert json.loads((ran.output / "summary.json").read_bytes())["versions"] == summary["versions"]


def test_nothing_is_settled_beyond_the_freeze_and_everybody_is_told(
    job: Job, target: Path, events: Path, tmp_path: Path
) -> None:
    freeze(LocalTarget(target), parse_instant("2026-11-01T11:00:00Z"))
    ran = job(events)
    summary = by_replay(target, events, tmp_path)
    assert fired(ran.output) == {("cart", "c10", None)}
    assert as_sets(tmp_path / "replay", without=["mode"]) == as_sets(ran.output, without=["mode"])
    assert summary["frozen_at"] == summary["until"] == "2026-11-01T11:00:00Z"
    assert (ran.summary.until_us, ran.summary.counts.unsettled) == (parse_instant(summary["until"]), 5)
    assert "frozen at 2026-11-01T11:00:00Z: nothing is decided beyond it\n" in ran.out


def test_a_freeze_that_is_still_to_come_moves_nothing(job: Job, target: Path, events: Path) -> None:
    freeze(LocalTarget(target), parse_instant("2026-11-02T11:00:00Z"))
    ran = job(events)
    assert ran.summary.until_us == parse_instant("2026-11-01T14:00:00.000001Z")


@pytest.mark.parametrize("broken", ["pointer", "version", "scheme"])
def test_a_target_that_cannot_be_read_ends_both_with_2_and_a_sentence(
    broken: str, job: Job, target: Path, events: Path, tmp_path: Path
) -> None:
    rules: Path | str = target
    if broken == "scheme":
        rules = job.rules = "xy://bucket/prefix"  # type: ignore[assignment]
    elif broken == "pointer":
        (target / "pointer.json").write_text("{}")
    else:
        next((target / "versions").iterdir()).write_text("{}")
    ran = job(events)
    command = kittiwake("replay", "--rules", str(rules), "--input", str(events), "--output", str(tmp_path / "replay"))
    assert (ran.code, command.code) == (Exit.UNUSABLE, 2)
    (said,) = [line for line in ran.err.splitlines() if line.startswith("backfill: error: ")]
    assert said.removeprefix("backfill: error: ") == command.err.strip()
    assert {"scheme": "xy://bucket/prefix is no target", "pointer": "cannot be read", "version": "was published"}[
        broken
    ] in said
    assert not ran.output.exists()


def test_a_target_stands_alone(target: Path, events: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.yaml"
    other.write_bytes(CART)
    arguments = ["--rules", str(target), "--rules", str(other), "--input", str(events), "--output", str(tmp_path / "o")]
    ran = kittiwake("replay", *arguments)
    assert (ran.code, "stand alone" in ran.err) == (2, True)
