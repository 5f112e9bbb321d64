"""`wait: {until: ...}`: episodes that wait towards a date, moved by attributes and coming again.

Called by `run.dispatch` after `contact.updated`, and by `run.wait` where an occurrence has fallen due.
"""

from __future__ import annotations

from typing import Any

from kittiwake.kernel.evaluate.wait import Plan, TooLong, follows_zone, plan_until
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.wait import UntilWait
from kittiwake.kernel.run.arming import candidate_of_reminder
from kittiwake.kernel.run.episodes import drop_pending
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.state.state import Episode, Instance, Reminder
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Outcome, Reason
from kittiwake.values import canonical, lookup, same_scalar


def own_target(rule: RuleProgram, event: Event) -> str | None:
    """The event's own date, kept for changes of the zone and for repeats."""
    if isinstance(rule.wait, UntilWait) and not rule.wait.of_contact:
        value = lookup(event.properties, rule.wait.path)
        return value if isinstance(value, str) else None
    return None


def move_dates(run: Execution, before: dict[str, Any], zone_before: str) -> None:
    """Recompute what waits towards a date, after `contact.updated` changed attributes or the zone."""
    zone_changed = run.zone != zone_before
    for index in run.program.dated:
        wait, found = run.program.rules[index].wait, run.rules[index]
        assert isinstance(wait, UntilWait)
        if found is None:
            continue
        old, new = (lookup(values, wait.path) for values in (before, run.attributes))
        changed = wait.of_contact and not _same_value(old, new)
        for key, one in sorted(found.instances.items()):
            if one.episode is None or not one.episode.reminders:
                continue
            value = new if wait.of_contact else one.episode.target
            if changed or (zone_changed and follows_zone(wait, value)):
                _move(run, index, key, one, one.episode, value)


def _same_value(old: Any, new: Any) -> bool:
    return same_scalar(old, new) if isinstance(old, str) or isinstance(new, str) else canonical(old) == canonical(new)


def _move(run: Execution, index: int, key: str, one: Instance, episode: Episode, value: Any) -> None:
    rule = run.program.rules[index]
    assert isinstance(rule.wait, UntilWait)
    found = plan_until(rule.wait, value, run.clock(), episode.occurrence)
    if isinstance(found, list):
        episode.reminders = found
        run.timers.set(found[0].due_us, index, key)
        if run.trace is not None:
            run.note(StepKind.MOVED, index, key, event_id=None, due_us=found[0].due_us)
        return
    if isinstance(found, TooLong):
        _too_long(run, index, key, episode, found)
    drop_pending(run, index, key, one, episode, "changed")


def schedule_next(run: Execution, index: int, key: str, episode: Episode, wait: UntilWait) -> None:
    """After an occurrence the next one is pending, due strictly later."""
    value = lookup(run.attributes, wait.path) if wait.of_contact else episode.target
    found: Plan = plan_until(wait, value, run.clock(), episode.occurrence, strictly=True)
    if isinstance(found, list):
        episode.reminders = found
    elif isinstance(found, TooLong):
        _too_long(run, index, key, episode, found)


def _too_long(run: Execution, index: int, key: str, episode: Episode, found: TooLong) -> None:
    """Leave `suppressed: limit` for a deadline too far ahead; an occurrence is decided by it."""
    if run.trace is not None:
        run.note(StepKind.NO_ROOM, index, key, event_id=None, what="wait")
    candidate = candidate_of_reminder(episode, Reminder(0, found.due_us, found.occurrence))
    run.decide(index, key, candidate, Outcome.SUPPRESSED, Reason.LIMIT)
    if found.occurrence is not None:
        episode.occurrence = found.occurrence
