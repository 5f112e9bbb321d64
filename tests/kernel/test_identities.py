"""Which facts a trigger's id is made of, and over which sets of events it holds (semantics 8)."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Decision, Event
from kittiwake.rules.compile.versions import compile_versions
from kittiwake.rules.documents import load_document
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US
from tests.kernel.execution_modes import decided_in_every_mode
from tests.kernel.programs import ACCOUNT, START, at, exact, program
from tests.kernel.test_corrections import Told, event

T = at(START)
SPENT = "{when: a, reaches: {sum: n, at: [2, 5]}}"
OF_EACH = "{when: a, per: p, keep: 10d, reaches: {count: true, at: [2]}}"
GONE = "contact.deleted"


def ids(rule: str, *events: Event, policy: str = "") -> list[str]:
    """The ids of what fires, in every execution mode."""
    until_us = max(one.time_us for one in events) + 2 * DAY_US
    found = decided_in_every_mode(program(rule, policy), events, until_us)
    return [row.trigger_id for row in found if row.decision == "fired"]


def days(number: float, event_id: str, event_type: str = "a", **properties: Any) -> Event:
    return Event(T + int(number * DAY_US), event_id, event_type, exact(properties))


# ---------------------------------------------------------------- thresholds


def test_a_threshold_has_one_id_whatever_event_crosses_it() -> None:
    two, five = ids(SPENT, days(1, "1", n=2), days(2, "2", n=3))
    assert two != five
    assert ids(SPENT, days(1, "1", n=1), days(3, "2", n=9)) == [five], "two is superseded"
    assert ids(SPENT, days(-90, "0", n=2), days(1, "1", n=2), days(2, "2", n=3)) == [two, five]
    assert ids(SPENT, days(-90, "0", n=1), days(1, "1", n=2), days(2, "2", n=3)) == [two, five]


def test_a_late_event_that_crosses_a_threshold_earlier_is_told_under_the_same_id() -> None:
    told = Told(SPENT)
    assert told.settle(30, event(10, "2", n=2)) == ["fired 2 10 r0"]
    assert told.settle(30, event(5, "1", n=2)) == ["fired 1 5 r1 late"]


def test_a_threshold_that_was_revoked_goes_on_under_its_id_when_it_is_crossed_after_all() -> None:
    told = Told(SPENT)
    (first,) = told.rows(30, event(10, "2", n=2))
    (revoked,) = told.rows(30, event(5, "1", n=-1))
    assert (revoked.decision, revoked.revision) == ("revoked", 1)
    for minutes in (200, 400, 600):
        assert told.settle(minutes) == []
    assert told.state.since is not None, "the revision is remembered, however long it takes"
    (then,) = told.rows(5_000, event(4_000, "3", n=1))
    assert (then.trigger_id, then.revision, then.decision) == (first.trigger_id, 2, "fired")
    told.settle(6_000)
    assert told.state.since is None, "it cannot come again"


@pytest.mark.parametrize(
    "end", [Event(T + 5_000 * MINUTE_US, "x", GONE), Event(T + 1_000 * DAY_US, "x", "a")], ids=["deleted", "forgotten"]
)
def test_a_revoked_threshold_of_who_is_gone_is_not_remembered(end: Event) -> None:
    told = Told(SPENT, "profile_retention: 400d")
    told.rows(30, event(10, "2", n=2))
    told.rows(30, event(5, "1", n=-1))
    told.rows(end.time_us / MINUTE_US - T / MINUTE_US + 200, end)
    told.rows(end.time_us / MINUTE_US - T / MINUTE_US + 400)
    assert told.state.since is None or not told.state.since.revoked


def test_what_is_counted_anew_after_a_deletion_bears_another_id() -> None:
    (before, *_), after = (
        ids(SPENT, days(0, "1", n=2)),
        ids(SPENT, days(0, "1", n=2), days(1, "x", GONE), days(2, "2", n=2)),
    )
    assert after[0] == before
    assert after[1] != before
    less = [days(0.5, "0", n=0), days(1, "x", GONE), days(2, "2", n=1), days(3, "3", n=1)]
    assert ids(SPENT, *less) == after[1:], "neither who was deleted nor what crosses it matters"


def test_each_of_several_deletions_at_one_instant_begins_anew() -> None:
    """What the first two cross is cancelled by the deletions that follow."""
    events = [days(0, name, kind, n=2) for name, kind in (("1", "a"), ("2", GONE), ("3", "a"), ("4", GONE), ("5", "a"))]
    for order in list(permutations(events))[:5]:
        rows = decided_in_every_mode(program(SPENT), order, T + DAY_US)
        assert len({row.trigger_id for row in rows}) == len(rows) == 3


def test_what_is_counted_anew_after_the_contact_was_wholly_forgotten_bears_another_id() -> None:
    events = [days(0, "1", n=2), days(500, "2", n=2)]
    first, again = ids(SPENT, *events, policy="profile_retention: 450d")
    assert first != again
    assert ids(SPENT, *events) == [first], "what was crossed stays crossed when only deeds are forgotten"


def test_with_per_what_may_be_crossed_again_after_keep_bears_another_id() -> None:
    twice = [days(0, "1", p=1), days(1, "2", p=1), days(12, "3", p=1), days(13, "4", p=1)]
    first, again = ids(OF_EACH, *twice)
    assert first != again
    assert ids(OF_EACH, *twice[2:]) == [again], "less history changes nothing"
    assert ids(OF_EACH, days(11.5, "0", p=1), *twice) == [first, again]
    other, _ = ids(OF_EACH, *(days(one.time_us / DAY_US - T / DAY_US, one.event_id, p=2) for one in twice))
    assert other not in (first, again)


def versions(*texts: tuple[float | None, dict[str, Any] | None]) -> Versions:
    """Versions of one rule, from days after the start."""
    found = [
        (
            None if start is None else T + int(start * DAY_US),
            load_document({"account": ACCOUNT, "rules": [{"id": "other", "when": "z"}, *([rule] if rule else [])]}),
        )
        for start, rule in texts
    ]
    return compile_versions(found, ACCOUNT, whole_history=False)


def of_versions(rules: Versions, *events: Event) -> list[Decision]:
    return list(advance(rules, new_state("c1"), events, T + 100 * DAY_US).decisions)


REACHES: dict[str, Any] = {
    "id": "r",
    "when": "a",
    "reaches": {"count": True, "at": [1]},
    "live_from": "2020-01-01T00:00:00Z",
}


def test_a_rule_that_counts_anew_gives_other_ids_and_one_that_goes_on_the_same() -> None:
    other_text = {**REACHES, "when": ["a", "b"]}
    events = [days(number, str(number)) for number in (1, 11, 21)]
    changed = of_versions(versions((None, REACHES), (10, other_text), (20, REACHES)), *events)
    assert len({row.trigger_id for row in changed}) == len(changed) == 3
    gone = of_versions(versions((None, REACHES), (10, None), (20, REACHES)), *events)
    assert len({row.trigger_id for row in gone}) == len(gone) == 2
    (alone,) = of_versions(versions((None, REACHES)), *events)
    (edited,) = of_versions(versions((None, REACHES), (0.5, {**REACHES, "priority": 3})), *events)
    (introduced,) = of_versions(versions((None, None), (0.5, REACHES)), *events)
    assert edited.trigger_id == alone.trigger_id == introduced.trigger_id


def test_with_per_another_keep_counts_as_another_text() -> None:
    each = {**REACHES, "per": "p", "keep": "40d"}
    short = {**each, "keep": "2d"}
    events = [days(number, str(number), p=1) for number in (1, 6)]
    kept = of_versions(versions((None, each), (2, short), (5, each)), *events)
    assert len({row.trigger_id for row in kept}) == len(kept) == 2, "forgotten by the short one in between"


# ---------------------------------------------------------------- episodes, edges


def test_an_episode_that_an_earlier_event_opens_is_another() -> None:
    rule = "{when: a, wait: 1d, restart: false}"
    (alone,), (joined,) = ids(rule, days(1, "2")), ids(rule, days(0.5, "1"), days(1, "2"))
    assert alone != joined
    assert ids(rule, days(-9, "0"), days(1, "2"))[1:] == [alone], "one that does not join changes nothing"


def test_edges_of_one_instant_that_one_id_causes_are_apart() -> None:
    rule = "{audience: {count: [a, b, c], eq: 1}, emits: [entered]}"
    rules = program("{audience: {any: [{count: a, eq: 1}, {count: c, eq: 1}]}, emits: [entered, exited]}")
    found = advance(rules, new_state("c1"), [Event(T, "1", name) for name in "abc"], T + HOUR_US).decisions
    assert len({row.trigger_id for row in found}) == len(found)
    one, other = (
        advance(program(rule), new_state("c1"), [Event(T, "1", name)], T + HOUR_US).decisions[0] for name in "ab"
    )
    assert one.trigger_id != other.trigger_id


def test_a_row_says_when_its_first_and_its_newest_event_happened() -> None:
    (row,) = decided_in_every_mode(program("{when: a, wait: 1d}"), [days(0, "1"), days(0.5, "2")], T + 9 * DAY_US)
    assert row.events is not None
    assert (row.events.first_us, row.events.last_us) == (T, T + DAY_US // 2)
