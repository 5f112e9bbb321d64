"""Models of trees of conditions: `given`, `still` and `audience`.

Pure. Checked further by `check.conditions`, read by `compile.conditions`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, TypeAlias

from kittiwake.rules.model.base import Field, Model, Tag, chosen, shape
from kittiwake.rules.model.history import MEASURES, AnyCondition
from kittiwake.rules.model.match import Where
from kittiwake.rules.model.text import RuleId


class AllOfConditions(Model):
    all: list[ConditionTree] = Field(description="all of these hold")


class AnyOfConditions(Model):
    any: list[ConditionTree] = Field(description="at least one of these holds")


class NotCondition(Model):
    not_: ConditionTree = Field(alias="not", description="this does not hold")


class ContactCondition(Model):
    """The contact's attributes at that instant."""

    contact: Where = Field(description="attributes of the contact, and what they must be")


class InAudience(Model):
    """The tree of an audience rule of the account, or of those of every account, holds."""

    in_: RuleId = Field(alias="in", description="the id of an audience rule")


KINDS: Final = ("all", "any", "not", *MEASURES, "contact", "in")


_MESSAGE: Final = f"a condition has exactly one of {', '.join(KINDS[:-1])} and {KINDS[-1]}"
_ADVICE: Final = "Write, say, {count: product.viewed, within: 24h, gte: 3}, and another in an object of its own"


def _node(value: Any) -> str | None:
    found = [key for key in KINDS[:-1] if key in value] if isinstance(value, dict) else []
    if not found and isinstance(value, dict) and "in" in value:
        return "|in"  # beside last it is a comparison
    return f"|{found[0]}" if len(found) == 1 else None


ConditionTree: TypeAlias = Annotated[
    Annotated[AllOfConditions, Tag("|all")]
    | Annotated[AnyOfConditions, Tag("|any")]
    | Annotated[NotCondition, Tag("|not")]
    | Annotated[ContactCondition, Tag("|contact")]
    | Annotated[InAudience, Tag("|in")]
    | AnyCondition,
    chosen(_node, _MESSAGE, _ADVICE),
]
Conditions: TypeAlias = Annotated[
    Annotated[ConditionTree, Tag("|object")] | Annotated[list[ConditionTree], Tag("|list")],
    chosen(lambda value: shape(value) if isinstance(value, (dict, list)) else None, _MESSAGE, _ADVICE),
]
"""One tree, or a list of trees that all have to hold."""
