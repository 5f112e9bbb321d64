"""Eligibility: whether a candidate may be sent, by the gates in their order (rules.md, section 4).

Pure questions about an execution. `refused_by` answers the first gate that refuses, or defers.
Called by `run.gating`.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from kittiwake.kernel.evaluate.quiet_hours import is_quiet
from kittiwake.kernel.evaluate.retention import remembers_firing
from kittiwake.kernel.evaluate.variants import draw
from kittiwake.kernel.plan.policy import Calendar, Cap
from kittiwake.kernel.plan.rule import Mode, RuleProgram
from kittiwake.kernel.plan.variants import draws_below
from kittiwake.kernel.run.arbitration import is_outranked
from kittiwake.kernel.run.conditions import note_still, still_holds
from kittiwake.kernel.run.execution import Caused, Execution
from kittiwake.kernel.run.feeds import flooded_types, held_by, silent_types
from kittiwake.kernel.state.state import Firing
from kittiwake.kernel.state.trace import StepKind
from kittiwake.reasons import Kind, Reason
from kittiwake.time.instants import DAY_US
from kittiwake.time.zones import local_day

# Members of an enumeration cost as much to look up as a call: those that every candidate meets are at hand.
DAY: Final = Calendar.DAY
WEEK: Final = Calendar.WEEK
MONTH: Final = Calendar.MONTH
SHADOWED: Final = Mode.SHADOW
NOT_READY: Final = Reason.NOT_READY
CONDITION_UNMET: Final = Reason.CONDITION_UNMET
NO_CONSENT: Final = Reason.NO_CONSENT
ROLLOUT: Final = Reason.ROLLOUT
HOLDOUT: Final = Reason.HOLDOUT
REENTRY: Final = Reason.REENTRY
FEED_SILENT: Final = Reason.FEED_SILENT
FLOODED: Final = Reason.FLOODED
QUIET_HOURS: Final = Reason.QUIET_HOURS
ARBITRATION: Final = Reason.ARBITRATION
OUTRANKED: Final = Reason.OUTRANKED
FREQUENCY_CAP: Final = Reason.FREQUENCY_CAP
EXPIRED: Final = Reason.EXPIRED
SHADOW: Final = Reason.SHADOW
EXITED: Final = Kind.EXITED


def refused_by(run: Execution, rule: RuleProgram, one: Caused) -> Reason | None:
    """The first gate that refuses, in the order of `plan.gates.GATES`; None if all let it pass.

    `FEED_SILENT`, `FLOODED`, `QUIET_HOURS` and `ARBITRATION` refuse nothing: they defer.
    """
    policy, due_us = run.program.policy, one.candidate.due_us
    consent, quiet, arbitration, caps = run.program.asked[one.rule_index]
    if rule.ready_us is not None and due_us < rule.ready_us:
        return NOT_READY
    if run.missing_until_us and not rule.partial and due_us < run.missing_until_us.get(one.rule_index, due_us):
        return NOT_READY
    if rule.still is not None and not still_holds(run, one):
        return CONDITION_UNMET
    if consent is not None and not run.state.consents.get(consent.purpose, consent.default_granted):
        return NO_CONSENT
    if rule.reentry is not None and _is_reentry(run, rule, one):
        return REENTRY
    feeds = run.program.feeds[one.rule_index]
    if feeds and (holds := held_by(run, rule, one, feeds)) is not None:
        return holds
    if quiet is not None and is_quiet(quiet, run.zone, run.now_us):
        return QUIET_HOURS
    if arbitration is not None:
        if not one.released:
            return ARBITRATION
        if is_outranked(run, arbitration, one.rule_index):
            return OUTRANKED
    if caps and _is_capped(run, caps):
        return FREQUENCY_CAP
    if one.released and run.now_us - due_us >= rule.expires_us:
        return EXPIRED  # also where what held it is in force no more
    if rule.rollout is not None and rule.mode is not SHADOWED and run.is_watching(one.rule_index):
        return ROLLOUT
    if policy.holdout is not None and rule.holdout and _is_held_out(run):
        return HOLDOUT
    return SHADOW if rule.mode is SHADOWED else None


def note_gates(run: Execution, one: Caused, refusal: Reason | None) -> None:
    """Trace each gate that was asked: those before the one that refuses let the candidate pass."""
    candidate = one.candidate
    about = {"time_us": candidate.due_us, "reminder": candidate.reminder, "kind": str(candidate.kind)}
    for gate in run.program.gates[one.rule_index]:
        if gate is (ARBITRATION if one.released else OUTRANKED):
            continue  # the one is only asked of what falls due, the other of what is released
        if gate is OUTRANKED and run.is_watching(one.rule_index):
            continue
        if gate is CONDITION_UNMET:
            note_still(run, one)
        said = {**about, **_silent(run, one, gate)}
        run.note(StepKind.GATE, one.rule_index, one.key, gate=str(gate), passes=gate is not refusal, **said)
        if gate is refusal:
            return
    if refusal is not None:  # what held it, and so let it expire, is in force no more
        run.note(StepKind.GATE, one.rule_index, one.key, gate=str(refusal), passes=False, **about)


def _silent(run: Execution, one: Caused, gate: Reason) -> dict[str, object]:
    """What a trace says of feeds and breakers at their gates."""
    feeds = run.program.feeds[one.rule_index]
    if gate is FLOODED:
        return {"flooded": flooded_types(run, one.candidate, feeds)}
    return {"silent": silent_types(run, feeds)} if gate is FEED_SILENT else {}


def _is_held_out(run: Execution) -> bool:
    """Whether the contact is in the holdout, computed once an execution."""
    found = run.is_held_out
    if found is None:
        holdout = run.program.policy.holdout
        assert holdout is not None
        drawn = draw(holdout.salt, run.program.account_id, run.state.contact_id)
        found = run.is_held_out = drawn < draws_below(holdout.percent)
    return found


def _is_reentry(run: Execution, rule: RuleProgram, one: Caused) -> bool:
    found = run.instance(one.rule_index, one.key)
    if found is None or found.fired_us is None:
        return False
    if found.episode is not None and found.episode.fired and one.candidate.occurrence is None:
        return False
    return remembers_firing(rule, found.fired_us, run.now_us)


# ---------------------------------------------------------------- caps


def _is_capped(run: Execution, caps: tuple[Cap, ...]) -> bool:
    """Whether one of the caps that hold a rule is full."""
    fired = len(run.state.firings)
    for cap in caps:
        if fired < cap.max_fired:
            continue
        if _counted(run, cap) >= cap.max_fired:
            return True
    return False


def _counted(run: Execution, cap: Cap) -> int:
    """How many firings the cap counts now."""
    firings, now_us, zone = run.state.firings, run.now_us, run.zone
    if cap.group is not None or cap.channel is not None:
        firings = [one for one in firings if cap.concerns(one.group, one.channel)]
    if cap.calendar is None:
        edge_us = now_us - cap.within_us
        return len([one for one in firings if one.fired_us > edge_us])
    calendar = cap.calendar
    period = _period(calendar, local_day(zone, now_us))
    return len([one for one in firings if _period(calendar, local_day(zone, one.fired_us)) == period])


CALENDAR_MEMORY_US: Final = {DAY: 2 * DAY_US, WEEK: 8 * DAY_US, MONTH: 32 * DAY_US}
"""How long a firing is remembered for the next version: the longest of such periods, and a day for its zone."""


def remembers(cap: Cap, firing: Firing, now_us: int) -> bool:
    """Whether a cap still remembers a firing when the version that asks for it ends."""
    if not cap.concerns(firing.group, firing.channel):
        return False
    span_us = cap.within_us if cap.calendar is None else CALENDAR_MEMORY_US[cap.calendar]
    return now_us < firing.fired_us + span_us


def _period(calendar: Calendar, day: int) -> int | tuple[int, int]:
    """The day, ISO week (they start on Mondays, as ordinal 1 did) or month that a day lies in."""
    if calendar is DAY:
        return day
    if calendar is WEEK:
        return (day - 1) // 7
    found = date.fromordinal(day)
    return found.year, found.month


def count_firing(run: Execution, one: Caused) -> None:
    """Remember a firing for as long as a cap can count it; a rule that only watches the contact uses none up."""
    program, rule = run.program, run.program.rules[one.rule_index]
    if not program.firings_us or rule.transactional or one.candidate.kind is EXITED:
        return
    if run.is_watching(one.rule_index):
        return
    state, now_us = run.state, run.now_us
    if program.asked[one.rule_index].caps:
        state.firings.append(Firing(now_us, rule.group, rule.channel))
    edge_us = now_us - program.firings_us
    if state.firings and state.firings[0].fired_us <= edge_us:  # they stand in the order of time
        state.firings = [firing for firing in state.firings if firing.fired_us > edge_us]
