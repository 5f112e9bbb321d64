"""Audiences that other rules name are written out: by whom they may be named, and whose edit an edit is."""

from __future__ import annotations

from typing import Any

import pytest

from kittiwake.rules import Code, RulesError
from kittiwake.rules.by_account import read_by_account
from kittiwake.rules.documents import rule_set_of
from kittiwake.rules.ruleset import RuleSet
from kittiwake.rules.source.tree import Location, node_of

VIP = {"id": "vip", "audience": {"contact": {"tier": "gold"}}}
NAMES_IT = {"id": "names-it", "when": "a.b", "given": {"in": "vip"}}


def loaded(**rules: list[dict[str, Any]]) -> RuleSet:
    """The rule set of accounts; every is that of every one."""
    documents = [
        {"account": "*" if account == "every" else account, "rules": written} for account, written in rules.items()
    ]
    return rule_set_of(Location(f"{i}.yaml", node_of(data)) for i, data in enumerate(documents))


def versions(rules: RuleSet, account: str = "acme") -> dict[str, str]:
    return {authored.rule.id: authored.version for authored in rules.rules_of(account)}


def test_a_rule_that_names_an_audience_is_the_rule_with_its_tree() -> None:
    written = {**NAMES_IT, "given": VIP["audience"]}
    assert versions(loaded(acme=[VIP, NAMES_IT])) == versions(loaded(acme=[VIP, written]))


def test_an_edit_of_an_audience_is_an_edit_of_what_names_it_through_others() -> None:
    through = {"id": "through", "audience": {"any": [{"not": {"in": "vip"}}, {"present": "a.b"}]}}
    rules = [VIP, through, {**NAMES_IT, "given": {"in": "through"}}, {"id": "other", "when": "a.b"}]
    edited = [{**VIP, "audience": {"contact": {"tier": "silver"}}}, *rules[1:]]
    before, after = versions(loaded(acme=rules)), versions(loaded(acme=edited))
    assert {name for name in before if before[name] != after[name]} == {"vip", "through", "names-it"}


def test_what_else_is_edited_of_an_audience_is_no_edit_of_what_names_it() -> None:
    edited = {**VIP, "mode": "off", "emits": ["entered", "exited"], "keep": "5d"}
    before, after = versions(loaded(acme=[VIP, NAMES_IT])), versions(loaded(acme=[edited, NAMES_IT]))
    assert before["names-it"] == after["names-it"]


def test_an_account_may_name_an_audience_of_every_one_and_of_another_file() -> None:
    assert versions(loaded(every=[VIP], acme=[NAMES_IT])) == versions(loaded(acme=[VIP, NAMES_IT]))


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ({"every": [NAMES_IT], "acme": [VIP]}, "vip is an audience of one account, and this is a rule of every one"),
        ({"other": [VIP], "acme": [NAMES_IT]}, "there is no audience vip"),
        ({"acme": [NAMES_IT]}, "there is no audience vip"),
    ],
)
def test_others_may_not(rules: dict[str, list[dict[str, Any]]], message: str) -> None:
    with pytest.raises(RulesError) as caught:
        loaded(**rules)
    assert [(error.code, error.message) for error in caught.value.errors] == [(Code.NO_AUDIENCE, message)]


def test_a_name_that_is_wrong_in_one_account_stops_no_other() -> None:
    texts = {
        "a.json": b'{"account": "acme", "rules": [{"id": "r", "when": "a.b", "given": {"in": "vip"}}]}',
        "b.json": b'{"account": "other", "rules": [{"id": "r", "when": "a.b"}]}',
    }
    found = read_by_account(texts)
    assert [*found.refused] == ["acme"]
    assert [*found.ruleset.accounts] == ["other"]


def test_a_long_chain_of_audiences_is_written_out() -> None:
    chain = [{"id": f"a{i}", "audience": {"in": f"a{i + 1}"}} for i in range(400)]
    assert len(set(versions(loaded(acme=[*chain, {"id": "a400", "audience": VIP["audience"]}])).values())) == 401


def test_audiences_that_nest_too_deep_are_refused() -> None:
    chain = [{"id": f"a{i}", "audience": {"not": {"in": f"a{i + 1}"}}} for i in range(60)]
    with pytest.raises(RulesError) as caught:
        loaded(acme=[*chain, {"id": "a60", "audience": VIP["audience"]}])
    (error,) = caught.value.errors
    assert error.message == "with the audiences it names written out, this is nested deeper than 32"
