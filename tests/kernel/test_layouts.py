"""Layouts stay what the release before computed: else an update would cancel all that is pending."""

from typing import Any

from kittiwake.kernel.plan.layouts import layout_of, memory_of
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.documents import load_document

RULES: list[dict[str, Any]] = [
    {
        "id": "given",
        "when": {"event": ["a.b", "product.viewed"], "where": {"any": [{"n": {"gte": 5}}, {"not": {"k": 1}}]}},
        "given": [
            {"count": "product.viewed", "same": "product_id", "within": "24h", "gte": 3},
            {"sum": "total", "of": "order.completed", "gt": 10},
        ],
        "wait": ["1h", "2d"],
        "unless": {"event": "order.completed", "same": ["checkout_id", "cart.id"]},
        "per": "product_id",
    },
    {
        "id": "chain",
        "when": {"sequence": ["a.b", {"event": "c.d", "where": {"contact": {"tier": "gold"}}}], "within": "1h"},
    },
    {"id": "points", "when": "order.completed", "reaches": {"sum": "total", "at": [250, 500.5]}},
    {"id": "birthday", "when": "contact.updated", "wait": {"until": "contact.birthday", "repeat": "yearly"}},
    {"id": "supply", "when": "*", "wait": {"field": "days", "unit": "days"}},
    {
        "id": "vip",
        "audience": {"all": [{"present": "a.b", "within": "9d"}, {"not": {"any": [{"absent": "c.d"}]}}]},
        "emits": ["entered", "exited"],
    },
]


def rules() -> dict[str, RuleProgram]:
    """The rules, compiled."""
    program = compile_account(load_document({"account": "acme", "rules": RULES}), "acme")
    return {rule.rule_id: rule for rule in program.rules}


def test_layouts_are_those_of_the_release_before() -> None:
    assert {name: layout_of(rule) for name, rule in rules().items()} == {
        "given": "b0c7d6c0",
        "chain": "7da1417d",
        "points": "20f91aa6",
        "birthday": "8122c072",
        "supply": "99ef94dc",
        "vip": "7a5ee91e",
    }


def test_memories_of_conditions_are_those_of_the_release_before() -> None:
    assert {name: [memory_of(one) for one in rule.conditions] for name, rule in rules().items()} == {
        "given": ["29387e24/4", "2b1997ac"],
        "chain": [],
        "points": [],
        "birthday": [],
        "supply": [],
        "vip": ["671d3e7c", "7db4cb67"],
    }


def layout(wait: object) -> str:
    """The layout of a rule that waits so."""
    ruleset = load_document({"account": "acme", "rules": [{"id": "r", "when": "a.b", "wait": wait}]})
    return layout_of(compile_account(ruleset, "acme").rules[0])


def test_local_days_of_a_date_are_no_part_of_the_kind_of_wait() -> None:
    assert layout({"until": "day"}) == layout({"until": "day", "days": -3, "at": "10:00", "on": ["mon"]})


def test_a_local_day_and_a_list_of_them_are_kinds_of_wait_of_their_own() -> None:
    waits: list[object] = ["1d", ["1d"], {"days": 1}, [{"days": 1}], {"until": "day"}]
    assert len({layout(wait) for wait in waits}) == len(waits)
    assert layout({"days": 1}) == layout({"at": "10:00", "on": "mon"})
    assert layout([{"days": 1}]) == layout([{"days": 2}, {"at": "10:00"}])
