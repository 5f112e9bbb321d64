"""Named matches: a rule that uses a name is the rule with the match written out, whichever file defines it."""

from __future__ import annotations

from typing import Any

import pytest

from kittiwake.rules import RulesError, RuleSet, load_document, load_files, named
from kittiwake.rules.by_account import read_by_account
from kittiwake.rules.documents import rule_set_of
from kittiwake.rules.errors import Code
from kittiwake.rules.limits import LIST_MAX, MATCHES_MAX
from kittiwake.rules.publishing.changes import changes
from kittiwake.rules.source.tree import Location, node_of

PURCHASE = {"event": "order.completed", "where": {"test": {"ne": True}}}


def of(matches: dict[str, Any], *rules: dict[str, Any], account: str = "acme") -> RuleSet:
    return load_document({"account": account, "matches": matches, "rules": list(rules)})


def together(*documents: dict[str, Any]) -> RuleSet:
    return rule_set_of([Location(f"{i}.yaml", node_of({"rules": [], **one})) for i, one in enumerate(documents)])


def codes(caught: pytest.ExceptionInfo[RulesError]) -> list[tuple[str, Any]]:
    return [(error.file, error.code) for error in caught.value.errors]


USED_AND_WRITTEN_OUT = {
    "a bare name": ({"unless": "purchase"}, {"unless": PURCHASE}),
    "match": ({"unless": {"match": "purchase"}}, {"unless": PURCHASE}),
    "a name in a list": (
        {"unless": ["a.b", "carts", {"match": "purchase"}]},
        {"unless": ["a.b", "cart.updated", "cart.emptied", PURCHASE]},
    ),
    "a list": ({"unless": "carts"}, {"unless": ["cart.updated", "cart.emptied"]}),
    "where beside a where": (
        {"unless": {"match": "purchase", "where": {"total": 5}}},
        {"unless": {"event": "order.completed", "where": {"all": [{"test": {"ne": True}}, {"total": 5}]}}},
    ),
    "where and same beside types": (
        {"unless": {"match": "carts", "where": {"total": 5}, "same": "cart_id"}},
        {
            "unless": [
                {"event": "cart.updated", "where": {"total": 5}, "same": "cart_id"},
                {"event": "cart.emptied", "where": {"total": 5}, "same": "cart_id"},
            ]
        },
    ),
    "a name within a name": (
        {"unless": "big"},
        {"unless": {"event": "order.completed", "where": {"all": [{"test": {"ne": True}}, {"total": {"gt": 9}}]}}},
    ),
    "event takes types, also where there is such a name": (
        {"unless": {"event": "purchase"}},
        {"unless": {"event": "purchase"}},
    ),
    "a name that is also a property, a value and a field": (
        {"unless": {"event": "a.b", "where": {"count": "purchase", "of": "purchase"}}, "include": {"of": "purchase"}},
        {"unless": {"event": "a.b", "where": {"count": "purchase", "of": "purchase"}}, "include": {"of": "purchase"}},
    ),
    "conditions": (
        {
            "unless": "a.b",
            "given": [
                {"count": "purchase", "gte": 1},
                {"sum": "total", "of": "purchase", "gte": 1},
                {"present": {"match": "purchase"}},
                {"absent": "carts", "within": "1d"},
            ],
        },
        {
            "unless": "a.b",
            "given": [
                {"count": PURCHASE, "gte": 1},
                {"sum": "total", "of": PURCHASE, "gte": 1},
                {"present": PURCHASE},
                {"absent": ["cart.updated", "cart.emptied"], "within": "1d"},
            ],
        },
    ),
}
NAMES = {
    "purchase": PURCHASE,
    "carts": ["cart.updated", "cart.emptied"],
    "big": {"match": "purchase", "where": {"total": {"gt": 9}}},
}


@pytest.mark.parametrize("case", USED_AND_WRITTEN_OUT)
def test_a_rule_with_a_name_is_the_rule_with_the_match_written_out(case: str) -> None:
    used, written = USED_AND_WRITTEN_OUT[case]
    rule = {"id": "r", "when": "cart.opened", "wait": "1h"}
    short, plain = of(NAMES, {**rule, **used}), of({"other": "x.y"}, {**rule, **written})
    assert short.rules_of("acme")[0].rule == plain.rules_of("acme")[0].rule
    assert short.rules_of("acme")[0].version == plain.rules_of("acme")[0].version
    assert short.version == plain.version


def test_names_stand_in_when_in_steps_in_audiences_and_in_interest() -> None:
    tree = {"all": [{"not": {"present": "purchase"}}, {"any": [{"absent": "carts"}]}]}
    written = {"all": [{"not": {"present": PURCHASE}}, {"any": [{"absent": NAMES["carts"]}]}]}
    rules = [
        ({"when": "carts"}, {"when": NAMES["carts"]}),
        (
            {"when": {"sequence": ["carts", {"match": "purchase"}], "within": "1h"}},
            {"when": {"sequence": [NAMES["carts"], PURCHASE], "within": "1h"}},
        ),
        ({"audience": tree}, {"audience": written}),
        (
            {
                "when": {"item": {"price": {"drops_by": 1}}},
                "interest": {"events": "carts", "item": "sku", "within": "1d"},
                "unless": {"match": "purchase", "item": "sku"},
            },
            {
                "when": {"item": {"price": {"drops_by": 1}}},
                "interest": {"events": NAMES["carts"], "item": "sku", "within": "1d"},
                "unless": {**PURCHASE, "item": "sku"},
            },
        ),
    ]
    short = of(NAMES, *({"id": f"r{i}", **used} for i, (used, _) in enumerate(rules)))
    plain = of({"other": "x.y"}, *({"id": f"r{i}", **out} for i, (_, out) in enumerate(rules)))
    assert [one.version for one in short.rules_of("acme")] == [one.version for one in plain.rules_of("acme")]


