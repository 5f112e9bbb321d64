"""Models of recipes: a rule to start from, with parameters; those of an account are documents of their own.

Pure. Read by `kittiwake.rules.recipes`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias

import msgspec

from kittiwake.rules.errors import Code
from kittiwake.rules.limits import NAME_CHARS_MAX, PARAMETERS_MAX
from kittiwake.rules.model.about import Description
from kittiwake.rules.model.base import Checked, Field, JsonSchema, Model, Schema, problem, shown
from kittiwake.rules.model.match import EventMatch
from kittiwake.rules.model.number import ExactNumber, ScalarValue
from kittiwake.rules.model.text import AccountId, Name, OwnPath, RuleId, one_of
from kittiwake.rules.model.time import Duration, TimeOfDay
from kittiwake.rules.model.wait import Wait

PARAMETER_PATTERN: Final = r"[a-z][a-z0-9_]{0,63}"


class Matches(Model):
    own_keys: dict[str, EventMatch]


class Waits(Model):
    own_keys: dict[str, Wait]


class Durations(Model):
    own_keys: dict[str, Duration]


class TimesOfDay(Model):
    own_keys: dict[str, TimeOfDay]


class Numbers(Model):
    own_keys: dict[str, ExactNumber]


class NumberLists(Model):
    own_keys: dict[str, list[ExactNumber]]


class Values(Model):
    own_keys: dict[str, ScalarValue]


class ValueLists(Model):
    own_keys: dict[str, list[ScalarValue]]


class Paths(Model):
    own_keys: dict[str, OwnPath]


class ParameterType(msgspec.Struct, frozen=True):
    """What a parameter may be given."""

    values: type[Model]
    """Reads values by the names of their parameters."""
    sample: Any
    """A value with which a recipe is checked by itself."""


PARAMETER_TYPES: Final = {
    "match": ParameterType(Matches, "sample.event"),
    "wait": ParameterType(Waits, "1h"),
    "duration": ParameterType(Durations, "1h"),
    "time": ParameterType(TimesOfDay, "09:00"),
    "number": ParameterType(Numbers, 1),
    "numbers": ParameterType(NumberLists, [1]),
    "value": ParameterType(Values, "sample"),
    "values": ParameterType(ValueLists, ["sample"]),
    "property": ParameterType(Paths, "sample"),
}
"""By the author's word."""


def _rule(value: object) -> dict[str, Any]:
    if isinstance(value, dict) and value:
        return value
    raise problem(Code.WRONG_SHAPE, f"rule must be an object, not {shown(value)}", "Write {when: …, wait: …}")


class ParameterObject(Model):
    """What whoever uses a recipe may set."""

    description: Description = Field(description="what it is, in words")
    type: Annotated[str, *one_of(*PARAMETER_TYPES)] = Field(description="what it may be given")
    default: Annotated[Any, Checked(lambda value: value, {})] = Field(
        None, description="its value where none is given; without it one must be"
    )


Parameters: TypeAlias = dict[str, ParameterObject]
PARAMETERS_SCHEMA: Final[JsonSchema] = {
    "maxProperties": PARAMETERS_MAX,
    "propertyNames": {"pattern": f"^{PARAMETER_PATTERN}$"},
}


_PROPERTIES: Final[JsonSchema] = {"type": "array", "items": {"type": "string"}, "minItems": 0}


class RecipeObject(Model):
    """A recipe of an account: a document without rules."""

    recipe: RuleId = Field(description="its name, by which rules use it")
    account: AccountId = Field(description='whose rules may use it; "*" = every account')
    title: Annotated[Name, Field(json_schema_extra={"maxLength": NAME_CHARS_MAX})] = Field(description="its title")
    description: Description = Field(description="what it is for, in words")
    needs: dict[str, Annotated[list[OwnPath], Schema(_PROPERTIES)]] | None = Field(
        None, description="event types it reads, and properties of each"
    )
    parameters: Parameters | None = Field(
        None, description="what whoever uses it may set", json_schema_extra=PARAMETERS_SCHEMA
    )
    rule: Annotated[dict[str, Any], Checked(_rule, {"type": "object", "minProperties": 1})] = Field(
        description="the rule, without id; {param: NAME} stands for a whole value"
    )
