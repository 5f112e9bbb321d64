"""Changes of attributes where a timeline cannot say it: refused updates, what is kept, what other programs pay."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from kittiwake.kernel.batch import decide_history
from kittiwake.kernel.evaluate.change import Updated
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.build import attributes_read, build_program
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.run.dispatch import OWN_HANDLERS, handlers_of
from kittiwake.kernel.state.state import new_state
from kittiwake.values import canonical
from tests.kernel.test_unusable import DAY_US, START_US, events_of, program_of

GOLD = {"id": "r", "when": {"contact": {"tier": {"becomes": "gold"}}}}
RISE = {"id": "r", "when": {"contact": {"card.points": {"rises_above": 10}}}}


def fired(program: Program, *happenings: tuple[str, Mapping[str, Any]]) -> list[str]:
    """The events that fired a rule, decided at once and one by one alike."""
    events = events_of(*happenings)
    whole = decide_history(program, "c1", events, START_US + DAY_US).decisions
    state, found = new_state("c1"), []
    for event in events:
        advanced = advance(program, state, [event], event.time_us + 1)
        state = advanced.state
        found += advanced.decisions
    assert [row.trigger_id for row in found] == [row.trigger_id for row in whole]
    return [row.events.last for row in whole if row.rule_id == "r" and row.events is not None]


def test_an_update_that_there_is_no_room_for_changes_nothing() -> None:
    program = program_of(GOLD, {"id": "reads", "when": "a.b", "include": {"notes": "contact.notes"}})
    few = build_program("acme", program.rules, limits=replace_limit(program, 60))
    silver, gold = {"tier": "silver"}, {"tier": "gold", "notes": "n" * 60}
    assert fired(few, ("contact.updated", silver), ("contact.updated", gold)) == []
    assert fired(few, ("contact.updated", {"tier": "gold"}), ("contact.updated", gold)) == ["e0"]
    assert fired(program, ("contact.updated", silver), ("contact.updated", gold)) == ["e1"]


def replace_limit(program: Program, attribute_bytes: int) -> Any:
    return program.limits._replace(attribute_bytes=attribute_bytes)


def test_an_attribute_whose_change_is_asked_for_is_read() -> None:
    program = program_of(RISE)
    assert {*attributes_read(program.rules[0])} == {"card"}
    assert program.attributes == {"card", "timezone"}
    assert program.reads("contact.updated")


def test_only_programs_that_ask_for_a_change_keep_what_was_before() -> None:
    asking, others = handlers_of(program_of(GOLD)), handlers_of(program_of({"id": "r", "when": "contact.updated"}))
    assert others.of("contact.updated")[0] is OWN_HANDLERS["contact.updated"]
    assert asking.of("contact.updated")[0] is not OWN_HANDLERS["contact.updated"]


def test_attributes_that_know_what_was_before_are_written_like_any_others() -> None:
    after = Updated({"b": 1, "a": {"c": [1]}}, {"b": 2})
    assert canonical(after) == '{"a":{"c":[1]},"b":1}'
    assert Updated({}, after).before == {"b": 1, "a": {"c": [1]}}
    assert not isinstance(Updated({}, after).before, Updated)  # or every update would keep all those before it


def test_values_that_no_change_can_take_are_counted() -> None:
    program = program_of(RISE)
    first = ("contact.updated", {"card": {"points": 5}})
    events = events_of(first, ("contact.updated", {"card": {"points": "20"}}), ("contact.updated", {"tier": "gold"}))
    counted = decide_history(program, "c1", events, START_US + DAY_US).unusable
    assert [(str(one.clause), one.path, str(one.found), n) for one, n in counted.items()] == [
        ("when", "contact.card.points", "number_as_text", 1)
    ]


def test_a_rule_with_a_change_has_a_layout_of_its_own() -> None:
    gold, silver, any_ = (
        program_of({**GOLD, "when": {"contact": {"tier": change}}}).rules[0]
        for change in ({"becomes": "gold"}, {"becomes": "silver"}, {"becomes": "gold", "from": "silver"})
    )
    assert len({gold.layout, silver.layout, any_.layout}) == 3
    assert replace(gold, priority=3).layout == gold.layout
