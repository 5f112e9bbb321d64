"""From `wait` to the kernel's.

Pure. Called by `compile.rule`; its input has been checked, so a duration is a duration.
"""

from __future__ import annotations

from kittiwake.kernel.plan.wait import Delays, FieldWait, Repeat, UntilWait, Wait
from kittiwake.rules.compile.match import of_contact, path_of
from kittiwake.rules.diagnostics import span_us
from kittiwake.rules.model.recurrence import REPEATS
from kittiwake.rules.model.time import time_of_day_us
from kittiwake.rules.model.wait import FieldWaitObject, UntilWaitObject
from kittiwake.rules.model.wait import Wait as WrittenWait
from kittiwake.time.durations import WORDS_US


def wait_of(written: WrittenWait | None) -> Wait | None:
    """How long the rule"""
    match written:
        case None:
            return None
        case str():
            return Delays((span_us(written),), numbered=False)
        case list():
            return Delays(tuple(map(span_us, written)), numbered=True)
        case FieldWaitObject():
            default = span_us(written.default) if written.default else None
            return FieldWait(path_of(written.field), WORDS_US[written.unit.removesuffix("s")], default)
        case UntilWaitObject():
            return _until(written)


def _until(written: UntilWaitObject) -> UntilWait:
    path, contact = of_contact(written.until)
    named = written.repeat in REPEATS
    return UntilWait(
        path=path,
        of_contact=contact,
        offset_us=span_us(written.offset) if written.offset else 0,
        at_us=time_of_day_us(written.at),
        repeat=None if written.repeat is None else Repeat(written.repeat) if named else Repeat.RRULE,
        rrule="" if named or written.repeat is None else written.repeat.upper().removeprefix("RRULE:"),
    )
