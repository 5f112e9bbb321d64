"""From `quiet_hours` to the stretches of a local week.

Pure. Called by `compile.policy`, and by the checks and lints that ask what of a week is left.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.kernel.plan import quiet_hours as plan
from kittiwake.rules.diagnostics import each
from kittiwake.rules.model.quiet_hours import WEEKDAYS, QuietHours, QuietHoursObject
from kittiwake.rules.model.time import time_of_day_us
from kittiwake.time.instants import DAY_US


def quiet_hours_of(written: QuietHours | None) -> plan.QuietHours | None:
    """When it is quiet; None: never."""
    entries = [entry for _, entry in each(written, ())]
    return plan.quiet_hours(span for entry in entries for span in _spans(entry)) if entries else None


def _spans(entry: QuietHoursObject) -> Iterator[tuple[int, int]]:
    """Beginning and end on each of its days; what passes midnight ends on the day after, also that of Sunday."""
    from_us, to_us = 0, DAY_US
    if entry.from_ is not None and entry.to is not None:
        from_us, to_us = time_of_day_us(entry.from_), time_of_day_us(entry.to)
    length_us = (to_us - from_us) % DAY_US or DAY_US
    for number, name in enumerate(WEEKDAYS):
        if entry.days is None or name in entry.days:
            begins_us = number * DAY_US + from_us
            yield begins_us, begins_us + length_us
