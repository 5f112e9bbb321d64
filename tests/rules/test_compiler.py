"""The compiler: which rules, which policy, which zone an account gets, and what a rule becomes."""

from __future__ import annotations

import pickle
from decimal import Decimal
from typing import Any

import pytest

from kittiwake import event_types
from kittiwake.kernel.plan.change import Change, ChangeKind
from kittiwake.kernel.plan.match import Comparison, Match, Not, Operator
from kittiwake.kernel.plan.rule import Mode
from kittiwake.kernel.plan.wait import Delays
from kittiwake.rules import RulesError, compile_account, load_document
from kittiwake.rules.documents import rule_set_of
from kittiwake.rules.model import text
from kittiwake.rules.ruleset import RuleSet
from kittiwake.rules.source.tree import Location, node_of
from kittiwake.time.instants import DAY_US, HOUR_US, parse_instant


def rules_of(*rules: dict[str, Any], **header: Any) -> RuleSet:
    return load_document({"account": "acme", **header, "rules": list(rules)})


def together(*documents: dict[str, Any]) -> RuleSet:
    return rule_set_of(Location(f"{i}.yaml", node_of(data)) for i, data in enumerate(documents))


CART = {"id": "cart", "when": "cart.item_added", "wait": "1h"}
IN, OUT = {"holdout": True}, {"holdout": False}
VIP = {"id": "vip", "audience": {"sum": "total", "of": "order.completed", "within": "90d", "gte": 500}}


def test_an_account_gets_the_rules_of_every_account_and_its_own() -> None:
    ruleset = together({"account": "*", "rules": [CART]}, {"account": "acme", "rules": [VIP]})
    assert [rule.rule_id for rule in compile_account(ruleset, "acme").rules] == ["cart", "vip"]
    assert [rule.rule_id for rule in compile_account(ruleset, "unknown").rules] == ["cart"]


def test_the_policy_of_an_account_replaces_that_of_every_account_whole() -> None:
    shared = {"consent": {"purpose": "marketing"}, "frequency": {"max": 1, "per": "day"}}
    ruleset = together(
        {"account": "*", "timezone": "Europe/Berlin", "policy": shared, "rules": [CART]},
        {"account": "acme", "policy": {"frequency": {"max": 2, "per": "7d"}}, "rules": []},
    )
    own, other = compile_account(ruleset, "acme"), compile_account(ruleset, "other")
    assert (own.policy.consent, own.policy.frequency[0].within_us) == (None, 7 * DAY_US)
    assert other.policy.consent is not None
    assert (own.timezone, other.timezone) == ("Europe/Berlin", "Europe/Berlin")


def test_the_zone_of_an_account_goes_before_that_of_every_account() -> None:
    ruleset = together(
        {"account": "*", "timezone": "Europe/Berlin", "rules": []},
        {"account": "acme", "timezone": "America/Toronto", "rules": []},
    )
    assert compile_account(ruleset, "acme").timezone == "America/Toronto"
    assert compile_account(rules_of(CART), "acme").timezone == "UTC"


def test_a_rule_switched_off_is_not_compiled() -> None:
    program = compile_account(rules_of({**CART, "mode": "off"}, {**VIP, "mode": "shadow"}), "acme")
    assert [(rule.rule_id, rule.mode) for rule in program.rules] == [("vip", Mode.SHADOW)]


def test_a_catalogue_rule_says_which_change_of_an_item_it_is_about_and_whom_it_concerns() -> None:
    drop = {
        "id": "price-drop",
        "when": {"item": {"price.net": {"drops_by": "10%"}}, "since": "interest"},
        "interest": {"events": "product.viewed", "item": "product_id", "within": "30d"},
        "unless": {"event": "order.item_purchased", "item": "sku"},
        "include": {"was": "item.price.net", "url": "page.url", "id": "item_id"},
    }
    (rule,) = compile_account(rules_of(drop), "acme").rules
    assert rule.when == rule.per == ()
    assert rule.catalog is not None
    assert rule.catalog.change == Change(("price", "net"), ChangeKind.DROPS_BY, 10, percent=True)
    assert (rule.catalog.item, rule.catalog.within_us) == (("product_id",), 30 * DAY_US)
    assert (rule.catalog.since_interest, rule.catalog.shown) == (True, ("page",))
    (unless,) = rule.unless
    assert (unless.same, unless.other, unless.of_item) == ((("item_id",),), (("sku",),), True)


@pytest.mark.parametrize(
    ("policy", "own", "ready"),
    [
        ({}, None, None),
        ({"live_from": "2026-11-01T00:00:00Z"}, None, "2026-11-01T00:00:00Z"),
        ({"live_from": "2026-11-01T00:00:00Z"}, "2026-12-01T00:00:00Z", "2026-12-01T00:00:00Z"),
        ({"history_from": "2026-01-01T00:00:00Z"}, None, "2026-04-01T00:00:00Z"),
        ({"history_from": "2026-01-01T00:00:00Z"}, "2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z"),
        ({"history_from": "effective"}, None, None),
    ],
)
def test_a_rule_is_ready_at_the_later_of_live_from_and_history_plus_look_back(
    policy: dict[str, str], own: str | None, ready: str | None
) -> None:
    rule = VIP if own is None else {**VIP, "live_from": own}
    compiled = compile_account(rules_of(rule, policy=policy), "acme").rules[0]
    assert compiled.ready_us == (None if ready is None else parse_instant(ready))


