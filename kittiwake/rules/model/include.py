"""Model of `include`: fields copied into the trigger.

Pure. Checked further by `check.include`, read by `compile.include`.
"""

from __future__ import annotations

from typing import Final, TypeAlias

from kittiwake.rules.limits import INCLUDES_MAX
from kittiwake.rules.model.base import JsonSchema
from kittiwake.rules.model.text import PathText

Include: TypeAlias = dict[str, PathText]
"""Property path, by the name of the field."""
INCLUDE_SCHEMA: Final[JsonSchema] = {"minProperties": 1, "maxProperties": INCLUDES_MAX}
