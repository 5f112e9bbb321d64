"""What a simulation says is what the rows of a replay say, and what it adds is counted as plain Python counts it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from examples.shop.generate import lines
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.kernel.evaluate.variants import draw
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.simulate import goals
from kittiwake.simulate.deciding import Hosted
from kittiwake.simulate.intervals import Part, difference, scaled_up
from kittiwake.simulate.model import Arm, Estimate, Goal, Question, RuleFigures, Simulation, Taken
from kittiwake.simulate.sampling import Sample
from kittiwake.simulate.simulation import simulate
from kittiwake.time.instants import DAY_US, HOUR_US, parse_instant
from kittiwake.time.zones import local_date
from tests.cli.command import event
from tests.input.inputs import rows

SETTINGS = RunSettings(parse_instant("2025-07-01T00:00:00Z"))
BOUGHT = frozenset({"order.completed"})


class Shop:
    """Rows of a replay of a small shop, and the rules that made them."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.file = folder / "events.jsonl"
        self.file.write_bytes(b"\n".join(lines(14, 1, 150)))
        self.programs = Programs(load(root / "examples/shop/rules"))
        self.summary = replay(self.programs, [str(self.file)], folder / "out", SETTINGS)
        self.rows = rows(folder / "out" / "decisions")

    def simulate(self, **question: Any) -> Simulation:
        return simulate(self.programs, [str(self.file)], Hosted(SETTINGS), Question(**question))


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, root: Path) -> Shop:
    return Shop(tmp_path_factory.mktemp("shop"), root)


def _day(row: dict[str, Any], programs: Programs) -> date:
    return local_date(programs.of(row["account_id"]).newest.timezone, parse_instant(row["fired_at"]))


def _verdict(row: dict[str, Any]) -> tuple[str, ...]:
    return row["account_id"], row["rule_id"], row["decision"], row["reason"] or ""


def _verdicts(found: Simulation) -> Iterator[tuple[tuple[str, ...], int, int]]:
    for one in found.rules:
        if one.fired.number:
            yield (one.account_id, one.rule_id, "fired", ""), one.fired.number, one.fired.contacts
        for loss in one.losses:
            key = one.account_id, one.rule_id, loss.decision, loss.reason
            yield key, loss.figure.number, loss.figure.contacts


@pytest.mark.parametrize("percent", [None, Decimal(50)])
def test_its_figures_are_those_of_the_rows_of_a_replay(shop: Shop, percent: Decimal | None) -> None:
    found, sample = shop.simulate(sample_percent=percent, goal=Goal(BOUGHT, DAY_US)), Sample(percent)
    rows_of = [row for row in shop.rows if sample.has(row["account_id"], row["contact_id"])]
    fired = [row for row in rows_of if row["decision"] == "fired"]
    assert len(fired) > 30
    assert (len(rows_of) < len(shop.rows)) is (percent is not None)
    numbers, contacts = Counter(map(_verdict, rows_of)), {(*_verdict(row), row["contact_id"]) for row in rows_of}
    of_contacts = Counter(one[:-1] for one in contacts)
    assert {key: (a, b) for key, a, b in _verdicts(found)} == {
        key: (number, of_contacts[key]) for key, number in numbers.items()
    }
    days = Counter((row["account_id"], row["rule_id"], _day(row, shop.programs)) for row in fired)
    assert {(r.account_id, r.rule_id, d.day): d.figure.number for r in found.rules for d in r.days} == days
    weeks = Counter((row["account_id"], row["contact_id"], _day(row, shop.programs).isocalendar()[:2]) for row in fired)
    assert {load.triggers: load.contact_weeks for load in found.loads} == Counter(weeks.values())
    if percent is None:
        assert found.summary == shop.summary


def test_every_rule_is_listed_though_it_did_nothing(shop: Shop) -> None:
    listed = {(one.account_id, one.rule_id): one.candidates for one in shop.simulate().rules}
    assert {(one.account_id, one.rule_id) for one in shop.programs.needs()} <= set(listed)
    assert 0 in listed.values()


