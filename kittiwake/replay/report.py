"""A summary as plain text, for a terminal or a log: what went in, what was no event, what fired.

Pure. Printed by the job; the command may draw the same facts with more colour.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from kittiwake.replay.counts import Place, Verdict
from kittiwake.replay.programs import RulesUsed
from kittiwake.replay.settings import Stop
from kittiwake.replay.summary import Summary
from kittiwake.time.instants import format_instant

ROWS_MAX: Final = 60
"""Rows of a table that are printed: what a person reads. `summary.json` has them all."""


def render(summary: Summary) -> str:
    """The text of a summary, with its lines' ends."""
    return "\n".join([*_events(summary), *_dead_letters(summary), *_decisions(summary)]) + "\n"


def _events(summary: Summary) -> Iterator[str]:
    counts = summary.counts
    yield f"{summary.mode.value}: {rules_text(summary.rules)}, until {format_instant(summary.until_us)}"
    if summary.rules.frozen_at_us is not None:
        yield f"frozen at {format_instant(summary.rules.frozen_at_us)}: nothing is settled beyond it"
    yield f"read {_of(counts.files, 'file')}, {_of(counts.records, 'record')}"
    events, contacts = counts.events - counts.catalogue, _of(counts.contacts, "contact")
    yield f"  {_of(events, 'event')}" + ("" if counts.unneeded else f" of {contacts}")
    if counts.unneeded:
        yield f"    {counts.unneeded:,} of a type that no rule needs"
        yield f"    {events - counts.unneeded:,} of {contacts}"
    for number, what in (
        (counts.duplicates, "of these dropped as copies"),
        (counts.unsettled, "of these at or after the end of the run, left open"),
        (counts.forgotten, "times a contact silent for its retention was forgotten"),
        (counts.ids_forgotten, "ids made room for newer ones: later copies of theirs count again"),
    ):
        if number:
            yield f"    {number:,} {what}"
    if counts.catalogue:
        yield f"  {_of(counts.catalogue, 'catalogue event')}, not used yet"


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


def _example(places: Sequence[Place]) -> str:
    return f"{places[0].source}: {places[0].detail}" if places else ""


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


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Columns as wide as they need, what looks like a number to the right."""
    cells = [[_printable(cell) for cell in row] for row in rows]
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


def _printable(text: str) -> str:
    """Ids come from outside: nothing in them may move a terminal's cursor."""
    return "".join(c if c.isprintable() else f"\\x{ord(c):02x}" for c in text)
