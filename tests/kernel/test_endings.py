"""`contact.deleted` and `contact.merged`: nothing is left, what is deferred or caused at that instant is cancelled.

Drawings are of a deletion; of a merge they are the same, but for the reason of what is cancelled.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from kittiwake.event_types import DELETED, MERGED
from kittiwake.kernel.advance import advance
from kittiwake.kernel.state.codec import encode
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Decision, Event
from kittiwake.reasons import Reason
from tests.kernel.timeline import START, at, program, timeline


class Ending(NamedTuple):
    """How a contact ends."""

    type: str
    properties: dict[str, Any]
    symbol: str

    def draws(self, rules: str, drawing: str, **more: Any) -> list[Decision]:
        """Check a drawing in which X ends the contact."""
        drawing = drawing.replace("k", self.symbol)
        return timeline(rules, drawing, X={"type": self.type, **self.properties}, **more)

    def at(self, time_us: int) -> Event:
        """The event."""
        return Event(time_us, "end", self.type, self.properties)


ENDINGS = [Ending(DELETED, {}, "k"), Ending(MERGED, {"into": "c-42"}, "m"), Ending(MERGED, {}, "m")]


@pytest.fixture(params=ENDINGS, ids=["deleted", "merged into another", "merged"])
def ending(request: pytest.FixtureRequest) -> Ending:
    found: Ending = request.param
    return found


EVENING = "2026-11-02T20:00:00Z"
OVERNIGHT = "quiet_hours: {from: '21:00', to: '08:00'}"


def test_what_is_pending_leaves_nothing(ending: Ending) -> None:
    ending.draws(
        "{when: a, wait: [30m, 1h]}",
        """
        hours  0   1   2
        does   A..X.....
        r      ..!......
        """,
    )


def test_what_is_deferred_leaves_cancelled(ending: Ending) -> None:
    ending.draws(
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
    )


def test_what_was_caused_earlier_at_that_instant_leaves_cancelled_and_what_comes_after_fires(ending: Ending) -> None:
    cancelled, fired = ending.draws(
        "{when: a}",
        """
        does   A
        does   X
        does   A
        r      k
        r      !
        """,
    )
    assert cancelled.events is not None
    assert fired.events is not None
    assert (cancelled.events.first, fired.events.first) == ("0-000", "2-000")


def test_what_falls_due_at_that_instant_has_fired_before(ending: Ending) -> None:
    ending.draws(
        "{when: a, wait: 1h}",
        """
        does   A...X
        r      ....!
        """,
    )


def test_an_exit_that_is_not_emitted_leaves_no_cancellation(ending: Ending) -> None:
    edges = "{audience: {all: [{present: a}, {absent: b}]}, emits: EMITS}"
    events = """
        does   A
        does   B
        does   X
        r      k
        """
    ending.draws(edges.replace("EMITS", "[entered]"), events)
    ending.draws(edges.replace("EMITS", "[entered, exited]"), f"{events}\n r k")


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
def test_nothing_is_remembered(ending: Ending, rule: str, drawing: str) -> None:
    ending.draws(rule, drawing)


def test_attributes_consent_and_caps_are_forgotten(ending: Ending) -> None:
    ending.draws(
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
    )
    ending.draws("{when: a}", "does AAXA\nr !f.!", policy="frequency: {max: 1, per: day}")


def test_the_zone_is_forgotten(ending: Ending) -> None:
    ending.draws(
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
    )


def test_the_end_is_no_first_event(ending: Ending) -> None:
    ending.draws("{audience: {absent: a, within: 1h}}", "does .X.B\nr ...>")


def test_an_audience_with_live_from_is_looked_at_after_the_end_too(ending: Ending) -> None:
    ending.draws(
        "{audience: {present: a}, live_from: '2026-11-02T01:00:00Z'}",
        """
        does   A.XA..
        r      r..r>.
        """,
    )


def test_copies_are_recognised_over_the_end(ending: Ending) -> None:
    rules, start = program("{when: a}"), at(START)
    events = [Event(start, "1", "a"), ending.at(start + 1), Event(start + 2, "1", "a")]
    advanced = advance(rules, new_state("c1"), events, start + 9)
    assert (len(advanced.decisions), advanced.duplicates) == (1, 1)


def test_an_ended_contact_leaves_next_to_no_state(ending: Ending) -> None:
    rules, start = (
        program("{when: a, reentry: once, given: {count: a, gte: 1}}", "frequency: {max: 9, per: day}"),
        at(START),
    )
    events = [Event(start, "1", "a"), ending.at(start + 1)]
    state = advance(rules, new_state("c1"), events, start + 7_200_000_000).state
    assert (state.rules, state.firings, state.consents, state.attributes, state.first_us) == ({}, [], {}, "{}", None)


def test_of_whom_nothing_is_known_the_end_changes_nothing(ending: Ending) -> None:
    """No row, no first event; when the horizon has passed it twice, no more bytes than of an unknown contact."""
    rules = program("{audience: {absent: a, within: 1h}, reentry: once}", "frequency: {max: 9, per: day}")
    start, later = at(START), at(START) + 2 * rules.allowed_lateness_us + 2
    ended = advance(rules, new_state("c1"), [ending.at(start)], start + 1)
    assert (ended.decisions, ended.state.first_us, ended.state.rules) == ((), None, {})
    forgotten = advance(rules, ended.state, [], later)
    unknown = advance(rules, new_state("c1"), [], later)
    assert (encode(forgotten.state), forgotten.wake_at_us) == (encode(unknown.state), None)


def test_of_an_end_and_a_purchase_at_one_instant_the_smaller_id_comes_first(ending: Ending) -> None:
    ending.draws("{when: a}", "does X\ndoes A\nr !")
    ending.draws("{when: a}", "does A\ndoes X\nr k")
    ending.draws("{when: a, wait: 30m}", "does X..\ndoes A..\nr ..!")
    ending.draws("{when: a, wait: 30m}", "does A..\ndoes X..")


def test_an_end_that_comes_late_takes_back_what_was_decided_since(ending: Ending) -> None:
    rules, start = program("{when: a, wait: 15m}"), at(START)
    hour_us = rules.allowed_lateness_us
    fired = advance(rules, new_state("c1"), [Event(start, "1", "a")], start + hour_us // 2)
    assert [row.reason for row in fired.decisions] == [None]
    (revoked,) = advance(rules, fired.state, [ending.at(start + 1)], start + hour_us // 2).decisions
    assert (revoked.trigger_id, revoked.reason) == (fired.decisions[0].trigger_id, Reason.LATE_EVENT)


def test_an_event_from_before_an_end_that_comes_late_opens_nothing(ending: Ending) -> None:
    rules, start = program("{when: a, wait: 15m}"), at(START)
    ended = advance(rules, new_state("c1"), [ending.at(start + 1)], start + 2)
    late = advance(rules, ended.state, [Event(start, "1", "a")], start + rules.allowed_lateness_us)
    assert (late.decisions, late.late, late.corrected) == ((), (), 1)


def test_the_star_does_not_mean_the_end(ending: Ending) -> None:
    ending.draws('{when: "*", reaches: {count: true, at: [2]}}', "does AXAB\nr ...!")
    assert program('{when: "*"}').wants(ending.type)
    assert program("{when: a}").wants(ending.type)
    assert not program('{when: "*"}').routes.of(ending.type)
