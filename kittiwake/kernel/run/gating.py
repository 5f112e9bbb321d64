"""Gating: the candidates of an instant, their order, and what becomes of each.

Fires, suppresses, defers, supersedes; ends the episodes that are over. Called by `run.timeline` at the end of each of
an instant's two parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from kittiwake.kernel.evaluate.quiet_hours import release_us
from kittiwake.kernel.plan.rule import Mode, RuleProgram
from kittiwake.kernel.run.arbitration import count_winner, hold_until_us
from kittiwake.kernel.run.digest import leave_together
from kittiwake.kernel.run.eligibility import count_firing, note_gates, refused_by
from kittiwake.kernel.run.episodes import end_if_over
from kittiwake.kernel.run.execution import Caused, Execution
from kittiwake.kernel.run.feeds import asks_again_us, flooded_types, silent_types
from kittiwake.kernel.state.state import Candidate, Held
from kittiwake.kernel.state.trace import StepKind
from kittiwake.reasons import Kind, Outcome, Reason

BEFORE_ALL: Final = Decimal(-1)

BY_TIME: Final = 1
"""The part of an instant in which time alone lets candidates fall due, and be released."""
BY_EVENTS: Final = 2
"""The part in which the events of the instant have brought them."""

# Members of an enumeration cost as much to look up as a call: those that every candidate meets are at hand.
ENTERED: Final = Kind.ENTERED
EXITED: Final = Kind.EXITED
FIRED: Final = Outcome.FIRED
SUPPRESSED: Final = Outcome.SUPPRESSED
ROLLOUT: Final = Reason.ROLLOUT
HOLDOUT: Final = Reason.HOLDOUT
FEED_SILENT: Final = Reason.FEED_SILENT
FLOODED: Final = Reason.FLOODED
QUIET_HOURS: Final = Reason.QUIET_HOURS
ARBITRATION: Final = Reason.ARBITRATION
OUTRANKED: Final = Reason.OUTRANKED
SHADOW: Final = Reason.SHADOW
NOT_SENT: Final = (ROLLOUT, HOLDOUT, SHADOW)
"""What only keeps from being sent what has passed the gates: it is remembered as if it had fired."""
DEFERRING: Final = (QUIET_HOURS, ARBITRATION, FEED_SILENT, FLOODED)


def gate_all(run: Execution, part: int = BY_TIME) -> None:
    """Give every candidate of this part of the instant what becomes of it."""
    caused, run.caused = run.caused, []
    if run.winners:
        run.winners.clear()
    if len(caused) > 1:
        caused.sort(key=lambda one: _order(run, one))
    for one in _without_digests(run, caused, part) if run.program.has_digests else caused:
        if one.superseded:
            run.decide(one.rule_index, one.key, one.candidate, SUPPRESSED, Reason.SUPERSEDED)
        elif one.candidate.kind is EXITED:
            _exit(run, one)
        else:
            _ask(run, one)
    for one in caused:
        found = run.instance(one.rule_index, one.key)
        if found is not None:
            end_if_over(found)
    if run.reserved:
        run.reserved.clear()


def _without_digests(run: Execution, caused: Iterable[Caused], part: int) -> Iterator[Caused]:
    """The candidates that leave by themselves; what a rule with `digest` has stands together, and leaves meanwhile."""
    for index, of_rule in groupby(caused, attrgetter("rule_index")):
        if run.program.rules[index].digest is None:
            yield from of_rule
        else:
            _gather(run, index, of_rule, part)


def _gather(run: Execution, index: int, caused: Iterable[Caused], part: int) -> None:
    """Ask each candidate of a rule by itself, before any of them counts; what passes leaves in one trigger."""
    rule, passed, fate = run.program.rules[index], list[Caused](), None
    for one in caused:
        reason = refused_by(run, rule, one)
        if run.trace is not None:
            note_gates(run, one, reason)
        if reason is None or reason in NOT_SENT:
            passed.append(one)
            fate = reason
        else:
            _keep_back(run, one, reason)
    if not passed:
        return
    digest_id, listed = leave_together(run, index, [(one.key, one.candidate) for one in passed], fate, part)
    count_firing(run, passed[0])
    remembered = {id(candidate) for _, candidate in listed}
    for one in passed:
        if id(one.candidate) in remembered:
            _remember_firing(run, rule, one)
    count_winner(run, index, digest_id)


def _order(run: Execution, one: Caused) -> tuple[Any, ...]:
    """Priority, rule, instance, reminder, threshold, due time; sorting is stable, so then as they arose."""
    rule, candidate = run.program.rules[one.rule_index], one.candidate
    reminder = -1 if candidate.reminder is None else candidate.reminder
    threshold = BEFORE_ALL if candidate.threshold is None else candidate.threshold
    return (-rule.priority, rule.rule_id, one.key, reminder, threshold, candidate.due_us)


def _ask(run: Execution, one: Caused) -> None:
    rule, candidate = run.program.rules[one.rule_index], one.candidate
    if candidate.kind is ENTERED:
        state = run.rule_state(one.rule_index)
        state.entered_fired = state.entered_held_out = False
    reason = refused_by(run, rule, one)
    if run.trace is not None:
        note_gates(run, one, reason)
    if reason is None:
        count_firing(run, one)
        _remember_firing(run, rule, one)
        trigger_id = run.decide(one.rule_index, one.key, candidate, FIRED, None)
        if run.program.policy.arbitration is not None:
            count_winner(run, one.rule_index, trigger_id)
    elif reason in NOT_SENT:
        count_firing(run, one)
        _remember_firing(run, rule, one, reason is HOLDOUT)
        count_winner(run, one.rule_index, run.decide(one.rule_index, one.key, candidate, SUPPRESSED, reason))
    else:
        _keep_back(run, one, reason)


def _keep_back(run: Execution, one: Caused, reason: Reason) -> None:
    """What becomes of a candidate that a gate defers, or refuses."""
    if reason in DEFERRING:
        _defer(run, one, reason)
    else:
        winner = run.winners[-1] if reason is OUTRANKED else None
        run.decide(one.rule_index, one.key, one.candidate, SUPPRESSED, reason, outranked_by=winner)


def _remember_firing(run: Execution, rule: RuleProgram, one: Caused, held_out: bool = False) -> None:
    """Keep what re-entry, later reminders and exits ask about a firing.

    Of a rule that only watches the contact, and of a contact in the holdout: as if it had fired.
    """
    found = run.instance(one.rule_index, one.key)
    if found is not None and found.episode is not None:
        found.episode.fired = True
    if rule.reentry is not None:
        # An instance that opened had room; one without an episode (no `wait`) needs it now.
        found = found or run.instance_or_new(one.rule_index, one.key)
        assert found is not None, "room was made when the candidate arose"
        found.fired_us = run.now_us
    if one.candidate.kind is ENTERED:
        state = run.rule_state(one.rule_index)
        state.entered_fired, state.entered_held_out = True, held_out


def _defer(run: Execution, one: Caused, reason: Reason) -> None:
    """Hold a candidate for the gate that defers it; what was held in its place is superseded."""
    found = run.instance_or_new(one.rule_index, one.key)
    assert found is not None, "room was made when the candidate arose"
    if found.held is not None:
        run.decide(one.rule_index, one.key, found.held.candidate, Outcome.SUPPRESSED, Reason.SUPERSEDED)
    run.outputs.deferred = True
    round_us = run.state.round_ends_us
    release_us = _release_us(run, one, reason)
    found.held = Held(release_us, one.candidate, reason is ARBITRATION, reason is FEED_SILENT, reason is FLOODED)
    run.timers.set(found.held.release_us, one.rule_index, one.key)
    if run.trace is not None:
        run.note(
            StepKind.DEFERRED,
            one.rule_index,
            one.key,
            reason=str(reason),
            release_us=found.held.release_us,
            time_us=one.candidate.due_us,
            reminder=one.candidate.reminder,
            opens_round=run.state.round_ends_us != round_us,
            silent=silent_types(run, run.program.feeds[one.rule_index]),
            flooded=flooded_types(run, one.candidate, run.program.feeds[one.rule_index]),
        )


def _release_us(run: Execution, one: Caused, reason: Reason) -> int:
    if reason is ARBITRATION:
        return hold_until_us(run, one.rule_index)
    if reason is FEED_SILENT or reason is FLOODED:
        return asks_again_us(run, one, run.program.feeds[one.rule_index])
    quiet = run.program.asked[one.rule_index].quiet_hours
    assert quiet is not None
    return release_us(quiet, run.zone, run.now_us)


def _exit(run: Execution, one: Caused) -> None:
    """An exit passes no gate: it shares the fate of the last `entered` that passed, and cancels a deferred one."""
    rule = run.program.rules[one.rule_index]
    assert rule.audience is not None
    state = run.rule_state(one.rule_index)
    found = run.instance(one.rule_index, one.key)
    if found is not None and found.held is not None:
        run.decide(one.rule_index, one.key, found.held.candidate, Outcome.CANCELLED, Reason.EXITED)
        found.held = None
    entered, held_out = state.entered_fired, state.entered_held_out
    state.entered_fired = state.entered_held_out = False
    if rule.audience.emits_exit:
        unsent = (SHADOW if rule.mode is Mode.SHADOW else ROLLOUT) if run.is_watching(one.rule_index) else None
        run.decide(one.rule_index, one.key, one.candidate, *_fate_of_exit(entered, held_out, unsent))


def _fate_of_exit(entered: bool, held_out: bool, unsent: Reason | None) -> tuple[Outcome, Reason | None]:
    """`unsent`: why nothing of the rule is sent to the contact, if nothing is."""
    if not entered:
        return Outcome.SUPPRESSED, Reason.NOT_ENTERED
    if held_out:
        return Outcome.SUPPRESSED, Reason.HOLDOUT
    return (Outcome.FIRED if unsent is None else Outcome.SUPPRESSED), unsent


def cancel_all(run: Execution, candidates: list[tuple[int, str, Candidate]], reason: Reason) -> None:
    """Cancel candidates that will pass no gate any more; an exit that is not emitted leaves nothing."""
    for index, key, candidate in candidates:
        audience = run.program.rules[index].audience
        if candidate.kind is Kind.EXITED and audience is not None and not audience.emits_exit:
            continue
        run.decide(index, key, candidate, Outcome.CANCELLED, reason)
