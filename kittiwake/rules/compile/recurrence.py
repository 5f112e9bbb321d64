"""From `repeat` to the kernel's: which repetition, the text of an RRULE, and the time of day in it.

Pure. Called by `compile.wait`; its input has been checked.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date

from kittiwake.kernel.plan.wait import Repeat
from kittiwake.rules.model.recurrence import REPEATS


def repeat_of(written: str | None) -> tuple[Repeat | None, str]:
    """Which repetition, and the text of an RRULE without its time of day."""
    if written is None or written in REPEATS:
        return (None if written is None else Repeat(written)), ""
    parts = written.upper().removeprefix("RRULE:").split(";")
    return Repeat.RRULE, ";".join(part for part in parts if not part.startswith(("BYHOUR=", "BYMINUTE=")))


def at_in(written: str | None) -> str | None:
    """The time of day that an RRULE names, as `at` has it; None if it names none."""
    text = (written or "").upper()
    hour, minute = re.search(r"BYHOUR=(\d+)", text), re.search(r"BYMINUTE=(\d+)", text)
    return f"{int(hour[1]):02}:{int(minute[1]):02}" if hour and minute else None


def ordinals_of(dates: Iterable[str] | None) -> frozenset[int]:
    """Written dates as the kernel compares them."""
    return frozenset(date.fromisoformat(day).toordinal() for day in dates or ())
