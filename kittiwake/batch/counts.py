"""What happened, in numbers that add up: counted where the data is, merged in any order.

Pure. Every host counts one `Counts` per part of its work and merges them; once lines are numbered
(`number_lines`), nothing in it depends on how the input was split.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final, NamedTuple, TypeAlias, TypeVar

import msgspec

from kittiwake.batch.feeds.covered import Covered, unite
from kittiwake.kernel.evaluate.pending import Pending
from kittiwake.kernel.run.outputs import Silent, Unusable
from kittiwake.model import DeadLetter, Decision, Event

EXAMPLES_MAX: Final = 3
"""Lines named per reason of a dead letter: enough to look, few enough to read."""

ZONES_MAX: Final = 50
"""Values named that are no time zone: a producer that writes names of its own has a few dozen."""

UNREADABLE_MAX: Final = 20
"""Unreadable files named: more of them have one cause."""


ARRIVED_MAX: Final = 100
"""Names kept of each sort of what came and nobody needs (types, accounts, fields): more of them are garbage."""


class SourceLine(NamedTuple):
    """The line of a dead letter, and what is wrong with it."""

    source: str
    """`file:line`."""
    detail: str
    start: int = 0
    """The byte of the file from which on the line is numbered."""
    remedy: str = ""
    """What reads such a record, or mends it."""


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


class DuplicateExample(NamedTuple):
    """A duplicate that says something else than the event that counts."""

    account_id: str
    contact_id: str
    event_id: str
    differs: tuple[str, ...]
    """In which fields: `time`, `properties.…`."""


class Refusal(NamedTuple):
    """What values that a rule could not use are counted by; each of its words is a plain text, which travels."""

    account_id: str
    rule_id: str
    clause: str
    path: str
    found: str


class PendingRule(NamedTuple):
    """A rule of which something waits."""

    account_id: str
    rule_id: str


class SilentRule(NamedTuple):
    """A rule, and a feed that was silent when something of it was due, or a type a flood of which armed it."""

    account_id: str
    rule_id: str
    type: str
    flooded: bool = False


class Counts(msgspec.Struct):
    """What became of records, events and candidates.

    `records` + `extra_events` = `events` + `left_out` + all `dead_letters`; `events` = `catalogue` + those of contacts.
    Of these some are `duplicates`, some `unneeded` and some `unsettled`: these overlap.
    """

    files: int = 0
    tables: int = 0
    """Of BigQuery."""
    records: int = 0
    """Lines that are not blank."""
    events: int = 0
    extra_events: int = 0
    """Of these, those that a record brought beside its own."""
    left_out: int = 0
    """Records of which a shape file makes no event: `only`, guests, types that it does not name."""
    catalogue: int = 0
    """Events of items."""
    item_changes: int = 0
    """Changes of items that were given to contacts, once for each contact."""
    concerned: int = 0
    """Contacts that were given any."""
    contacts: int = 0
    duplicates: int = 0
    """Duplicates of events, dropped."""
    copies_differ: int = 0
    """Those of the duplicates that say something else than the event that counts."""
    unneeded: int = 0
    """Events of a type that no rule of the account names, nor the product itself: in no version, or neither in
    the one in force at their time nor in a later one."""
    unsettled: int = 0
    """Events at or after the end of the run, or late: they decided nothing."""
    forgotten: int = 0
    """Contacts that had been silent for `retention`, or `profile_retention`, each time it happened."""
    newest_us: int | None = None
    """Time of the newest event."""
    dead_letters: dict[str, int] = {}
    """By reason."""
    examples: dict[str, list[SourceLine]] = {}
    """By reason of a dead letter, the first lines in order."""
    unreadable: dict[str, str] = {}
    """Why, by name of the file."""
    verdicts: dict[Verdict, int] = {}
    duplicate_examples: list[DuplicateExample] = []
    """Of duplicates that differ the first, by account, contact and id."""
    unknown_zones: dict[str, int] = {}
    """How many events set a `timezone` that is none, by what it says; the first of them by name."""
    refused: dict[str, int] = {}
    """Events of contacts, by account, whose rules were refused: they decided nothing."""
    lines: dict[tuple[str, int], LinesOfPart] = {}
    """By name of a file and start of a part that others follow: they number the lines of those, see `number_lines`."""
    unusable: dict[Refusal, int] = {}
    """Values of decided events that a rule needed and could not use."""
    repeats: int = 0
    """Events that were dropped for a value that one brought before which counted (`repeats` of the rules)."""
    repeats_forgotten: int = 0
    """Such values that had to make room while events could still bring them again."""
    ids_forgotten: int = 0
    """Ids of a contact that had more events within the allowed lateness than its ids are remembered of."""
    types: dict[str, set[str]] = {}
    """Types of events that came, of those that the rules of their account name; accounts that the rules do not name
    together, under "*". An account of which nothing needed came has an empty set."""
    feeds: Covered = {}
    """What the events of feeds cover, of those that the rules of their account have."""
    feeds_before: Covered = {}
    """What of it the run knows that this one starts from."""
    silent: dict[SilentRule, int] = {}
    """What was due for the first time while a feed was silent on which its rule leans, or armed by a flood."""
    pending: dict[PendingRule, Pending] = {}
    """What still waits when the run ends, by rule."""
    other_types: set[str] = set()
    """Types that came and no rule of any account names, the first by name; none where a rule needs every type."""
    other_accounts: set[str] = set()
    """Accounts that the rules do not name, the first by name."""
    other_fields: set[str] = set()
    """Fields at the top of canonical records that nobody reads, the first by name."""


def count_record(counts: Counts, events: Sequence[Event]) -> None:
    """Count one record that was read, by its events; without any it is left out."""
    if not events:
        counts.records += 1
        counts.left_out += 1
        return
    count_events(counts, 1, 0, max([event.time_us for event in events]))
    counts.events += len(events) - 1
    counts.extra_events += len(events) - 1
    counts.catalogue += len([event for event in events if event.item_id is not None])


def count_events(counts: Counts, number: int, unneeded: int, newest_us: int) -> None:
    """Count records of one event each; `newest_us` is the time of the newest, if there are any."""
    counts.records += number
    counts.events += number
    counts.unneeded += unneeded
    if number and (counts.newest_us is None or newest_us > counts.newest_us):
        counts.newest_us = newest_us


Remedy: TypeAlias = Callable[[DeadLetter], str]
"""From a dead letter to what reads such a record, or mends it."""


def count_dead_letter(counts: Counts, dead: DeadLetter, start: int = 0, remedy: Remedy = lambda _: "") -> None:
    """Count one record that is no event; its line is numbered from the byte `start` of its file.

    What `remedy` says is asked for the few that are kept as examples.
    """
    reason = dead.reason.value
    counts.records += 1
    counts.dead_letters[reason] = counts.dead_letters.get(reason, 0) + 1
    lines, line = counts.examples.setdefault(reason, []), SourceLine(dead.source, dead.detail, start)
    if _is_kept(lines, line):
        _keep_example(lines, line._replace(remedy=remedy(dead)))


def _is_kept(lines: list[SourceLine], line: SourceLine) -> bool:
    """Whether a line is one of the first in reading order so far."""
    return len(lines) < EXAMPLES_MAX or _reading_order(line) < _reading_order(lines[-1])


def _keep_example(lines: list[SourceLine], line: SourceLine) -> None:
    """Keep the first lines in reading order, in whatever order they come."""
    if _is_kept(lines, line):
        lines.append(line)
        lines.sort(key=_reading_order)
        del lines[EXAMPLES_MAX:]


def count_decision(counts: Counts, decision: Decision) -> None:
    """Count one final decision."""
    # The enums are strings, so that a plain tuple finds what is counted by the plain strings, which travel.
    found = decision.account_id, decision.rule_id, decision.kind, decision.decision, decision.reason or ""
    number = counts.verdicts.get(found)  # type: ignore[call-overload]
    if number is None:
        counts.verdicts[Verdict(*map(str, found))] = 1
    else:
        counts.verdicts[found] = number + 1  # type: ignore[index]


def keep_duplicate_example(counts: Counts, event: tuple[str, str, str], names: Callable[[], tuple[str, ...]]) -> None:
    """Keep a duplicate as an example if it is one of the first; its account, contact and id, and in what it differs."""
    kept = counts.duplicate_examples
    if len(kept) < EXAMPLES_MAX or event <= kept[-1][:3]:
        counts.duplicate_examples = sorted({*kept, DuplicateExample(*event, names())})[:EXAMPLES_MAX]


def count_unknown_zone(counts: Counts, text: str) -> None:
    """Count an event that sets a time zone that is none."""
    zones = counts.unknown_zones
    zones[text] = zones.get(text, 0) + 1
    _keep_first(zones)


def _keep_first(zones: dict[str, int]) -> None:
    """Keep the first by name, which are the same however the input was split."""
    for text in sorted(zones)[ZONES_MAX:] if len(zones) > ZONES_MAX else ():
        del zones[text]


def count_pending(counts: Counts, account_id: str, pending: Mapping[str, Pending]) -> None:
    """Count what of a contact still waits, by rule id of an account."""
    for rule_id, one in pending.items():
        _add_pending(counts.pending, PendingRule(account_id, rule_id), one)


def _add_pending(total: dict[PendingRule, Pending], rule: PendingRule, more: Pending) -> None:
    known = total.get(rule)
    if known is None:
        total[rule] = Pending(more.number, more.next_due_us)  # its own, for it grows
        return
    known.number += more.number
    known.next_due_us = min(known.next_due_us, more.next_due_us)


def keep_first_names(names: set[str]) -> None:
    """Keep the first by name, which are the same however the input was split."""
    if len(names) > ARRIVED_MAX:
        names.intersection_update(sorted(names)[:ARRIVED_MAX])


def count_unusable(counts: Counts, account_id: str, unusable: Mapping[Unusable, int]) -> None:
    """Count what rules of an account could not use of a contact's events."""
    for one, number in unusable.items():
        refusal = Refusal(account_id, one.rule_id, str(one.clause), one.path, str(one.found))
        counts.unusable[refusal] = counts.unusable.get(refusal, 0) + number


