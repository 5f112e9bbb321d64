"""What the accelerator knows of the lines that are written of a rule's decisions: their texts, with gaps.

Pure. What a row consists of is said nowhere else than in the kernel and in `output.rows`: one decision of each rule is
made here of marks that occur nowhere else, written as any other, and cut where the marks stand. If a mark is not found
as often as it should be, no lines are written there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final, TypeAlias

from msgspec.structs import replace

from kittiwake.kernel.evaluate.decisions import row_of
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import Texts
from kittiwake.kernel.state.state import Candidate
from kittiwake.model import Decision
from kittiwake.output.rows import Mode, decision_line
from kittiwake.reasons import Kind, Outcome
from kittiwake.time.instants import format_instant

Template: TypeAlias = tuple[list[bytes], list[str]]
"""Texts, and what stands in the gaps between them: one gap less than there are texts."""

LineTexts: TypeAlias = tuple[Template, Template]
"""Of a rule: a line that names events, and one that names none."""

DUE_US: Final = 981_173_106_070_809
FIRED_US: Final = DUE_US + 1
FIRST_US: Final = DUE_US + 2
LAST_US: Final = DUE_US + 3
COUNT: Final = 8_070_605_040_302_010
REMINDER: Final = COUNT + 1
THRESHOLD: Final = COUNT + 2
OCCURRENCE: Final = date(8070, 6, 5)


def _mark(name: str) -> str:
    return f"\ue000{name}\ue001"


_MARKED: Final = ("id", "account", "contact", "kind", "instance", "first_id", "last_id", "include", "decision")
_MAY_BE_NULL: Final = ("reason", "outranked_by")
_OF_EVENTS: Final = {
    "first_id": _mark("first_id"),
    "last_id": _mark("last_id"),
    "count": str(COUNT),
    "first_time": format_instant(FIRST_US),
    "last_time": format_instant(LAST_US),
}
_OF_ALL: Final = {
    **{name: _mark(name) for name in _MARKED if name not in _OF_EVENTS},
    **{name: f'"{_mark(name)}"' for name in _MAY_BE_NULL},
    "due": format_instant(DUE_US),
    "fired": f'"{format_instant(FIRED_US)}"',
    "reminder": str(REMINDER),
    "threshold": str(THRESHOLD),
    "occurrence": f'"{OCCURRENCE}"',
}
"""What stands for each field: of those that may be null with its quotes."""


def lines_of(program: Program, mode: Mode) -> list[LineTexts] | None:
    """What lines are made of, rule by rule; None: they show more than goes into gaps."""
    found = [_lines_of(texts, mode) for texts in program.texts]
    known = [one for one in found if one is not None]
    return known if len(known) == len(found) else None


def _lines_of(texts: Texts, mode: Mode) -> LineTexts | None:
    if texts.variants is not None:
        return None
    decision = _marked(texts)
    with_events = cut(decision_line(decision, mode), {**_OF_ALL, **_OF_EVENTS})
    without = cut(decision_line(replace(decision, events=None), mode), _OF_ALL)
    return None if with_events is None or without is None else (with_events, without)


def _marked(texts: Texts) -> Decision:
    candidate = Candidate(
        Kind.FIRED,
        DUE_US,
        _mark("first_id"),
        FIRST_US,
        _mark("last_id"),
        COUNT,
        _mark("include"),
        [],
        REMINDER,
        Decimal(THRESHOLD),
        OCCURRENCE.toordinal(),
        last_us=LAST_US,
    )
    account, contact, instance = map(_mark, ("account", "contact", "instance"))
    made = row_of(account, texts, contact, instance, candidate, Outcome.FIRED, None, FIRED_US)
    words: dict[str, Any] = {name: _mark(name) for name in ("kind", "decision", "reason", "outranked_by")}
    return replace(made, trigger_id=_mark("id"), **words)


def cut(text: bytes, marks: Mapping[str, str]) -> Template | None:
    """A text cut at marks; None: one of them does not stand in it exactly once."""
    names = {mark.encode(): name for name, mark in marks.items()}
    parts = re.split(b"(" + b"|".join(map(re.escape, names)) + b")", text)
    gaps = [names[mark] for mark in parts[1::2]]
    if sorted(gaps) != sorted(marks):
        return None
    return parts[::2], gaps
