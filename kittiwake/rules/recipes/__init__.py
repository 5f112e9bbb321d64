"""Recipes: rules to start from, taken by `use` and overridden clause by clause.

The files beside this module are those that ship with the product; accounts have documents of their own (`own`). What
the author names replaces the recipe's clause whole; errors in a clause the author did not write stand at `use`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from kittiwake.rules.source.builder import Reading
from kittiwake.rules.source.tree import Node, child, plain
from kittiwake.rules.source.yaml import read_yaml

USE: Final = "use"
WITH: Final = "with"
RECIPE: Final = "recipe"
_SUFFIX: Final = ".yaml"


class Parameter(NamedTuple):
    """What whoever uses a recipe may set."""

    description: str
    type: str
    """A key of `model.recipe.PARAMETER_TYPES`."""
    default: Node | None
    """None: a value must be given."""


class Recipe(NamedTuple):
    """A rule to start from and what it is for."""

    name: str
    title: str
    description: str
    needs: dict[str, list[str]]
    """Types of events it reads, and the properties each must carry."""
    text: str
    """The file, for who wants to read or copy it; empty if it was never text."""
    rule: Node
    parameters: dict[str, Parameter]
    account_id: str | None = None
    """Whose it is; None: it ships with the product."""
    file: str = ""
    """Of an account's: where it stands."""


@lru_cache(maxsize=1)
def recipe_names() -> tuple[str, ...]:
    """The names of all shipped recipes, sorted."""
    from importlib.resources import files  # noqa: PLC0415 - where no rule uses a recipe, none is looked for

    names = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


def recipes() -> tuple[Recipe, ...]:
    """All shipped recipes."""
    return tuple(map(recipe, recipe_names()))


@lru_cache(maxsize=64)
def recipe(name: str) -> Recipe:
    """The shipped recipe of a name that `recipe_names` has."""
    from importlib.resources import files  # noqa: PLC0415 - as above

    path = files(__name__).joinpath(name + _SUFFIX)
    text = path.read_text(encoding="utf-8")
    return recipe_of(name, read_yaml(text, Reading(name + _SUFFIX)), text)


def recipe_of(name: str, root: Node, text: str = "", account_id: str | None = None, file: str = "") -> Recipe:
    """The recipe that a checked document says."""
    said, rule, declared = plain(root), child(root, "rule"), child(root, "parameters")
    assert rule is not None, name
    parameters = {
        key: Parameter(said["parameters"][key]["description"], said["parameters"][key]["type"], child(node, "default"))
        for key, node in (declared.value.items() if declared else ())
    }
    needs = said.get("needs", {})
    return Recipe(name, said["title"], said["description"], needs, text, rule, parameters, account_id, file)
