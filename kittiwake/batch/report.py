"""A summary as plain text, for a terminal or a log: what went in, what was no event, what fired.

Pure. Printed by the job; the command may draw the same facts with more colour.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import Final

from kittiwake.batch.counts import Counts, Refusal, SourceLine, Verdict
from kittiwake.batch.coverage.comparison import coverage_lines
from kittiwake.batch.feeds.covered import FeedHealth, Flooding
from kittiwake.batch.settings import Stop
from kittiwake.batch.summary import Summary
from kittiwake.printable import visible, visible_lines
from kittiwake.rules.compile.accounts import RulesUsed
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import format_instant

ZONES_SHOWN: Final = 10
"""Values that are printed of what is no time zone. `summary.json` has more."""

REASONS_SHOWN: Final = 3
"""Reasons of dead letters that are printed, the commonest: one cause has one or two. `summary.json` has all."""

PENDING_SHOWN: Final = 20
"""Rules whose waiting episodes are printed: most runs end while many wait. `summary.json` has all."""

ROWS_MAX: Final = 60
"""Rows of a table that are printed: what a person reads. `summary.json` has them all."""


def render(summary: Summary) -> str:
    """The text of a summary, with its lines' ends."""
    return visible_lines(
        [
            *(f"EMPTY: {visible(text)}" for text in summary.empty),
            *event_lines(summary),
            *_decisions(summary),
            *feed_lines(summary),
            *_pending(summary),
            *_unusable(summary),
            *_findings(summary),
        ]
    )


def event_lines(summary: Summary, speaker: str = "") -> Iterator[str]:
    """What went in, and what of it was no event; `speaker` begins it, else the mode of the run."""
    yield from _events(summary, speaker or summary.mode.value)
    yield from (f"  {visible(line)}" for line in coverage_lines(summary.coverage))
    yield from _dead_letters(summary)


def _events(summary: Summary, speaker: str) -> Iterator[str]:
    counts = summary.counts
    yield f"{speaker}: {rules_text(summary.rules)}, until {format_instant(summary.until_us)}"
    if summary.rules.frozen_at_us is not None:
        yield f"frozen at {format_instant(summary.rules.frozen_at_us)}: nothing is decided beyond it"
    read = [_of(counts.files, "file")] if counts.files or not counts.tables else []
    read += [_of(counts.tables, "table")] if counts.tables else []
    yield f"read {' and '.join(read)}, {_of(counts.records, 'record')}"
    if counts.left_out:
        yield f"  {_of(counts.left_out, 'record')} left out by the shape"
    events, contacts = counts.events - counts.catalogue, _of(counts.contacts, "contact")
    yield f"  {_of(events, 'event')}" + ("" if counts.unneeded else f" of {contacts}")
    if counts.unneeded:
        yield f"    {counts.unneeded:,} of a type that no rule needs"
        yield f"    {events - counts.unneeded:,} of {contacts}"
    for number, what in (
        (counts.extra_events, "of these brought by a record beside its own event"),
        (counts.duplicates, "of these dropped as duplicates"),
        (
            counts.copies_differ,
            "of the duplicates say something else than the event that counts" + _duplicate_example(counts),
        ),
        (counts.repeats, "of these dropped as repeats"),
        (counts.unsettled, "of these at or after the end of the run, left open"),
        (counts.forgotten, "times a contact silent for its retention was forgotten"),
        (counts.ids_forgotten, "ids made room for newer ones: later duplicates of theirs count again"),
        (counts.repeats_forgotten, "values of repeats made room for newer ones: events that bring them again count"),
    ):
        if number:
            yield f"    {number:,} {what}"
    for account_id, number in sorted(counts.refused.items()):
        yield f"    {number:,} of account {visible(account_id)}, whose rules cannot be used: they decided nothing"
    if counts.unknown_zones:
        yield from _unknown_zones(counts.unknown_zones)
    if counts.catalogue:
        given = f", {_of(counts.item_changes, 'change')} given to {_of(counts.concerned, 'contact')}"
        yield f"  {_of(counts.catalogue, 'catalogue event')}{given if counts.item_changes else ''}"


