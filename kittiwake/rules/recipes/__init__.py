"""Recipes: rules shipped with the product, taken by `use` and overridden clause by clause.

The files beside this module hold one rule each and say what it is for. What the author names
replaces the recipe's clause whole; errors in a clause the author did not write stand at `use`.
"""

from __future__ import annotations

import difflib
from functools import lru_cache
from importlib.resources import files
from typing import Final, NamedTuple

from kittiwake.rules.errors import Code, RuleError
from kittiwake.rules.source.builder import Reading
from kittiwake.rules.source.tree import Location, Node, child, moved, plain
from kittiwake.rules.source.yaml import read_yaml

USE: Final = "use"
_SUFFIX: Final = ".yaml"


class Recipe(NamedTuple):
    """A shipped rule and what it is for."""

    name: str
    title: str
    description: str
    needs: dict[str, list[str]]
    """Types of events it reads, and the properties each must carry."""
    text: str
    """The file, for who wants to read or copy it."""
    rule: Node

    @property
    def runs(self) -> bool:
        """Whether the rule can run yet; catalogue rules are checked and then refused."""
        return child(self.rule, "interest") is None


@lru_cache(maxsize=1)
def recipe_names() -> tuple[str, ...]:
    """The names of all recipes, sorted."""
    names = (entry.name for entry in files(__name__).iterdir())
    return tuple(sorted(name.removesuffix(_SUFFIX) for name in names if name.endswith(_SUFFIX)))


def recipes() -> tuple[Recipe, ...]:
    """All recipes."""
    return tuple(map(recipe, recipe_names()))


@lru_cache(maxsize=64)
def recipe(name: str) -> Recipe:
    """The recipe of a name that `recipe_names` has."""
    path = files(__name__).joinpath(name + _SUFFIX)
    text = path.read_text(encoding="utf-8")
    root = read_yaml(text, Reading(name + _SUFFIX))
    said = plain(root)
    rule = child(root, "rule")
    assert rule is not None, name
    return Recipe(name, said["title"], said["description"], said["needs"], text, rule)


# ---------------------------------------------------------------- use


def expand(location: Location, errors: list[RuleError]) -> Location | None:
    """The rule at `location` with its recipe, if it uses one, written out beneath what the author says.

    None, and an error added, where there is no such recipe.
    """
    used = child(location.node, USE)
    if used is None or not isinstance(location.node.value, dict):
        return location
    if used.value not in recipe_names():
        errors.append(_no_recipe(location, used.value))
        return None
    mark = location.node.keys[USE]
    shipped = moved(recipe(used.value).rule, mark)
    named = Node(used.value, used.mark)
    author = {key: node for key, node in location.node.value.items() if key != USE}
    entries = {"id": named, **shipped.value, **author}
    keys = {key: location.node.keys.get(key, mark) for key in entries}
    return Location(location.file, Node(entries, location.node.mark, keys), location.base)


def _no_recipe(location: Location, name: object) -> RuleError:
    close = difflib.get_close_matches(str(name), recipe_names(), 1)
    advice = f"Did you mean {close[0]}?" if close else f"Use {', '.join(recipe_names())}"
    message = "there is no recipe of this name" if isinstance(name, str) else "use names a recipe"
    return location.error((USE,), Code.RECIPE, message, advice)
