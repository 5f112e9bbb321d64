"""Episodes that wait towards a date or to a local day: moved by attributes and the zone, and coming again.

Called by `run.dispatch` after `contact.updated`, and by `run.wait` where an occurrence has fallen due.
"""

from __future__ import annotations

from typing import Any

from kittiwake.kernel.evaluate.wait import Plan, TooLong, follows_zone, plan_calendar, plan_until
from kittiwake.kernel.plan.calendar import CalendarWait
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.wait import Delays, FieldWait, UntilWait
from kittiwake.kernel.run.arming import candidate_of_reminder
from kittiwake.kernel.run.episodes import deadlines, drop_pending
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.state.state import Episode, Instance, Reminder
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Outcome, Reason
from kittiwake.time.instants import format_instant, parse_instant
from kittiwake.values import canonical, lookup, same_scalar


def own_target(rule: RuleProgram, event: Event) -> str | None:
    """What is kept of the event for changes of the zone and for repeats: its date, or its time."""
    wait = rule.wait
    if isinstance(wait, (Delays, FieldWait)):
        return None
    if isinstance(wait, UntilWait):
        value = None if wait.of_contact else lookup(event.properties, wait.path)
        return value if isinstance(value, str) else None
    return format_instant(event.time_us)


def move_dates(run: Execution, before: dict[str, Any], zone_before: str) -> None:
    """Recompute what waits towards a date or to a local day, after `contact.updated` changed attributes or the zone."""
    zone_changed = run.zone != zone_before
    for index in run.program.dated:
        wait, found = run.program.rules[index].wait, run.rules[index]
        if found is None:
            continue
        pending = [pair for pair in sorted(found.instances.items()) if pair[1].episode and pair[1].episode.reminders]
        if isinstance(wait, UntilWait):
            _move_towards(run, index, wait, pending, before, zone_changed=zone_changed)
        elif zone_changed:
            assert isinstance(wait, CalendarWait)
            for key, one in pending:
                assert one.episode is not None
                _move(run, index, key, one, one.episode, _planned_again(run, wait, one.episode))


def _move_towards(
    run: Execution,
    index: int,
    wait: UntilWait,
    pending: list[tuple[str, Instance]],
    before: dict[str, Any],
    *,
    zone_changed: bool,
) -> None:
    """Recompute the waits of a rule towards a date."""
    old, new = (lookup(values, wait.path) for values in (before, run.attributes))
    changed = wait.of_contact and not _same_value(old, new)
    for key, one in pending:
        assert one.episode is not None
        value = new if wait.of_contact else one.episode.target
        if changed or (zone_changed and follows_zone(wait, value)):
            found = plan_until(wait, value, run.clock(), one.episode.occurrence, done=one.episode.fallen)
            _move(run, index, key, one, one.episode, found)


def _planned_again(run: Execution, wait: CalendarWait, episode: Episode) -> Plan:
    """The pending reminders in the zone as it is now; those that the list has no more go."""
    assert episode.target is not None
    left = [reminder.index for reminder in episode.reminders if reminder.index < len(wait.days)]
    return plan_calendar(wait, parse_instant(episode.target), run.clock(), left) if left else []


def _same_value(old: Any, new: Any) -> bool:
    return same_scalar(old, new) if isinstance(old, str) or isinstance(new, str) else canonical(old) == canonical(new)


def _move(run: Execution, index: int, key: str, one: Instance, episode: Episode, found: Plan) -> None:
    if isinstance(found, list) and found:
        episode.reminders = found
        run.timers.set(found[0].due_us, index, key)
        if run.trace is not None:
            run.note(StepKind.MOVED, index, key, event_id=None, **deadlines(found))
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
    candidate = candidate_of_reminder(episode, Reminder(found.reminder, found.due_us, found.occurrence))
    run.decide(index, key, candidate, Outcome.SUPPRESSED, Reason.LIMIT)
    if found.occurrence is not None:
        episode.occurrence = found.occurrence
