"""Outside of its rollout a rule is in shadow for the contact; for who is in it, it is as if none were written."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kittiwake.kernel.batch import decide_history
from kittiwake.kernel.evaluate.rollout import is_outside
from kittiwake.kernel.plan.rollout import Rollout
from kittiwake.kernel.plan.versions import Versions
from kittiwake.model import Decision
from kittiwake.reasons import Reason
from tests.kernel.execution_modes import CONTACT
from tests.laws.programs import dice_of
from tests.oracle.worlds_versions import VersionedWorld, versioned_world
from tests.properties.versions import compiled, events_of

CHUNK = 30
STARTS = [0, *(pytest.param(first, marks=pytest.mark.nightly) for first in range(CHUNK, 120, CHUNK))]


def with_rollouts(world: VersionedWorld, seed: int, *, as_shadow: bool) -> VersionedWorld:
    """The world, whose rules have a rollout of nobody or of everybody, by each version; or what that comes to."""
    dice, versions = dice_of("rollout", seed), []
    for effective_us, document in world.versions:
        changed = copy.deepcopy(document)
        for rule in changed["rules"]:
            rule.pop("rollout", None)
            percent = dice.choice((0, 0, 100, None))
            if as_shadow and percent == 0 and rule.get("mode") != "off":
                rule["mode"] = "shadow"
            elif percent is not None and not as_shadow:
                rule["rollout"] = {"percent": percent}
        versions.append((effective_us, changed))
    return VersionedWorld(versions, world.events, world.until_us, world.allowed_lateness_us, world.limits)


def rows(rules: Versions, world: VersionedWorld) -> list[Decision]:
    return decide_history(rules, CONTACT, events_of(world), world.until_us).decisions


def unsent(row: Decision, rules: Versions) -> Decision:
    """The row without the versions that its texts have; what only watches says why nothing was sent in one word."""
    row = replace(row, rule_version="", ruleset_version="")
    program = rules.at(row.decided_us)
    rule = next((one for one in program.rules if one.rule_id == row.rule_id and not one.foreseen), None)
    if rule is None or rule.rollout is None or rule.rollout.percent:
        return row
    is_unsent = row.reason in (Reason.SHADOW, Reason.HOLDOUT, Reason.ROLLOUT)
    return replace(row, reason=Reason.ROLLOUT) if is_unsent else row


@pytest.mark.parametrize("first", STARTS)
def test_outside_of_a_rollout_every_row_is_that_of_a_rule_in_shadow(first: int) -> None:
    """Also where versions bring the contact in and out, and under whatever policy."""
    watched = fired = 0
    for seed in range(first, first + CHUNK):
        world = versioned_world(seed)
        own = compiled(with_rollouts(world, seed, as_shadow=False), stream=False)
        found = rows(own, world)
        in_shadow = rows(compiled(with_rollouts(world, seed, as_shadow=True), stream=False), world)
        assert [unsent(row, own) for row in found] == [unsent(row, own) for row in in_shadow], f"seed {seed}"
        watched += sum(row.reason is Reason.ROLLOUT for row in found)
        fired += sum(row.fired_at_us is not None for row in found)
    assert watched, "nobody was outside of anything"
    assert fired, "nobody was sent anything"


PERCENTS = st.integers(0, 100_000).map(lambda thousandths: thousandths / 1000)


@given(st.text(max_size=12), st.text(max_size=12), PERCENTS, PERCENTS)
def test_who_is_in_stays_in_when_the_percentage_rises(salt: str, contact_id: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    if not is_outside(Rollout(low, salt), "acme", contact_id):
        assert not is_outside(Rollout(high, salt), "acme", contact_id)
    assert is_outside(Rollout(0, salt), "acme", contact_id)
    assert not is_outside(Rollout(100, salt), "acme", contact_id)


@pytest.mark.parametrize("percent", [5, 50])
def test_so_many_are_in_and_of_them_as_many_in_the_draw_of_another_word(percent: int) -> None:
    contacts = [f"c{number}" for number in range(4_000)]
    inside = [one for one in contacts if not is_outside(Rollout(percent, "rollout:r"), "acme", one)]
    assert len(inside) == pytest.approx(4_000 * percent / 100, rel=0.15)
    both = sum(not is_outside(Rollout(50, "r"), "acme", one) for one in inside)
    assert both == pytest.approx(len(inside) / 2, rel=0.2)
