"""Model of `variants`: the versions of a message that are tried against each other.

Pure. Checked further by `check.variants`, read by `compile.variants`.
"""

from __future__ import annotations

from typing import ClassVar

from pydantic import ConfigDict, Field

from kittiwake.rules.limits import VARIANTS_MAX
from kittiwake.rules.model.base import Model
from kittiwake.rules.model.number import ExactNumber
from kittiwake.rules.model.text import OUTPUT_PATTERN, Name
from kittiwake.values import Number


class VariantsObject(Model):
    """The share of each variant, by its name, and what they are drawn by."""

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "propertyNames": {"pattern": f"^{OUTPUT_PATTERN}$"},
            "minProperties": 1,
            "maxProperties": VARIANTS_MAX + 1,
        },
    )
    ORDERED: ClassVar[bool] = True
    EXAMPLE: ClassVar[str] = "{a: 50, b: 50}"
    __pydantic_extra__: dict[str, ExactNumber]

    salt: Name | None = Field(
        None, description="who gets which depends on this word: a new word draws anew; not said: the rule's id"
    )

    def shares(self) -> dict[str, Number]:
        """What each named variant gets, in percent, in the order written."""
        return self.__pydantic_extra__
