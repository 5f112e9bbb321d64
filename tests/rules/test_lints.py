"""Every lint has a pair of files: rules that it finds, with its exact text, and rules that it leaves alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from kittiwake.rules import LintCode, find_lints, load_files
from kittiwake.rules.documents import rule_set_of
from kittiwake.rules.source.tree import Location, node_of
from tests.rules.goldens import HERE, assert_golden

PAIRS = HERE / "lints"
LINTED = sorted(PAIRS.glob("*.linted.yaml"))
CLEAN = sorted(PAIRS.glob("*.clean.yaml"))


def lints_of(path: Path) -> list[str]:
    return [f"{found}  [{found.code}]" for found in find_lints(load_files({path.name: path.read_bytes()}))]


def golden_of(path: Path) -> Path:
    return path.with_name(path.name.split(".")[0] + ".lints.txt")


@pytest.mark.parametrize("path", LINTED, ids=lambda path: path.name)
def test_linted_rules_are_reported_in_exactly_these_words(path: Path) -> None:
    found = lints_of(path)
    assert found
    assert_golden(golden_of(path), "\n".join(found) + "\n")


@pytest.mark.parametrize("path", CLEAN, ids=lambda path: path.name)
def test_clean_rules_are_left_alone(path: Path) -> None:
    assert lints_of(path) == []


@pytest.mark.parametrize("code", LintCode)
def test_every_lint_has_a_pair(code: LintCode) -> None:
    beside_plans = sorted((HERE.parent / "event_plan" / "lints").glob("*.linted.yaml"))
    assert any(f"[{code}]" in golden_of(path).read_text(encoding="utf-8") for path in (*LINTED, *beside_plans))


def test_a_rule_of_every_account_is_judged_under_the_policies_of_all() -> None:
    shared = {"account": "*", "rules": [{"id": "a", "when": "cart.opened", "expires": "1h", "group": "g"}]}
    own = {
        "account": "acme",
        "policy": {
            "quiet_hours": {"from": "21:00", "to": "08:00"},
            "frequency": {"max": 1, "per": "day", "group": "g"},
        },
        "rules": [],
    }
    ruleset = rule_set_of(Location(f"{i}.yaml", node_of(data)) for i, data in enumerate((shared, own)))
    assert [found.code for found in find_lints(ruleset)] == [LintCode.EXPIRES_IN_QUIET_HOURS]


def test_a_cap_of_every_account_may_name_the_group_of_a_rule_of_one() -> None:
    shared = {"account": "*", "policy": {"frequency": {"max": 1, "per": "day", "group": "g"}}, "rules": []}
    own = {"account": "acme", "rules": [{"id": "a", "when": "cart.opened", "group": "g"}]}
    ruleset = rule_set_of(Location(f"{i}.yaml", node_of(data)) for i, data in enumerate((shared, own)))
    assert find_lints(ruleset) == []


def test_a_where_of_very_many_ways_is_left_alone() -> None:
    ways = {"all": [{"any": [{"x": 1}, {"x": 2}]} for _ in range(7)]}
    deep = {"any": [{"all": [{"x": {"gt": 5, "lt": 3}}, {"any": [{"y": i} for i in range(70)]}]}, {"x": 1}]}
    for where in (ways, deep, {"any": [{"x": {"gt": 5, "lt": 3}, "y": i} for i in range(70)]}):
        rule = {"id": "a", "when": {"event": "cart.opened", "where": where}}
        assert find_lints(rule_set_of([Location("a.yaml", node_of({"account": "acme", "rules": [rule]}))])) == []


def test_what_is_derived_for_every_account_may_be_read_by_the_rules_of_one() -> None:
    derive = [{"event": "order.item_bought", "from": "order.completed", "each": "products"}]
    shared = {"account": "*", "derive": derive, "rules": []}
    own = {"account": "acme", "rules": [{"id": "a", "when": "order.item_bought"}]}
    ruleset = rule_set_of(Location(f"{i}.yaml", node_of(data)) for i, data in enumerate((shared, own)))
    assert find_lints(ruleset) == []
    alone = rule_set_of([Location("0.yaml", node_of(shared))])
    assert [found.code for found in find_lints(alone)] == [LintCode.DERIVED_FOR_NOBODY]
