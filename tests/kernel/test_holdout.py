"""A contact in the holdout is decided like any other, with the same record, and where it would fire is sent nothing."""

from __future__ import annotations

import pytest

from kittiwake.kernel.advance import advance
from kittiwake.kernel.state.codec import encode
from kittiwake.kernel.state.state import RuleState, new_state
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Outcome, Reason
from kittiwake.time.instants import HOUR_US
from tests.kernel.timeline import START, at, program, timeline

ALL = "holdout: {percent: 100, salt: winter}"
OVERNIGHT = "quiet_hours: {from: '21:00', to: '08:00'}"
EVENING = "2026-11-02T20:00:00Z"


def test_the_holdout_is_asked_after_re_entry() -> None:
    """And counts: the second is refused as that of somebody who was sent the first."""
    timeline("{when: a, reentry: 30m}", "does AAA\nr heh", policy=ALL)


def test_the_holdout_is_asked_after_quiet_hours_and_again_at_each_release() -> None:
    timeline(
        "{when: a}",
        """
        hours  20.22.24......07.09
        does   A.A................
        r      h...........h......
        """,
        step="1h",
        start=EVENING,
        policy=f"{ALL}\n{OVERNIGHT}",
    )


def test_a_purchase_overnight_cancels_what_is_held_of_a_contact_in_the_holdout() -> None:
    timeline(
        "{when: a, unless: b}",
        """
        hours  22.24......07.09
        does   A..B............
        r      ...u............
        """,
        step="1h",
        start="2026-11-02T22:00:00Z",
        policy=f"{ALL}\n{OVERNIGHT}",
    )


def test_a_cap_counts_what_would_have_fired() -> None:
    timeline(
        """
        - {id: first, when: a}
        - {id: second, when: a}
        """,
        """
        does    A
        first   h
        second  f
        """,
        policy=f"{ALL}\nfrequency: {{max: 1, per: day}}",
    )


def test_the_holdout_is_asked_after_expiry() -> None:
    timeline(
        "{when: a, expires: 1h}",
        """
        hours  22.24......07.09
        does   A...............
        r      ..........x.....
        """,
        step="1h",
        start="2026-11-02T22:00:00Z",
        policy=f"{ALL}\n{OVERNIGHT}",
    )


def test_the_holdout_comes_before_shadow_which_keeps_a_record_of_its_own() -> None:
    timeline(
        """
        - {id: live, when: a}
        - {id: tried, when: a, mode: shadow, reentry: once, priority: 90}
        """,
        """
        does   AA
        live   hf
        tried  he
        """,
        policy=f"{ALL}\nfrequency: {{max: 1, per: day}}",
    )


def test_reminders_that_would_have_fired_are_not_asked_for_re_entry_again() -> None:
    timeline("{when: a, wait: [15m, 30m], reentry: once}", "does A.....\nr .hh...", policy=ALL)


def test_thresholds_and_their_superseded_stand_as_of_anybody() -> None:
    timeline(
        "{when: a, reaches: {sum: n, at: [5, 10]}}",
        """
        does  AB
        r     .v
        r     .h
        """,
        policy=ALL,
        A={"n": 1},
        B={"type": "a", "n": 20},
    )


def test_an_exit_shares_the_fate_of_its_entered() -> None:
    rule = "{audience: {present: a, within: 15m}, emits: [entered, exited]MODE}"
    timeline(rule.replace("MODE", ""), "does A..\nr hh.", policy=ALL)
    timeline(rule.replace("MODE", ", mode: shadow"), "does A..\nr hh.", policy=ALL)
    later = rule.replace("MODE", ", live_from: '2026-11-02T00:15:00Z'")
    timeline(later, "does A..\nr ro.", policy=ALL)


def test_holdout_false_takes_a_rule_out() -> None:
    timeline(
        """
        - {id: offer, when: a}
        - {id: receipt, when: a, holdout: false}
        - {id: written, when: a, holdout: true}
        """,
        """
        does     A
        offer    h
        receipt  !
        written  h
        """,
        policy=ALL,
    )


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
