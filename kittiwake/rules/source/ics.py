"""The days of a calendar file (iCalendar, RFC 5545): every day of its all-day events, and where it cannot be read.

Pure. Called by `calendar_files`. It is a reader of its own because libraries for iCalendar keep no line numbers and
repair what they cannot read, and an error here has a line and says what to write instead (ADR 0025). Read are the
events (VEVENT) with their DTSTART, DTEND or DURATION, RRULE by the year, RDATE, EXDATE, RECURRENCE-ID with its UID, and
STATUS; everything else, names included, is passed over. What goes from midnight to midnight, as it is written, in
whatever zone, is whole days.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import takewhile
from typing import Final, NamedTuple

import msgspec

from kittiwake.rules.errors import Code
from kittiwake.rules.limits import CALENDAR_EVENTS_MAX, EVENT_DAYS_MAX, HOLIDAYS_MAX
from kittiwake.rules.source.builder import Reading, UnreadableError
from kittiwake.rules.source.tree import Mark
from kittiwake.time.recurrences import dates, parse_recurrence

FIRST, LAST = date(1970, 1, 1), date(2100, 12, 31)
"""The days that count: a rule by the year without an end goes on to the last."""

RruleProblem = Callable[[str], tuple[str, str] | None]
"""What is wrong with an RRULE, and what to write instead."""

_LINE: Final = re.compile(r'([A-Za-z0-9-]+)((?:;(?:"[^"]*"|[^":])*)?):(.*)', re.DOTALL)
_REPLACED: Final = "RECURRENCE-ID"
_ONCE: Final = ("DTSTART", "DTEND", "DURATION", "RRULE", "STATUS", "UID", _REPLACED)
_OFTEN: Final = ("RDATE", "EXDATE")
_REFUSED: Final = {
    "EXRULE": ("EXRULE is not read", "Name the dates that are left out: EXDATE;VALUE=DATE:20261225"),
}
_DURATION: Final = re.compile(r"\+?P([0-9]{1,3})([DW])", re.ASCII)


class _Line(NamedTuple):
    """A content line, unfolded."""

    name: str
    parameters: str
    value: str
    mark: Mark


class _Event(msgspec.Struct):
    """What is read of one event."""

    mark: Mark
    once: dict[str, _Line] = {}
    often: list[_Line] = []


def read_days(text: str, reading: Reading, rrule_problem: RruleProblem) -> frozenset[date]:
    """The days of a calendar, of the years 1970 to 2100.

    Raises:
        UnreadableError: it is no calendar, or has too much in it. What is wrong with single events is reported.
    """
    events, found = _bounded(_events(text, reading), reading), set[date]()
    replaced = _replaced(events, reading)
    for event in events:
        try:
            left_out = replaced.get(_said(event, "UID"), set()) if _REPLACED not in event.once else set()
            found.update(day for day in _days(event, left_out, reading, rrule_problem) if FIRST <= day <= LAST)
        except UnreadableError as error:
            reading.errors.append(error.error)
        if len(found) > HOLIDAYS_MAX:
            message = f"the calendar has more than {HOLIDAYS_MAX:,} days"
            raise reading.stop(event.mark, Code.TOO_LARGE, message, "Give its rules an end: UNTIL=20351231")
    return frozenset(found)


# ---------------------------------------------------------------- events


def _bounded(events: Iterator[_Event], reading: Reading) -> list[_Event]:
    found: list[_Event] = []
    for event in events:
        found.append(event)
        if len(found) > CALENDAR_EVENTS_MAX:
            message = f"the calendar has more than {CALENDAR_EVENTS_MAX:,} events"
            raise reading.stop(event.mark, Code.TOO_LARGE, message, "Keep the holidays, and delete the other events")
    if not found:
        advice = "Add one: BEGIN:VEVENT, DTSTART;VALUE=DATE:20261225, END:VEVENT, each in a line"
        raise reading.stop(Mark(1, 1), Code.BAD_CALENDAR, "the calendar has no event", advice)
    return found


def _replaced(events: list[_Event], reading: Reading) -> dict[str, set[date]]:
    """By the UID of an event its occurrences that other events stand for, or call off."""
    found: dict[str, set[date]] = {}
    for event in events:
        line = event.once.get(_REPLACED)
        if line is None:
            continue
        try:
            _check_one_occurrence(line, event, reading)
            found.setdefault(_said(event, "UID"), set()).add(_date(line, reading))
        except UnreadableError as error:
            reading.errors.append(error.error)
    return found


def _check_one_occurrence(line: _Line, event: _Event, reading: Reading) -> None:
    if "RANGE=" in line.parameters:
        message = "RANGE changes every later occurrence, and is not read"
        advice = "End the RRULE of the event before it, with UNTIL, and make an event of its own"
        raise reading.stop(line.mark, Code.BAD_CALENDAR, message, advice)
    if "UID" not in event.once:
        message = "RECURRENCE-ID names an occurrence of the event of a UID, and no UID is here"
        advice = "Add the UID of the event whose occurrence this is, or delete this line"
        raise reading.stop(line.mark, Code.BAD_CALENDAR, message, advice)
    for other in (event.once.get("RRULE"), *event.often):
        if other is not None:
            message = f"{other.name} stands in an event that is one occurrence of another"
            raise reading.stop(other.mark, Code.BAD_CALENDAR, message, "Delete it, or delete RECURRENCE-ID")


def _said(event: _Event, name: str) -> str:
    return event.once[name].value if name in event.once else ""


def _events(text: str, reading: Reading) -> Iterator[_Event]:
    open_: list[_Line] = []
    event: _Event | None = None
    for line in _lines(text, reading):
        if not open_ and (line.name, line.value.upper()) != ("BEGIN", "VCALENDAR"):
            raise reading.stop(line.mark, Code.BAD_CALENDAR, "a calendar begins with BEGIN:VCALENDAR", _EXPORT)
        if line.name == "BEGIN":
            open_.append(line)
            if _names(open_) == ["VCALENDAR", "VEVENT"]:
                event = _Event(line.mark)
        elif line.name == "END":
            _close(open_, line, reading)
            if event is not None and len(open_) == 1:
                yield event
                event = None
        elif event is not None and len(open_) == 2:
            _take(event, line, reading)
    if open_:
        message = f"BEGIN:{open_[-1].value[:40]} has no END: the file is cut short"
        raise reading.stop(open_[-1].mark, Code.BAD_CALENDAR, message, _EXPORT)


_EXPORT: Final = "Export the calendar anew, as iCalendar (.ics)"


def _names(open_: list[_Line]) -> list[str]:
    return [line.value.upper() for line in open_]


def _close(open_: list[_Line], line: _Line, reading: Reading) -> None:
    if open_[-1].value.upper() != line.value.upper():
        message = f"END:{line.value[:40]} stands where END:{open_[-1].value[:40]} has to"
        raise reading.stop(line.mark, Code.BAD_CALENDAR, message, _EXPORT)
    open_.pop()


def _take(event: _Event, line: _Line, reading: Reading) -> None:
    if line.name in _REFUSED:
        reading.report(line.mark, Code.BAD_CALENDAR, *_REFUSED[line.name])
    elif line.name in _OFTEN:
        event.often.append(line)
    elif line.name in event.once:
        first = event.once[line.name].mark.line
        message = f"{line.name} stands in this event twice: first in line {first}"
        reading.report(line.mark, Code.BAD_CALENDAR, message, "Delete one, or make two events")
    elif line.name in _ONCE:
        event.once[line.name] = line


def _lines(text: str, reading: Reading) -> Iterator[_Line]:
    """The lines that say something, each with those that are folded under it."""
    whole, number = "", 0
    for at, line in enumerate(text.split("\n"), 1):
        line = line.removesuffix("\r")
        if line.startswith((" ", "\t")):
            whole += line[1:]
            continue
        if whole.strip():
            yield _line(whole, number, reading)
        whole, number = line, at
    if whole.strip():
        yield _line(whole, number, reading)


def _line(text: str, number: int, reading: Reading) -> _Line:
    found = _LINE.fullmatch(text)
    if found is None:
        message = "this is no line of a calendar, which is NAME:value"
        raise reading.stop(Mark(number, 1), Code.BAD_CALENDAR, message, _EXPORT)
    return _Line(found[1].upper(), found[2].upper(), found[3].strip(), Mark(number, found.start(3) + 1))


# ---------------------------------------------------------------- days


def _days(event: _Event, replaced: set[date], reading: Reading, rrule_problem: RruleProblem) -> Iterator[date]:
    """Every day of every occurrence of an event but those that other events stand for."""
    if _said(event, "STATUS").upper() == "CANCELLED":
        return
    if "DTSTART" not in event.once:
        raise reading.stop(event.mark, Code.BAD_CALENDAR, "this event has no DTSTART", f"Add {_START}")
    first = _date(event.once["DTSTART"], reading)
    length = _length(event, first, reading)
    named = {name: [line for line in event.often if line.name == name] for name in _OFTEN}
    more, left_out = ({day for line in named[name] for day in _dates(line, reading)} for name in _OFTEN)
    repeated = _repeated(event, first, reading, rrule_problem)
    for begins in {first, *more, *repeated} - left_out - replaced:
        for days in range(length):
            yield begins + timedelta(days)


_START: Final = "DTSTART;VALUE=DATE:20261225"
_DATE_CHARS: Final = 8


_ZONED: Final = re.compile(r"[0-9]{8}T[0-9]{6}", re.ASCII)
_UNTIL_INSTANT: Final = re.compile(r"UNTIL=[0-9]{8}T[0-9]{6}Z", re.ASCII)


def _repeated(
    event: _Event, first: date, reading: Reading, rrule_problem: RruleProblem
) -> Iterator[date] | tuple[date, ...]:
    """The occurrences of a rule by the year, from the first day that counts to the last."""
    line = event.once.get("RRULE")
    if line is None:
        return ()
    text = line.value.upper()
    found = rrule_problem(text)
    if found is None and _UNTIL_INSTANT.search(text) and _ZONED.fullmatch(event.once["DTSTART"].value):
        # Midnight of a zone east of UTC is the day before there: the last occurrence would be lost.
        found = ("UNTIL is an instant of UTC, and DTSTART is not", "Write the last day as a date: UNTIL=20301225")
    if found is None and "FREQ=YEARLY" not in text:
        found = ("a holiday comes by the year", "Write FREQ=YEARLY, or each date: RDATE;VALUE=DATE:20261225,20271227")
    if found is not None:
        raise reading.stop(line.mark, Code.BAD_RRULE, *found)
    return takewhile(lambda day: day <= LAST, dates(parse_recurrence(text), first, max(first, FIRST)))


def _length(event: _Event, first: date, reading: Reading) -> int:
    """How many days an occurrence has; DTEND is the day after the last."""
    line = event.once.get("DTEND") or event.once.get("DURATION")
    if line is None:
        if len(event.once["DTSTART"].value) > _DATE_CHARS:
            raise _no_whole_day(event.once["DTSTART"], reading)
        return 1
    if line.name == "DTEND":
        days = (_date(line, reading) - first).days
        advice = f"Write the day after the last one: DTEND;VALUE=DATE:{_following(first)}"
    else:
        written = _DURATION.fullmatch(line.value.upper())
        days = int(written[1]) * (7 if written[2] == "W" else 1) if written else 0
        advice = "Write whole days: DURATION:P1D"
    if days < 1:
        raise reading.stop(line.mark, Code.BAD_CALENDAR, f"{line.name} leaves this event no day", advice)
    if days > EVENT_DAYS_MAX:
        message = f"this event has {days:,} days, more than {EVENT_DAYS_MAX}"
        raise reading.stop(line.mark, Code.BAD_CALENDAR, message, advice)
    return days


def _following(day: date) -> str:
    return f"{min(day, LAST) + timedelta(1):%Y%m%d}"


def _dates(line: _Line, reading: Reading) -> Iterator[date]:
    for text in line.value.split(","):
        yield _date(line._replace(value=text), reading)


def _date(line: _Line, reading: Reading) -> date:
    text = re.sub(r"^([0-9]{8})T000000Z?$", r"\1", line.value, flags=re.ASCII)
    if re.fullmatch(r"[0-9]{8}T[0-9]{6}Z?", text, re.ASCII):
        raise _no_whole_day(line, reading)
    try:
        if re.fullmatch(r"[0-9]{8}", text, re.ASCII):
            return date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        pass
    advice = f"Write a day that there is: {line.name};VALUE=DATE:20261225"
    raise reading.stop(line.mark, Code.BAD_CALENDAR, f"{text[:40] or 'nothing'} is no date", advice)


def _no_whole_day(line: _Line, reading: Reading) -> UnreadableError:
    message = f"{line.name} has a time of day, and a holiday is a whole day"
    advice = f"Write {line.name};VALUE=DATE:{line.value[:_DATE_CHARS]}"
    return reading.stop(line.mark, Code.BAD_CALENDAR, message, advice)
