"""The recipes of accounts: documents with `recipe: NAME`, beside the rules files of which they are part.

Pure. Called by `documents`. What is wrong inside a recipe is said there, once; what is wrong with how a rule uses it,
at the rule.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator

from kittiwake.rules.check.document import errors_of_rule
from kittiwake.rules.errors import Code, RuleError
from kittiwake.rules.limits import PARAMETERS_MAX, RECIPES_MAX
from kittiwake.rules.model.recipe import PARAMETER_PATTERN, PARAMETER_TYPES, RecipeObject
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.named import Names, account_of
from kittiwake.rules.recipes import RECIPE, USE, WITH, Recipe, recipe, recipe_names, recipe_of
from kittiwake.rules.recipes.parameters import check_value, defaults, filled, given, no_parameter, referred
from kittiwake.rules.ruleset import EVERY_ACCOUNT
from kittiwake.rules.source.tree import Location, Node, child, node_of
from kittiwake.rules.source.validation import read


def is_recipe(document: Location) -> bool:
    """Whether a document is a recipe, and holds no rules."""
    return isinstance(document.node.value, dict) and RECIPE in document.node.value


class Recipes:
    """Every recipe that documents and the product have. What is wrong with them is added to a list of errors."""

    def __init__(self, documents: Iterable[Location], names: Names, errors: list[RuleError]) -> None:
        """Reads the recipes among the documents."""
        self._errors = errors
        self._names = names
        self._own: dict[str, dict[str, Recipe | None]] = {}
        self._written: dict[tuple[str, str], Location] = {}
        for document in documents:
            if is_recipe(document):
                self._take(document)
        for account_id, name in self._written:
            if account_id != EVERY_ACCOUNT and (EVERY_ACCOUNT, name) in self._written:
                self._say_taken(self._written[account_id, name], self._written[EVERY_ACCOUNT, name])

    def accounts(self) -> frozenset[str]:
        """The accounts that have recipes of their own."""
        return frozenset(self._own)

    def of(self, account_id: str) -> tuple[Recipe, ...]:
        """The recipes of an account's own that can be used, by name."""
        return tuple(one for _, one in sorted(self._own.get(account_id, {}).items()) if one is not None)

    def expand(self, rule: Location, account_id: str) -> Location | None:
        """A rule with its recipe, if it uses one, written out beneath what the author says.

        None, and errors added, where there is no such recipe, or its parameters are wrong.
        """
        used = child(rule.node, USE)
        if not isinstance(rule.node.value, dict):
            return rule
        if used is None:
            if WITH not in rule.node.value:
                return rule
            message = f"{WITH} gives values to the parameters of a recipe, and the rule uses none"
            self._errors.append(rule.error((WITH,), Code.RECIPE, message, "Write use: NAME, or delete it", at_key=True))
            return None
        known = self._known(account_id)
        if not isinstance(used.value, str) or used.value not in known:
            self._errors.append(_no_recipe(rule, used.value, known))
            return None
        found = known[used.value]
        return self._written_out(rule, found, account_id) if found is not None else None

    def _known(self, account_id: str) -> dict[str, Recipe | None]:
        """By name; None: it is there, and wrong."""
        shared = self._own.get(EVERY_ACCOUNT, {})
        return {**{name: recipe(name) for name in recipe_names()}, **shared, **self._own.get(account_id, {})}

    def _written_out(self, rule: Location, taken: Recipe, account_id: str) -> Location | None:
        mark = rule.node.keys[USE]
        author = {key: node for key, node in rule.node.value.items() if key not in (USE, WITH)}
        clauses = {key: node for key, node in taken.rule.value.items() if key not in author}
        wanted = frozenset(name for node in clauses.values() for _, name in referred(node))
        written = rule.at(WITH)
        values = given(rule, written and self._named(written, taken, account_id), taken, wanted, self._errors)
        if values is None:
            return None
        values = {**defaults(taken, mark), **values}
        shipped = {key: filled(node, values, mark) for key, node in clauses.items()}
        entries = {"id": Node(taken.name, rule.node.value[USE].mark), **shipped, **author}
        keys = {key: rule.node.keys.get(key, mark) for key in entries}
        return Location(rule.file, Node(entries, rule.node.mark, keys), rule.base)

    def _named(self, at: Location, taken: Recipe, account_id: str) -> Location:
        """Values of parameters, the named matches in them written out."""
        if not isinstance(at.node.value, dict):
            return at
        matches = [name for name, one in taken.parameters.items() if one.type == "match"]
        parts = {name: self._names.match_written_out(part, account_id) for name in matches if (part := at.at(name))}
        return Location(at.file, Node({**at.node.value, **parts}, at.node.mark, at.node.keys), at.base)

    # ------------------------------------------------------------ documents

    def _take(self, document: Location) -> None:
        """Take in a recipe, checked by itself."""
        account_id, written = account_of(document), child(document.node, RECIPE)
        name = str(written.value) if written is not None else ""
        own = self._own.setdefault(account_id, {})
        if (account_id, name) in self._written:
            self._say_taken(document, self._written[account_id, name])
            return
        self._written[account_id, name] = document
        before = len(self._errors)
        own[name] = self._read(document, name, account_id)
        if len(self._errors) > before:
            own[name] = None
        if name in recipe_names():  # which may have come with a later release: then the account's own is what was meant
            message = f"a recipe of the name {name} ships with Kittiwake"
            self._errors.append(document.error((RECIPE,), Code.RECIPE_TAKEN, message, f"Write, say, our-{name}"))
        if len(own) == RECIPES_MAX + 1:
            message = f"account {account_id} has more than {RECIPES_MAX} recipes"
            self._errors.append(document.error((), Code.GUARDRAIL, message, "Delete those that no rule uses"))

    def _say_taken(self, document: Location, by: Location) -> None:
        mark = by.mark((RECIPE,))
        where = f"{by.file}:{mark.line}" if mark.line else by.file
        message = f"the name of this recipe is taken by that at {where}"
        self._errors.append(document.error((RECIPE,), Code.RECIPE, message, "Give one of them another name"))

    def _read(self, document: Location, name: str, account_id: str) -> Recipe | None:
        before, found = len(self._errors), read(RecipeObject, document, self._errors)
        if found is None or found.wrong:
            return None
        made = recipe_of(name, document.node, account_id=account_id, file=document.file)
        self._errors.extend(_wrong_parts(document, made))
        for key, parameter in made.parameters.items():
            if parameter.default is not None:
                at = Location(document.file, _only(document, key), (*document.base, "parameters", key))
                check_value(self._named(at, made, account_id), key, parameter, self._errors)
        if len(self._errors) == before:
            self._check_rule(document, made, account_id)
        return made

    def _check_rule(self, document: Location, made: Recipe, account_id: str) -> None:
        """Ask whether the rule of a recipe is one, with the defaults of its parameters, else with samples."""
        rule = document.at("rule")
        assert rule is not None
        samples = {
            key: one.default if one.default is not None else node_of(PARAMETER_TYPES[one.type].sample, rule.node.mark)
            for key, one in made.parameters.items()
        }
        node = filled(rule.node, samples)
        entries = {"id": Node(made.name, rule.node.mark), **node.value}
        at = Location(rule.file, Node(entries, node.mark, {"id": node.mark, **node.keys}), rule.base)
        at = self._names.written_out(at, account_id)
        found = read(Rule, at, self._errors)
        if found is not None:
            self._errors.extend(errors_of_rule(found.model, at, found.wrong))


