"""Parameters of recipes: `{param: NAME}` stands for a whole value, never for a part of a text.

Pure. Called by `own`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from kittiwake.rules.errors import Code, KeyPath, RuleError
from kittiwake.rules.model.recipe import PARAMETER_TYPES
from kittiwake.rules.recipes import USE, WITH, Parameter, Recipe
from kittiwake.rules.source.tree import Location, Mark, Node, moved
from kittiwake.rules.source.validation import read

PARAM: Final = "param"


def referred(node: Node, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """The parameters that a part of a recipe's rule refers to, and where."""
    name = _reference(node)
    if name is not None:
        yield path, name
    elif isinstance(node.value, dict):
        for key, part in node.value.items():
            yield from referred(part, (*path, key))
    elif isinstance(node.value, list):
        for i, part in enumerate(node.value):
            yield from referred(part, (*path, i))


def _reference(node: Node) -> str | None:
    """The parameter that a value stands for; None if it stands for itself."""
    if not isinstance(node.value, dict) or [*node.value] != [PARAM]:
        return None
    name = node.value[PARAM].value
    return name if isinstance(name, str) else None


def filled(node: Node, values: Mapping[str, Node], mark: Mark | None = None) -> Node:
    """A part of a recipe's rule with values for its parameters; what is not of the values stands at `mark`, if any."""
    name = _reference(node)
    if name is not None:
        return values[name]
    at = node.mark if mark is None else mark
    if isinstance(node.value, dict):
        entries = {key: filled(part, values, mark) for key, part in node.value.items()}
        return Node(entries, at, node.keys if mark is None else dict.fromkeys(entries, at))
    if isinstance(node.value, list):
        return Node([filled(part, values, mark) for part in node.value], at)
    return Node(node.value, at)


def given(
    location: Location,
    written: Location | None,
    recipe: Recipe,
    wanted: frozenset[str],
    errors: list[RuleError],
) -> dict[str, Node] | None:
    """What `with`, `written` in the rule at a location, gives for the parameters of a recipe that are `wanted`.

    None, and errors added, if that is wrong.
    """
    before = len(errors)
    values: Mapping[str, Node] = {}
    if written is not None and not isinstance(written.node.value, dict):
        advice = f"Write {WITH}: {{{next(iter(recipe.parameters), 'NAME')}: …}}"
        errors.append(location.error((WITH,), Code.WRONG_SHAPE, f"{WITH} must be an object", advice))
    elif written is not None:
        values = written.node.value
        for name in values:
            errors.extend(_wrong_name(written, name, recipe, wanted))
            if name in wanted:
                check_value(written, name, recipe.parameters[name], errors)
    at = (WITH,) if written is not None else (USE,)
    for name, parameter in recipe.parameters.items():
        if name in wanted and name not in values and parameter.default is None:
            message = f"{recipe.name} needs a value of {name}: {parameter.description.rstrip('.')}"
            errors.append(location.error(at, Code.RECIPE, message, f"Write {WITH}: {{{name}: …}}", at_key=True))
    return dict(values) if len(errors) == before else None


def _wrong_name(written: Location, name: str, recipe: Recipe, wanted: frozenset[str]) -> Iterator[RuleError]:
    if name not in recipe.parameters:
        yield no_parameter(written, (name,), name, recipe.parameters)
    elif name not in wanted:
        message = f"{name} is given and not used: the rule itself writes the clause that it is for"
        yield written.error((name,), Code.RECIPE, message, "Delete it, or the clause", at_key=True)


def no_parameter(at: Location, path: KeyPath, name: str, parameters: Iterable[str]) -> RuleError:
    """What is said of a name that is no parameter."""
    known = list(parameters)
    close = difflib.get_close_matches(name, known, 1)
    advice = f"Did you mean {close[0]}?" if close else f"Write one of {', '.join(known)}" if known else "Delete it"
    return at.error(path, Code.RECIPE, f"the recipe has no parameter {name}", advice, at_key=True)


def check_value(at: Location, name: str, parameter: Parameter, errors: list[RuleError]) -> None:
    """Add what is wrong with the value under a name, of the type of its parameter."""
    node = at.node.value[name]
    one = Location(at.file, Node({name: node}, at.node.mark, {name: at.mark((name,), at_key=True)}), at.base)
    read(PARAMETER_TYPES[parameter.type].values, one, errors)


def defaults(recipe: Recipe, mark: Mark) -> dict[str, Node]:
    """The values of parameters that have a default, all at `mark`."""
    return {name: moved(one.default, mark) for name, one in recipe.parameters.items() if one.default is not None}
