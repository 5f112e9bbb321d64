"""`where`: operators, nesting, the contact's attributes; what a rule reads of an event."""

from __future__ import annotations

from typing import Any

import pytest

from kittiwake.model import Event
from tests.kernel.execution_modes import decided_in_every_mode
from tests.kernel.programs import START, at, exact, program, timeline

DEEP = {"cart": {"total": 9.5, "note": None}, "list": [1, "x", True]}


def matches(where: str, properties: dict[str, Any]) -> bool:
    event = Event(at(START), "1", "a", exact(properties))
    return len(decided_in_every_mode(program(f"{{when: {{event: a, where: {where}}}}}"), [event], at(START) + 1)) == 1


@pytest.mark.parametrize(
    ("where", "values", "others"),
    [
        ("{p: 1}", [1, 1.0], [2, "1", True, None, [1], {"x": 1}]),
        ("{p: true}", [True], [1, "true", False, None]),
        ("{p: x}", ["x"], ["X", "xx", ["x"], None]),
        ("{p: [1, x, true]}", [1, "x", True, 1.0], [2, "1", False, None, [1]]),
        ("{p: {eq: 0.5}}", [0.5], [0, 1, "0.5"]),
        ("{p: {ne: 1}}", [2, "1", True, None, [1]], [1, 1.0]),
        ("{p: {in: [1, 2]}}", [1, 2], [3, True, "1", None]),
        ("{p: {not_in: [1, 2]}}", [3, True, "1", None], [1, 2.0]),
        ("{p: {gt: 1}}", [1.000001, 2], [1, 0, "2", True, None]),
        ("{p: {gte: 1}}", [1, 2], [0.999999, "2", True]),
        ("{p: {lt: 1}}", [0.999999, -5], [1, "0", False]),
        ("{p: {lte: 1}}", [1, -5], [1.000001, "0", False]),
        ("{p: {gt: 'a'}}", ["b", "aa"], ["a", "A", 5, None]),
        ("{p: {lte: 'a'}}", ["a", "A", ""], ["b", 5, None]),
        ("{p: {gt: 1, lt: 3}}", [2, 1.5], [1, 3, None]),
        ("{p: {exists: true}}", [1, None, [], ""], []),
        ("{p: {exists: false}}", [], [1, None]),
        ("{p: {contains: 'el'}}", ["hello", ["el", 1]], ["EL", ["hello"], {"el": 1}, None]),
        ("{p: {contains: 1}}", [[2, 1.0]], [[True], ["1"], "1", 1, [[1]]]),
        ("{p: {starts_with: he}}", ["hello", "he"], ["He", "the", ["he"], 5, None]),
    ],
)
def test_an_operator_holds_of_these_values_and_of_no_others(where: str, values: list[Any], others: list[Any]) -> None:
    assert [value for value in values if not matches(where, {"p": value})] == []
    assert [value for value in others if matches(where, {"p": value})] == []


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ("{p: 1}", False),
        ("{p: {ne: 1}}", True),
        ("{p: {not_in: [1]}}", True),
        ("{p: {exists: false}}", True),
        ("{p: {exists: true}}", False),
        ("{p: {gt: 0}}", False),
        ("{p: {lt: 'z'}}", False),
        ("{p: {contains: ''}}", False),
        ("{p: {starts_with: x}}", False),
        ("{cart.total: {exists: true}}", True),
        ("{cart.note: {exists: true}}", True),
        ("{cart.note.deep: {exists: true}}", False),
        ("{cart.total.deep: {exists: true}}", False),
        ("{cart.total: 9.5}", True),
        ("{list.first: {exists: true}}", False),
    ],
)
def test_a_missing_field_makes_comparisons_false_and_their_negations_true(where: str, holds: bool) -> None:
    assert matches(where, DEEP) is holds


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ("{all: [{a: 1}, {b: 2}]}", True),
        ("{all: [{a: 1}, {b: 1}]}", False),
        ("{any: [{a: 2}, {b: 2}]}", True),
        ("{any: [{a: 2}, {b: 1}]}", False),
        ("{not: {a: 2}}", True),
        ("{not: {a: 1}}", False),
        ("{not: {a: 1, b: 1}}", True),
        ("{a: 1, any: [{b: 2}, {b: 3}], not: {c: {exists: true}}}", True),
        ("{a: 1, any: [{b: 3}, {b: 4}]}", False),
        ("{all: [{any: [{a: 5}, {not: {b: 3}}]}, {not: {all: [{a: 1}, {b: 2}, {c: 3}]}}]}", True),
    ],
)
def test_conditions_nest(where: str, holds: bool) -> None:
    assert matches(where, {"a": 1, "b": 2}) is holds


def test_a_list_of_types_matches_each_and_where_holds_for_all() -> None:
    timeline("{when: {event: [a, b], where: {p: 1}}}", "does ABCD\nr !...", A={"p": 1}, C={"p": 1})


def test_attributes_are_those_at_the_event_itself_included() -> None:
    timeline(
        """
        - {id: gold, when: {event: "*", where: {contact: {tier: gold, address: {exists: true}}}}}
        - {id: now, when: {event: contact.updated, where: {contact: {tier: gold}}}}
        """,
        """
        does  AUAVAWAYA
        gold  ....!...!
        now   .!.!...!.
        """,
        U={"type": "contact.updated", "tier": "gold"},
        V={"type": "contact.updated", "address": {"city": "Bergen"}},
        W={"type": "contact.updated", "tier": "lead"},
        Y={"type": "contact.updated", "tier": "gold"},
    )


def test_null_removes_an_attribute() -> None:
    timeline(
        "{when: {event: a, where: {contact: {tier: {exists: true}}}}}",
        "does AUAVA\nr ..!..",
        U={"type": "contact.updated", "tier": "gold"},
        V={"type": "contact.updated", "tier": None},
    )


def test_attributes_are_set_key_by_key() -> None:
    (fired,) = timeline(
        "{when: a, include: {tier: contact.tier, city: contact.address.city, zone: contact.timezone}}",
        "does UVA\nr ..!",
        U={"type": "contact.updated", "tier": "gold", "address": {"city": "Bergen", "zip": 5003}},
        V={"type": "contact.updated", "address": {"zip": 5004}, "timezone": "Europe/Oslo"},
    )
    assert fired.include == '{"city":null,"tier":"gold","zone":"Europe/Oslo"}'