def test_audiences_are_transactional_unless_they_say_otherwise() -> None:
    ruleset = rules_of(VIP, {**VIP, "id": "b", "transactional": False}, CART)
    assert [rule.transactional for rule in compile_account(ruleset, "acme").rules] == [True, False, False]


def test_holdout_false_takes_a_rule_out_and_true_is_what_holds_anyway() -> None:
    ruleset = rules_of(CART, {**CART, "id": "out", "holdout": False}, {**CART, "id": "in", "holdout": True})
    assert [rule.holdout for rule in compile_account(ruleset, "acme").rules] == [True, False, True]


def test_only_holdout_false_changes_the_fingerprint_of_a_rule() -> None:
    """And that of a rule which does not name it is as it was before there was such a key."""
    version = {str(flag): rules_of(CART | flag).rules_of("acme")[0].version for flag in ({}, IN, OUT)}
    assert version[str({})] == version[str(IN)] == "8ff47922f360"
    assert version[str(OUT)] != version[str({})]


def test_a_written_nine_and_a_date_without_at_keep_the_fingerprint_that_both_had() -> None:
    """Nine in the morning was filled in as a default once: versions published then are recognised by it."""
    ats: list[dict[str, str]] = [{}, {"at": "09:00"}, {"at": "10:00"}]
    rules = [{**CART, "wait": {"until": "day", **at}} for at in ats]
    versions = [rules_of(rule).rules_of("acme")[0].version for rule in rules]
    assert versions == ["b2db6dc033a8", "b2db6dc033a8", "52ebfc9eaf78"]


def test_an_edit_of_holdout_is_the_same_rule_to_the_state() -> None:
    before, after = (compile_account(rules_of(CART | flag), "acme").rules[0] for flag in ({}, OUT))
    assert (before.version != after.version, before.layout) == (True, after.layout)


def test_no_rule_may_name_what_ends_a_contact() -> None:
    assert set(text.ENDINGS) == event_types.ENDINGS


def test_one_wait_is_not_numbered_and_a_list_is() -> None:
    ruleset = rules_of(CART, {**CART, "id": "list", "wait": ["1h"]})
    assert [rule.wait for rule in compile_account(ruleset, "acme").rules] == [
        Delays((HOUR_US,), numbered=False),
        Delays((HOUR_US,), numbered=True),
    ]


def test_ne_and_not_in_are_the_negations_of_eq_and_in() -> None:
    rule = {**CART, "when": {"event": "a.b", "where": {"x": {"ne": 1, "not_in": ["u"]}}}}
    where = compile_account(rules_of(rule), "acme").rules[0].when[0].where
    assert where is not None
    parts = where.parts  # type: ignore[union-attr]
    assert all(isinstance(part, Not) for part in parts)
    assert [part.part.operator for part in parts] == [Operator.EQ, Operator.IN]


def test_the_same_of_a_rule_is_the_sorted_union_of_all_its_clauses() -> None:
    rule = {
        **CART,
        "given": [{"count": "a.b", "gte": 2, "same": ["y", "x"]}, {"present": {"event": "c.d", "same": "z"}}],
        "unless": [{"event": "e.f", "same": "a"}, "g.h"],
    }
    compiled = compile_account(rules_of(rule), "acme").rules[0]
    assert compiled.same == (("a",), ("x",), ("y",), ("z",))
    assert compiled.conditions[1].same == (("z",),)
    assert compiled.conditions[1].of == (Match(frozenset({"c.d"})),)


def test_versions_depend_on_what_is_written_and_not_on_how_it_is_laid_out() -> None:
    one = rules_of(CART, VIP)
    assert one.version == rules_of(VIP, {"wait": "1h", "when": "cart.item_added", "id": "cart"}).version
    assert one.version == together({"account": "acme", "rules": [CART]}, {"account": "acme", "rules": [VIP]}).version
    assert one.version != rules_of({**CART, "wait": "2h"}, VIP).version
    assert one.version == rules_of({**CART, "priority": 50}, VIP).version
    assert len(one.version) == 12


def test_rule_sets_and_programs_can_be_pickled() -> None:
    ruleset = rules_of(CART, VIP)
    assert pickle.loads(pickle.dumps(ruleset)) == ruleset
    program = compile_account(ruleset, "acme")
    assert pickle.loads(pickle.dumps(program)) == program


def test_numbers_already_parsed_are_read_as_they_are_written() -> None:
    rule = {**CART, "when": {"event": "a.b", "where": {"x": {"in": [0.1, 1.0, 3]}}}}
    where = compile_account(rules_of(rule), "acme").rules[0].when[0].where
    assert isinstance(where, Comparison)
    assert where.operand == (Decimal("0.1"), 1, 3)
    with pytest.raises(RulesError, match="is no number"):
        rules_of({**CART, "when": {"event": "a.b", "where": {"x": float("inf")}}})
