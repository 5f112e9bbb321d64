"""Retention: a silent contact is forgotten, and what time has passed goes (semantics.md, section 12).

Changes the execution it is given. Called by `run.timeline` as time passes, by `run.dispatch` at the contact's end, and
wherever an execution leaves a state.
"""

from __future__ import annotations

from kittiwake.kernel.evaluate.catalog import lasting
from kittiwake.kernel.evaluate.history import prune
from kittiwake.kernel.evaluate.look_backs import missing_until_us
from kittiwake.kernel.evaluate.retention import (
    forget_deeds_of_rule,
    outlives,
    still_counting,
    still_remembered,
    without_entries,
)
from kittiwake.kernel.run.arming import pending_candidates
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.run.repeats import forget_old_repeats, forget_repeats
from kittiwake.kernel.state.state import Profile, State
from kittiwake.kernel.state.trace import StepKind
from kittiwake.reasons import Outcome, Reason
from kittiwake.values import canonical


def forgets_us(run: Execution) -> int | None:
    """When the contact is forgotten, or what stayed of it then; None: never."""
    policy, since_us, span_us = run.program.policy, run.newest_us, run.program.policy.retention_us
    if since_us is None:
        if run.state.profile is None or policy.profile_retention_us is None:
            return None
        since_us, span_us = run.state.profile.newest_us, policy.profile_retention_us
    return max(since_us + span_us, run.begun_us)


def keeps_something(run: Execution) -> bool:
    """Whether anything is known of the contact besides its events."""
    state = run.state  # whose attributes are as old as its last freeze
    found = run.attributes or state.consents or state.rules or state.records or state.firings
    return bool(found) or state.round_ends_us is not None


# ---------------------------------------------------------------- a silent contact


def forget_silent(run: Execution) -> None:
    """Forget now what a silent contact did, or all that is known of it; it is counted while there is something."""
    profile_us = run.program.policy.profile_retention_us
    wholly = profile_us is not None and run.now_us - _newest_us(run) >= profile_us
    if run.newest_us is None:
        forget_expired(run, run.now_us)
    counts = run.newest_us is not None or keeps_something(run)
    if run.trace is not None and counts:
        run.note(StepKind.FORGOTTEN, None, None, wholly=wholly)
    for index, found in enumerate(run.rules):
        if found is None or (not wholly and outlives(run.program.rules[index])):
            continue
        for key, one in sorted(found.instances.items()):
            for candidate in pending_candidates(one):
                run.decide(index, key, candidate, Outcome.CANCELLED, Reason.FORGOTTEN)
    if wholly:
        forget_all(run)
        run.state.ended_us, run.state.ended_times = run.now_us, 0
    else:
        _forget_deeds(run)
    run.outputs.forgotten += counts


def _newest_us(run: Execution) -> int:
    """Time of the newest event of a contact that has had one."""
    if run.newest_us is not None:
        return run.newest_us
    assert run.state.profile is not None
    return run.state.profile.newest_us


def forget_all(run: Execution) -> None:
    """Know nothing of the contact any more."""
    state = run.state
    state.rules, state.firings, state.consents, state.records = {}, [], {}, {}
    state.first_us = run.newest_us = state.profile = state.round_ends_us = None
    forget_repeats(run)
    run.attributes, run.caused, run.missing_until_us = {}, [], {}
    run.rules = [None] * len(run.program.rules)
    if run.shared_instant is not None:
        run.shared_instant.clear()
    run.reserved.clear()
    run.find_zone()
    run.reset_timers()


def _forget_deeds(run: Execution) -> None:
    """Know nothing any more of what the contact did; what it is and has decided stays (semantics 12.2)."""
    state = run.state
    assert state.first_us is not None
    assert run.newest_us is not None
    known_us = state.first_us if state.profile is None else state.profile.first_us
    state.profile = Profile(known_us, run.newest_us)
    state.first_us = run.newest_us = state.round_ends_us = None
    forget_repeats(run)
    for rule, found in zip(run.program.rules, run.rules, strict=True):
        if found is not None:
            forget_deeds_of_rule(rule, found)
    state.records = without_entries(state.records)
    run.missing_until_us = missing_until_us(run.program, state) if run.program.looks_back else {}
    forget_expired(run, run.now_us)
    run.reset_timers()


# ---------------------------------------------------------------- what time has passed


def forget_expired(run: Execution, now_us: int) -> None:
    """Forget what time has passed at an instant."""
    forget_old_repeats(run, now_us)
    rules = run.state.rules
    for index, found in enumerate(run.rules):
        if found is None:
            continue
        rule = run.program.rules[index]
        run.drop_forgotten(index, now_us)
        for condition, slots in zip(rule.conditions, found.history, strict=True):
            prune(condition, slots, now_us, rule.keep_us)
        if found.interests and rule.catalog is not None:
            found.interests = lasting(found.interests, rule.catalog.within_us, now_us)
        if not (found.instances or found.member or found.entered_fired or any(found.history) or found.interests):
            del rules[run.program.state_keys[index]]
            run.rules[index] = None
    if run.state.round_ends_us is not None and run.state.round_ends_us <= now_us:
        run.state.round_ends_us = None
    if run.state.records:
        run.state.records = dict(still_remembered(run.state.records, now_us))
    if run.newest_us is None and run.state.firings:
        run.state.firings = still_counting(run.state.firings, run.program.policy.caps, now_us)


def freeze(run: Execution, evaluated_to_us: int, edge_us: int, forgotten_us: int | None = None) -> State:
    """The state after the last step, which knows the ids of events from a horizon before `edge_us` on.

    What time has passed at `forgotten_us`, or else at `edge_us`, is forgotten. The execution may go on afterwards.
    """
    run.now_us = evaluated_to_us
    state = run.state
    state.evaluated_to_us, state.newest_us = evaluated_to_us, run.newest_us
    state.attributes = canonical(run.attributes) if run.attributes else "{}"
    ids_us = edge_us - run.program.allowed_lateness_us
    if state.seen:
        state.seen = _not_before(state.seen, ids_us)
    kept = ((name, _not_before(times_us, ids_us)) for name, times_us in state.counted.items())
    state.counted = {name: times_us for name, times_us in kept if times_us}
    if state.typed_us is not None and state.typed_us <= edge_us:
        state.typed_us = None
    forget_expired(run, edge_us if forgotten_us is None else forgotten_us)
    return state


def _not_before(times_us: dict[str, int], edge_us: int) -> dict[str, int]:
    """Mostly all of them: the edge only moves with the checkpoint."""
    if times_us and min(times_us.values()) >= edge_us:
        return times_us
    return {event_id: time_us for event_id, time_us in times_us.items() if time_us >= edge_us}
