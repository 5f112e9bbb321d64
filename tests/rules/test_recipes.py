"""Recipes: all of section 3's rules, shipped, described, and overridden clause by clause."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from kittiwake.rules import RulesError, RuleSet, load_document, load_files
from kittiwake.rules.compile.match import matches_of
from kittiwake.rules.errors import REFUSED_LATER, Code, LintCode, RuleError
from kittiwake.rules.lint.document import find_lints
from kittiwake.rules.lint.queries import matches_in
from kittiwake.rules.loader import read_locations
from kittiwake.rules.publishing.loading import load_history
from kittiwake.rules.recipes import Recipe, recipe, recipe_names, recipes
from kittiwake.rules.recipes.own import recipes_in
from kittiwake.rules.source.tree import plain
from tests.rules.published import first, target_of

SHIPPED = (
    "appointment-reminder",
    "back-in-stock",
    "birthday",
    "browse-abandonment",
    "cart-abandonment",
    "checkout-abandonment",
    "high-intent",
    "lapsed",
    "low-stock",
    "loyalty-milestone",
    "no-show",
    "price-drop",
    "price-drop-since-viewed",
    "price-drop-vip",
    "renewal-reminder",
    "replenish",
    "second-purchase",
    "signup-welcome",
    "tier-reached",
    "trial-ending",
    "vip",
)


def of(*rules: dict[str, Any]) -> RuleSet:
    return load_document({"account": "acme", "rules": list(rules)})


def alone(name: str, more: dict[str, Any] | None = None) -> RuleSet:
    """A recipe, beside the audience whose members it is for, if it is for any."""
    return of({"use": name, **(more or {})}, *([{"use": "vip"}] if "audience" in recipe(name).parameters else []))


def test_all_rules_of_the_contract_are_shipped() -> None:
    assert recipe_names() == SHIPPED


@pytest.mark.parametrize("shipped", recipes(), ids=lambda one: one.name)
def test_a_recipe_says_what_it_is_for_and_what_it_needs(shipped: Recipe) -> None:
    authored = alone(shipped.name).rules_of("acme")[0]
    assert authored.rule.id == shipped.name
    assert shipped.title
    assert shipped.description.endswith(".")
    named = {name for _, match in matches_in(authored.written) for one in matches_of(match) for name in one.types}
    assert named == set(shipped.needs)


@pytest.mark.parametrize("name", SHIPPED)
def test_no_lint_is_about_a_text_that_is_the_recipes(name: str) -> None:
    assert {lint.code for lint in find_lints(alone(name))} <= {LintCode.PRIORITY_WITHOUT_EFFECT}


def test_a_value_for_a_recipe_is_linted_like_the_authors_own() -> None:
    rule = {"use": "renewal-reminder", "with": {"due": {"until": "expires_at", "offset": "-7d"}}}
    assert LintCode.OFFSET_IN_DAYS in {lint.code for lint in find_lints(of(rule))}


def test_what_the_author_names_replaces_the_clause_whole() -> None:
    used, written = of(
        {"use": "browse-abandonment", "id": "mine", "given": {"present": "a.b"}, "priority": 60},
        {
            "id": "same",
            "when": "product.viewed",
            "given": {"present": "a.b"},
            "wait": "2h",
            "unless": [{"event": "cart.item_added", "same": "product_id"}, "order.completed"],
            "per": "product_id",
            "priority": 60,
        },
    ).rules_of("acme")
    assert used.rule.id == "mine"
    assert used.rule.model_copy(update={"id": "same"}) == written.rule


def test_a_used_recipe_is_fingerprinted_as_if_written_out() -> None:
    used = of({"use": "lapsed"})
    written = of({"id": "lapsed", "when": "*", "wait": "60d"})
    assert used.rules_of("acme")[0].version == written.rules_of("acme")[0].version
    assert used.version == written.version


def test_a_recipe_taken_twice_needs_two_ids() -> None:
    with pytest.raises(RulesError) as caught:
        of({"use": "vip"}, {"use": "vip"})
    assert [error.code for error in caught.value.errors] == [Code.DUPLICATE_ID]


def test_an_error_of_a_clause_the_author_did_not_write_stands_at_use() -> None:
    text = "account: acme\nrules:\n  - priority: 60\n    use: vip\n    when: a.b\n"
    with pytest.raises(RulesError) as caught:
        load_files({"a.yaml": text.encode()})
    assert [(error.line, error.column) for error in caught.value.errors] == [(4, 5)]


def test_the_text_of_a_recipe_is_its_file() -> None:
    assert recipe("lapsed").text.startswith("title: Lapsed\n")


# ---------------------------------------------------------------- parameters

VERSIONS = {
    "back-in-stock": "20f6e52a2220",
    "browse-abandonment": "2164883874a0",
    "cart-abandonment": "92415c23e992",
    "checkout-abandonment": "721c67160bce",
    "high-intent": "c88ee6546b35",
    "lapsed": "06f0103560f2",
    "loyalty-milestone": "a80779f7e6c4",
    "price-drop": "962f2726462a",
    "replenish": "1e47867bb4bf",
    "vip": "8da4cfdbb195",
}
"""What they were before they had parameters; a target has these in its versions."""


@pytest.mark.parametrize("name", VERSIONS)
def test_a_recipe_without_values_is_the_rule_that_it_was_before_it_had_parameters(name: str) -> None:
    assert of({"use": name}).rules_of("acme")[0].version == VERSIONS[name]


def test_the_vip_price_drop_is_the_price_drop_for_members_of_the_audience_that_is_named() -> None:
    written = {"use": "price-drop", "id": "drop", "given": {"in": "best"}}
    named = {"use": "price-drop-vip", "id": "drop", "with": {"audience": "best"}}
    best = {"use": "vip", "id": "best"}
    assert of(best, named).version == of(best, written).version
    with pytest.raises(RulesError, match="there is no audience vip"):
        of(best, {"use": "price-drop-vip"})


def test_a_value_takes_the_place_of_its_parameter() -> None:
    used = of(
        {
            "use": "cart-abandonment",
            "with": {"wait": ["1h", "1d"], "purchase": {"event": "order.paid", "where": {"test": {"ne": True}}}},
        }
    )
    written = of(
        {
            "id": "cart-abandonment",
            "when": "cart.item_added",
            "wait": ["1h", "1d"],
            "unless": {"event": "order.paid", "where": {"test": {"ne": True}}},
        }
    )
    assert used.rules_of("acme")[0].version == written.rules_of("acme")[0].version


@pytest.mark.parametrize("shipped", recipes(), ids=lambda one: one.name)
def test_every_parameter_of_a_shipped_recipe_has_a_default_of_its_type(shipped: Recipe) -> None:
    assert all(one.default is not None and one.description for one in shipped.parameters.values())
    given = {name: plain(one.default) for name, one in shipped.parameters.items() if one.default is not None}
    if given:
        assert alone(shipped.name, {"with": given}).version == alone(shipped.name).version


WRONG: list[tuple[dict[str, Any], int, Code, str]] = [
    ({"use": "lapsed", "with": {"silence": "60"}}, 1, Code.BAD_DURATION, "rules[0].with.silence"),
    ({"use": "lapsed", "with": {"silent": "60d"}}, 1, Code.RECIPE, "rules[0].with.silent"),
    ({"use": "lapsed", "with": {"silence": "60d"}, "wait": "1d"}, 1, Code.RECIPE, "rules[0].with.silence"),
    ({"use": "lapsed", "with": ["60d"]}, 1, Code.WRONG_SHAPE, "rules[0].with"),
    ({"id": "r", "when": "a.b", "with": {"wait": "1d"}}, 1, Code.RECIPE, "rules[0].with"),
    ({"use": "vip", "with": {"spent": "x", "purchase": {"evnt": "a.b"}}}, 3, Code.BAD_NUMBER, "rules[0].with.spent"),
    ({"use": "lapsed", "with": {"silence": "500d"}}, 1, Code.GUARDRAIL, "rules[0].wait"),
]


@pytest.mark.parametrize(("rule", "errors", "code", "path"), WRONG, ids=[str(one[0]) for one in WRONG])
def test_what_is_wrong_with_values_is_said_where_they_stand(
    rule: dict[str, Any], errors: int, code: Code, path: str
) -> None:
    with pytest.raises(RulesError) as caught:
        of(rule)
    assert len(caught.value.errors) == errors
    assert (code, path) in [(error.code, error.path) for error in caught.value.errors]


def test_the_did_you_mean_of_a_parameter_names_it() -> None:
    with pytest.raises(RulesError) as caught:
        of({"use": "cart-abandonment", "with": {"purchases": "a.b"}})
    assert caught.value.errors[0].advice == "Did you mean purchase?"


# ---------------------------------------------------------------- recipes of an account's own

WELCOME = """\
recipe: welcome
account: acme
title: Welcome
description: Somebody has signed up and has not bought yet.
needs: {contact.created: [], order.completed: []}
parameters:
  purchase: {type: match, default: purchase, description: what ends it}
  after: {type: wait, description: how long after the signing up}
