"""Episodes: open, restart, count, move, disarm, fall due (rules.md, section 3).

The pattern of silence: an arming event opens an episode, deadlines pass, `unless` disarms.
Called by `taking` for events and by `advance` for instants.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappush
from typing import Any, Final, Protocol, TypeAlias

from kittiwake.kernel.evaluate.include import included, including
from kittiwake.kernel.evaluate.match import SINGLE, Attributes, Properties, key_values, question_of
from kittiwake.kernel.evaluate.wait import NoPlan, Plan, TooLong, follows_zone, plan, plan_until
from kittiwake.kernel.plan.limits import Limits
from kittiwake.kernel.plan.match import Match
from kittiwake.kernel.plan.routes import Role
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.wait import Delays, FieldWait, UntilWait, Wait
from kittiwake.kernel.run.arming import candidate_of_reminder, cause, lacks, refuse_for_room
from kittiwake.kernel.run.execution import Caused, Run, Taker, Wanted
from kittiwake.kernel.run.unusable import refuse_default
from kittiwake.kernel.state.state import Episode, Instance, Reminder, RuleState
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Outcome, Reason
from kittiwake.values import canonical, lookup, same_scalar

NO_VALUES: Final[list[str]] = []
"""The `same` values of a rule that names none; never changed."""


class Reaction(Protocol):
    """What a `when` match of a rule does, once it is known to be one and where in the rule it belongs."""

    def __call__(self, run: Run, event: Event, key: str = SINGLE, same: list[str] = NO_VALUES) -> None:
        """Take the match into the instance `key`."""


Given: TypeAlias = Callable[[Run, Event, str, list[str]], bool]
"""Whether every condition of `given` holds at a match."""

# ---------------------------------------------------------------- arming


def silence(index: int, rule: RuleProgram, limits: Limits, given: Given | None) -> Reaction:
    """The reaction of a rule with `wait`: restart or count what is pending, else open if `given` admits.

    The commonest step of all is a restart, which here is no more than moving the deadlines of the episode.
    """
    wait, restarts, include = rule.wait, rule.restart, including(rule, limits.include_bytes)
    assert wait is not None
    delays_us = wait.delays_us if isinstance(wait, Delays) and wait.delays_us[-1] <= limits.max_wait_us else None

    def react(run: Run, event: Event, key: str = SINGLE, same: list[str] = NO_VALUES) -> None:
        found = run.rules[index]
        one = None if found is None else found.instances.get(key)
        episode = None if one is None else one.episode
        if one is None or episode is None:
            if given is None or given(run, event, key, same):
                now_us = event.time_us
                planned = (
                    _planned(run, index, wait, event)
                    if delays_us is None
                    else [Reminder(i, now_us + delay_us) for i, delay_us in enumerate(delays_us)]
                )
                _open(run, index, key, one, event, same, include, planned)
            return
        count = episode.count
        if not restarts:
            _count(run, index, key, one, episode, event)
        elif delays_us is None or one.held is not None or episode.reminders[-1].index != len(delays_us) - 1:
            _restart(run, index, key, one, episode, event, same)
        else:
            now_us, before_us = event.time_us, episode.reminders[0].due_us
            for reminder in episode.reminders:
                reminder.due_us = now_us + delays_us[reminder.index]
            if episode.reminders[0].due_us < before_us:  # a version has made the wait shorter
                run.wake(episode.reminders[0].due_us, index, key)
            episode.count += 1
            episode.last_id, episode.last_us = event.event_id, now_us
            episode.same = same
            if rule.include:
                episode.include = include(event, run.attributes)
            if run.trace is not None:
                _note_restart(run, index, key, episode, event)
        if (
            run.together
            and one.episode is not None
            and one.episode.opened_us == run.now_us
            and one.episode.count > count  # without a usable wait the match did nothing
        ):
            _disarm_at_once(run, index, key, one, event)

    return react


def _planned(run: Run, index: int, wait: Wait, event: Event, after: int | None = None) -> Plan:
    """The deadlines an event sets; a number that is none, and so leaves the default, is counted."""
    found = plan(wait, event, run.attributes, run.clock(), after)
    if isinstance(wait, FieldWait) and wait.default_us is not None:
        due_us = found[0].due_us if isinstance(found, list) else None
        if due_us is None or due_us == run.now_us + wait.default_us:
            refuse_default(run, index, wait, event)
    return found


def _count(run: Run, index: int, key: str, one: Instance, episode: Episode, event: Event) -> None:
    """A later match where the first one's deadlines stand."""
    episode.count += 1
    episode.last_id, episode.last_us = event.event_id, event.time_us
    _tell_held(one, episode)
    if run.trace is not None:
        run.note(StepKind.COUNTED, index, key, event_id=event.event_id, count=episode.count)


