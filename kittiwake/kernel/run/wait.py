"""`wait`: a match opens an episode, later ones restart or count it, deadlines pass and fall due (rules.md, section 3).

Called by `run.dispatch` for matches, and by `run.timeline` for instants.
"""

from __future__ import annotations

from collections.abc import Callable, Container

from kittiwake.kernel.evaluate.include import NOTHING_INCLUDED, including
from kittiwake.kernel.evaluate.match import SINGLE, Attributes
from kittiwake.kernel.evaluate.wait import NoPlan, Plan, TooLong, plan
from kittiwake.kernel.plan.limits import Limits
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.wait import Delays, FieldWait, UntilWait, Wait
from kittiwake.kernel.run.arming import candidate_of_reminder, cause, lacks, refuse_for_room
from kittiwake.kernel.run.episodes import deadlines, drop_pending, end_if_over, follow_held
from kittiwake.kernel.run.execution import Caused, Execution
from kittiwake.kernel.run.reactions import NO_VALUES, Given, Reaction
from kittiwake.kernel.run.unless import disarm_at_once
from kittiwake.kernel.run.until import own_target, schedule_next
from kittiwake.kernel.run.unusable import refuse_default
from kittiwake.kernel.state.state import Episode, Instance, Reminder
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.time.instants import END_OF_TIME_US


def waiting(index: int, rule: RuleProgram, limits: Limits, given: Given | None) -> Reaction:
    """The reaction of a rule with `wait`: restart or count what is pending, else open if `given` admits.

    The commonest step of all is a restart, for which nothing is called here where its deadlines are fixed.
    """
    wait, restarts, includes = rule.wait, rule.restart, bool(rule.include)
    include = including(rule, limits.include_bytes)
    assert wait is not None
    delays_us = wait.delays_us if isinstance(wait, Delays) and wait.delays_us[-1] <= limits.max_wait_us else None

    def react(run: Execution, event: Event, key: str = SINGLE, same: list[str] = NO_VALUES) -> None:
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
                _open(run, index, key, one, event, same, include(event, run.attributes), planned)
            return
        count = episode.count
        if not restarts:
            _count(run, index, key, one, episode, event)
        else:
            before_us: int | None
            if delays_us is None or one.held is not None or episode.reminders[-1].index != len(delays_us) - 1:
                before_us = _replan(run, index, key, one, episode, event)
            else:
                now_us, before_us = event.time_us, episode.reminders[0].due_us
                for reminder in episode.reminders:
                    reminder.due_us = now_us + delays_us[reminder.index]
            if before_us is not None:
                episode.count += 1
                episode.last_id, episode.last_us, episode.same = event.event_id, event.time_us, same
                episode.include = include(event, run.attributes) if includes else NOTHING_INCLUDED
                if one.held is not None:
                    follow_held(one, episode)
                if not episode.reminders:
                    end_if_over(one)  # a version has shortened the list
                elif episode.reminders[0].due_us < before_us:  # else a timer comes early, and is set anew then
                    run.timers.set(episode.reminders[0].due_us, index, key)
                if run.trace is not None and episode.reminders:
                    _note_restart(run, index, key, episode, event)
        if (
            run.shared_instant is not None
            and one.episode is not None
            and one.episode.opened_us == run.now_us
            and one.episode.count > count  # without a usable wait the match did nothing
        ):
            disarm_at_once(run, index, key, one, event)

    if restarts and isinstance(wait, UntilWait) and wait.numbered:
        return _opening_anew(index, wait, given, include, react)
    return react


def _opening_anew(
    index: int, wait: UntilWait, given: Given | None, include: Callable[[Event, Attributes], str], restart: Reaction
) -> Reaction:
    """The reaction of a rule with reminders of a date, which may come again with another date."""

    def react(run: Execution, event: Event, key: str = SINGLE, same: list[str] = NO_VALUES) -> None:
        found = run.rules[index]
        one = None if found is None else found.instances.get(key)
        if one is not None and _begins_anew(run, wait, one, event) and (given is None or given(run, event, key, same)):
            one.held = None
            planned = _planned(run, index, wait, event)
            _open(run, index, key, one, event, same, include(event, run.attributes), planned)
            return
        restart(run, event, key, same)

    return react


def _begins_anew(run: Execution, wait: UntilWait, one: Instance, event: Event) -> bool:
    """Whether an event's date has a reminder again that has fallen due: then it opens an episode of its own.

    So a list is what a rule for each reminder would be. What is deferred and past by the new date keeps its episode.
    """
    if one.episode is None or not one.episode.fallen:
        return False
    found = plan(wait, event, run.attributes, run.clock())
    if not isinstance(found, list):
        return False
    wanted = [reminder.index for reminder in found]
    deferred = None if one.held is None else one.held.candidate.reminder
    again = [index for index in one.episode.fallen if index in wanted and index != deferred]
    return bool(again) and (one.held is None or deferred in wanted)