def test_whoever_took_a_turn_fired_for_the_contact_before_the_candidate_was_refused(shop: Shop) -> None:
    taken, capped = shop.simulate().taken, [row for row in shop.rows if row["reason"] == "frequency_cap"]
    assert capped
    for one in taken:
        losing = [r for r in capped if (r["account_id"], r["rule_id"]) == (one.account_id, one.rule_id)]
        winning = {(r["account_id"], r["contact_id"]) for r in shop.rows
                   if r["rule_id"] == one.by and (r["decision"] == "fired" or r["reason"] == "holdout")}  # fmt: skip
        assert one.number <= sum((r["account_id"], r["contact_id"]) in winning for r in losing)
    lost = Counter((row["account_id"], row["rule_id"]) for row in capped)
    least = {key: max(one.number for one in taken if (one.account_id, one.rule_id) == key) for key in lost}
    assert all(sum(one.number for one in taken if (one.account_id, one.rule_id) == key) >= lost[key] for key in least)


# ---------------------------------------------------------------- written by hand

RULES = """\
account: acme
timezone: America/Toronto
policy: {POLICY}
rules:
  - {id: cart, priority: 90, when: cart.item_added, wait: 1h, unless: order.completed}
  - {id: look, when: product.viewed}
"""


def _run(folder: Path, policy: str, events: list[str], goal: Goal | None = None, more: str = "") -> Simulation:
    (folder / "rules.yaml").write_text(RULES.replace("{POLICY}", policy) + more)
    (folder / "events.jsonl").write_text("\n".join(events) + "\n")
    programs = Programs(load(folder / "rules.yaml"))
    return simulate(programs, [str(folder / "events.jsonl")], Hosted(SETTINGS), Question(goal))


def _rule(found: Simulation, rule_id: str) -> RuleFigures:
    return next(one for one in found.rules if one.rule_id == rule_id)


def test_a_cap_of_a_day_is_the_contacts_day(tmp_path: Path) -> None:
    events = [
        event("contact.updated", "2025-03-01T00:00:00Z", timezone="Asia/Tokyo"),
        event("cart.item_added", "2025-03-01T13:00:00Z"),
        event("product.viewed", "2025-03-01T14:30:00Z"),  # the evening of 1 March there
        event("product.viewed", "2025-03-01T15:30:00Z"),  # and 2 March
        event("product.viewed", "2025-03-01T16:30:00Z"),
        event("page.viewed", "2025-03-09T00:00:00Z"),
    ]
    found = _run(tmp_path, "{frequency: [{max: 1, per: day}]}", events)
    assert found.taken == (
        Taken("acme", "look", "frequency_cap", "cart", 1),
        Taken("acme", "look", "frequency_cap", "look", 1),
    )


SALT_HOLDS = [n for n in range(400) if draw("s", "acme", f"c{n}") < 2**63][:4]
SALT_SENDS = [n for n in range(400) if draw("s", "acme", f"c{n}") >= 2**63][:6]


def test_both_arms_are_watched_from_the_instants_at_which_they_fired_or_would_have(tmp_path: Path) -> None:
    events = [event("page.viewed", "2025-03-12T10:00:00Z", "c-last")]
    for number in (*SALT_HOLDS, *SALT_SENDS):
        events.append(event("cart.item_added", "2025-03-01T10:00:00Z", f"c{number}"))
    due_buys = [*SALT_HOLDS[:1], *SALT_SENDS[:3]]
    events += [event("order.completed", "2025-03-03T10:59:59Z", f"c{number}") for number in due_buys]
    events.append(event("order.completed", "2025-03-03T11:00:00Z", f"c{SALT_SENDS[4]}"))  # too late by a moment
    events.append(event("order.completed", "2025-03-01T10:30:00Z", f"c{SALT_SENDS[5]}"))  # before it was due
    events.append(event("cart.item_added", "2025-03-11T10:00:00Z", f"c{SALT_SENDS[5]}"))  # its first, not watched
    found = _run(tmp_path, "{holdout: {percent: 50, salt: s}}", events, Goal(BOUGHT, 2 * DAY_US))
    goal = _rule(found, "cart").goal
    assert goal is not None
    assert goal.did_anyway == 1
    assert goal.arms == (Arm("fired", 6, 0, 5, 3), Arm("holdout", 4, 0, 4, 1))
    (uplift,) = goal.uplifts
    assert (uplift.arm, uplift.against) == ("fired", "holdout")
    assert (uplift.difference, uplift.low, uplift.high) == difference(Part(3, 5), Part(1, 4))