def _open(
    run: Run,
    index: int,
    key: str,
    one: Instance | None,
    event: Event,
    same: list[str],
    include: Callable[[Event, Attributes], str],
    found: Plan,
) -> None:
    rule = run.program.rules[index]
    if not isinstance(found, list):
        _refuse(run, index, key, event, found)
        return
    one = one or run.instance_or_new(index, key)
    if one is None:
        refuse_for_room(run, index, key, event, "keys")
        return
    event_id = event.event_id
    included = include(event, run.attributes)
    one.episode = Episode(event_id, run.now_us, event_id, 1, same, included, found, _own_target(rule, event))
    one.episode.numbered = isinstance(rule.wait, Delays) and rule.wait.numbered
    one.episode.opened_type, one.episode.last_us = run.type_of(event), run.now_us
    heappush(run.agenda, (found[0].due_us, index, key))
    if run.trace is not None:
        run.note(StepKind.ARMED, index, key, event_id=event_id, dues_us=[r.due_us for r in found])
    if run.together:
        run.opened.setdefault((index, key), set()).add((event_id, event.type))
        _disarm_at_once(run, index, key, one, event)


def _own_target(rule: RuleProgram, event: Event) -> str | None:
    """The event's own date, kept for changes of the zone and for repeats."""
    if isinstance(rule.wait, UntilWait) and not rule.wait.of_contact:
        value = lookup(event.properties, rule.wait.path)
        return value if isinstance(value, str) else None
    return None


def _refuse(run: Run, index: int, key: str, event: Event, why: NoPlan | TooLong) -> None:
    if isinstance(why, TooLong):
        refuse_for_room(run, index, key, event, "wait")
    else:
        lacks(run, index, key, event, f"wait {why.value}")


def _restart(run: Run, index: int, key: str, one: Instance, episode: Episode, event: Event, same: list[str]) -> None:
    rule = run.program.rules[index]
    assert rule.wait is not None
    found = _planned(run, index, rule.wait, event, episode.occurrence)
    if found is NoPlan.PAST:
        lacks(run, index, key, event, "wait past")
        _drop_pending(run, index, key, one, episode, "past")
        return
    if not isinstance(found, list):
        _refuse(run, index, key, event, found)
        return
    episode.reminders = _undecided(one, episode, found)
    episode.count += 1
    episode.last_id, episode.last_us = event.event_id, event.time_us
    episode.same = same
    episode.include = included(rule, event, run.attributes, run.program.limits.include_bytes)
    episode.target = _own_target(rule, event)
    _tell_held(one, episode)
    if not episode.reminders:  # a version has shortened the list
        end_if_over(one)
        return
    run.wake(episode.reminders[0].due_us, index, key)
    if run.trace is not None:
        _note_restart(run, index, key, episode, event)


def _note_restart(run: Run, index: int, key: str, episode: Episode, event: Event) -> None:
    dues_us = [reminder.due_us for reminder in episode.reminders]
    run.note(StepKind.RESTARTED, index, key, event_id=event.event_id, dues_us=dues_us, count=episode.count)


