"""What the accelerator knows of an account: what events do there, and the texts of ids and rows with gaps.

Pure. What an id or a row consists of is said nowhere else than in the kernel and in `output.rows`: one decision is made
here of marks that occur nowhere else, written as any other, and cut where the marks stand. If a mark is not found as
often as it should be, the account is not decided there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

from msgspec.structs import replace

from kittiwake.batch.oversized_contacts import ROWS_AT_ONCE
from kittiwake.event_types import UPDATED
from kittiwake.kernel.evaluate.decisions import identity_of, row_of
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.wait import Delays
from kittiwake.kernel.run.sweep import INSTANCE, OUTCOME, candidate_of
from kittiwake.model import Event
from kittiwake.output.rows import Mode, decision_line
from kittiwake.rules.compile.accounts import Plan
from kittiwake.time.instants import format_instant

ACCOUNT: Final = "\ue000account\ue001"
CONTACT: Final = "\ue000contact\ue001"
FIRST: Final = Event(981_173_106_070_809, "\ue000first\ue001", "\ue000type\ue001")
LAST: Final = Event(981_173_106_070_810, "\ue000last\ue001", "\ue000type\ue001")
COUNT: Final = 8_070_605_040_302_010
REMINDER: Final = 8_070_605_040_302_011

Template: TypeAlias = tuple[list[bytes], list[str]]
"""Texts, and what stands in the gaps between them: one gap less than there are texts."""

_ONCE_OF_A_ROW: Final = {"id": 1, "account": 1, "contact": 1, "due": 2, "first_id": 1, "last_id": 1, "count": 1}
_OF_ROW: Final = {**_ONCE_OF_A_ROW, "first_time": 1, "last_time": 1}
_OF_IDENTITY: Final = {"account": 1, "contact": 1, "first_id": 1, "first_us": 1, "first_type": 1}


def waits_of(new: Callable[..., Any], plan: Plan, mode: Mode) -> Any:
    """The accelerator's `Waits` of an account, made by `new`; None: it does not decide its contacts."""
    if plan.sweep_plan is None or plan.changing or plan.catalog is not None:
        return None
    (program,) = plan.versions.programs
    types = sorted({UPDATED, *(name for does in plan.sweep_plan.does for name in does)})
    ranks = sorted(range(len(program.rules)), key=lambda index: program.rules[index].rule_id)
    rules = []
    for index, does in enumerate(plan.sweep_plan.does):
        texts = _texts(program, index, mode)
        if texts is None:
            return None
        wait = program.rules[index].wait
        assert isinstance(wait, Delays)
        rules.append((bytes(does.get(name, 0) for name in types), list(wait.delays_us), ranks.index(index), *texts))
    limits = program.limits
    updated = types.index(UPDATED), limits.attribute_bytes
    return new(types, updated, program.policy.retention_us, min(limits.ids, ROWS_AT_ONCE), rules)


def _texts(program: Program, index: int, mode: Mode) -> tuple[Template, Template] | None:
    """Of a rule the text whose digest is an id, and that of a row; None: it has more than goes into gaps."""
    rule, texts = program.rules[index], program.texts[index]
    if rule.include or texts.variants is not None:
        return None
    candidate = candidate_of(program, index, FIRST, LAST, COUNT, 0)
    numbered = candidate.reminder is not None
    if numbered:
        candidate = replace(candidate, reminder=REMINDER)
    identity = identity_of(ACCOUNT, texts, CONTACT, INSTANCE, candidate)
    decision = row_of(ACCOUNT, texts, CONTACT, INSTANCE, candidate, OUTCOME, None, candidate.due_us)
    marks = {
        "id": decision.trigger_id,
        "account": ACCOUNT,
        "contact": CONTACT,
        "due": format_instant(candidate.due_us),
        "first_id": FIRST.event_id,
        "first_time": format_instant(FIRST.time_us),
        "first_us": str(FIRST.time_us),
        "first_type": FIRST.type,
        "last_id": LAST.event_id,
        "last_time": format_instant(LAST.time_us),
        "count": str(COUNT),
        "reminder": str(REMINDER),
    }
    reminder = {"reminder": 1} if numbered else {}
    of_identity = cut(identity, marks, {**_OF_IDENTITY, **reminder})
    of_row = cut(decision_line(decision, mode), marks, {**_OF_ROW, **reminder})
    return None if of_identity is None or of_row is None else (of_identity, of_row)


def cut(text: bytes, marks: Mapping[str, str], expected: Mapping[str, int]) -> Template | None:
    """A text cut at marks; None: they do not occur as often as expected, or others do."""
    names = {mark.encode(): name for name, mark in marks.items()}
    parts = re.split(b"(" + b"|".join(map(re.escape, names)) + b")", text)
    gaps = [names[mark] for mark in parts[1::2]]
    if {name: gaps.count(name) for name in gaps} != expected:
        return None
    return parts[::2], gaps
