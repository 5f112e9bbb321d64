"""What a program says it reads of an event is all it reads: without the rest of its properties nothing changes.

Batches leave out properties by `Program.reads`, and derived events by `Routes.names_read`.
"""

from __future__ import annotations

from collections import Counter

from kittiwake.kernel.batch import DecidedHistory, decide_history
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.kernel.plan.program import Program
from kittiwake.model import Event
from kittiwake.rules.compile.account import compile_account
from kittiwake.scenarios.player import event_of
from kittiwake.testing.runs import ruleset_of
from tests.oracle.worlds import ACCOUNT, CONTACT, World, world

SEEDS = range(250)


def compiled(of: World) -> Program:
    limits = DEFAULT_LIMITS._replace(**(of.limits or {}))
    ruleset = ruleset_of(of.document)
    return compile_account(ruleset, ACCOUNT, allowed_lateness_us=of.allowed_lateness_us, limits=limits)


def without_duplicates(of: World) -> list[Event]:
    """Which copy of an event counts is a matter of all its properties."""
    events = [event_of(ACCOUNT, CONTACT, raw) for raw in of.events]
    return list({event.event_id: event for event in events}.values())


def read_of(program: Program, event: Event) -> Event:
    """The event with what rules read of it, if that is all that is read."""
    if event.type in program.routes.own_types or program.routes.preparation.reads(event.type):
        return event
    names = program.routes.names_read(event.type)
    kept = {name: value for name, value in event.properties.items() if name in names}
    assert program.reads(event.type) or not kept
    return Event(event.time_us, event.event_id, event.type, kept, event.account_id, event.contact_id)


def test_properties_that_are_not_read_change_no_decision_and_no_count() -> None:
    left_out: Counter[str] = Counter()
    for seed in SEEDS:
        of = world(seed)
        program, events = compiled(of), without_duplicates(of)
        told: list[DecidedHistory] = []
        for given in (events, [read_of(program, event) for event in events]):
            told.append(decide_history(program, CONTACT, given, of.until_us))
            left_out.update(kept=sum(len(event.properties) for event in given))
        assert told[0] == told[1], f"seed {seed}"
        left_out.update(decisions=len(told[0].decisions))
    assert left_out["decisions"] > 2 * len(SEEDS)
    all_names = sum(len(event.properties) for seed in SEEDS for event in without_duplicates(world(seed)))
    assert all_names < left_out["kept"] < 1.8 * all_names, "some are read, and many are not"


def test_the_row_of_an_event_without_room_names_its_instance_though_the_rule_only_counts_it() -> None:
    given = {"count": "b", "between": ["2h", "1h"], "gte": 1}
    rule = {"id": "r", "when": "a", "per": "k", "given": given}
    program = compiled(World({"account": ACCOUNT, "rules": [rule]}, [], 0, limits={"sum_entries": 1}))
    events = [Event(at_us, f"e{at_us}", "b", {"k": "p"}) for at_us in (1, 2)]
    assert program.reads("b")
    (row,) = decide_history(program, CONTACT, events, 3).decisions
    assert (row.decision, row.reason, row.instance) == ("suppressed", "limit", '{"k":"p"}')
