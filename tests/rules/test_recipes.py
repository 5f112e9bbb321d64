"""Recipes: all of section 3's rules, shipped, described, and overridden clause by clause."""

from __future__ import annotations

from typing import Any

import pytest

from kittiwake.rules import RulesError, RuleSet, load_document, load_files
from kittiwake.rules.compile.match import matches_of
from kittiwake.rules.errors import Code
from kittiwake.rules.lint.queries import matches_in
from kittiwake.rules.recipes import Recipe, recipe, recipe_names, recipes

SHIPPED = (
    "back-in-stock",
    "birthday",
    "browse-abandonment",
    "cart-abandonment",
    "checkout-abandonment",
    "high-intent",
    "lapsed",
    "loyalty-milestone",
    "price-drop",
    "renewal-reminder",
    "replenish",
    "vip",
)


def of(*rules: dict[str, Any]) -> RuleSet:
    return load_document({"account": "acme", "rules": list(rules)})


def test_all_rules_of_the_contract_are_shipped() -> None:
    assert recipe_names() == SHIPPED


@pytest.mark.parametrize("shipped", recipes(), ids=lambda one: one.name)
def test_a_recipe_says_what_it_is_for_and_what_it_needs(shipped: Recipe) -> None:
    (authored,) = of({"use": shipped.name}).rules_of("acme")
    assert authored.rule.id == shipped.name
    assert shipped.title
    assert shipped.description.endswith(".")
    named = {name for _, match in matches_in(authored.rule) for one in matches_of(match) for name in one.types}
    assert named == set(shipped.needs)


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
