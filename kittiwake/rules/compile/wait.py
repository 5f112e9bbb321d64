"""From `wait` to the kernel's.

Pure. Called by `compile.rule`; its input has been checked, so a duration is a duration.
"""

from __future__ import annotations

from msgspec.structs import replace

from kittiwake.kernel.plan.wait import Delays, FieldWait, UntilWait, Wait
from kittiwake.rules.compile.calendar import calendar_wait_of, local_day_of
from kittiwake.rules.compile.match import of_contact, path_of
from kittiwake.rules.compile.recurrence import at_in, ordinals_of, repeat_of
from kittiwake.rules.diagnostics import span_us
from kittiwake.rules.model.calendar import CalendarWaitObject
from kittiwake.rules.model.time import time_of_day_us
from kittiwake.rules.model.wait import AT_OF_DATES, FieldWaitObject, UntilWaitObject
from kittiwake.rules.model.wait import Wait as WrittenWait
from kittiwake.time.durations import WORDS_US


def wait_of(written: WrittenWait | None, holidays: frozenset[int] = frozenset()) -> Wait | None:
    """How long the rule waits; None: not at all. `holidays`: those of the account, as ordinals."""
    match written:
        case None:
            return None
        case str():
            return Delays((span_us(written),), numbered=False)
        case list():
            dates = [_until(one, holidays) for one in written if isinstance(one, UntilWaitObject)]
            if dates:
                return replace(dates[0], numbered=True, later=tuple(dates[1:]))
            local_days = [one for one in written if isinstance(one, CalendarWaitObject)]
            if local_days:
                return calendar_wait_of(local_days, holidays, numbered=True)
            return Delays(tuple(span_us(one) for one in written if isinstance(one, str)), numbered=True)
        case CalendarWaitObject():
            return calendar_wait_of([written], holidays, numbered=False)
        case FieldWaitObject():
            default = span_us(written.default) if written.default else None
            return FieldWait(path_of(written.field), WORDS_US[written.unit.removesuffix("s")], default)
        case UntilWaitObject():
            return _until(written, holidays)


def _until(written: UntilWaitObject, holidays: frozenset[int]) -> UntilWait:
    path, contact = of_contact(written.until)
    repeat, rrule = repeat_of(written.repeat)
    at = written.at or at_in(written.repeat)
    counts = written.days or at or written.on
    return UntilWait(
        path=path,
        of_contact=contact,
        offset_us=span_us(written.offset) if written.offset else 0,
        at_us=time_of_day_us(at or AT_OF_DATES),
        repeat=repeat,
        rrule=rrule,
        local_day=local_day_of(written.days, at, written.on, holidays) if counts else None,
        left_out=ordinals_of(written.except_),
    )