def _tell_held(one: Instance, episode: Episode) -> None:
    """Keep a deferred candidate in step with its episode: a decision tells of the episode as it is by then."""
    if one.held is not None:
        candidate = one.held.candidate
        candidate.last_id, candidate.last_us, candidate.count = episode.last_id, episode.last_us, episode.count
        candidate.same, candidate.include = episode.same, episode.include


def _undecided(one: Instance, episode: Episode, found: list[Reminder]) -> list[Reminder]:
    """Of the new deadlines, those whose reminder is pending or deferred; a deferred one goes back to pending."""
    if found[0].occurrence is not None:
        return found  # an occurrence is not a reminder: the deferred one stays, the next is another
    if one.held is not None:
        taken_back = one.held.candidate.reminder
        episode.fallen = [each for each in episode.fallen if each != taken_back]
        one.held = None
        if taken_back is None:
            return found
    return [reminder for reminder in found if reminder.index not in episode.fallen]


# ---------------------------------------------------------------- disarming


def disarming(role: Role) -> Taker:
    """What disarms what an `unless` event disarms, and remembers it for episodes opened at this instant."""
    index, waits = role.rule_index, role.rule.wait is not None
    wants = [_wanting(match, role.rule) for match in role.unless]
    always = any(match.where is None and not match.same for match in role.unless)

    def take(run: Run, event: Event) -> None:
        state = run.rules[index]
        if not run.together and (state is None or not state.instances):
            return
        wanted: list[Wanted] = [[]]
        if not always:
            wanted = [found for want in wants if (found := want(event.properties, run.attributes)) is not None]
            if not wanted:
                return
        if waits and run.together:
            run.unless_taken.setdefault(index, []).append((event, wanted))
        for key, one in _live(state):
            if always or _is_met(wanted, newest_same(one)):
                disarm(run, index, key, one, event)

    return take


def _live(state: RuleState | None) -> list[tuple[str, Instance]]:
    """The instances of which something is pending or deferred; how they came to be must not show in their order."""
    if state is None:
        return []
    found = [pair for pair in state.instances.items() if pair[1].episode is not None or pair[1].held is not None]
    if len(found) > 1:
        found.sort()
    return found


def _wanting(match: Match, rule: RuleProgram) -> Callable[[Properties, Attributes], Wanted | None]:
    """What an alternative of `unless` wants of an episode it disarms; it answers None where it does not match."""
    asked, paths = question_of((match,)), match.same
    places = [rule.same.index(path) for path in paths]

    def want(properties: Properties, attributes: Attributes) -> Wanted | None:
        if asked is not None and not asked(properties, attributes):
            return None
        if not paths:
            return []
        values = key_values(paths, properties)
        return None if values is None else list(zip(places, values, strict=True))

    return want


def _is_met(wanted: list[Wanted], same: list[str]) -> bool:
    """Whether the `same` values are what one of the alternatives wants."""
    return any(all(same[at] == value for at, value in one) for one in wanted)


def newest_same(one: Instance) -> list[str]:
    """The `same` values of what is pending or deferred."""
    if one.episode is not None:
        return one.episode.same
    assert one.held is not None, "only asked of what is pending or deferred"
    return one.held.candidate.same


def disarm(run: Run, index: int, key: str, one: Instance, event: Event) -> None:
    """End the instance's episode; its deferred candidate leaves `cancelled: unless`."""
    if run.trace is not None and one.episode is not None:
        dues_us = [reminder.due_us for reminder in one.episode.reminders]
        run.note(StepKind.DISARMED, index, key, why="unless", event_id=event.event_id, dues_us=dues_us)
    one.episode = None
    if one.held is not None:
        run.decide(index, key, one.held.candidate, Outcome.CANCELLED, Reason.UNLESS)
        one.held = None


def _disarm_at_once(run: Run, index: int, key: str, one: Instance, newest: Event) -> None:
    """Disarm an episode opened at this instant that an event taken earlier at this instant is an `unless` of."""
    opened = run.opened.get((index, key), ())
    for event, wanted in run.unless_taken.get(index, ()):
        episode = one.episode
        if episode is None or event is newest or (event.event_id, event.type) in opened:
            continue
        if _is_met(wanted, episode.same):
            disarm(run, index, key, one, event)


