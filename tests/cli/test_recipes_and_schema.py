"""`kittiwake recipes` and `kittiwake schema`."""

from __future__ import annotations

from pathlib import Path

from kittiwake.rules.json_schema import json_schema
from kittiwake.rules.recipes import recipe, recipe_names
from tests.cli.command import kittiwake


def test_recipes_are_listed_with_their_titles() -> None:
    ran = kittiwake("recipes")
    assert ran.code == 0
    assert [line.split()[0] for line in ran.out.splitlines()] == list(recipe_names())
    assert "Cart abandonment" in ran.out


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


def test_recipes_of_rules_files_are_listed_and_printed_beside_the_shipped(tmp_path: Path) -> None:
    text = "recipe: welcome\naccount: acme\ntitle: Welcome\ndescription: Greets.\nrule: {when: contact.created}\n"
    (tmp_path / "welcome.yaml").write_text(text, encoding="utf-8")
    listed = kittiwake("recipes", "--rules", str(tmp_path))
    assert "Welcome (of account acme)" in listed.out
    assert "Cart abandonment" in listed.out
    assert kittiwake("recipes", "welcome", "--rules", str(tmp_path)).out == text
    one = kittiwake("recipes", "welcome", "--rules", str(tmp_path), "--json").data
    assert (one["account"], one["parameters"]) == ("acme", {})
    (tmp_path / "welcome.yaml").write_text(text.replace("when", "wenn"), encoding="utf-8")
    assert kittiwake("recipes", "--rules", str(tmp_path)).code == 2


def test_the_parameters_of_a_recipe_are_data_too() -> None:
    parameters = kittiwake("recipes", "lapsed", "--json").data["parameters"]
    assert parameters["silence"] == {"type": "duration", "description": "how long nothing was heard", "default": "60d"}


def test_the_schema_of_event_plans_is_printed_and_no_two_schemas_at_once() -> None:
    ran = kittiwake("schema", "--events")
    assert (ran.code, ran.data["required"]) == (0, ["events"])
    assert kittiwake("schema", "--events", "--scenarios").code == 2
