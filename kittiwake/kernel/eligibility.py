"""Whether a candidate may be sent: the gates, in their order (rules.md, section 4).

Pure questions about a run. `refused_by` answers the first gate that refuses, `QUIET_HOURS`
meaning deferred. Called by `gating`.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from fractions import Fraction
from hashlib import sha256
from typing import Any, Final, NamedTuple

from kittiwake.kernel.program import Calendar, Cap, Mode, QuietHours, RuleProgram
from kittiwake.kernel.run import Run, remembers_firing
from kittiwake.kernel.state import Candidate, Firing
from kittiwake.kernel.trace import StepKind
from kittiwake.reasons import Kind, Reason
from kittiwake.time.instants import DAY_US
from kittiwake.time.zones import local_date, local_time_of_day_us, next_change_us, offset_us

CAP_MEMORY_US: Final = 33 * DAY_US
"""How long a firing may count in a calendar month, whatever zone it is looked at from."""


class Asked(NamedTuple):
    """A candidate before the gates."""

    run: Run
    rule_index: int
    rule: RuleProgram
    key: str
    candidate: Candidate


def refused_by(asked: Asked) -> Reason | None:
    """The first gate that refuses, in the order of the language; None if all let it pass."""
    run = asked.run
    for reason in run.program.gates[asked.rule_index]:
        refused = GATES[reason](asked)
        if asked.run.trace is not None:
            about = {"gate": str(reason), "passes": not refused, **_about(asked)}
            asked.run.note(StepKind.GATE, asked.rule_index, asked.key, **about)
        if refused:
            return reason
    return None


def _about(asked: Asked) -> dict[str, Any]:
    return {"time_us": asked.candidate.due_us, "reminder": asked.candidate.reminder, "kind": str(asked.candidate.kind)}


def _is_not_ready(asked: Asked) -> bool:
    return asked.rule.ready_us is not None and asked.candidate.due_us < asked.rule.ready_us


def _has_no_consent(asked: Asked) -> bool:
    consent = asked.run.program.policy.consent
    if consent is None:
        return False
    return not asked.run.state.consents.get(consent.purpose, consent.default_granted)


def _is_held_out(asked: Asked) -> bool:
    holdout = asked.run.program.policy.holdout
    if holdout is None:
        return False
    text = f"{holdout.salt}:{asked.run.program.account_id}:{asked.run.state.contact_id}"
    drawn = int.from_bytes(sha256(text.encode()).digest()[:8], "big")
    return drawn * 100 < Fraction(holdout.percent) * 2**64


def _is_reentry(asked: Asked) -> bool:
    one = asked.run.instance(asked.rule_index, asked.key)
    if asked.rule.reentry is None or one is None or one.fired_us is None:
        return False
    if one.episode is not None and one.episode.fired and asked.candidate.occurrence is None:
        return False
    return remembers_firing(asked.rule, one.fired_us, asked.run.now_us)


def _is_quiet(asked: Asked) -> bool:
    quiet = asked.run.program.policy.quiet_hours
    if quiet is None or asked.rule.transactional:
        return False
    return is_inside(quiet, local_time_of_day_us(asked.run.zone(), asked.run.now_us))


def _is_capped(asked: Asked) -> bool:
    if asked.rule.transactional:
        return False
    return any(_is_full(asked, cap) for cap in asked.run.program.policy.frequency)


def _has_expired(asked: Asked) -> bool:
    return asked.run.now_us - asked.candidate.due_us >= asked.rule.expires_us


def _is_shadow(asked: Asked) -> bool:
    return asked.rule.mode is Mode.SHADOW


GATES: Final[dict[Reason, Callable[[Asked], bool]]] = {
    Reason.NOT_READY: _is_not_ready,
    Reason.NO_CONSENT: _has_no_consent,
    Reason.HOLDOUT: _is_held_out,
    Reason.REENTRY: _is_reentry,
    Reason.QUIET_HOURS: _is_quiet,
    Reason.FREQUENCY_CAP: _is_capped,
    Reason.EXPIRED: _has_expired,
    Reason.SHADOW: _is_shadow,
}
"""In the order of the language; a candidate is asked those that can refuse it (`Program.gates`)."""


# ---------------------------------------------------------------- caps


def _is_full(asked: Asked, cap: Cap) -> bool:
    if cap.group is not None and cap.group != asked.rule.group:
        return False
    run = asked.run
    firings = [one for one in run.state.firings if cap.group is None or one.group == cap.group]
    if cap.calendar is None:
        counted = sum(1 for one in firings if one.fired_us > run.now_us - cap.within_us)
    else:
        period = _period(cap.calendar, local_date(run.zone(), run.now_us))
        counted = sum(1 for one in firings if _period(cap.calendar, local_date(run.zone(), one.fired_us)) == period)
    return counted >= cap.max_fired


def _period(calendar: Calendar, day: date) -> tuple[int, ...]:
    match calendar:
        case Calendar.DAY:
            return (day.toordinal(),)
        case Calendar.WEEK:
            return tuple(day.isocalendar()[:2])
        case Calendar.MONTH:
            return (day.year, day.month)


def count_firing(run: Run, rule: RuleProgram, candidate: Candidate) -> None:
    """Remember a firing for as long as a cap can count it."""
    caps = run.program.policy.frequency
    if rule.transactional or candidate.kind is Kind.EXITED or not caps:
        return
    if any(cap.group is None or cap.group == rule.group for cap in caps):
        run.state.firings.append(Firing(run.now_us, rule.group))
    longest_us = max(cap.within_us if cap.calendar is None else CAP_MEMORY_US for cap in caps)
    run.state.firings = [one for one in run.state.firings if one.fired_us > run.now_us - longest_us]


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
