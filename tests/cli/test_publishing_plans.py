"""The plan of `kittiwake publish`: what it does to what is pending, who publishes and why, and that it was seen."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from kittiwake.cli.commands import publish as publish_command
from kittiwake.cli.commands import versions as versions_command
from kittiwake.time.instants import DAY_US, MINUTE_US, parse_instant
from tests.cli.command import Ran, event, kittiwake, write

NOW_US = parse_instant("2026-11-02T09:00:00Z")
BEFORE = """\
account: acme
rules:
  - {id: cart, when: cart.item_added, wait: 2h}
  - {id: gone, when: page.viewed, wait: 3h}
  - {id: other, when: checkout.started, wait: [1h, 4h]}
  - {id: late, when: contact.created, wait: 12h}
  - {id: twice, when: quote.sent, wait: [4h, 5h]}
"""
AFTER = """\
account: acme
policy: {quiet_hours: {from: "19:00", to: "23:00"}, frequency: [{max: 1, per: day}]}
rules:
  - {id: cart, when: cart.item_added, wait: 9h}
  - {id: other, when: checkout.begun, wait: [1h, 4h]}
  - {id: late, when: contact.created, wait: 12h}
  - {id: twice, when: quote.sent, wait: [4h, 5h]}
"""
EVENTS = [
    event("cart.item_added", "2026-11-01T08:00:00Z", "c0"),  # has fired long ago
    event("cart.item_added", "2026-11-02T08:30:00Z", "c1"),
    event("page.viewed", "2026-11-02T08:00:00Z", "c1"),
    event("checkout.started", "2026-11-02T08:45:00Z", "c2"),
    event("contact.created", "2026-11-02T08:00:00Z", "c3"),
    event("quote.sent", "2026-11-02T08:00:00Z", "c4"),
]


class Clock:
    now_us = NOW_US


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    for command in (publish_command, versions_command):
        monkeypatch.setattr(command, "now_us", lambda: found.now_us)
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Rules that were published, and edited since; events, and where plans are written."""
    write(tmp_path / "rules" / "shop.yaml", BEFORE)
    write(tmp_path / "events.jsonl", *EVENTS)
    assert publish(tmp_path, effective_from="always").code == 0
    write(tmp_path / "rules" / "shop.yaml", AFTER)
    return tmp_path


def publish(folder: Path, *options: str | Path, effective_from: str = "+10m") -> Ran:
    return kittiwake("publish", folder / "rules", folder / "target", "--effective-from", effective_from, *options)


def test_the_plan_says_what_becomes_of_each_pending_trigger_and_of_the_history(folder: Path) -> None:
    ran = publish(folder, "--dry-run", "--history", folder / "events.jsonl", "--json")
    assert ran.code == 0, ran.err
    pending = ran.data["pending"]
    rules = {one.pop("rule_id"): {fate: n for fate, n in one.items() if n} for one in pending.pop("rules")}
    assert rules == {
        "cart": {"account_id": "acme", "kept": 1},  # its deadline stays, whatever the new wait is
        "gone": {"account_id": "acme", "cancelled": 1},
        "other": {"account_id": "acme", "cancelled": 2},
        "late": {"account_id": "acme", "moved": 1},
        "twice": {"account_id": "acme", "kept": 1, "refused": 1},
    }
    assert pending == {
        "effective_from": "2026-11-02T09:10:00Z", "history_until": "2026-11-02T08:45:00Z",
        "kept": 2, "moved": 1, "cancelled": 3, "refused": 1, "added": 0,
    }  # fmt: skip
    assert ran.data["difference"]["moved"] == 1  # of c0: nine hours instead of two
    shown = publish(folder, "--dry-run", "--history", folder / "events.jsonl").out
    assert (
        "pending at 2026-11-02T09:10:00Z, by events up to 2026-11-02T08:45:00Z, if nobody does anything more:" in shown
    )
    assert "causes: " in shown


