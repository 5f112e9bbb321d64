"""Model of `include`: fields copied into the trigger.

Pure. Checked further by `check.include`, read by `compile.include`.
"""

from __future__ import annotations

from typing import Annotated, Final, TypeAlias

from kittiwake.rules.limits import INCLUDES_MAX
from kittiwake.rules.model.about import RuleText
from kittiwake.rules.model.base import JsonSchema, Tag, chosen
from kittiwake.rules.model.text import PathText

Source: TypeAlias = Annotated[
    Annotated[PathText, Tag("|text")] | Annotated[RuleText, Tag("|object")],
    chosen(
        lambda value: "|object" if isinstance(value, dict) else "|text",
        "a property path is needed here",
        "Write resume_url, contact.tier or {rule: owner}",
    ),
]
Include: TypeAlias = dict[str, Source]
"""Property path, or what of the rule's own texts, by the name of the field."""
INCLUDE_SCHEMA: Final[JsonSchema] = {"minProperties": 1, "maxProperties": INCLUDES_MAX}
