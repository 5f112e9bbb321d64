"""What batch hosts ask: a whole history at once, sorted and sifted by them, decides as `advance` does."""

from __future__ import annotations

import pickle
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from kittiwake.kernel.batch import decide_history, decide_sorted_history
from kittiwake.kernel.evaluate.decisions import unfinished
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.run.sweep import sweep_plan_of
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Decision, Event
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.documents import load_document
from kittiwake.scenarios.player import event_of
from tests.kernel.execution_modes import shown
from tests.kernel.programs import program as program_of
from tests.laws.programs import WORLDS, dice_of, end_us, history
from tests.oracle.worlds import ACCOUNT, CONTACT, world

ROUNDS = 25
CHUNK = 200
CHUNKS = range(0, 800, CHUNK)

Case = tuple[Program, list[Event], int]


def drawn(name: str, seed: int) -> Iterator[Case]:
    """Random histories for rules written by hand."""
    of = WORLDS[name]
    dice, program = dice_of(name, seed), of.program()
    for _ in range(ROUNDS):
        events = history(dice, of, dice.randint(1, 30))
        yield program, events, end_us(events, of) - dice.choice((0, 0, 9 * of.unit_us))


def random_worlds(first: int) -> Iterator[Case]:
    """Random rules and random histories."""
    for seed in range(first, first + CHUNK):
        of = world(seed)
        limits = DEFAULT_LIMITS._replace(**(of.limits or {}))
        rules = load_document(of.document)
        program = compile_account(rules, ACCOUNT, allowed_lateness_us=of.allowed_lateness_us, limits=limits)
        yield program, [event_of(ACCOUNT, CONTACT, event) for event in of.events], of.until_us


def ready(case: Case) -> list[Event]:
    """The events as a host hands them over: one of each id, in order, wanted, before the end."""
    program, events, until_us = case
    once = {event.event_id: event for event in events}
    ordered = sorted(once.values(), key=lambda event: (event.time_us, event.event_id))
    return [event for event in ordered if program.wants(event.type) and event.time_us < until_us]


def ended(program: Program, events: list[Event], until_us: int) -> list[Decision]:
    """What `advance` decides, and what is deferred at the end."""
    advanced = advance(program, new_state(CONTACT), events, until_us)
    return [*advanced.decisions, *unfinished(program, advanced.state)]


def check(cases: Iterator[Case]) -> int:
    """Compare both ways; how many decisions there were."""
    count = 0
    for program, given, until_us in cases:
        whole = decide_history(program, CONTACT, given, until_us).decisions
        assert shown(whole) == shown(ended(program, given, until_us))
        events = ready((program, given, until_us))
        wanted = shown(ended(program, events, until_us))
        assert shown(decide_sorted_history(program, CONTACT, events, until_us).decisions) == wanted
        sweep_plan = sweep_plan_of(program)
        assert sorted(
            map(str, shown(decide_sorted_history(program, CONTACT, events, until_us, sweep_plan).decisions))
        ) == sorted(map(str, wanted))
        unread = [e if program.reads(e.type) else replace(e, properties={}) for e in events]
        assert shown(ended(program, unread, until_us)) == wanted, "properties were read that nobody reads"
        count += len(wanted)
    return count


@pytest.mark.parametrize("name", WORLDS)
def test_a_whole_history_decides_as_advance_does_with_what_is_not_read_left_out(name: str, seed: int) -> None:
    assert check(drawn(name, seed)) > 0


@pytest.mark.parametrize("first", CHUNKS)
def test_a_whole_history_of_random_rules_decides_as_advance_does(first: int) -> None:
    assert check(random_worlds(first)) > 0


@pytest.mark.parametrize(
    ("rule", "read"),
    [
        ("{when: a, wait: 1h, unless: b}", {"a": False, "b": False}),
        ("{when: a, wait: 1h, unless: b, include: {p: p}}", {"a": True, "b": False}),
        ("{when: a, wait: 1h, unless: b, include: {p: contact.p}}", {"a": False, "b": False}),
        ("{when: a, wait: 1h, unless: b, per: p}", {"a": True, "b": False}),
        ("{when: a, wait: 1h, unless: {event: b, same: p}}", {"a": True, "b": True}),
        ("{when: a, wait: 1h, unless: {event: b, where: {p: 1}}}", {"a": False, "b": True}),
        ("{when: a, wait: {field: n, unit: hours}, unless: b}", {"a": True, "b": False}),
        ("{when: a, wait: {until: day}, unless: b}", {"a": True, "b": False}),
        ("{when: a, wait: {until: contact.day}, unless: b}", {"a": False, "b": False}),
        ("{when: a, given: {count: b, gte: 1}}", {"a": False, "b": False}),
        ("{when: a, given: {sum: n, of: b, gte: 1}}", {"a": False, "b": True}),
        ("{when: a, given: {count: b, gte: 1, same: p}}", {"a": True, "b": True}),
        ("{when: a, reaches: {count: true, at: [2]}, unless: b}", {"a": False, "b": False}),
        ("{when: a, reaches: {sum: n, at: [2]}, unless: b}", {"a": True, "b": False}),
        ("{when: {sequence: [a, b], within: 1h}}", {"a": False, "b": False}),
        ("{when: {sequence: [a, b], within: 1h}, per: p}", {"a": True, "b": True}),
        ("{audience: {distinct: n, of: a, within: 1h, gte: 2}}", {"a": True, "b": False}),
        ("{when: '*', per: p}", {"a": True, "b": True, "contact.other": False}),
        ("{when: a}", {"contact.updated": True, "consent.granted": False}),
    ],
)
def test_a_program_says_of_which_types_it_reads_the_properties(rule: str, read: dict[str, bool]) -> None:
    program = program_of(rule)
    assert {event_type: program.reads(event_type) for event_type in read} == read


def test_a_policy_that_asks_for_consent_reads_the_purpose() -> None:
    assert program_of("{when: a}", "consent: {purpose: news}").reads("consent.granted")


@pytest.mark.parametrize("name", WORLDS)
def test_a_program_that_has_travelled_decides_as_before(name: str, seed: int) -> None:
    for program, events, until_us in drawn(name, seed):
        travelled = pickle.loads(pickle.dumps(program))
        assert shown(ended(travelled, events, until_us)) == shown(ended(program, events, until_us))
