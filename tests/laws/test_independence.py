"""Rules, contacts and accounts know nothing of each other; time has no origin."""

from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.build import build_program
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Decision, Event, EventIds
from kittiwake.time.instants import DAY_US, HOUR_US, SECOND_US
from tests.kernel.execution_modes import CONTACT, at_once, opened, shown
from tests.kernel.programs import exact
from tests.laws.programs import START_US, WORLDS, World, dice_of, end_us, history

ROUNDS = 10
FOUR_CENTURIES_US = 146_097 * DAY_US


@pytest.fixture(params=WORLDS, ids=str)
def world(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


def histories(name: str, world: World, seed: int) -> list[list[Event]]:
    dice = dice_of(f"{name} {world.rules}", seed)
    return [history(dice, world, dice.randint(1, 24)) for _ in range(ROUNDS)]


def of_rules(program: Program, keep: set[str]) -> Program:
    """The program with some of its rules, in their order."""
    return build_program(
        program.account_id,
        [rule for rule in program.rules if rule.rule_id in keep],
        policy=replace(program.policy, frequency=()),
        timezone=program.timezone,
        allowed_lateness_us=program.allowed_lateness_us,
        limits=program.limits,
    )


def test_a_rules_decisions_do_not_change_with_the_rules_beside_it(world: World, seed: int) -> None:
    """But for caps, which are what rules share."""
    every = {rule.rule_id for rule in world.program().rules}
    together = of_rules(world.program(), every)
    for events in histories("rules", world, seed):
        until_us = end_us(events, world)
        wanted = at_once(together, events, until_us).decisions
        for rule_id in every:
            alone = at_once(of_rules(together, {rule_id}), events, until_us).decisions
            assert shown(alone) == shown([one for one in wanted if one.rule_id == rule_id])


def test_the_order_of_the_rules_in_their_file_does_not_matter(world: World, seed: int) -> None:
    rules = world.program()
    turned = build_program(
        rules.account_id,
        rules.rules[::-1],
        ruleset_version=rules.ruleset_version,
        policy=rules.policy,
        timezone=rules.timezone,
        allowed_lateness_us=rules.allowed_lateness_us,
        limits=rules.limits,
    )
    for events in histories("turned", world, seed):
        one, other = (at_once(each, events, end_us(events, world)) for each in (rules, turned))
        assert sorted(map(str, shown(one.decisions))) == sorted(map(str, shown(other.decisions)))
        assert opened(one.state) == opened(other.state)


def test_another_contact_is_decided_alike_under_ids_of_its_own(world: World, seed: int) -> None:
    rules = of_rules(world.program(), {rule.rule_id for rule in world.program().rules})
    rules = build_program("acme", rules.rules, policy=replace(rules.policy, holdout=None), timezone=rules.timezone)
    for events in histories("contacts", world, seed):
        until_us = end_us(events, world)
        one = advance(rules, new_state(CONTACT), events, until_us).decisions
        other = advance(rules, new_state("someone else"), events, until_us).decisions
        assert not {d.trigger_id for d in one} & {d.trigger_id for d in other}
        assert _nameless(one) == _nameless(other)


def test_another_account_is_decided_alike_under_ids_of_its_own(world: World, seed: int) -> None:
    rules = world.program()
    rules = build_program("acme", rules.rules, policy=replace(rules.policy, holdout=None), timezone=rules.timezone)
    elsewhere = build_program("globex", rules.rules, policy=rules.policy, timezone=rules.timezone)
    for events in histories("accounts", world, seed):
        until_us = end_us(events, world)
        one, other = (at_once(each, events, until_us).decisions for each in (rules, elsewhere))
        assert {d.account_id for d in other} <= {"globex"}
        assert not {d.trigger_id for d in one} & {d.trigger_id for d in other}
        assert _nameless(one) == _nameless(other)


def _nameless(decisions: tuple[Decision, ...]) -> list[tuple[object, ...]]:
    plain = {"trigger_id": "", "account_id": "", "contact_id": "", "digest_id": None}
    return shown([replace(one, **plain, digest=_listed(one.digest)) for one in decisions])


def _listed(digest: str | None) -> str | None:
    """What a digest lists, without ids and times."""
    return None if digest is None else re.sub('"(trigger_id|time)":"[^"]*"', "", digest)


def shifted(events: list[Event], by_us: int) -> list[Event]:
    return [replace(event, time_us=event.time_us + by_us) for event in events]


def _back(decisions: tuple[Decision, ...], by_us: int) -> list[tuple[object, ...]]:
    return shown(
        [
            replace(
                one,
                trigger_id="",
                time_us=one.time_us - by_us,
                decided_us=one.decided_us - by_us,
                fired_at_us=None if one.fired_at_us is None else one.fired_at_us - by_us,
                events=_events_back(one.events, by_us),
                digest=_listed(one.digest),
                digest_id=None,
            )
            for one in decisions
        ]
    )


def _events_back(events: EventIds | None, by_us: int) -> EventIds | None:
    if events is None or events.first_us is None or events.last_us is None:
        return events
    return replace(events, first_us=events.first_us - by_us, last_us=events.last_us - by_us)


@pytest.mark.parametrize(
    "by_us", [1, -1, 7 * HOUR_US + 13, 1_000 * DAY_US, FOUR_CENTURIES_US, -START_US, -2 * START_US]
)
@pytest.mark.parametrize("name", [name for name, world in WORLDS.items() if not world.calendar])
def test_without_calendar_any_shift_of_time_shifts_the_decisions(name: str, by_us: int, seed: int) -> None:
    world = WORLDS[name]
    rules = world.program()
    for events in histories("shift", world, seed):
        until_us = end_us(events, world)
        found = at_once(rules, shifted(events, by_us), until_us + by_us).decisions
        assert _back(found, by_us) == _back(at_once(rules, events, until_us).decisions, 0)


@pytest.mark.parametrize("by_us", [7 * DAY_US, 70 * 7 * DAY_US, FOUR_CENTURIES_US])
@pytest.mark.parametrize("name", ["totals", "held audiences", "caps", "night"])
def test_with_local_clocks_a_shift_of_whole_weeks_in_utc_shifts_the_decisions(name: str, by_us: int, seed: int) -> None:
    """400 years keep the date too; other weeks keep the clock and the weekday, so caps of a month are left out."""
    world = WORLDS[name]
    policy = world.program().policy
    caps = tuple(cap for cap in policy.frequency if cap.calendar is None or cap.calendar.value != "month")
    rules = build_program("acme", world.program().rules, policy=replace(policy, frequency=caps), timezone="UTC")
    for events in histories("weeks", world, seed):
        here = [event for event in events if "timezone" not in event.properties]
        until_us = end_us(here, world)
        found = at_once(rules, shifted(here, by_us), until_us + by_us).decisions
        assert _back(found, by_us) == _back(at_once(rules, here, until_us).decisions, 0)


@pytest.mark.parametrize("scale", [2, 3, 60])
def test_a_slower_world_decides_the_same_more_slowly(scale: int, seed: int) -> None:
    dice = dice_of("scale", seed)
    world = World("{when: a, wait: [30m, 2h], unless: b, reentry: 5h, given: {count: a, within: 3h, lte: 3}}")
    slow = World(
        f"{{when: a, wait: [{30 * scale}m, {2 * scale}h], unless: b, reentry: {5 * scale}h, "
        f"given: {{count: a, within: {3 * scale}h, lte: 3}}}}"
    )
    for _ in range(30):
        events = [e for e in history(dice, world, 20) if (e.time_us - START_US) % SECOND_US == 0]
        events = [*{event.event_id: event for event in reversed(events)}.values()]
        later = [replace(e, time_us=START_US + (e.time_us - START_US) * scale) for e in events]
        span_us = end_us(events, world) - START_US
        one = at_once(world.program(), exact(events), START_US + span_us).decisions
        other = at_once(slow.program(), later, START_US + span_us * scale).decisions
        assert [(_ids(d), d.reminder, d.reason, (d.decided_us - START_US) * scale) for d in one] == [
            (_ids(d), d.reminder, d.reason, d.decided_us - START_US) for d in other
        ]


def _ids(decision: Decision) -> tuple[str, str, int] | None:
    events = decision.events
    return None if events is None else (events.first, events.last, events.count)
