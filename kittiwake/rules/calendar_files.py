"""Calendar files (.ics) that rules files name under `calendar`: their days are written out in place of their names.

Pure. Called by the loader, which has the bytes. Whatever reads a document sees dates only, so that fingerprints,
programs and published changes depend on the days, and never on a file or its name.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator
from typing import Final

from kittiwake.rules.check.recurrence import rrule_problem
from kittiwake.rules.errors import Code, RuleError
from kittiwake.rules.model.calendar import FILE_SUFFIX, is_calendar_file
from kittiwake.rules.source.builder import Reading, UnreadableError
from kittiwake.rules.source.tree import Location, Node

CALENDAR: Final = "calendar"
_STAND_IN: Final = "1970-01-01"
"""Of a file that cannot be read, so that the rest of the document is checked."""

ReadText = Callable[[str, Reading], str | None]
"""The text of a file of a name; None: there is none. It stops the reading where the bytes are no text."""


def files_named_in(document: Location) -> list[str]:
    """The calendar files of a document, by their names as those of the rules files are written."""
    return [name for at in _entries(document) if (name := _name(document.file, at.node.value)) is not None]


def calendars_written_out(document: Location, text_of: ReadText, errors: list[RuleError]) -> Location:
    """A document with the days of its calendar files in place of their names; `errors` added for what is wrong."""
    entries = list(_entries(document))
    if not any(is_calendar_file(at.node.value) for at in entries):
        return document
    written = document.node.value[CALENDAR]
    days = [node for at in entries for node in _written_out(at, text_of, errors)]
    value = {**document.node.value, CALENDAR: Node(days, written.mark)}
    return Location(document.file, Node(value, document.node.mark, document.node.keys), document.base)


def _entries(document: Location) -> Iterator[Location]:
    """What stands under `calendar`: the entries of a list, or the one text."""
    calendar = document.at(CALENDAR)
    if calendar is None:
        return
    if not isinstance(calendar.node.value, list):
        yield calendar
    for i in range(len(calendar.node.value)) if isinstance(calendar.node.value, list) else ():
        entry = calendar.at(i)
        assert entry is not None
        yield entry


def _written_out(at: Location, text_of: ReadText, errors: list[RuleError]) -> list[Node]:
    if not is_calendar_file(at.node.value):
        return [at.node]
    name = _name(at.file, at.node.value)
    reading = Reading(at.file if name is None else name)
    try:
        days = [] if name is None else _days(name, at, text_of, reading)
    except UnreadableError as error:
        days, reading.errors = [], [*reading.errors, error.error]
    if name is None:
        message = f"{at.node.value[:60]} is not relative to this file"
        advice = f"Put the calendar beside the rules, and write its name: holidays{FILE_SUFFIX}"
        reading.errors.append(at.error((), Code.BAD_CALENDAR, message, advice))
    errors.extend(reading.errors)
    return [Node(day, at.node.mark) for day in days or [_STAND_IN]]


def _days(name: str, at: Location, text_of: ReadText, reading: Reading) -> list[str]:
    text = text_of(name, reading)
    if text is None:
        message = f"{name} is not there, or cannot be read"
        advice = "Check its name, which is relative to this file, and its permissions"
        raise UnreadableError(at.error((), Code.UNREADABLE, message, advice))
    from kittiwake.rules.source.ics import read_days  # noqa: PLC0415 - where no file is named, none is needed

    return sorted(day.isoformat() for day in read_days(text, reading, rrule_problem))


def _name(rules_file: str, written: object) -> str | None:
    """The name of a calendar file, as the name of the rules file is one; None where it is none, or not relative."""
    if not isinstance(written, str) or not is_calendar_file(written):
        return None
    if written.startswith(("/", "~")) or "\\" in written or re.match("[A-Za-z][A-Za-z0-9+.-]*:", written):
        return None
    return posixpath.normpath(posixpath.join(posixpath.dirname(rules_file), written))