def test_an_edit_of_a_named_match_is_an_edit_of_each_rule_that_uses_it() -> None:
    rules = [{"id": "a", "when": "purchase"}, {"id": "b", "when": "big"}, {"id": "c", "when": "a.b"}]
    before, after = of(NAMES, *rules), of({**NAMES, "purchase": "order.paid"}, *rules)
    assert [(one.rule_id, one.what) for one in changes(before, after)] == [("a", "changed"), ("b", "changed")]


def test_the_files_of_an_account_share_names_and_every_account_has_those_of_all() -> None:
    found = together(
        {"account": "*", "matches": {"purchase": PURCHASE}, "rules": [{"id": "shared", "when": "purchase"}]},
        {"account": "acme", "matches": {"carts": NAMES["carts"]}},
        {"account": "acme", "rules": [{"id": "own", "when": ["carts", "purchase"]}]},
    )
    assert [one.version for one in found.rules_of("acme")] == [
        one.version
        for one in of(
            {"other": "x.y"},
            {"id": "shared", "when": PURCHASE},
            {"id": "own", "when": ["cart.updated", "cart.emptied", PURCHASE]},
        ).rules_of("acme")
    ]
    assert found.match_names_of("acme") == {"purchase", "carts"}


def test_an_account_does_not_see_the_names_of_another() -> None:
    with pytest.raises(RulesError) as caught:
        together(
            {"account": "acme", "matches": {"purchase": PURCHASE}},
            {"account": "other", "rules": [{"id": "r", "when": {"match": "purchase"}}]},
        )
    assert codes(caught) == [("1.yaml", Code.NAMED_MATCH)]


def test_nobody_gives_another_meaning_to_a_name_that_is_taken() -> None:
    with pytest.raises(RulesError) as caught:
        together(
            {"account": "acme", "matches": {"purchase": "order.paid"}},
            {"account": "*", "matches": {"purchase": PURCHASE}},
            {"account": "*", "matches": {"purchase": PURCHASE}},
        )
    assert codes(caught) == [("0.yaml", Code.NAMED_MATCH), ("2.yaml", Code.NAMED_MATCH)]


def test_what_is_wrong_with_the_names_of_one_account_keeps_nobody_else_from_being_run() -> None:
    good = "account: good\nmatches: {purchase: a.b}\nrules: [{id: r, when: purchase}]\n"
    bad = "account: bad\nmatches: {purchase: []}\nrules: [{id: r, when: purchase}]\n"
    found = read_by_account({"good.yaml": good.encode(), "bad.yaml": bad.encode()})
    assert [*found.ruleset.accounts] == ["good"]
    assert [error.code for error in found.refused["bad"]] == [Code.EMPTY_LIST]


def test_an_account_names_so_many_matches_and_no_more() -> None:
    names = {f"n{i}": "a.b" for i in range(MATCHES_MAX)}
    assert of(names, {"id": "r", "when": "n0"}).version
    with pytest.raises(RulesError) as caught:
        of({**names, "more": "a.b"}, {"id": "r", "when": "n0"})
    assert codes(caught) == [("<document>", Code.GUARDRAIL)]


def test_names_in_lists_of_names_do_not_grow_without_bound() -> None:
    names = {"a": [f"t.{i}" for i in range(100)], "b": ["a"] * 100, "c": ["b"] * 100, "d": ["c"] * 100}
    with pytest.raises(RulesError) as caught:
        of(names, {"id": "r", "when": "d"})
    assert {error.code for error in caught.value.errors} == {Code.GUARDRAIL}


def test_names_that_are_used_often_do_not_grow_without_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(named, "NODES_MAX", 2_000)
    names = {"a": [f"t.{i}" for i in range(LIST_MAX)]}
    with pytest.raises(RulesError) as caught:
        of(names, *({"id": f"r{i}", "when": "a"} for i in range(4)))
    assert codes(caught) == [("<document>", Code.TOO_LARGE)]


def test_an_error_of_a_file_is_located_in_that_file() -> None:
    shared = 'account: "*"\nmatches:\n  purchase: {event: order.completed, where: {total: {ge: 1}}}\nrules: []\n'
    own = "account: acme\nrules:\n  - {id: r, when: purchase}\n"
    with pytest.raises(RulesError) as caught:
        load_files({"shared.yaml": shared.encode(), "own.yaml": own.encode()})
    (error,) = caught.value.errors
    assert (error.file, error.line, error.path) == ("shared.yaml", 3, "matches.purchase.where.total.ge")


def test_a_name_stands_in_what_events_are_derived_from() -> None:
    derive = {"event": "order.item_purchased", "each": "products"}
    short, plain = (
        load_document({"account": "acme", **names, "derive": [{**derive, "from": match}], "rules": []})
        for names, match in (({"matches": {"purchase": PURCHASE}}, "purchase"), ({}, PURCHASE))
    )
    assert short.version == plain.version
    assert short.account("acme").matches[0].used