def _duplicate_example(counts: Counts) -> str:
    if not counts.duplicate_examples:
        return ""
    account_id, contact_id, event_id, differs = counts.duplicate_examples[0]
    whose = visible(f"{event_id} of contact {contact_id}, account {account_id}, in {', '.join(differs)}")
    return f": for example {whose}"


def _unknown_zones(zones: Mapping[str, int]) -> Iterator[str]:
    """What contacts were given for a time zone, and is none."""
    yield f"    {sum(zones.values()):,} that set a timezone which is no IANA zone: the account's is used instead"
    for name, number in sorted(zones.items())[:ZONES_SHOWN]:
        yield f"      {number:,} times {visible(name)!r}"
    if len(zones) > ZONES_SHOWN:
        yield "      and more in summary.json"


def _findings(summary: Summary) -> Iterator[str]:
    for one in summary.rules.refused:
        yield from (f"error: {visible(error)}" for error in one.errors)
    yield from (f"FINDING: {visible(text)}" for text in summary.findings)


def rules_text(rules: RulesUsed) -> str:
    """By which rules a run decides."""
    others = len(rules.versions) - 1
    before = f", the newest of {others + 1} versions" if others else ""
    return f"rule set {rules.ruleset_version or '(none)'}{before}"


def _dead_letters(summary: Summary) -> Iterator[str]:
    if summary.counts.dead_letters:
        yield f"  {_of(summary.dead_letters, 'dead letter')}"
        yield from dead_letter_lines(summary.counts)


def dead_letter_lines(counts: Counts) -> Iterator[str]:
    """The commonest reasons of dead letters, with one of each and what mends it."""
    commonest = sorted(counts.dead_letters, key=lambda reason: (-counts.dead_letters[reason], reason))
    examples = {reason: counts.examples.get(reason, ()) for reason in commonest[:REASONS_SHOWN]}
    rows = [(reason, f"{counts.dead_letters[reason]:,}", _example(lines)) for reason, lines in examples.items()]
    yield from table_lines((("reason", "number", "for example"), *rows))
    remedies = [(reason, lines[0].remedy) for reason, lines in examples.items() if lines and lines[0].remedy]
    yield from (f"    {reason}: {visible(remedy)}" for reason, remedy in remedies)
    if len(commonest) > REASONS_SHOWN:
        yield f"    and {len(commonest) - REASONS_SHOWN} more reasons"


def _example(lines: Sequence[SourceLine]) -> str:
    return f"{lines[0].source}: {lines[0].detail}" if lines else ""


def _decisions(summary: Summary) -> Iterator[str]:
    if summary.stopped is Stop.UNREADABLE:
        yield "stopped: an input could not be read; nothing was decided"
        return
    if summary.stopped is Stop.DEAD_LETTERS:
        yield (
            f"stopped: {summary.dead_letters:,} of {summary.counts.records:,} records are dead letters, more than"
            " --max_dead_letter_ratio allows; nothing was decided"
        )
        return
    yield f"{_of(summary.decisions, 'decision')}, {_of(summary.triggers, 'trigger')}"
    verdicts = sorted(summary.counts.verdicts.items())
    if not verdicts:
        return
    several = len({verdict.account_id for verdict, _ in verdicts}) > 1
    header = Verdict("account", "rule", "kind", "decision", "reason")
    rows = [(*header, "number"), *((*verdict, f"{number:,}") for verdict, number in verdicts[:ROWS_MAX])]
    yield from table_lines(rows if several else [row[1:] for row in rows])
    if len(verdicts) > ROWS_MAX:
        yield f"    and {len(verdicts) - ROWS_MAX} more rows in summary.json"


