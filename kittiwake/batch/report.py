"""A summary as plain text, for a terminal or a log: what went in, what was no event, what fired.

Pure. Printed by the job; the command may draw the same facts with more colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from kittiwake.batch.counts import Counts, Refusal, SourceLine, Verdict
from kittiwake.batch.settings import Stop
from kittiwake.batch.summary import Summary
from kittiwake.printable import visible, visible_lines
from kittiwake.rules.compile.accounts import RulesUsed
from kittiwake.time.instants import format_instant

ZONES_SHOWN: Final = 10
"""Values that are printed of what is no time zone. `summary.json` has more."""

ROWS_MAX: Final = 60
"""Rows of a table that are printed: what a person reads. `summary.json` has them all."""


def render(summary: Summary) -> str:
    """The text of a summary, with its lines' ends."""
    return visible_lines(
        [
            *_events(summary),
            *_dead_letters(summary),
            *_decisions(summary),
            *_unusable(summary),
            *_findings(summary),
        ]
    )


def _events(summary: Summary) -> Iterator[str]:
    counts = summary.counts
    yield f"{summary.mode.value}: {rules_text(summary.rules)}, until {format_instant(summary.until_us)}"
    if summary.rules.frozen_at_us is not None:
        yield f"frozen at {format_instant(summary.rules.frozen_at_us)}: nothing is decided beyond it"
    yield f"read {_of(counts.files, 'file')}, {_of(counts.records, 'record')}"
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
    counts = summary.counts
    if not counts.dead_letters:
        return
    yield f"  {_of(summary.dead_letters, 'dead letter')}"
    examples = {reason: _example(counts.examples.get(reason, ())) for reason in counts.dead_letters}
    rows = [(reason, f"{number:,}", examples[reason]) for reason, number in sorted(counts.dead_letters.items())]
    yield from _table((("reason", "number", "for example"), *rows))


def _example(lines: Sequence[SourceLine]) -> str:
    return f"{lines[0].source}: {lines[0].detail}" if lines else ""


def _decisions(summary: Summary) -> Iterator[str]:
    if summary.stopped is Stop.UNREADABLE:
        yield "stopped: a file could not be read; nothing was decided"
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
    yield from _table(rows if several else [row[1:] for row in rows])
    if len(verdicts) > ROWS_MAX:
        yield f"    and {len(verdicts) - ROWS_MAX} more rows in summary.json"


def _unusable(summary: Summary) -> Iterator[str]:
    """What rules could not use: a rule all of whose events stand here never fires."""
    unusable = sorted(summary.counts.unusable.items())
    if not unusable:
        return
    yield f"{_of(sum(number for _, number in unusable), 'value')} that a rule needed and could not use"
    several = len({one.account_id for one, _ in unusable}) > 1
    header = Refusal("account", "rule", "clause", "path", "found")
    rows = [(*header, "number"), *((*one, f"{number:,}") for one, number in unusable[:ROWS_MAX])]
    yield from _table(rows if several else [row[1:] for row in rows])
    if len(unusable) > ROWS_MAX:
        yield f"    and {len(unusable) - ROWS_MAX} more rows in summary.json"


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as they need, what looks like a number to the right."""
    cells = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    right = [header == "number" for header in rows[0]]
    for row in cells:
        padded = (
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(row, widths, right, strict=True)
        )
        yield ("    " + "  ".join(padded)).rstrip()


def _of(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"
