"""The JSON Schema of rules files, from which editors complete and check while one writes.

Pure, but for the names of the shipped recipes. `rules.schema.json` beside this module is its
text, committed, so that an editor needs no Python. What spans clauses (a rule has `when` or
`audience`, thresholds rise) is checked by `kittiwake validate` alone.
"""

from __future__ import annotations

from typing import Any, Final

from kittiwake.rules.check.rule import NOT_OF_AUDIENCES
from kittiwake.rules.limits import ID_CHARS_MAX, RULES_MAX
from kittiwake.rules.model.base import Model
from kittiwake.rules.model.named import NamedMatchObject
from kittiwake.rules.model.recipe import PARAMETER_TYPES, RecipeObject
from kittiwake.rules.model.rule import Header, Rule
from kittiwake.rules.model.text import ID_PATTERN
from kittiwake.rules.recipes import Recipe, recipe_names, recipes
from kittiwake.rules.schema_parts import schemas_of
from kittiwake.rules.source.tree import plain

_MODELS: Final[tuple[type[Model], ...]] = (
    *(Header, NamedMatchObject, Rule, RecipeObject),
    *(one.values for one in PARAMETER_TYPES.values()),
)
_NO_CLAUSE: Final = ("id", "use", "with")
_WRITTEN_OUT: Final = {"$ref": "#/$defs/MatchObject"}
_NAMED: Final = {"$ref": "#/$defs/NamedMatchObject"}
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema of a rules file."""
    definitions = {name: _with_names(tidied(part)) for name, part in schemas_of(_MODELS).items()}
    document = definitions.pop("Header")
    document["properties"]["rules"] = {
        "description": "its rules",
        "type": "array",
        "items": {"$ref": "#/$defs/Rule"},
        "maxItems": RULES_MAX,
    }
    of_recipe = _recipe(definitions.pop("RecipeObject"), definitions["Rule"])
    _with_recipes(definitions["Rule"], definitions)
    for one in PARAMETER_TYPES.values():
        del definitions[one.values.__name__]
    return {
        "$schema": DIALECT,
        "title": "Kittiwake rules",
        "description": "Customer events into marketing triggers: the rules of one account, or a recipe for them.",
        "if": {"type": "object", "required": ["recipe"]},
        "then": of_recipe,
        "else": {**document, "required": ["account", "rules"]},
        "$defs": dict(sorted(definitions.items())),
    }


def _with_recipes(rule: dict[str, Any], definitions: dict[str, Any]) -> None:
    """A rule may take a recipe, and then needs neither id nor clauses."""
    named = {"type": "string", "pattern": f"^{ID_PATTERN}$", "maxLength": ID_CHARS_MAX}
    rule["properties"]["use"] = {
        "description": "a recipe to start from: one that ships with Kittiwake, or one of your own",
        "anyOf": [{"enum": list(recipe_names())}, named],
    }
    rule["properties"]["with"] = {"description": "values of the recipe's parameters", "type": "object"}
    rule["allOf"] = [_given_to(one, definitions) for one in recipes() if one.parameters]
    del rule["required"]
    rule["anyOf"] = [{"required": ["use"]}, {"required": ["id", "when"]}, {"required": ["id", "audience"]}]
    refused = [{"required": [clause]} for clause in ("when", *NOT_OF_AUDIENCES)]
    rule["dependentSchemas"] = {
        "audience": {"not": {"anyOf": refused}},
        "reaches": {"not": {"required": ["wait"]}},
        "with": {"required": ["use"]},
    }


def _given_to(one: Recipe, definitions: dict[str, Any]) -> dict[str, Any]:
    """What `with` may give to a recipe that ships with the product."""
    values = {}
    for name, parameter in one.parameters.items():
        of_type = definitions[PARAMETER_TYPES[parameter.type].values.__name__]["additionalProperties"]
        default = {} if parameter.default is None else {"default": plain(parameter.default)}
        values[name] = {**of_type, "description": parameter.description, **default}
    given = {"properties": values, "additionalProperties": False}
    return {
        "if": {"properties": {"use": {"const": one.name}}, "required": ["use"]},
        "then": {"properties": {"with": given}},
    }


def _recipe(made: dict[str, Any], rule: dict[str, Any]) -> dict[str, Any]:
    """A recipe of an account: its rule has the keys of one, and parameters wherever values stand."""
    keys = {
        key: {"description": part["description"]} for key, part in rule["properties"].items() if key not in _NO_CLAUSE
    }
    made["properties"]["rule"] |= {"properties": keys, "additionalProperties": False}
    return made


def _with_names(schema: Any) -> Any:
    """A named match beside every match that is written out."""
    if isinstance(schema, list):
        parts = [_with_names(part) for part in schema]
        return [*parts, _NAMED] if _WRITTEN_OUT in parts else parts
    return {key: _with_names(part) for key, part in schema.items()} if isinstance(schema, dict) else schema


def tidied(schema: Any) -> Any:
    """Without generated titles, and without null: an entry without a value is an error."""
    if isinstance(schema, list):
        return [tidied(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    tidy = {key: tidied(part) for key, part in schema.items() if not _is_noise(key, part)}
    if "anyOf" in tidy:
        tidy["anyOf"] = [part for part in tidy["anyOf"] if part != {"type": "null"}]
        if len(tidy["anyOf"]) == 1:
            tidy = {**tidy.pop("anyOf")[0], **tidy}
    if tidy.get("type") == "array":
        tidy.setdefault("minItems", 1)
    return tidy


def _is_noise(key: str, part: object) -> bool:
    return (key == "title" and isinstance(part, str)) or (key == "default" and part is None)