def count_silent(counts: Counts, account_id: str, silent: Mapping[Silent, int]) -> None:
    """Count what of a contact was due while a feed was silent, or armed by a flood."""
    for one, number in silent.items():
        rule = SilentRule(account_id, *one)
        counts.silent[rule] = counts.silent.get(rule, 0) + number


def add(total: Counts, part: Counts) -> None:
    """Add `part` to `total`; they share nothing afterwards."""
    for name in NUMBERS:
        setattr(total, name, getattr(total, name) + getattr(part, name))
    total.newest_us = max((t for t in (total.newest_us, part.newest_us) if t is not None), default=None)
    _add(total.dead_letters, part.dead_letters)
    _add(total.verdicts, part.verdicts)
    _add(total.unusable, part.unusable)
    _add(total.silent, part.silent)
    unite(total.feeds, part.feeds)
    unite(total.feeds_before, part.feeds_before)
    for rule, pending in part.pending.items():
        _add_pending(total.pending, rule, pending)
    for reason, lines in part.examples.items():
        known = {*total.examples.get(reason, ()), *lines}
        total.examples[reason] = sorted(known, key=_reading_order)[:EXAMPLES_MAX]
    total.duplicate_examples = sorted({*total.duplicate_examples, *part.duplicate_examples})[:EXAMPLES_MAX]
    _add(total.unknown_zones, part.unknown_zones)
    _keep_first(total.unknown_zones)
    _add(total.refused, part.refused)
    for account_id, types in part.types.items():
        total.types.setdefault(account_id, set()).update(types)
    for name in ARRIVED:
        found: set[str] = getattr(total, name)
        found |= getattr(part, name)
        keep_first_names(found)
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