rule:
  when: contact.created
  wait: {param: after}
  unless: {param: purchase}
"""
RULES = """\
account: acme
matches: {purchase: {event: order.completed, where: {test: {ne: true}}}}
rules:
  - use: welcome
    with: {after: 1d}
"""


def files_of(**texts: str) -> RuleSet:
    return load_files({f"{name}.yaml": text.encode() for name, text in texts.items()})


def codes_of(**texts: str) -> list[tuple[str, int, Code | LintCode]]:
    with pytest.raises(RulesError) as caught:
        files_of(**texts)
    return [(error.file, error.line, error.code) for error in caught.value.errors]


def test_an_account_uses_a_recipe_of_its_own_with_its_named_matches() -> None:
    used = files_of(rules=RULES, welcome=WELCOME)
    unless = {"event": "order.completed", "where": {"test": {"ne": True}}}
    written = of({"id": "welcome", "when": "contact.created", "wait": "1d", "unless": unless})
    assert used.version == written.version


def test_a_published_version_has_the_recipes_it_uses(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    first(target, {"rules.yaml": RULES.encode(), "recipes/welcome.yaml": WELCOME.encode()})
    assert load_history(target).newest.ruleset.rules_of("acme")[0].rule.id == "welcome"


def test_every_account_uses_the_recipes_of_all_and_none_uses_those_of_another() -> None:
    shared = WELCOME.replace("account: acme", 'account: "*"').replace("default: purchase", "default: order.completed")
    assert files_of(rules=RULES, welcome=shared).version
    other = WELCOME.replace("account: acme", "account: other").replace("default: purchase", "default: order.completed")
    assert codes_of(rules=RULES, welcome=other) == [("rules.yaml", 4, Code.RECIPE)]


def test_a_value_that_must_be_given_and_is_not_is_an_error_of_the_rule() -> None:
    assert codes_of(rules=RULES.replace("    with: {after: 1d}\n", ""), welcome=WELCOME) == [
        ("rules.yaml", 4, Code.RECIPE)
    ]


def test_what_is_wrong_in_a_recipe_is_said_there_once_however_often_it_is_used() -> None:
    twice = RULES + "  - {use: welcome, id: again, with: {after: 2d}}\n"
    assert codes_of(rules=twice, welcome=WELCOME.replace("when:", "then:")) == [
        ("welcome.yaml", 10, Code.UNKNOWN_KEY),
        ("welcome.yaml", 12, Code.KIND),
    ]


def test_two_recipes_of_one_name_are_one_too_many() -> None:
    again = WELCOME.replace("account: acme", 'account: "*"').replace("default: purchase", "default: order.completed")
    assert codes_of(rules=RULES, a=WELCOME, b=again) == [("a.yaml", 1, Code.RECIPE)]
    assert codes_of(rules=RULES, a=WELCOME, b=WELCOME) == [("b.yaml", 1, Code.RECIPE)]


def test_a_version_stays_readable_when_a_release_brings_a_recipe_of_a_name_that_it_uses() -> None:
    """And means what it meant: the account's own recipe."""
    own = WELCOME.replace("recipe: welcome", "recipe: lapsed")
    rules = RULES.replace("use: welcome", "use: lapsed")
    assert codes_of(rules=rules, lapsed=own) == [("lapsed.yaml", 1, Code.RECIPE_TAKEN)]
    contents = {"rules.yaml": rules.encode(), "lapsed.yaml": own.encode()}
    kept = load_files(contents, forgiven=REFUSED_LATER).rules_of("acme")[0].rule
    assert (kept.id, kept.wait) == ("lapsed", "1d")


def test_recipes_among_files_are_found_for_who_lists_them() -> None:
    errors: list[RuleError] = []
    contents = {"r.yaml": RULES.encode(), "w.yaml": WELCOME.encode()}
    (found,) = recipes_in(read_locations(contents, errors), errors)
    assert (found.name, found.account_id, found.file, errors) == ("welcome", "acme", "w.yaml", [])