def recipes_in(documents: Iterable[Location], errors: list[RuleError]) -> list[Recipe]:
    """The recipes among documents; `errors` added for all that is wrong with them and with named matches."""
    locations = list(documents)
    found = Recipes(locations, Names(locations, errors), errors)
    return [one for account_id in sorted(found.accounts()) for one in found.of(account_id)]


def _only(document: Location, key: str) -> Node:
    """The default of a parameter under the name of the parameter."""
    at = document.at("parameters", key)
    assert at is not None
    return Node({key: at.node.value["default"]}, at.node.mark, {key: at.node.keys["default"]})


def _wrong_parts(document: Location, made: Recipe) -> Iterator[RuleError]:
    """What the shape of a recipe's document does not say."""
    for key in made.parameters:
        if not re.fullmatch(PARAMETER_PATTERN, key):
            message = f"{key[:40]} is no name of a parameter: it has lower-case letters, digits and _"
            yield document.error(("parameters", key), Code.BAD_NAME, message, "Write, say, purchase", at_key=True)
    if len(made.parameters) > PARAMETERS_MAX:
        message = f"there are {len(made.parameters)} parameters, more than {PARAMETERS_MAX}"
        yield document.error(("parameters",), Code.GUARDRAIL, message, "Make two recipes of it", at_key=True)
    for key in ("id", USE, WITH):
        if key in made.rule.value:
            message = f"the rule of a recipe has no {key}"
            yield document.error(("rule", key), Code.RECIPE, message, "Delete it", at_key=True)
    rule = document.at("rule")
    assert rule is not None
    used = set()
    for path, name in referred(made.rule):
        used.add(name)
        if name not in made.parameters:
            yield no_parameter(rule, (*path, "param"), name, made.parameters)
    for key in made.parameters:
        if key not in used:
            message = f"nothing in the rule refers to the parameter {key}"
            yield document.error(("parameters", key), Code.RECIPE, message, f"Write {{param: {key}}}, or delete it")


def _no_recipe(rule: Location, name: object, known: Iterable[str]) -> RuleError:
    close = difflib.get_close_matches(str(name), known, 1)
    advice = f"Did you mean {close[0]}?" if close else f"Use {', '.join(sorted(known))}"
    message = "there is no recipe of this name" if isinstance(name, str) else "use names a recipe"
    return rule.error((USE,), Code.RECIPE, message, advice)
