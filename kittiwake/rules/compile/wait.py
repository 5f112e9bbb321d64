"""From `wait` to the kernel's.

Pure. Called by `compile.rule`; its input has been checked, so a duration is a duration.
"""

from __future__ import annotations

from kittiwake.kernel.plan.wait import Delays, FieldWait, Repeat, UntilWait, Wait
from kittiwake.rules.compile.calendar import calendar_wait_of, local_day_of
from kittiwake.rules.compile.match import of_contact, path_of
from kittiwake.rules.diagnostics import span_us
from kittiwake.rules.model.calendar import CalendarWaitObject
from kittiwake.rules.model.recurrence import REPEATS
from kittiwake.rules.model.time import time_of_day_us
from kittiwake.rules.model.wait import AT_OF_DATES, FieldWaitObject, UntilWaitObject
from kittiwake.rules.model.wait import Wait as WrittenWait
from kittiwake.time.durations import WORDS_US


def wait_of(written: WrittenWait | None) -> Wait | None:
    """How long the rule waits; None: not at all."""
    match written:
        case None:
            return None
        case str():
            return Delays((span_us(written),), numbered=False)
        case list():
            local_days = [one for one in written if isinstance(one, CalendarWaitObject)]
            if local_days:
                return calendar_wait_of(local_days, numbered=True)
            return Delays(tuple(span_us(one) for one in written if isinstance(one, str)), numbered=True)
        case CalendarWaitObject():
            return calendar_wait_of([written], numbered=False)
        case FieldWaitObject():
            default = span_us(written.default) if written.default else None
            return FieldWait(path_of(written.field), WORDS_US[written.unit.removesuffix("s")], default)
        case UntilWaitObject():
            return _until(written)


def _until(written: UntilWaitObject) -> UntilWait:
    path, contact = of_contact(written.until)
    named = written.repeat in REPEATS
    counts = written.days or written.at or written.on
    return UntilWait(
        path=path,
        of_contact=contact,
        offset_us=span_us(written.offset) if written.offset else 0,
        at_us=time_of_day_us(written.at or AT_OF_DATES),
        repeat=None if written.repeat is None else Repeat(written.repeat) if named else Repeat.RRULE,
        rrule="" if named or written.repeat is None else written.repeat.upper().removeprefix("RRULE:"),
        local_day=local_day_of(written.days, written.at, written.on) if counts else None,
    )
