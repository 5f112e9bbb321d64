"""Model of `variants`: the versions of a message that are tried against each other.

Pure. Checked further by `check.variants`, read by `compile.variants`.
"""

from __future__ import annotations

from typing import ClassVar

from kittiwake.rules.limits import VARIANTS_MAX
from kittiwake.rules.model.base import Field, JsonSchema, Model
from kittiwake.rules.model.number import ExactNumber
from kittiwake.rules.model.text import OUTPUT_PATTERN, Name
from kittiwake.values import Number


class VariantsObject(Model):
    """The share of each variant, by its name, and what they are drawn by."""

    SCHEMA: ClassVar[JsonSchema] = {
        "propertyNames": {"pattern": f"^{OUTPUT_PATTERN}$"},
        "minProperties": 1,
        "maxProperties": VARIANTS_MAX + 1,
    }
    EXAMPLE: ClassVar[str] = "{a: 50, b: 50}"
    own_keys: dict[str, ExactNumber]

    salt: Name | None = Field(
        None, description="who gets which depends on this word: a new word draws anew; not said: the rule's id"
    )

    def shares(self) -> dict[str, Number]:
        """What each named variant gets, in percent, by name: tools that sort keys draw nobody anew."""
        return dict(sorted(self.own_keys.items()))
