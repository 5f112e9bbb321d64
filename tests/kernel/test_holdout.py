"""A contact in the holdout is decided like any other, with the same record, and where it would fire is sent nothing."""

from __future__ import annotations

import pytest

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.codec import encode
from kittiwake.kernel.state.state import RuleState, new_state
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Outcome, Reason
from kittiwake.time.instants import HOUR_US
from tests.kernel.programs import START, at, program

ALL = "holdout: {percent: 100, salt: winter}"


def test_a_trace_asks_the_holdout_of_no_rule_that_is_out_of_it() -> None:
    def gates(rule: str) -> list[str]:
        rules = program(rule, ALL)
        trace = advance(rules, new_state("c1"), [Event(at(START), "1", "a")], at(START) + 1, trace=True).trace
        return [step.details["gate"] for step in trace if step.kind is StepKind.GATE]

    assert gates("{when: a, reentry: once}") == ["reentry", "holdout"]
    assert gates("{when: a, reentry: once, holdout: false}") == ["reentry"]


@pytest.mark.parametrize("release_before", [True, False])
def test_a_state_of_the_release_before_has_no_record_of_what_would_have_fired(*, release_before: bool) -> None:
    """It asked the holdout first, and kept nothing: from now on the record is kept."""
    rules, start = program("{audience: {present: a, within: 2h}, emits: [entered, exited]}", ALL), at(START)
    entered = advance(rules, new_state("c1"), [Event(start, "1", "a")], start + 1)
    assert [row.reason for row in entered.decisions] == [Reason.HOLDOUT]
    if release_before:
        kept = entered.state.rules["r"]
        entered.state.rules["r"] = RuleState(kept.instances, kept.history, kept.member, False, *_of_text(kept))
    (exited,) = advance(rules, entered.state, [], start + 3 * HOUR_US).decisions
    assert exited.reason is (Reason.NOT_ENTERED if release_before else Reason.HOLDOUT)
    assert encode(entered.state)


def _of_text(kept: RuleState) -> tuple[str, str, list[str]]:
    return kept.version, kept.layout, kept.measures


# ---------------------------------------------------------------- corrections


def test_a_correction_of_what_would_have_fired_shows_what_it_takes_back() -> None:
    """A late purchase takes back the reminder; that of the cart filled after it replaces it, as of anybody."""
    start = at(START)
    events = [Event(start, "1", "a"), Event(start + 20 * 60_000_000, "2", "a")]
    late = Event(start + 1, "late", "b")

    def rows(policy: str) -> list[tuple[object, ...]]:
        rules = program("{when: a, wait: 15m, unless: b, reentry: once}", policy)
        first = advance(rules, new_state("c1"), events, start + 50 * 60_000_000)
        second = advance(rules, first.state, [late], start + 50 * 60_000_000)
        return [
            (row.trigger_id, row.revision, row.replaces, row.late, row.decision is Outcome.REVOKED, row.reason)
            for row in (*first.decisions, *second.decisions)
        ]

    sent, held = rows(""), rows(ALL)
    assert [row[:5] for row in sent] == [row[:5] for row in held]
    assert [row[5] for row in sent] == [None, Reason.REENTRY, Reason.LATE_EVENT, None]
    assert [row[5] for row in held] == [Reason.HOLDOUT, Reason.REENTRY, Reason.LATE_EVENT, Reason.HOLDOUT]
    assert held[-1][2], "what would have fired replaces what was taken back"


def test_what_would_have_been_too_old_to_deliver_is_stale_too() -> None:
    rules, start = program("{when: a, wait: 15m, expires: 1h}", ALL), at(START)
    now_us = start + 5 * HOUR_US
    (row,) = advance(rules, new_state("c1"), [Event(start, "1", "a")], now_us, clock_us=now_us).decisions
    assert (row.reason, row.stale) == (Reason.HOLDOUT, True)
