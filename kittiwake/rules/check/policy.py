"""Checks of a policy and of re-entry: shares, caps, hours, memory.

Pure. Called by `check.document`.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.rules.check.quiet_hours import check_quiet_hours
from kittiwake.rules.diagnostics import Diagnostic, check_list, check_range, check_span, each, span_us
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.limits import CAP_MAX, CAPS_MAX, KEEP_MAX_US, PROFILE_MAX_US, ROUND_MAX_US, WITHIN_MAX_US
from kittiwake.rules.model.policy import CALENDARS, REENTRY_WORDS, CapObject, Frequency, PolicyObject


def check_policy(policy: PolicyObject) -> Iterator[Diagnostic[Code]]:
    """Everything wrong with a policy whose shape is right."""
    if policy.holdout is not None:
        yield from check_range(policy.holdout.percent, ("holdout", "percent"), 0, 100, "a percentage")
    yield from check_frequency(policy.frequency, ("frequency",))
    if policy.arbitration is not None:
        yield from check_span(policy.arbitration.within, ("arbitration", "within"), ROUND_MAX_US, "a round")
        yield from check_range(policy.arbitration.max, ("arbitration", "max"), 1, CAP_MAX, "the best of a round")
    yield from check_quiet_hours(policy.quiet_hours, ("quiet_hours",))
    yield from check_span(policy.retention, ("retention",), KEEP_MAX_US, "a retention")
    yield from _check_profile(policy)


def check_frequency(frequency: Frequency | None, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """A cap or several."""
    yield from check_list(frequency, path, CAPS_MAX, "caps")
    for where, cap in each(frequency, path):
        yield from _check_cap(cap, where)


def check_reentry(reentry: str, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    """When a rule may fire again."""
    if reentry not in REENTRY_WORDS:
        yield from check_span(reentry, path, KEEP_MAX_US, "a re-entry")


def _check_profile(policy: PolicyObject) -> Iterator[Diagnostic[Code]]:
    """What a contact is cannot be forgotten before what it did."""
    if policy.profile_retention is None:
        return
    yield from check_span(policy.profile_retention, ("profile_retention",), PROFILE_MAX_US, "a profile_retention")
    if 0 < span_us(policy.profile_retention) < span_us(policy.retention):
        message = f"what a contact is would be forgotten before what it did: retention is {policy.retention}"
        advice = f"Write at least {policy.retention}, or a shorter retention"
        yield Diagnostic(("profile_retention",), Code.OUT_OF_RANGE, message, advice)


def _check_cap(cap: CapObject, path: KeyPath) -> Iterator[Diagnostic[Code]]:
    yield from check_range(cap.max, (*path, "max"), 1, CAP_MAX, "a cap")
    if cap.per not in CALENDARS:
        yield from check_span(cap.per, (*path, "per"), WITHIN_MAX_US, "a cap's time")
