"""`kittiwake recipes`: the rules to start from, those that ship with the product and an account's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kittiwake.cli.console import AsJson, leave, one_command, say_columns, usable_input
from kittiwake.rules import recipes as shipped
from kittiwake.rules.errors import RuleError, RulesError
from kittiwake.rules.loader import read_files, read_locations
from kittiwake.rules.recipes import Parameter, Recipe
from kittiwake.rules.recipes.own import recipes_in
from kittiwake.rules.source.tree import plain
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import complain, say_json, say_text


def recipes(
    name: Annotated[str, typer.Argument(help="Print the recipe of this name.", show_default=False)] = "",
    rules: Annotated[
        list[Path] | None,
        typer.Option("--rules", help="Rules file or folder, several times if need be: recipes of their own, too."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List the recipes, or print one, to read or to copy; a rule takes it with `use: NAME`."""
    with usable_input(as_json=as_json):
        known = [*shipped.recipes(), *_own(rules or [])]
    named = [one for one in known if one.name == name]
    if not name:
        _list_all(known, as_json=as_json)
    elif not named:
        _refuse(f"there is no recipe {name}; there are {', '.join(one.name for one in known)}", as_json=as_json)
    elif as_json:
        say_json(_data(named[-1]))
    else:
        for one in named:
            say_text(one.text)


def _own(paths: list[Path]) -> list[Recipe]:
    """The recipes among rules files, with their texts."""
    errors: list[RuleError] = []
    contents = read_files(paths, errors)
    found = recipes_in(read_locations(contents, errors), errors)
    if errors:
        raise RulesError(errors)
    return [one._replace(text=contents[one.file].decode("utf-8-sig")) for one in found]


def _list_all(all_: list[Recipe], *, as_json: bool) -> None:
    if as_json:
        say_json({"recipes": [_data(one) for one in all_]})
    else:
        say_columns([(one.name, _title(one)) for one in all_])


def _title(one: Recipe) -> str:
    whose = {None: "", "*": " (yours, for every account)"}.get(one.account_id, f" (of account {one.account_id})")
    return one.title + whose


def _data(recipe: Recipe) -> dict[str, Any]:
    own = {} if recipe.account_id is None else {"account": recipe.account_id}
    return {
        "name": recipe.name,
        **own,
        "title": recipe.title,
        "description": recipe.description,
        "needs": recipe.needs,
        "parameters": {name: _parameter_data(one) for name, one in recipe.parameters.items()},
        "text": recipe.text,
    }


def _parameter_data(parameter: Parameter) -> dict[str, Any]:
    default = {} if parameter.default is None else {"default": plain(parameter.default)}
    return {"type": parameter.type, "description": parameter.description, **default}


def _refuse(message: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"ok": False, "errors": [{"message": message}]})
    else:
        complain(message)
    leave(Exit.UNUSABLE)


app = one_command(recipes, "recipes", "kittiwake recipes cart-abandonment")