def number_lines(counts: Counts) -> Counts:
    """The counts of a whole run, every line numbered from the start of its file: as if no file had been cut."""
    examples = {reason: list(_number_examples(found, counts.lines)) for reason, found in counts.examples.items()}
    return msgspec.structs.replace(counts, examples=examples, lines={})


def without_arrivals(counts: Counts) -> Counts:
    """Without what came, which is only counted to be compared with what the rules need, or notifies of feeds."""
    return msgspec.structs.replace(counts, types={}, feeds={}, feeds_before={}, **{name: set() for name in ARRIVED})


def _number_examples(examples: list[SourceLine], lines: dict[tuple[str, int], LinesOfPart]) -> Iterator[SourceLine]:
    """Examples whose lines are known: not those behind a part that could not be read, for which the run is stopped."""
    for line in examples:
        file, number = _file_and_line(line.source)
        before = _lines_before(file, line.start, lines)
        if before is not None:
            yield line._replace(source=f"{file}:{number + before}" if before else line.source, start=0)


def _lines_before(file: str, start: int, lines: dict[tuple[str, int], LinesOfPart]) -> int | None:
    at, number = 0, 0
    while at < start:
        if (file, at) not in lines:
            return None
        at, more = lines[file, at]
        number += more
    return number


def _reading_order(line: SourceLine) -> tuple[str, int, int]:
    file, number = _file_and_line(line.source)
    return file, line.start, number


def _file_and_line(source: str) -> tuple[str, int]:
    file, _, number = source.rpartition(":")
    return (file, int(number)) if number.isdigit() else (source, 0)


NUMBERS: Final = (
    "files", "tables", "records", "events", "extra_events", "left_out", "catalogue", "item_changes",
    "concerned", "contacts", "duplicates", "copies_differ", "unneeded", "unsettled", "forgotten",
    "ids_forgotten", "repeats", "repeats_forgotten",
)  # fmt: skip
"""Fields that are plain numbers."""
ARRIVED: Final = ("other_types", "other_accounts", "other_fields")
"""Fields that are sets of names that came and nobody needs."""
_Key = TypeVar("_Key", str, Verdict, Refusal, SilentRule)


def _add(total: dict[_Key, int], part: dict[_Key, int]) -> None:
    for key, number in part.items():
        total[key] = total.get(key, 0) + number
