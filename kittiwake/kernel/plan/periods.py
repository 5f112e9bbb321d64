"""Calendar periods that history is measured in: the contact's day, week, month or year.

Read by `kernel.evaluate.periods`, which knows when they begin.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from kittiwake.time.instants import DAY_US


class Period(StrEnum):
    TODAY = "today"
    THIS_WEEK = "this_week"
    """As ISO counts: from Monday on."""
    THIS_MONTH = "this_month"
    THIS_YEAR = "this_year"


PERIOD_SPAN_US: Final = {
    Period.TODAY: 3 * DAY_US,
    Period.THIS_WEEK: 9 * DAY_US,
    Period.THIS_MONTH: 33 * DAY_US,
    Period.THIS_YEAR: 368 * DAY_US,
}
"""For how long what happened in a period is remembered: the longest such period and two days, for clocks that change
and zones that are up to 26 hours apart. After that no zone has the period any more."""
