"""Model of `reaches`: thresholds of a total.

Pure. Checked further by `check.thresholds`, read by `compile.thresholds`.
"""

from __future__ import annotations

import difflib
from typing import Annotated, ClassVar

from kittiwake.rules.errors import Code
from kittiwake.rules.model.base import Checked, Field, JsonSchema, Model, Only, problem, shown
from kittiwake.rules.model.number import ExactNumber
from kittiwake.rules.model.text import OwnPath
from kittiwake.rules.model.time import PERIODS
from kittiwake.time.durations import parse_duration


def _period(value: object) -> str:
    if value in PERIODS:
        return str(value)
    if isinstance(value, str) and parse_duration(value) is not None:
        message = f"a total has no time that rolls: after {value} it would fall again, and cross again what it crossed"
        advice = "Write today, this_week, this_month or this_year, or make it a condition of given"
        raise problem(Code.NOT_A_CHOICE, message, advice)
    close = difflib.get_close_matches(str(value), PERIODS, 1, 0.6)
    advice = f"Write {close[0]}" if close else "Write today, this_week, this_month or this_year"
    raise problem(Code.NOT_A_CHOICE, f"{shown(value)} is no period of the calendar", advice)


class ReachesObject(Model):
    """Thresholds of a total over all matches of `when`; exactly one of `count` and `sum`."""

    SCHEMA: ClassVar[JsonSchema] = {"oneOf": [{"required": ["count"]}, {"required": ["sum"]}]}

    count: Only | None = Field(None, description="the number of matches")
    sum: OwnPath | None = Field(None, description="the sum of this property")
    within: Annotated[str, Checked(_period, {"enum": list(PERIODS)})] | None = Field(
        None, description="the total counts anew each day, week, month or year by the contact's clock; left out: ever"
    )
    at: list[ExactNumber] = Field(description="the thresholds, rising")