def _drop_pending(run: Run, index: int, key: str, one: Instance, episode: Episode, why: str) -> None:
    """Disarm what is pending; a deferred candidate stays, and with it the episode."""
    if run.trace is not None:
        dues_us = [reminder.due_us for reminder in episode.reminders]
        run.note(StepKind.DISARMED, index, key, why=why, event_id=None, dues_us=dues_us)
    episode.reminders = []
    end_if_over(one)


def end_if_over(one: Instance) -> None:
    """End the episode when nothing of it is pending or deferred."""
    if one.episode is not None and not one.episode.reminders and one.held is None:
        one.episode = None


# ---------------------------------------------------------------- moving


def move_dates(run: Run, before: dict[str, Any], zone_before: str) -> None:
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


def _move(run: Run, index: int, key: str, one: Instance, episode: Episode, value: Any) -> None:
    rule = run.program.rules[index]
    assert isinstance(rule.wait, UntilWait)
    found = plan_until(rule.wait, value, run.clock(), episode.occurrence)
    if isinstance(found, list):
        episode.reminders = found
        run.wake(found[0].due_us, index, key)
        if run.trace is not None:
            run.note(StepKind.MOVED, index, key, event_id=None, due_us=found[0].due_us)
        return
    if isinstance(found, TooLong):
        _too_long(run, index, key, episode, found)
    _drop_pending(run, index, key, one, episode, "changed")


def _too_long(run: Run, index: int, key: str, episode: Episode, found: TooLong) -> None:
    """Leave `suppressed: limit` for a deadline too far ahead; an occurrence is decided by it."""
    if run.trace is not None:
        run.note(StepKind.NO_ROOM, index, key, event_id=None, what="wait")
    candidate = candidate_of_reminder(episode, Reminder(0, found.due_us, found.occurrence))
    run.decide(index, key, candidate, Outcome.SUPPRESSED, Reason.LIMIT)
    if found.occurrence is not None:
        episode.occurrence = found.occurrence


# ---------------------------------------------------------------- falling due


def fall_due(run: Run, index: int, key: str) -> None:
    """Put before the gates what of the instance has fallen due: deadlines, and the release of what was deferred.

    Also of what an entry of the agenda named too early: that is put back for its true time.
    """
    found = run.rules[index]
    one = None if found is None else found.instances.get(key)
    if one is None:
        return
    now_us = run.now_us
    if one.held is not None and one.held.release_us <= now_us:
        run.caused.append(Caused(index, key, one.held.candidate))
        one.held = None
    episode = one.episode
    if episode is None:
        return
    while episode.reminders and episode.reminders[0].due_us <= now_us:
        _due(run, index, key, episode, episode.reminders.pop(0))
    if episode.reminders:
        heappush(run.agenda, (episode.reminders[0].due_us, index, key))


def _due(run: Run, index: int, key: str, episode: Episode, reminder: Reminder) -> None:
    wait = run.program.rules[index].wait
    cause(run, index, key, candidate_of_reminder(episode, reminder))
    if episode.numbered:
        episode.fallen.append(reminder.index)
    if isinstance(wait, UntilWait) and wait.repeat is not None:
        assert reminder.occurrence is not None
        episode.occurrence = reminder.occurrence
        _schedule_next(run, index, key, episode, wait)


def _schedule_next(run: Run, index: int, key: str, episode: Episode, wait: UntilWait) -> None:
    """After an occurrence the next one is pending, due strictly later."""
    value = lookup(run.attributes, wait.path) if wait.of_contact else episode.target
    found: Plan = plan_until(wait, value, run.clock(), episode.occurrence, strictly=True)
    if isinstance(found, list):
        episode.reminders = found
    elif isinstance(found, TooLong):
        _too_long(run, index, key, episode, found)
