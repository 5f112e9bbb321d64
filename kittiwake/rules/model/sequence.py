"""Model of `sequence`: a chain of events that arms a rule.

Pure. Checked further by `check.sequence`, read by `compile.sequence`.
"""

from __future__ import annotations

from kittiwake.rules.limits import STEPS_MAX
from kittiwake.rules.model.base import Field, Model
from kittiwake.rules.model.match import EventMatch
from kittiwake.rules.model.time import Duration


class SequenceObject(Model):
    """A chain of matches in order; the last one arms."""

    sequence: list[EventMatch] = Field(
        description="the steps, in order; the last one arms", json_schema_extra={"minItems": 2, "maxItems": STEPS_MAX}
    )
    within: Duration = Field(description="less than this lies between the first step and the last")
