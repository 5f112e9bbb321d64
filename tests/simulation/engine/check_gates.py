"""What stands is never inside a cool-down and never over a cap: asked of the rows alone, without the kernel's help.

Only of contacts of whom it can be said so plainly: under one version that has been in force always, never ended
(deleted or merged) and never forgotten wholly, since both begin a contact's record anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise

from kittiwake.event_types import ENDINGS
from kittiwake.kernel.plan.policy import Cap
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import Mode, RuleProgram
from kittiwake.model import Decision, Event
from kittiwake.reasons import Kind, Outcome, Reason
from tests.simulation.engine.model import Key
from tests.simulation.engine.programs import Programs
from tests.simulation.engine.truth import shown


def gates_hold(programs: Programs, _: Key, events: Sequence[Event], until_us: int, rows: Sequence[Decision]) -> str:
    """What of a contact's firings lies inside a cool-down or over a cap; a `truth.Truth`."""
    versions = programs.known(programs.count).programs
    if len(versions) > 1 or _begins_anew(versions[0], events, until_us):
        return ""
    fired = sorted((row for row in rows if _would_fire(versions[0], row)), key=_fired_us)
    return "\n".join([*_over_caps(versions[0], fired), *_inside_cool_downs(versions[0], fired)])


def _begins_anew(program: Program, events: Sequence[Event], until_us: int) -> bool:
    if any(event.type in ENDINGS for event in events):
        return True
    span_us = program.policy.profile_retention_us
    times_us = sorted(event.time_us for event in events if program.wants(event.type))
    gaps = (later - earlier for earlier, later in pairwise([*times_us, until_us]))
    return span_us is not None and max(gaps, default=0) >= span_us


def _would_fire(program: Program, row: Decision) -> bool:
    """Whether it fired, or would have but for the holdout: such a contact has the same record."""
    if row.reason is not Reason.HOLDOUT:
        return row.decision is Outcome.FIRED
    return _rule_of(program, row).mode is Mode.LIVE


def _fired_us(row: Decision) -> int:
    return row.decided_us


# ---------------------------------------------------------------- caps


def _over_caps(program: Program, fired: Sequence[Decision]) -> Iterator[str]:
    for cap in program.policy.frequency:
        if cap.calendar is not None:
            continue
        counted = [row for row in fired if _counts(cap, _rule_of(program, row), row)]
        for row in counted:
            edge_us = _fired_us(row) - cap.within_us
            inside = [each for each in counted if edge_us < _fired_us(each) <= _fired_us(row)]
            if len(inside) > cap.max_fired:
                yield f"over the cap of {cap.max_fired} in {cap.within_us} µs: {shown(row)}"


def _counts(cap: Cap, rule: RuleProgram, row: Decision) -> bool:
    counted = not rule.transactional and row.kind is not Kind.EXITED
    return counted and (cap.group is None or cap.group == rule.group)


def _rule_of(program: Program, row: Decision) -> RuleProgram:
    return next(rule for rule in program.rules if rule.rule_id == row.rule_id)


# ---------------------------------------------------------------- cool-downs


def _inside_cool_downs(program: Program, fired: Sequence[Decision]) -> Iterator[str]:
    ordered = sorted((row for row in fired if row.kind is not Kind.EXITED), key=_instance)
    for (rule_id, _), of_instance in groupby(ordered, key=_instance):
        rule = next(rule for rule in program.rules if rule.rule_id == rule_id)
        if rule.reentry is None or rule.mode is not Mode.LIVE:
            continue
        span_us = rule.keep_us if rule.reentry.within_us is None else rule.reentry.within_us
        for earlier, later in pairwise(sorted(of_instance, key=_fired_us)):
            if not _is_one_episode(earlier, later) and _fired_us(later) < _fired_us(earlier) + span_us:
                yield f"inside the cool-down of {span_us} µs after {earlier.trigger_id[:6]}: {shown(later)}"


def _instance(row: Decision) -> tuple[str, str]:
    return row.rule_id, row.instance


def _is_one_episode(earlier: Decision, later: Decision) -> bool:
    """Whether a reminder follows one of its own episode, of which re-entry is not asked again."""
    if later.occurrence is not None or later.reminder is None or earlier.events is None or later.events is None:
        return False
    ids = earlier.events, later.events
    return len({(one.first, one.first_type, one.first_us) for one in ids}) == 1
