"""`contact.deleted` and `contact.merged`: what is left of the state; what is decided stands in tests/conformance."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest

from kittiwake.event_types import DELETED, MERGED
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.codec import encode
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.reasons import Reason
from tests.kernel.programs import START, at, program


class Ending(NamedTuple):
    """How a contact ends."""

    type: str
    properties: dict[str, Any]

    def at(self, time_us: int) -> Event:
        """The event."""
        return Event(time_us, "end", self.type, self.properties)


ENDINGS = [Ending(DELETED, {}), Ending(MERGED, {"into": "c-42"}), Ending(MERGED, {})]


@pytest.fixture(params=ENDINGS, ids=["deleted", "merged into another", "merged"])
def ending(request: pytest.FixtureRequest) -> Ending:
    found: Ending = request.param
    return found


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
    assert (encode(forgotten.state), forgotten.next_timer_us) == (encode(unknown.state), None)


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
    assert program('{when: "*"}').wants(ending.type)
    assert program("{when: a}").wants(ending.type)
    assert not program('{when: "*"}').routes.of(ending.type)
