"""`kittiwake recipes`: the rules that ship with the product."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from kittiwake.cli.console import AsJson, leave, one_command, say_columns
from kittiwake.rules import recipes as shipped
from kittiwake.rules.recipes import Recipe
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import complain, say_json, say_text


def recipes(
    name: Annotated[str, typer.Argument(help="Print the recipe of this name.", show_default=False)] = "",
    as_json: AsJson = False,
) -> None:
    """List the shipped recipes, or print one, to read or to copy; a rule takes it with `use: NAME`."""
    if not name:
        _list_all(shipped.recipes(), as_json=as_json)
    elif name not in shipped.recipe_names():
        _refuse(f"there is no recipe {name}; there are {', '.join(shipped.recipe_names())}", as_json=as_json)
    elif as_json:
        say_json(_data(shipped.recipe(name)))
    else:
        say_text(shipped.recipe(name).text)


def _list_all(all_: tuple[Recipe, ...], *, as_json: bool) -> None:
    if as_json:
        say_json({"recipes": [_data(one) for one in all_]})
    else:
        say_columns([(one.name, one.title + ("" if one.runs else " (checked, but not run yet)")) for one in all_])


def _data(recipe: Recipe) -> dict[str, Any]:
    return {
        "name": recipe.name,
        "title": recipe.title,
        "description": recipe.description,
        "needs": recipe.needs,
        "runs": recipe.runs,
        "text": recipe.text,
    }


def _refuse(message: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"ok": False, "errors": [{"message": message}]})
    else:
        complain(message)
    leave(Exit.UNUSABLE)


app = one_command(recipes, "recipes")
