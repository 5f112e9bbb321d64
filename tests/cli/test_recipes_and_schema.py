"""`kittiwake recipes` and `kittiwake schema`."""

from __future__ import annotations

from kittiwake.rules.json_schema import json_schema
from kittiwake.rules.recipes import recipe, recipe_names
from tests.cli.command import kittiwake


def test_recipes_are_listed_with_their_titles() -> None:
    ran = kittiwake("recipes")
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines()] == list(recipe_names())
    assert "Cart abandonment" in ran.out
    not_yet = [line.split()[0] for line in ran.out.splitlines() if line.endswith("(checked, but not run yet)")]
    assert not_yet == ["back-in-stock", "price-drop"]


def test_a_recipe_is_printed_as_its_file() -> None:
    assert kittiwake("recipes", "cart-abandonment") == (0, recipe("cart-abandonment").text, "")


def test_recipes_are_data_for_programs() -> None:
    one = kittiwake("recipes", "cart-abandonment", "--json").data
    assert (one["name"], one["text"]) == ("cart-abandonment", recipe("cart-abandonment").text)
    assert kittiwake("recipes", "--json").data["recipes"][0].keys() == one.keys()


def test_an_unknown_recipe_is_unusable_and_the_known_are_named() -> None:
    ran = kittiwake("recipes", "cart")
    assert ran.code == 2
    assert ran.err.startswith("there is no recipe cart; there are ")
    assert kittiwake("recipes", "cart", "--json").data["ok"] is False


def test_the_schema_of_rules_is_printed() -> None:
    ran = kittiwake("schema")
    assert ran.code == 0
    assert ran.data == json_schema()


def test_the_schema_of_scenarios_is_printed() -> None:
    ran = kittiwake("schema", "--scenarios")
    assert ran.code == 0
    assert ran.data["required"] == ["tests"]