def _planned(
    run: Execution,
    index: int,
    wait: Wait,
    event: Event,
    after: int | None = None,
    done: Container[int] = (),
) -> Plan:
    """The deadlines an event sets; a number that is none, and so leaves the default, is counted."""
    found = plan(wait, event, run.attributes, run.clock(), after, done)
    if isinstance(wait, FieldWait) and wait.default_us is not None:
        due_us = found[0].due_us if isinstance(found, list) else None
        if due_us is None or due_us == run.now_us + wait.default_us:
            refuse_default(run, index, wait, event)
    return found


def _count(run: Execution, index: int, key: str, one: Instance, episode: Episode, event: Event) -> None:
    """A later match where the first one's deadlines stand."""
    episode.count += 1
    episode.last_id, episode.last_us = event.event_id, event.time_us
    follow_held(one, episode)
    if run.trace is not None:
        run.note(StepKind.COUNTED, index, key, event_id=event.event_id, count=episode.count)


def _open(
    run: Execution,
    index: int,
    key: str,
    one: Instance | None,
    event: Event,
    same: list[str],
    include: str,
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
    one.episode = Episode(event_id, run.now_us, event_id, 1, same, include, found, own_target(rule, event))
    one.episode.numbered = rule.wait is not None and rule.wait.numbered
    one.episode.opened_type, one.episode.last_us = run.type_of(event), run.now_us
    run.timers.set(found[0].due_us, index, key)
    if run.trace is not None:
        run.note(StepKind.ARMED, index, key, event_id=event_id, **deadlines(found))
    if run.shared_instant is not None:
        run.shared_instant.opened.setdefault((index, key), set()).add(run.shared_instant.family_of(event))
        disarm_at_once(run, index, key, one, event)


def _refuse(run: Execution, index: int, key: str, event: Event, why: NoPlan | TooLong) -> None:
    if isinstance(why, TooLong):
        refuse_for_room(run, index, key, event, "wait")
    else:
        lacks(run, index, key, event, f"wait {why.value}")


def _replan(run: Execution, index: int, key: str, one: Instance, episode: Episode, event: Event) -> int | None:
    """Move deadlines that have to be computed anew; when the earliest was due before, None: there is no restart."""
    rule = run.program.rules[index]
    assert rule.wait is not None
    deferred = None if one.held is None else one.held.candidate.reminder
    done = [each for each in episode.fallen if each != deferred]
    found = _planned(run, index, rule.wait, event, episode.occurrence, done)
    if found is NoPlan.PAST:
        lacks(run, index, key, event, "wait past")
        drop_pending(run, index, key, one, episode, "past")
        return None
    if not isinstance(found, list):
        _refuse(run, index, key, event, found)
        return None
    before_us = episode.reminders[0].due_us if episode.reminders else END_OF_TIME_US
    episode.reminders = _undecided(rule.wait, one, episode, found)
    episode.target = own_target(rule, event)
    return before_us


def _note_restart(run: Execution, index: int, key: str, episode: Episode, event: Event) -> None:
    about = deadlines(episode.reminders)
    run.note(StepKind.RESTARTED, index, key, event_id=event.event_id, count=episode.count, **about)


def _undecided(wait: Wait, one: Instance, episode: Episode, found: list[Reminder]) -> list[Reminder]:
    """Of the new deadlines, those whose reminder is pending or deferred; a deferred one goes back to pending.

    Of a date it stays deferred where it is past by the new one.
    """
    if found[0].occurrence is not None:
        return found  # an occurrence is not a reminder: the deferred one stays, the next is another
    if one.held is not None:
        taken_back = one.held.candidate.reminder
        if isinstance(wait, UntilWait) and wait.numbered and all(each.index != taken_back for each in found):
            return found
        episode.fallen = [each for each in episode.fallen if each != taken_back]
        one.held = None
        if taken_back is None:
            return found
    return [reminder for reminder in found if reminder.index not in episode.fallen]


def fall_due(run: Execution, index: int, key: str) -> None:
    """Put before the gates what of the instance has fallen due: deadlines, and the release of what was deferred.

    Where the timer came too early, another is set for the true time.
    """
    found = run.rules[index]
    one = None if found is None else found.instances.get(key)
    if one is None:
        return
    now_us = run.now_us
    if one.held is not None and one.held.release_us <= now_us:
        run.caused.append(Caused(index, key, one.held.candidate, released=True))
        one.held = None
    episode = one.episode
    if episode is None:
        return
    while episode.reminders and episode.reminders[0].due_us <= now_us:
        _due(run, index, key, episode, episode.reminders.pop(0))
    if episode.reminders:
        run.timers.set(episode.reminders[0].due_us, index, key)


def _due(run: Execution, index: int, key: str, episode: Episode, reminder: Reminder) -> None:
    wait = run.program.rules[index].wait
    cause(run, index, key, candidate_of_reminder(episode, reminder))
    if episode.numbered:
        episode.fallen.append(reminder.index)
    if isinstance(wait, UntilWait) and wait.repeat is not None:
        assert reminder.occurrence is not None
        episode.occurrence = reminder.occurrence
        schedule_next(run, index, key, episode, wait)
