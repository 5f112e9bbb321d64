"""Model of `digest`: what is due together leaves in one trigger.

Pure. Checked further by `check.digest`, read by `compile.digest`.
"""

from __future__ import annotations

from kittiwake.rules.limits import LISTED_MAX
from kittiwake.rules.model.base import Field, Model
from kittiwake.rules.model.number import Whole
from kittiwake.rules.model.text import Name


class DigestObject(Model):
    """How many instances one trigger lists, and which of them first."""

    max: Whole = Field(
        description="so many instances are listed, the best", json_schema_extra={"minimum": 1, "maximum": LISTED_MAX}
    )
    highest: Name | None = Field(None, description="the field of include whose highest number is the best")
    lowest: Name | None = Field(None, description="the field of include whose lowest number is the best")
