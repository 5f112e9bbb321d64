"""Whether a candidate may be sent: the gates, in their order (rules.md, section 4).

Pure questions about a run. `refused_by` answers the first gate that refuses, `QUIET_HOURS`
meaning deferred. Called by `gating`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from hashlib import sha256
from typing import Any, Final, TypeAlias

from kittiwake.kernel.program import Calendar, Cap, Mode, Program, QuietHours, RuleProgram
from kittiwake.kernel.run import Caused, Run, remembers_firing
from kittiwake.kernel.state import Candidate, Firing
from kittiwake.kernel.trace import StepKind
from kittiwake.reasons import Kind, Reason
from kittiwake.time.instants import DAY_US
from kittiwake.time.zones import local_day, local_time_of_day_us, next_change_us, offset_us

DAY: Final = Calendar.DAY
WEEK: Final = Calendar.WEEK

CAP_MEMORY_US: Final = 33 * DAY_US
"""How long a firing may count in a calendar month, whatever zone it is looked at from."""


Gate: TypeAlias = Callable[[Run, RuleProgram, Caused], bool]
"""Whether a gate refuses a candidate."""


def refused_by(run: Run, rule: RuleProgram, one: Caused) -> Reason | None:
    """The first gate that refuses, in the order of the language; None if all let it pass."""
    for reason, refuses in run.program.gates[one.rule_index]:
        refused = refuses(run, rule, one)
        if run.trace is not None:
            about = {"gate": str(reason), "passes": not refused, **_about(one.candidate)}
            run.note(StepKind.GATE, one.rule_index, one.key, **about)
        if refused:
            return reason
    return None


def _about(candidate: Candidate) -> dict[str, Any]:
    return {"time_us": candidate.due_us, "reminder": candidate.reminder, "kind": str(candidate.kind)}


def _is_not_ready(_: Run, rule: RuleProgram, one: Caused) -> bool:
    return rule.ready_us is not None and one.candidate.due_us < rule.ready_us


def _has_no_consent(run: Run, _: RuleProgram, __: Caused) -> bool:
    consent = run.program.policy.consent
    return consent is not None and not run.state.consents.get(consent.purpose, consent.default_granted)


def _is_held_out(run: Run, _: RuleProgram, __: Caused) -> bool:
    found = run.is_held_out
    if found is None:
        found = run.is_held_out = _draws_the_holdout(run.program, run.state.contact_id)
    return found


def _draws_the_holdout(program: Program, contact_id: str) -> bool:
    holdout = program.policy.holdout
    if holdout is None:
        return False
    text = f"{holdout.salt}:{program.account_id}:{contact_id}"
    drawn = int.from_bytes(sha256(text.encode()).digest()[:8], "big")
    return drawn * 100 < Fraction(holdout.percent) * 2**64


def _is_reentry(run: Run, rule: RuleProgram, one: Caused) -> bool:
    found = run.instance(one.rule_index, one.key)
    if found is None or found.fired_us is None:
        return False
    if found.episode is not None and found.episode.fired and one.candidate.occurrence is None:
        return False
    return remembers_firing(rule, found.fired_us, run.now_us)


def _is_quiet(run: Run, _: RuleProgram, __: Caused) -> bool:
    quiet = run.program.policy.quiet_hours
    return quiet is not None and is_inside(quiet, local_time_of_day_us(run.zone, run.now_us))


def _is_capped(run: Run, rule: RuleProgram, _: Caused) -> bool:
    firings = run.state.firings
    for cap in run.program.policy.frequency:
        if cap.group is not None and cap.group != rule.group:
            continue
        if len(firings) >= cap.max_fired and _counted(run, cap) >= cap.max_fired:
            return True
    return False


def _has_expired(run: Run, rule: RuleProgram, one: Caused) -> bool:
    return run.now_us - one.candidate.due_us >= rule.expires_us


def _is_shadow(_: Run, rule: RuleProgram, __: Caused) -> bool:
    return rule.mode is Mode.SHADOW


GATES: Final[dict[Reason, Gate]] = {
    Reason.NOT_READY: _is_not_ready,
    Reason.NO_CONSENT: _has_no_consent,
    Reason.HOLDOUT: _is_held_out,
    Reason.REENTRY: _is_reentry,
    Reason.QUIET_HOURS: _is_quiet,
    Reason.FREQUENCY_CAP: _is_capped,
    Reason.EXPIRED: _has_expired,
    Reason.SHADOW: _is_shadow,
}
"""In the order of the language; a candidate is asked only those that can refuse it (`Program.gates`)."""


# ---------------------------------------------------------------- caps


def _counted(run: Run, cap: Cap) -> int:
    """How many firings the cap counts now."""
    firings, now_us, zone = run.state.firings, run.now_us, run.zone
    if cap.group is not None:
        firings = [one for one in firings if one.group == cap.group]
    if cap.calendar is None:
        edge_us = now_us - cap.within_us
        return len([one for one in firings if one.fired_us > edge_us])
    calendar = cap.calendar
    period = _period(calendar, local_day(zone, now_us))
    return len([one for one in firings if _period(calendar, local_day(zone, one.fired_us)) == period])


def _period(calendar: Calendar, day: int) -> int | tuple[int, int]:
    """The day, ISO week (they start on Mondays, as ordinal 1 did) or month that a day lies in."""
    if calendar is DAY:
        return day
    if calendar is WEEK:
        return (day - 1) // 7
    found = date.fromordinal(day)
    return found.year, found.month


def count_firing(run: Run, rule: RuleProgram, candidate: Candidate) -> None:
    """Remember a firing for as long as a cap can count it."""
    caps = run.program.policy.frequency
    if not caps or rule.transactional or candidate.kind is Kind.EXITED:
        return
    state, now_us = run.state, run.now_us
    if any(cap.group is None or cap.group == rule.group for cap in caps):
        state.firings.append(Firing(now_us, rule.group))
    edge_us = now_us - max([cap.within_us if cap.calendar is None else CAP_MEMORY_US for cap in caps])
    if state.firings and state.firings[0].fired_us <= edge_us:  # they stand in the order of time
        state.firings = [one for one in state.firings if one.fired_us > edge_us]


# ---------------------------------------------------------------- quiet hours


def is_inside(quiet: QuietHours, time_of_day_us: int) -> bool:
    """Whether a local time of day lies in `[from, to)`, which may wrap around midnight."""
    if quiet.from_us < quiet.to_us:
        return quiet.from_us <= time_of_day_us < quiet.to_us
    return time_of_day_us >= quiet.from_us or time_of_day_us < quiet.to_us


def release_us(quiet: QuietHours, zone: str, now_us: int) -> int:
    """The first instant after `now_us`, inside quiet hours, at which the local clock is outside them.

    The clock may jump meanwhile: out of quiet hours, which releases at the jump, or back into them.
    """
    at_us = now_us
    while True:
        end_us = at_us + (quiet.to_us - local_time_of_day_us(zone, at_us)) % DAY_US
        if offset_us(zone, end_us) == offset_us(zone, at_us):
            return end_us
        at_us = next_change_us(zone, at_us, end_us)
        if not is_inside(quiet, local_time_of_day_us(zone, at_us)):
            return at_us
