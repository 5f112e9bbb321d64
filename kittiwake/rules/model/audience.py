"""Model of `audience`: a tree of history conditions.

Pure. Checked further by `check.audience`, read by `compile.audience`.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import Field, Tag

from kittiwake.rules.model.base import Model, chosen
from kittiwake.rules.model.history import CONDITION_ADVICE, MEASURES, MEASURES_WORDS, AnyCondition


class AllOfAudience(Model):
    all: list[AudienceTree] = Field(description="all of these hold")


class AnyOfAudience(Model):
    any: list[AudienceTree] = Field(description="at least one of these holds")


class NotOfAudience(Model):
    not_: AudienceTree = Field(alias="not", description="this does not hold")


def _node(value: Any) -> str | None:
    found = [key for key in ("all", "any", "not", *MEASURES) if key in value] if isinstance(value, dict) else []
    return f"|{found[0]}" if len(found) == 1 else None


AudienceTree: TypeAlias = Annotated[
    Annotated[AllOfAudience, Tag("|all")]
    | Annotated[AnyOfAudience, Tag("|any")]
    | Annotated[NotOfAudience, Tag("|not")]
    | AnyCondition,
    chosen(
        _node,
        f"an audience has one of all, any, not, {MEASURES_WORDS} at each place",
        CONDITION_ADVICE,
    ),
]