def _pending(summary: Summary) -> Iterator[str]:
    """What a later run decides, if nothing comes in between."""
    pending = sorted(summary.counts.pending.items())
    if not pending:
        return
    yield f"{sum(one.number for _, one in pending):,} still waiting"
    several = len({rule.account_id for rule, _ in pending}) > 1
    rows = [("account", "rule", "number", "next due")]
    rows += [(*rule, f"{one.number:,}", format_instant(one.next_due_us)) for rule, one in pending[:PENDING_SHOWN]]
    yield from table_lines(rows if several else [row[1:] for row in rows])
    if len(pending) > PENDING_SHOWN:
        yield f"    and {len(pending) - PENDING_SHOWN} more rows in summary.json"


def feed_lines(summary: Summary) -> Iterator[str]:
    """Feeds that were silent and types that were flooded, and what was due meanwhile: held, or only counted."""
    silent = [one for one in summary.feeds if one.silences]
    if silent:
        yield f"{_of(len(silent), 'feed')} silent at times"
        rows = map(_feed_row, silent[:ROWS_MAX])
        yield from _by_account([("account", "type", "every", "number", "longest", "silent since"), *rows])
        yield from _due(summary, "due while a feed was silent that its rule relies on", flooded=False)
    flooded = [one for one in summary.breakers if one.floods]
    if flooded:
        yield f"{_of(len(flooded), 'type')} flooded at times"
        of_breakers = map(_breaker_row, flooded[:ROWS_MAX])
        yield from _by_account([("account", "type", "max", "per", "floods", "first", "newest"), *of_breakers])
        yield from _due(summary, "due that a flood had armed", flooded=True)


def _due(summary: Summary, what: str, *, flooded: bool) -> Iterator[str]:
    due = [(one, number) for one, number in sorted(summary.counts.silent.items()) if one.flooded is flooded]
    if due:
        yield f"  {_of(sum(number for _, number in due), 'candidate')} {what}"
        rows = [(*one[:3], f"{number:,}") for one, number in due[:ROWS_MAX]]
        yield from _by_account([("account", "rule", "type", "number"), *rows])


def _by_account(rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    """A table, whose first column is the account's: left out where there is one alone."""
    several = len({row[0] for row in rows[1:]}) > 1
    return table_lines(rows if several else [row[1:] for row in rows])


def _breaker_row(one: Flooding) -> tuple[str, ...]:
    first, newest = ("" if at_us is None else format_instant(at_us) for at_us in (one.first_us, one.newest_us))
    per = format_duration(one.per_us)
    return one.account_id, one.type, f"{one.max_events:,}", per, f"{one.floods:,}", first, newest


def _feed_row(feed: FeedHealth) -> tuple[str, ...]:
    since = "" if feed.silent_since_us is None else format_instant(feed.silent_since_us)
    every, longest = format_duration(feed.every_us), format_duration(feed.longest_us)
    return feed.account_id, feed.type, every, f"{feed.silences:,}", longest, since


def _unusable(summary: Summary) -> Iterator[str]:
    """What rules could not use: a rule all of whose events stand here never fires."""
    unusable = sorted(summary.counts.unusable.items())
    if not unusable:
        return
    yield f"{_of(sum(number for _, number in unusable), 'value')} that a rule needed and could not use"
    several = len({one.account_id for one, _ in unusable}) > 1
    header = Refusal("account", "rule", "clause", "path", "found")
    rows = [(*header, "number"), *((*one, f"{number:,}") for one, number in unusable[:ROWS_MAX])]
    yield from table_lines(rows if several else [row[1:] for row in rows])
    if len(unusable) > ROWS_MAX:
        yield f"    and {len(unusable) - ROWS_MAX} more rows in summary.json"


def table_lines(rows: Sequence[Sequence[str]], right: Container[int] | None = None) -> Iterator[str]:
    """Columns as wide as they need, those in `right` to the right; None: one whose header says number."""
    cells = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    if right is None:
        right = [at for at, header in enumerate(rows[0]) if header == "number"]
    for row in cells:
        padded = (
            cell.rjust(width) if at in right else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield ("    " + "  ".join(padded)).rstrip()


def _of(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
