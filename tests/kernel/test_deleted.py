"""`contact.deleted`: nothing is left, what is deferred or caused at that instant leaves `cancelled: deleted`."""

from __future__ import annotations

import pytest

from kittiwake.kernel.advance import advance
from kittiwake.kernel.state import new_state
from kittiwake.model import Event
from tests.kernel.timeline import START, at, program, timeline

X = {"type": "contact.deleted"}
EVENING = "2026-11-02T20:00:00Z"
OVERNIGHT = "quiet_hours: {from: '21:00', to: '08:00'}"


def test_what_is_pending_leaves_nothing() -> None:
    timeline(
        "{when: a, wait: [30m, 1h]}",
        """
        hours  0   1   2
        does   A..X.....
        r      ..!......
        """,
        X=X,
    )


def test_what_is_deferred_leaves_cancelled() -> None:
    timeline(
        "{when: a, wait: 1h, per: p}",
        """
        hours  20.22.24
        does   AB.X....
        r      ...k....
        r      ...k....
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
        A={"p": 1},
        B={"type": "a", "p": 2},
        X=X,
    )


def test_what_was_caused_earlier_at_that_instant_leaves_cancelled_and_what_comes_after_fires() -> None:
    cancelled, fired = timeline(
        "{when: a}",
        """
        does   A
        does   X
        does   A
        r      k
        r      !
        """,
        X=X,
    )
    assert cancelled.events is not None
    assert fired.events is not None
    assert (cancelled.events.first, fired.events.first) == ("0-000", "2-000")


def test_what_falls_due_at_that_instant_has_fired_before() -> None:
    timeline(
        "{when: a, wait: 1h}",
        """
        does   A...X
        r      ....!
        """,
        X=X,
    )


def test_an_exit_that_is_not_emitted_leaves_no_cancellation() -> None:
    edges = "{audience: {all: [{present: a}, {absent: b}]}, emits: EMITS}"
    events = """
        does   A
        does   B
        does   X
        r      k
        """
    timeline(edges.replace("EMITS", "[entered]"), events, X=X)
    timeline(edges.replace("EMITS", "[entered, exited]"), f"{events}\n r k", X=X)


@pytest.mark.parametrize(
    ("rule", "drawing"),
    [
        pytest.param("{when: a, reentry: once}", "does AXA\nr !.!", id="re-entry"),
        pytest.param("{when: a, given: {count: a, gte: 2}}", "does AXAA\nr ...!", id="history"),
        pytest.param("{when: a, reaches: {count: true, at: [2]}}", "does AAXAA\nr .!..!", id="totals"),
        pytest.param("{when: {sequence: [a, b], within: 1d}}", "does AXBAB\nr ....!", id="chains"),
        pytest.param("{audience: {present: a}, emits: [entered, exited]}", "does AXAA\nr >.>.", id="membership"),
        pytest.param("{audience: {absent: b}, emits: [entered, exited]}", "does AXBA\nr >...", id="the first event"),
    ],
)
def test_nothing_is_remembered(rule: str, drawing: str) -> None:
    timeline(rule, drawing, X=X)


def test_attributes_consent_and_caps_are_forgotten() -> None:
    timeline(
        """
        - {id: consent, when: a}
        - {id: gold, when: {event: b, where: {contact: {tier: gold}}}, transactional: true}
        """,
        """
        does     WAUBXABA
        consent  .n...!.f
        gold     ...n....
        """,
        policy="consent: {purpose: news}\nfrequency: {max: 1, per: day}",
        W={"type": "consent.withdrawn"},
        U={"type": "contact.updated", "tier": "gold"},
        X=X,
    )
    timeline("{when: a}", "does AAXA\nr !f.!", policy="frequency: {max: 1, per: day}", X=X)


def test_the_zone_is_forgotten() -> None:
    timeline(
        "{when: a}",
        """
        hours  20.22.24
        does   UA.XA...
        r      .!......
        r      .......d
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
        U={"type": "contact.updated", "timezone": "America/Toronto"},
        X=X,
    )


def test_a_deletion_is_no_first_event() -> None:
    timeline("{audience: {absent: a, within: 1h}}", "does .X.B\nr ...>", X=X)


def test_an_audience_with_live_from_is_looked_at_after_a_deletion_too() -> None:
    timeline(
        "{audience: {present: a}, live_from: '2026-11-02T01:00:00Z'}",
        """
        does   A.XA..
        r      r..r>.
        """,
        X=X,
    )


def test_copies_are_recognised_over_a_deletion() -> None:
    rules, start = program("{when: a}"), at(START)
    events = [Event(start, "1", "a"), Event(start + 1, "2", "contact.deleted"), Event(start + 2, "1", "a")]
    advanced = advance(rules, new_state("c1"), events, start + 9)
    assert (len(advanced.decisions), advanced.duplicates) == (1, 1)


def test_a_deleted_contact_leaves_next_to_no_state() -> None:
    rules, start = (
        program("{when: a, reentry: once, given: {count: a, gte: 1}}", "frequency: {max: 9, per: day}"),
        at(START),
    )
    events = [Event(start, "1", "a"), Event(start + 1, "2", "contact.deleted")]
    state = advance(rules, new_state("c1"), events, start + 7_200_000_000).state
    assert (state.rules, state.firings, state.consents, state.attributes, state.first_us) == ({}, [], {}, "{}", None)
