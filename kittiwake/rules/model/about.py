"""Models of what a rule says of itself: `description`, `owner`, `tags`. They decide nothing.

Pure. Checked further by `check.about`, read by `compile.include`.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from kittiwake.rules.errors import Code
from kittiwake.rules.limits import DESCRIPTION_CHARS_MAX, NAME_CHARS_MAX, TAGS_MAX
from kittiwake.rules.model.base import Checked, Field, JsonSchema, Model, problem, shown
from kittiwake.rules.model.text import Name, one_of

ABOUT: Final = ("description", "owner", "tags")
"""Keys of a rule that decide nothing: its `rule_version` is the same without them."""

TAGS_SCHEMA: Final[JsonSchema] = {"uniqueItems": True, "maxItems": TAGS_MAX}


def _description(value: object) -> str:
    if not isinstance(value, str):
        raise problem(Code.WRONG_SHAPE, f"a description must be a text, not {shown(value)}", "Write a sentence")
    lines = value.split("\n")
    if not value.strip() or len(value) > DESCRIPTION_CHARS_MAX or not all(line.isprintable() for line in lines):
        message = f"a description has 1 to {DESCRIPTION_CHARS_MAX:,} printable characters, in one line or several"
        raise problem(Code.BAD_NAME, message, "Shorten or retype it")
    return value.strip()


Description: TypeAlias = Annotated[
    str, Checked(_description, {"type": "string", "minLength": 1, "maxLength": DESCRIPTION_CHARS_MAX})
]
Owner: TypeAlias = Annotated[Name, Field(json_schema_extra={"maxLength": NAME_CHARS_MAX})]
Tags: TypeAlias = list[Name]


class RuleText(Model):
    """In `include`: what the rule says of itself, instead of a property."""

    rule: Annotated[str, *one_of(*ABOUT)] = Field(description="description, owner or tags of the rule")