def test_those_outside_of_a_rollout_are_the_arm_that_the_others_are_compared_with(tmp_path: Path) -> None:
    rolled = "  - {id: new, when: cart.item_added, rollout: {percent: 50, salt: s}}\n"
    contacts = [f"c{number}" for number in (*SALT_HOLDS, *SALT_SENDS)]
    events = [event("cart.item_added", "2025-03-01T10:00:00Z", one) for one in contacts]
    events += [event("order.completed", "2025-03-01T11:00:00Z", one) for one in contacts[:3]]
    events.append(event("page.viewed", "2025-03-12T10:00:00Z", "c-last"))
    goal = _rule(_run(tmp_path, "{}", events, Goal(BOUGHT, 2 * DAY_US), rolled), "new").goal
    assert goal is not None
    assert goal.arms == (Arm("fired", 4, 0, 4, 3), Arm("rollout", 6, 0, 6, 0))
    (uplift,) = goal.uplifts
    assert (uplift.arm, uplift.against) == ("fired", "rollout")


def test_a_goal_that_did_not_end_the_episode_came_before_it_was_due(tmp_path: Path) -> None:
    events = [
        event("cart.item_added", "2025-03-01T10:00:00Z"),
        event("form.sent", "2025-03-01T10:10:00Z"),
        event("page.viewed", "2025-03-12T10:00:00Z"),
    ]
    goal = _rule(_run(tmp_path, "{}", events, Goal(frozenset({"form.sent"}), HOUR_US)), "cart").goal
    assert goal is not None
    assert (goal.arms, goal.did_anyway, goal.uplifts) == ((Arm("fired", 1, 1, 1, 0),), 0, ())


def test_a_duplicate_or_a_repeat_of_the_goal_is_no_goal_more(tmp_path: Path) -> None:
    order = event("order.completed", "2025-03-01T09:00:00Z", order_id="o-1")
    again = event("order.completed", "2025-03-01T12:00:00Z", order_id="o-1")
    events = [order, order, event("cart.item_added", "2025-03-01T10:00:00Z"), again]
    events.append(event("page.viewed", "2025-03-12T10:00:00Z"))
    goal = Goal(BOUGHT, DAY_US)
    repeats = "repeats: [{event: order.completed, same: order_id, within: 30d}]\n"
    without, with_repeats = (_run(tmp_path, "{}", events, goal, more) for more in ("", repeats))
    assert [(one.goal_events, _rule(one, "cart").goal.arms[0].did_after) for one in (without, with_repeats)] == [
        (2, 1), (1, 0),
    ]  # type: ignore[union-attr]  # fmt: skip


def test_variants_are_compared_with_the_first_where_nobody_is_held_out(tmp_path: Path) -> None:
    rule = "  - {id: tried, when: cart.item_added, variants: {a: 50, b: 50}}\n"
    events = [event("cart.item_added", "2025-03-01T10:00:00Z", f"c{number}") for number in range(20)]
    events += [event("order.completed", "2025-03-01T11:00:00Z", f"c{number}") for number in range(0, 20, 3)]
    events.append(event("page.viewed", "2025-03-12T10:00:00Z"))
    goal = _rule(_run(tmp_path, "{}", events, Goal(BOUGHT, DAY_US), rule), "tried").goal
    assert goal is not None
    assert sum(arm.contacts for arm in goal.arms) == 20
    assert sum(arm.did_after for arm in goal.arms) == 7
    assert [(one.arm, one.against) for one in goal.uplifts] == [("b", "a")]


def test_contacts_with_too_many_events_are_counted_as_others_are(
    tmp_path: Path, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All on disk, and each as a stream."""
    for module in ("histories", "sides"):
        monkeypatch.setattr(f"kittiwake.simulate.{module}.HELD_BYTES", 8_000)
    found = shop.simulate(goal=Goal(BOUGHT, DAY_US))
    monkeypatch.undo()
    monkeypatch.setattr(goals, "ROWS_AT_ONCE", 0)
    at_once = shop.simulate(goal=Goal(BOUGHT, DAY_US))
    assert [(one.fired, one.losses, one.days, one.pending) for one in found.rules] == [
        (one.fired, one.losses, one.days, one.pending) for one in at_once.rules
    ]
    assert (found.taken, found.loads, found.goal_events) == (at_once.taken, at_once.loads, at_once.goal_events)


def test_an_estimate_holds_the_number_of_all_about_19_times_of_20() -> None:
    """Contacts with 1, 2 or 9 each, of 200 samples of a tenth."""
    draws, has = random.Random(1), [(1, 2, 9)[number % 3] for number in range(600)]
    held = 0
    for _ in range(200):
        drawn = [number for number in has if draws.random() < 0.1]
        found = scaled_up(sum(drawn), sum(number * number for number in drawn), 0.1)
        held += found.low <= sum(has) <= found.high
    assert 180 <= held <= 199
    assert scaled_up(7, 49, 1.0) == Estimate(7, 7, 7)
