"""Model of `reaches`: thresholds of a total.

Pure. Checked further by `check.thresholds`, read by `compile.thresholds`.
"""

from __future__ import annotations

from pydantic import ConfigDict, Field

from kittiwake.rules.model.base import Model, Only
from kittiwake.rules.model.number import ExactNumber
from kittiwake.rules.model.text import OwnPath


class ReachesObject(Model):
    """Thresholds of a total over all matches of `when`; exactly one of `count` and `sum`."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [{"required": ["count"]}, {"required": ["sum"]}]})

    count: Only | None = Field(None, description="the number of matches")
    sum: OwnPath | None = Field(None, description="the sum of this property")
    at: list[ExactNumber] = Field(description="the thresholds, rising")
