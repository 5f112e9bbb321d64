"""What happened, in numbers that add up: counted where the data is, merged in any order.

Pure. Every host counts one `Counts` per part of its work and merges them; once lines are numbered
(`placed`), nothing in it depends on how the input was split.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple, TypeVar

import msgspec

from kittiwake.model import DeadLetter, Decision, Event

EXAMPLES_MAX: Final = 3
"""Places named per reason of a dead letter: enough to look, few enough to read."""

UNREADABLE_MAX: Final = 20
"""Unreadable files named: more of them have one cause."""


class Place(NamedTuple):
    """Where a dead letter stood, and what is wrong with it."""

    source: str
    """`file:line`."""
    detail: str
    start: int = 0
    """The byte of the file from which on the line is numbered."""


class LinesOfPart(NamedTuple):
    """How far a part of a file reaches."""

    end: int
    """The byte at which the next part starts."""
    lines: int


class Verdict(NamedTuple):
    """What decisions are counted by."""

    account_id: str
    rule_id: str
    kind: str
    decision: str
    reason: str
    """"" where it fired."""


class Counts(msgspec.Struct):
    """What became of records, events and candidates.

    `records` = `events` + all `dead_letters`; `events` = `catalogue` + those of contacts. Of the latter some are
    `duplicates`, some `unneeded` and some `unsettled`: these overlap.
    """

    files: int = 0
    records: int = 0
    """Lines that are not blank."""
    events: int = 0
    catalogue: int = 0
    """Events of items; no rule reads them yet."""
    contacts: int = 0
    duplicates: int = 0
    """Copies of events, dropped."""
    unneeded: int = 0
    """Events of a type that no rule of the account names, nor the product itself: in no version, or neither in
    the one in force at their time nor in a later one."""
    unsettled: int = 0
    """Events at or after the end of the run, or late: they decided nothing."""
    forgotten: int = 0
    """Contacts that had been silent for `retention`, each time it happened."""
    newest_us: int | None = None
    """Time of the newest event."""
    dead_letters: dict[str, int] = {}
    """By reason."""
    examples: dict[str, list[Place]] = {}
    """By reason of a dead letter, the first places in order."""
    unreadable: dict[str, str] = {}
    """Why, by name of the file."""
    verdicts: dict[Verdict, int] = {}
    lines: dict[tuple[str, int], LinesOfPart] = {}
    """By name of a file and start of a part that others follow: what tells their lines' numbers, see `placed`."""
    ids_forgotten: int = 0
    """Ids of a contact that had more events within the horizon than its ids are remembered of."""


def count_event(counts: Counts, event: Event) -> None:
    """Count one event that was read."""
    counts.catalogue += event.item_id is not None
    count_events(counts, 1, 0, event.time_us)


def count_events(counts: Counts, number: int, unneeded: int, newest_us: int) -> None:
    """Count events that were read; `newest_us` is the time of the newest, if there are any."""
    counts.records += number
    counts.events += number
    counts.unneeded += unneeded
    if number and (counts.newest_us is None or newest_us > counts.newest_us):
        counts.newest_us = newest_us


def count_dead_letter(counts: Counts, dead: DeadLetter, start: int = 0) -> None:
    """Count one record that is no event; its line is numbered from the byte `start` of its file."""
    reason = dead.reason.value
    counts.records += 1
    counts.dead_letters[reason] = counts.dead_letters.get(reason, 0) + 1
    _keep_example(counts.examples.setdefault(reason, []), Place(dead.source, dead.detail, start))


def _keep_example(places: list[Place], place: Place) -> None:
    """Keep the first places in reading order, in whatever order they come."""
    if len(places) < EXAMPLES_MAX or _reading_order(place) < _reading_order(places[-1]):
        places.append(place)
        places.sort(key=_reading_order)
        del places[EXAMPLES_MAX:]


def count_decision(counts: Counts, decision: Decision) -> None:
    """Count one final decision."""
    # The enums are strings, so that a plain tuple finds what is counted by the plain strings, which travel.
    found = decision.account_id, decision.rule_id, decision.kind, decision.decision, decision.reason or ""
    number = counts.verdicts.get(found)  # type: ignore[call-overload]
    if number is None:
        counts.verdicts[Verdict(*map(str, found))] = 1
    else:
        counts.verdicts[found] = number + 1  # type: ignore[index]


def add(total: Counts, part: Counts) -> None:
    """Add `part` to `total`; they share nothing afterwards."""
    for name in NUMBERS:
        setattr(total, name, getattr(total, name) + getattr(part, name))
    total.newest_us = max((t for t in (total.newest_us, part.newest_us) if t is not None), default=None)
    _add(total.dead_letters, part.dead_letters)
    _add(total.verdicts, part.verdicts)
    for reason, places in part.examples.items():
        known = {*total.examples.get(reason, ()), *places}
        total.examples[reason] = sorted(known, key=_reading_order)[:EXAMPLES_MAX]
    total.lines |= part.lines
    if part.unreadable:
        whys = sorted(
            [*part.unreadable.items(), *total.unreadable.items()], reverse=True
        )  # of two whys the first stays
        total.unreadable = dict(sorted(dict(whys).items())[:UNREADABLE_MAX])


def merged(parts: Iterable[Counts]) -> Counts:
    """The sum of all parts."""
    total = Counts()
    for part in parts:
        add(total, part)
    return total


def placed(counts: Counts) -> Counts:
    """The counts of a whole run, every line numbered from the start of its file: as if no file had been cut."""
    examples = {reason: list(_placed(places, counts.lines)) for reason, places in counts.examples.items()}
    return msgspec.structs.replace(counts, examples=examples, lines={})


def _placed(places: list[Place], lines: dict[tuple[str, int], LinesOfPart]) -> Iterator[Place]:
    """Places whose lines are known; where a part before could not be read, and so the run is stopped, they are not."""
    for place in places:
        file, number = _file_and_line(place.source)
        before = _lines_before(file, place.start, lines)
        if before is not None:
            yield Place(f"{file}:{number + before}", place.detail) if before else place._replace(start=0)


def _lines_before(file: str, start: int, lines: dict[tuple[str, int], LinesOfPart]) -> int | None:
    at, number = 0, 0
    while at < start:
        if (file, at) not in lines:
            return None
        at, more = lines[file, at]
        number += more
    return number


def _reading_order(place: Place) -> tuple[str, int, int]:
    file, number = _file_and_line(place.source)
    return file, place.start, number


def _file_and_line(source: str) -> tuple[str, int]:
    file, _, number = source.rpartition(":")
    return (file, int(number)) if number.isdigit() else (source, 0)


NUMBERS: Final = (
    "files",
    "records",
    "events",
    "catalogue",
    "contacts",
    "duplicates",
    "unneeded",
    "unsettled",
    "forgotten",
    "ids_forgotten",
)
"""Fields that are plain numbers."""
_Key = TypeVar("_Key", str, Verdict)


def _add(total: dict[_Key, int], part: dict[_Key, int]) -> None:
    for key, number in part.items():
        total[key] = total.get(key, 0) + number
