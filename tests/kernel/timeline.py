"""Kernel tests as drawings: a row of event letters, a row of outcomes per rule, one column a step of time.

    timeline("{when: a, wait: 1h, unless: b}", '''
        hours  0   1   2
        does   A..BA........
        r      ........!....
    ''')

Rows named `does` hold events: letter A is an event of type `a`, unless a keyword says more (`A={"total": 5}`,
`U={"type": "contact.updated", "tier": "gold"}`); of letters in one column those of higher rows have smaller ids.
`hours` is a ruler. Every other row belongs to the rule of that name and shows, at the instant of deciding, what
was decided (`SYMBOLS`); several decisions in one column stand in several rows, in order. `d` stands in the last
column: deferred when the run ends there. A drawing is complete: a decision it does not show is an error.

Every history is settled in all the `WAYS` there are, which must agree.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from textwrap import dedent, indent
from typing import Any

from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.kernel.plan.program import Program
from kittiwake.model import Decision, Event
from kittiwake.reasons import Kind, Outcome, Reason
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.loader import load_files
from kittiwake.time.durations import parse_duration
from kittiwake.time.instants import HOUR_US, format_instant, parse_instant
from kittiwake.values import number
from tests.kernel.ways import CONTACT, settled_in_every_way

ACCOUNT = "acme"
START = "2026-11-02T00:00:00Z"
"""A Monday at midnight in UTC."""

SYMBOLS = {
    (Outcome.FIRED, None, Kind.FIRED): "!",
    (Outcome.FIRED, None, Kind.ENTERED): ">",
    (Outcome.FIRED, None, Kind.EXITED): "<",
    (Outcome.SUPPRESSED, Reason.NOT_READY): "r",
    (Outcome.SUPPRESSED, Reason.NO_CONSENT): "n",
    (Outcome.SUPPRESSED, Reason.HOLDOUT): "h",
    (Outcome.SUPPRESSED, Reason.REENTRY): "e",
    (Outcome.SUPPRESSED, Reason.FREQUENCY_CAP): "f",
    (Outcome.SUPPRESSED, Reason.EXPIRED): "x",
    (Outcome.SUPPRESSED, Reason.SHADOW): "s",
    (Outcome.SUPPRESSED, Reason.SUPERSEDED): "v",
    (Outcome.SUPPRESSED, Reason.LIMIT): "l",
    (Outcome.SUPPRESSED, Reason.NOT_ENTERED): "o",
    (Outcome.CANCELLED, Reason.UNLESS): "u",
    (Outcome.CANCELLED, Reason.EXITED): "w",
    (Outcome.CANCELLED, Reason.DELETED): "k",
    (Outcome.CANCELLED, Reason.MERGED): "m",
    (Outcome.CANCELLED, Reason.FORGOTTEN): "g",
    (Outcome.DEFERRED, Reason.QUIET_HOURS): "d",
}

Cells = dict[tuple[str, int], str]


def timeline(
    rules: str,
    drawing: str,
    *,
    step: str = "15m",
    start: str = START,
    zone: str = "UTC",
    policy: str = "",
    limits: dict[str, int] | None = None,
    **letters: dict[str, Any],
) -> list[Decision]:
    """Check the drawing against the kernel; the decisions it stands for, for closer looks."""
    step_us, start_us = us(step), at(start)
    rows = _rows(drawing)
    events = list(_events(rows, letters, start_us, step_us))
    until_us = start_us + (max(len(cells) for _, cells in rows) - 1) * step_us + 1
    decisions = settled_in_every_way(program(rules, policy, zone, limits), events, until_us)
    wanted = _wanted(rows)
    found = _found(decisions, start_us, step_us)
    assert found == wanted, f"\nwanted:\n{_drawn(wanted)}\nfound:\n{_drawn(found)}\n{_told(decisions)}"
    return decisions


def us(text: str) -> int:
    """Microseconds of a duration."""
    found = parse_duration(text)
    assert found is not None, text
    return found


def at(text: str) -> int:
    """Microseconds of an instant."""
    return parse_instant(text)


def program(
    rules: str, policy: str = "", zone: str = "UTC", limits: dict[str, int] | None = None, lateness_us: int = HOUR_US
) -> Program:
    """The program of rules as YAML: one rule (`r` where it has no id), or a list of them."""
    return _compiled(rules, policy, zone, tuple((limits or {}).items()), lateness_us)


@cache
def _compiled(rules: str, policy: str, zone: str, limits: tuple[tuple[str, int], ...], lateness_us: int) -> Program:
    text = f"account: {ACCOUNT}\ntimezone: {zone}\npolicy:\n{indent(policy or '{}', '  ')}\nrules:\n{_listed(rules)}"
    ruleset = load_files({"rules.yaml": text.encode()})
    chosen = DEFAULT_LIMITS._replace(**dict(limits))
    return compile_account(ruleset, ACCOUNT, allowed_lateness_us=lateness_us, limits=chosen)


def _listed(rules: str) -> str:
    text = dedent(rules).strip()
    if text.startswith("{"):
        return "  - {id: r, " + text[1:]
    return indent(text if text.startswith("-") else "- id: r\n" + indent(text, "  "), "  ")


# ---------------------------------------------------------------- drawings


def _rows(drawing: str) -> list[tuple[str, str]]:
    rows = [line.split(None, 1) for line in drawing.splitlines() if line.strip()]
    return [(name, cells.rstrip()) for name, cells in rows if name != "hours"]


def _events(
    rows: Sequence[tuple[str, str]], letters: dict[str, dict[str, Any]], start_us: int, step_us: int
) -> Iterator[Event]:
    for row, cells in enumerate(cells for name, cells in rows if name == "does"):
        for column, letter in enumerate(cells):
            if letter != ".":
                assert letter.isalpha(), f"{letter!r} is no event"
                yield _event(f"{row}-{column:03}", letter, letters.get(letter, {}), start_us + column * step_us)


def _event(event_id: str, letter: str, written: dict[str, Any], time_us: int) -> Event:
    properties = {name: exact(value) for name, value in written.items() if name != "type"}
    return Event(time_us, event_id, written.get("type", letter.lower()), properties, ACCOUNT, CONTACT)


def exact(value: Any) -> Any:
    """A value as the parser of events gives it: floats written in a test become the decimals they look like."""
    if isinstance(value, float):
        return number(repr(value))
    if isinstance(value, Decimal):
        return number(str(value))
    if isinstance(value, dict):
        return {name: exact(part) for name, part in value.items()}
    return [exact(part) for part in value] if isinstance(value, list) else value


def _wanted(rows: Sequence[tuple[str, str]]) -> Cells:
    found: Cells = defaultdict(str)
    for name, cells in rows:
        for column, symbol in enumerate(cells):
            if name != "does" and symbol != ".":
                assert symbol in SYMBOLS.values(), f"{symbol!r} is no outcome"
                found[name, column] += symbol
    return dict(found)


def _found(decisions: Sequence[Decision], start_us: int, step_us: int) -> Cells:
    found: Cells = defaultdict(str)
    for decision in decisions:
        column, beside_us = divmod(decision.decided_us - start_us, step_us)
        if decision.decision is Outcome.DEFERRED:
            beside_us -= 1  # the run ends 1 µs after its last column
        symbol = symbol_of(decision)
        found[decision.rule_id, column] += symbol if beside_us == 0 else f"{symbol} {beside_us} µs late"
    return dict(found)


def symbol_of(decision: Decision) -> str:
    """How a decision is drawn."""
    if decision.decision is Outcome.FIRED:
        return SYMBOLS[decision.decision, decision.reason, decision.kind]
    return SYMBOLS[decision.decision, decision.reason]


def _drawn(cells: Cells) -> str:
    width = max((column for _, column in cells), default=0) + 1
    lines = []
    for rule_id in sorted({name for name, _ in cells}):
        for row in range(max(len(symbols) for (name, _), symbols in cells.items() if name == rule_id)):
            shown = "".join(cells.get((rule_id, column), "")[row : row + 1] or "." for column in range(width))
            lines.append(f"    {rule_id}  {shown}")
    return "\n".join(lines) or "    nothing"


def _told(decisions: Sequence[Decision]) -> str:
    return "\n".join(
        f"    {format_instant(one.decided_us)} {one.rule_id} {one.kind} {one.decision} {one.reason} "
        f"due {format_instant(one.time_us)} {one.instance} {one.events}"
        for one in decisions
    )


def ids_of(decision: Decision) -> tuple[str, str, int] | None:
    """Ids of the first and the newest of its arming events, and how many there were."""
    events = decision.events
    return None if events is None else (events.first, events.last, events.count)