def test_what_a_plan_was_seen_of_is_published_and_nothing_else(folder: Path, clock: Clock) -> None:
    plan, history = folder / "plan.json", folder / "events.jsonl"
    made = publish(folder, "--dry-run", "--plan", plan, "--history", history)
    assert made.code == 0
    assert made.out.endswith(f"the plan is written to {plan}: publish it with --require-plan {plan}\n")
    assert json.loads(plan.read_text())["shown"]["pending"]["cancelled"] == 3

    write(folder / "rules" / "shop.yaml", AFTER.replace("9h", "8h"))
    other = publish(folder, "--require-plan", plan)
    assert (other.code, "and these are" in other.err) == (2, True)
    write(folder / "rules" / "shop.yaml", AFTER)
    clock.now_us = NOW_US + DAY_US + MINUTE_US
    old = publish(folder, "--require-plan", plan)
    assert (old.code, "more than 1d ago" in old.err) == (2, True)

    clock.now_us = NOW_US + MINUTE_US
    assert publish(folder, "--require-plan", plan).code == 0
    write(folder / "rules" / "shop.yaml", BEFORE)
    again = publish(folder, "--require-plan", plan, effective_from="+1h")
    assert (again.code, "somebody has published since" in again.err) == (2, True)
    assert len(kittiwake("versions", folder / "target", "--json").data["versions"]) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--plan", "p"], "add --dry-run"),
        (["--plan", "p", "--dry-run"], "add --history"),
        (["--require-plan", "gone"], "gone cannot be read: No such file"),
        (["--history", "gone"], "cannot read gone: No such file"),
        (["--author", "me"], "kept with a --message"),
        (["--input-shape", "segment"], "name them with --history"),
        (["--dry-run", "--history", "gone", "--plan", "no/plan.json"], "there is no folder no"),
        (["--message", "x" * 2_001], "more than 2,000 characters"),
    ],
)
def test_options_that_say_nothing_are_refused(options: list[str], words: str, folder: Path) -> None:
    ran = publish(folder, *options)
    assert (ran.code, words in ran.err) == (2, True), ran.err
    no_plan = publish(folder, "--require-plan", folder / "events.jsonl")
    assert (no_plan.code, "is no plan of kittiwake publish" in no_plan.err) == (2, True)


def test_a_plan_replaces_a_plan_and_no_other_file(folder: Path) -> None:
    asked = ["--dry-run", "--history", folder / "events.jsonl", "--plan"]
    ran = publish(folder, *asked, folder / "rules" / "shop.yaml")
    assert (ran.code, "is there already, and is no plan" in ran.err) == (2, True), ran.err
    assert (folder / "rules" / "shop.yaml").read_text().strip() == AFTER.strip()
    plan = folder / "plan.json"
    assert [publish(folder, *asked, plan).code for _ in range(2)] == [0, 0]
    made = plan.read_text()
    for shown, code in (("[" * 100_000 + "]" * 100_000, 2), (json.dumps("x" * 1_000_000), 0)):
        plan.write_text(made.replace('"shown": {', f'"shown": {{"more": {shown},', 1))
        ran = publish(folder, "--require-plan", plan)
        assert (ran.code, "is no plan of kittiwake publish" in ran.err) == (code, code == 2), ran.err


def test_what_has_come_too_near_while_the_history_was_decided_is_not_published(
    folder: Path, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    effect_of = publish_command.effect_of

    def slowly(*arguments: Any, **named: Any) -> Any:
        clock.now_us += 9 * MINUTE_US
        return effect_of(*arguments, **named)

    monkeypatch.setattr(publish_command, "effect_of", slowly)
    ran = publish(folder, "--history", folder / "events.jsonl")
    assert (ran.code, "is nearer than 90s from now, 2026-11-02T09:09:00Z" in ran.err) == (2, True), ran.err
    assert len(kittiwake("versions", folder / "target", "--json").data["versions"]) == 1


def test_the_first_version_meets_nothing_that_is_pending(tmp_path: Path) -> None:
    write(tmp_path / "rules" / "shop.yaml", BEFORE)
    history = write(tmp_path / "events.jsonl", *EVENTS)
    ran = publish(tmp_path, "--dry-run", "--history", history, "--plan", tmp_path / "plan", effective_from="always")
    assert (ran.code, "nothing is pending" in ran.out) == (0, True)
    assert publish(tmp_path, "--require-plan", tmp_path / "plan", effective_from="always").code == 0


def test_who_publishes_and_why_is_kept_with_the_version(folder: Path) -> None:
    def git(*words: str) -> str:
        command = ["git", "-C", folder / "rules", *words]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    git("init", "-q")
    git("config", "user.name", "Ada")
    git("config", "user.email", "ada@shop.example")
    git("add", ".")
    git("commit", "-qm", "Quiet evenings")
    assert publish(folder, "--message", "Quiet \x1b[2J evenings").code == 0
    write(folder / "rules" / "shop.yaml", BEFORE)
    assert publish(folder, "--message", "Back", "--author", "Bob", effective_from="+1h").code == 0
    first, second, third = kittiwake("versions", folder / "target", "--json").data["versions"]
    assert "message" not in first
    assert (second["author"], second["commit"]) == ("Ada <ada@shop.example>", git("rev-parse", "HEAD"))
    assert (third["message"], third["author"], third["commit"]) == ("Back", "Bob", f"{git('rev-parse', 'HEAD')}+edited")
    shown = kittiwake("versions", folder / "target").out
    assert "Quiet \\x1b[2J evenings" in shown
