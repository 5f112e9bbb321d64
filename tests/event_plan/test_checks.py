"""Rules against event plans: which plan holds for which account, and what a page shows of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kittiwake.event_plan.check.document import check_rules
from kittiwake.event_plan.check.wording import closest
from kittiwake.event_plan.model import PlanObject
from kittiwake.event_plan.reading import read_plan
from kittiwake.rules import load_document, load_files
from kittiwake.rules.documents import rule_set_of
from kittiwake.rules.errors import Lint, LintCode
from kittiwake.rules.source.tree import Location, node_of
from tests.docs.examples import all_examples, rules_text


def plan_of(data: dict[str, Any]) -> PlanObject:
    return read_plan("events.json", json.dumps(data).encode())


def lints_of(document: dict[str, Any], *plans: dict[str, Any]) -> list[Lint]:
    return check_rules(load_document(document), [plan_of(plan) for plan in plans])


def codes(document: dict[str, Any], *plans: dict[str, Any]) -> list[str]:
    return [str(one.code) for one in lints_of(document, *plans)]


CART = [{"id": "a", "when": "cart.opened"}]
HAS = {"events": {"cart.opened": {}}}
HAS_NOT = {"events": {"order.completed": {}}}


def test_an_account_is_checked_against_its_own_plan_before_that_of_every_account() -> None:
    rules = {"account": "acme", "rules": CART}
    assert codes(rules, HAS_NOT) == [LintCode.TYPE_NEVER_SEEN]
    assert codes(rules, HAS_NOT, {"account": "acme", **HAS}) == []
    assert codes(rules, HAS, {"account": "acme", **HAS_NOT}) == [LintCode.TYPE_NEVER_SEEN]
    assert codes(rules, {"account": "globex", **HAS_NOT}) == []


def test_rules_of_every_account_are_reported_if_no_account_has_what_they_name() -> None:
    rules = {"account": "*", "rules": CART}
    acme, globex = {"account": "acme", **HAS_NOT}, {"account": "globex", **HAS}
    assert codes(rules, acme, globex) == []
    assert codes(rules, acme, {**globex, **HAS_NOT}) == [LintCode.TYPE_NEVER_SEEN]
    assert codes(rules, acme, globex, HAS_NOT) == [LintCode.TYPE_NEVER_SEEN]
    assert codes(rules) == []


def test_what_every_account_derives_and_casts_holds_for_the_plan_of_one() -> None:
    shared = {
        "account": "*",
        "cast": [{"event": "order.completed", "number": ["total"]}],
        "derive": [{"event": "order.line", "from": "order.completed", "each": "lines", "as": "sku"}],
        "rules": [],
    }
    rule = {"id": "a", "when": {"event": "order.line", "where": {"sku": "a"}}, "given": {"sum": "total"}}
    rule["given"] = {"sum": "total", "of": "order.completed", "gte": 5}
    own = {"account": "acme", "rules": [rule]}
    listed = {"types": {"list": 9}, "elements": {"types": {"text": 9}}}
    numbers = {"types": {"text": 9}, "formats": {"number": 9}}
    plan = {"account": "acme", "events": {"order.completed": {"properties": {"lines": listed, "total": numbers}}}}
    ruleset = rule_set_of([Location(name, node_of(one)) for name, one in (("a", shared), ("b", own))])
    assert check_rules(ruleset, [plan_of(plan)]) == []
    alone = check_rules(load_document(own), [plan_of(plan)])
    assert [one.code for one in alone] == [LintCode.TYPE_OF_VALUE, LintCode.TYPE_NEVER_SEEN]


def test_the_page_shows_what_is_said_beside_its_plan() -> None:
    page = [one for one in all_examples() if one.page.endswith("event-plan.md")]
    plan = [one for one in page if one.words == ("event-plan",)][1]
    (shown,) = [one for one in page if one.words == ("lints-beside-plan",)]
    rules = [one for one in page if one.words == ("rules",) and one.line < shown.line][-1]
    found = check_rules(
        load_files({"rules.yaml": rules_text(rules).encode()}), [read_plan("events.yaml", plan.body.encode())]
    )
    assert [str(one) for one in found] == shown.body.splitlines()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *[("Order Completed", "order.completed"), ("orderCompleted", "order.completed"), ("cart_total", "cart.total")],
        *[("total", "cart.total"), ("order.cart.total", "cart.total"), ("prodcut_id", "product_id"), ("zip", None)],
    ],
)
def test_a_name_that_is_nearly_one_is_guessed(written: str, meant: str | None) -> None:
    assert closest(written, ["order.completed", "cart.total", "product_id"]) == meant


def test_events_that_the_shape_of_the_input_derives_are_known() -> None:
    lines = {"types": {"list": 9}, "elements": {"types": {"object": 9}, "properties": {"sku": {"types": {"text": 9}}}}}
    derived = [{"event": "order.line", "from": "order.completed", "each": "lines", "keep": ["order_id"]}]
    plan = {"events": {"order.completed": {"properties": {"lines": lines, "order_id": {"types": {"text": 9}}}}}}
    rules = {"account": "a", "rules": [{"id": "a", "when": "order.line", "per": ["sku", "order_id", "skuu"]}]}
    assert codes(rules, plan) == [LintCode.TYPE_NEVER_SEEN]
    (one,) = lints_of(rules, {**plan, "derived": derived})
    assert (one.code, one.advice) == (LintCode.PROPERTY_NEVER_SEEN, "Did you mean sku?")


@settings(max_examples=40)
@given(st.sampled_from(["cart.opened", "cart.total", "cart.id"]), st.integers(0, 9), st.sampled_from("xz"))
def test_a_name_with_a_slip_is_found_and_the_right_one_proposed(name: str, at: int, letter: str) -> None:
    slip = name[: at + 1] + letter + name[at + 1 :]
    rule = {"id": "a", "when": {"event": "cart.opened", "where": {"cart.total": {"gte": 1}}}, "per": "cart.id"}
    document = json.dumps({"account": "a", "rules": [rule]})
    plan = {"events": {"cart.opened": {"properties": {"cart.total": {"type": "number"}, "cart.id": {"type": "text"}}}}}
    assert lints_of(json.loads(document), plan) == []
    (one,) = lints_of(json.loads(document.replace(f'"{name}"', f'"{slip}"')), plan)
    assert (one.code in (LintCode.TYPE_NEVER_SEEN, LintCode.PROPERTY_NEVER_SEEN), one.advice) == (
        True,
        f"Did you mean {name}?",
    )


# ---------------------------------------------------------------- never about what fits

VALUES = st.one_of(st.sampled_from(["a", "b", "7"]), st.integers(0, 9), st.booleans(), st.lists(st.sampled_from("ab")))
EVENTS = st.lists(st.dictionaries(st.sampled_from(["x", "y", "z"]), VALUES, min_size=1), min_size=1, max_size=8)
WORDS = {bool: "bool", int: "number", str: "text", list: "list"}


def seen(events: list[dict[str, Any]]) -> dict[str, Any]:
    """The plan of these events of one type, counted by hand."""
    properties = {}
    for name in {name for one in events for name in one}:
        values = [one[name] for one in events if name in one]
        kinds = [WORDS[type(value)] for value in values]
        numbers = [value for value in values if type(value) is int]
        scalars = list({(type(value), value): value for value in values if not isinstance(value, list)}.values())
        elements = list(dict.fromkeys(part for value in values if isinstance(value, list) for part in value))
        properties[name] = {
            "present": round(len(values) / len(events), 4),
            "types": {kind: kinds.count(kind) for kind in sorted({*kinds})},
            "values": scalars,
            "distinct": len(scalars),
            **({"min": min(numbers), "max": max(numbers)} if numbers else {}),
            **({"elements": {"types": {"text": 1}, "values": elements}} if elements else {}),
        }
    return {"events": {"a.b": {"count": len(events), "per_contact_max": len(events), "properties": properties}}}


@settings(max_examples=60)
@given(EVENTS, st.data())
def test_a_rule_that_some_event_meets_is_never_called_one_that_none_does(
    events: list[dict[str, Any]], data: st.DataObject
) -> None:
    met = data.draw(st.sampled_from(events))
    name = data.draw(st.sampled_from(sorted(met)))
    value = met[name]
    if isinstance(value, list):
        tests: list[Any] = [{"contains": part} for part in value] or [{"empty": True}]
    elif type(value) is int:
        tests = [value, [value, value], {"gte": value}, {"lte": value}]
    else:
        tests = [value, {"eq": value}, *([{"starts_with": value}] if isinstance(value, str) else [])]
    where = {name: data.draw(st.sampled_from(tests))}
    lints = lints_of({"account": "a", "rules": [{"id": "a", "when": {"event": "a.b", "where": where}}]}, seen(events))
    never = [one for one in lints if not one.message.endswith("always held") and "% of them" not in one.message]
    assert never == []
