"""What a contact in the holdout leaves is what it would have been sent: row by row, in every field but the decision."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from kittiwake.kernel.batch import decide_history
from kittiwake.kernel.plan.versions import Versions
from kittiwake.model import Decision
from kittiwake.reasons import Kind, Outcome, Reason
from tests.kernel.execution_modes import CONTACT
from tests.laws.arrivals import late_schedule, streamed
from tests.laws.programs import dice_of
from tests.oracle.worlds_versions import VersionedWorld, versioned_world
from tests.properties.versions import compiled, events_of

CHUNK = 50
SEEDS = range(0, 200, CHUNK)

Document = dict[str, Any]


def with_holdout(world: VersionedWorld, percent_of: Callable[[], int | None], *, flags: bool) -> VersionedWorld:
    """The world, in each of whose versions so many percent are held out; without `flags` no rule is out of it."""
    versions = []
    for effective_us, document in world.versions:
        changed = copy.deepcopy(document)
        policy = changed.setdefault("policy", {})
        policy.pop("holdout", None)
        percent = percent_of()
        if percent is not None:
            policy["holdout"] = {"percent": percent, "salt": "s"}
        if not flags:
            for rule in changed["rules"]:
                rule.pop("holdout", None)
        versions.append((effective_us, changed))
    return VersionedWorld(versions, world.events, world.until_us, world.allowed_lateness_us, world.limits)


def would_fire(row: Decision) -> bool:
    return row.decision is Outcome.FIRED or row.reason in (Reason.HOLDOUT, Reason.SHADOW)


def held_out(row: Decision) -> Decision:
    """The row as it stands of a contact that is held out, and of a rule that is not out of it."""
    row = replace(row, ruleset_version="")
    if not would_fire(row):
        return row
    return replace(row, decision=Outcome.SUPPRESSED, reason=Reason.HOLDOUT, fired_at_us=None)


def batch(rules: Versions, world: VersionedWorld) -> list[Decision]:
    return decide_history(rules, CONTACT, events_of(world), world.until_us).decisions


@pytest.mark.parametrize("first", SEEDS)
def test_of_who_is_held_out_every_row_is_that_of_anybody_but_suppressed(first: int) -> None:
    kept_back = 0
    for seed in range(first, first + CHUNK):
        world = versioned_world(seed)
        sent = batch(compiled(with_holdout(world, lambda: None, flags=False), stream=False), world)
        held = batch(compiled(with_holdout(world, lambda: 100, flags=False), stream=False), world)
        assert [replace(row, ruleset_version="") for row in held] == list(map(held_out, sent)), f"seed {seed}"
        kept_back += sum(row.reason is Reason.HOLDOUT for row in held)
    assert kept_back, "nobody was held out of anything"


@pytest.mark.parametrize("first", SEEDS)
def test_the_holdout_changes_nothing_but_what_is_sent_whatever_becomes_of_it(first: int) -> None:
    """Also where versions change who is held out, and rules are taken out of it and come back."""
    mixed = 0
    for seed in range(first, first + CHUNK):
        world, dice = versioned_world(seed), dice_of("mixed", seed)
        sent = batch(compiled(with_holdout(world, lambda: None, flags=True), stream=False), world)
        some = with_holdout(world, lambda dice=dice: dice.choice((0, 100, 100, None)), flags=True)
        rules = compiled(some, stream=False)
        found = batch(rules, world)
        assert list(map(held_out, found)) == list(map(held_out, sent)), f"seed {seed}"
        for row in found:
            if would_fire(row) and row.kind is not Kind.EXITED:
                assert (row.reason is Reason.HOLDOUT) is _is_held_out(rules, row), f"seed {seed}"
        mixed += len({row.decision for row in found if would_fire(row)}) > 1
    assert mixed, "nobody was held out of one thing and sent another"


def _is_held_out(rules: Versions, row: Decision) -> bool:
    program = rules.at(row.decided_us)
    rule = next(rule for rule in program.rules if rule.rule_id == row.rule_id and not rule.foreseen)
    return rule.holdout and program.policy.holdout is not None and program.policy.holdout.percent == 100


@pytest.mark.parametrize("first", SEEDS)
def test_late_events_correct_what_would_have_been_sent_like_what_was(first: int) -> None:
    """Revisions, what replaces what, and in which order it is told, are the same."""
    corrected = 0
    for seed in range(first, first + CHUNK):
        world, told = versioned_world(seed), []
        for percent in (None, 100):
            of_percent = with_holdout(world, lambda percent=percent: percent, flags=False)
            calls = late_schedule(dice_of("late", seed), events_of(world), world.until_us, world.allowed_lateness_us)
            told.append(streamed(compiled(of_percent, stream=True), calls).told)
        sent, held = told
        assert [replace(row, ruleset_version="") for row in held] == list(map(held_out, sent)), f"seed {seed}"
        corrected += sum(row.late for row in held if row.reason is Reason.HOLDOUT)
    assert corrected, "nothing was corrected"
