"""Copies of events, ties, late and early arrival: the truth is the set of a contact's events."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from kittiwake.kernel.batch import decide_history
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.kernel.state.codec import STATE_BYTES_MAX, encode
from kittiwake.kernel.state.state import State, new_state
from kittiwake.model import Decision, Event
from kittiwake.rules.compile.versions import compile_versions
from kittiwake.rules.documents import load_document
from kittiwake.time.instants import DAY_US, HOUR_US
from tests.kernel.execution_modes import decided_in_every_mode, through_bytes
from tests.kernel.programs import ACCOUNT, START, at, exact, program

T = at(START)
EACH = "{when: [a, b], include: {n: n}}"


def settled(rule: str, *events: Event, lateness_us: int = HOUR_US) -> list[Decision]:
    return decided_in_every_mode(program(rule, lateness_us=lateness_us), events, T + 10 * HOUR_US)


def event(time_us: int, event_id: str, name: str = "a", **properties: Any) -> Event:
    return Event(T + time_us, event_id, name, exact(properties))


@pytest.mark.parametrize(
    ("one", "other", "counts"),
    [
        pytest.param({"n": 1}, {"n": 2}, '{"n":1}', id="by value"),
        pytest.param({"n": 10}, {"n": 9}, '{"n":10}', id="by bytes, not as numbers"),
        pytest.param({"n": "Z"}, {"n": "a"}, '{"n":"Z"}', id="by bytes, not by letters"),
        pytest.param({"n": 1}, {"m": 1, "n": 2}, '{"n":2}', id="by the first key"),
        pytest.param({"n": 1.5}, {"n": 1.25}, '{"n":1.25}', id="decimals as written"),
    ],
)
def test_of_differing_copies_of_one_time_the_smallest_rest_counts(one: Any, other: Any, counts: str) -> None:
    for copies in permutations([event(0, "1", **one), event(0, "1", **other)]):
        (fired,) = settled(EACH, *copies)
        assert fired.include == counts


def test_an_id_that_two_types_share_is_that_of_two_events() -> None:
    """An order's number as the id of its checkout and of its purchase: neither is lost, whenever they happen."""
    for later_us in (0, 1, HOUR_US, HOUR_US + 1):
        for events in permutations([event(0, "k-7", "a", n=1), event(later_us, "k-7", "b", n=2)]):
            first, second = settled(EACH, *events)
            assert (first.include, second.include) == ('{"n":1}', '{"n":2}')
            assert first.trigger_id != second.trigger_id


def test_a_purchase_under_the_id_of_its_checkout_disarms_it() -> None:
    rule = "{when: a, wait: 1h, unless: {event: b, same: order}}"
    checkout, purchase = event(0, "k-7", "a", order="k-7"), event(5, "k-7", "b", order="k-7")
    for copies in permutations([checkout, purchase, checkout, purchase]):
        assert settled(rule, *copies) == []
    assert len(settled(rule, checkout)) == 1


@pytest.mark.parametrize("types", [("a", "b"), ("b", "a")])
def test_events_of_one_time_and_id_are_in_the_order_of_their_types(types: tuple[str, str]) -> None:
    """In the same-instant rule for `unless` they are two events too."""
    events = [event(0, "1", name) for name in types]
    assert len(settled("{when: {sequence: [a, b], within: 1h}}", *events)) == 1
    assert settled("{when: {sequence: [b, a], within: 1h}}", *events) == []
    assert (
        settled("{when: b, wait: 1h, unless: a}", *events) == settled("{when: a, wait: 1h, unless: b}", *events) == []
    )
    (opened_by_b,) = settled("{when: [a, b], wait: 1h, unless: [a, b]}", *events)
    assert opened_by_b.events is not None
    assert (opened_by_b.events.first_type, opened_by_b.events.count) == ("b", 1)


def test_what_an_event_of_the_same_id_opened_is_another_episode() -> None:
    """Two of an instance that the same id opened, at one time: each has its own id."""
    rule = "{when: [a, b], wait: 1h, unless: c}"
    first, second = (settled(rule, event(0, "1", name))[0].trigger_id for name in ("a", "b"))
    assert first != second


def test_of_copies_of_differing_times_the_earliest_counts() -> None:
    for copies in permutations([event(5, "1", n=1), event(3, "1", n=2), event(4, "1", n=0)]):
        (fired,) = settled(EACH, *copies)
        assert (fired.time_us - T, fired.include) == (3, '{"n":2}')


def test_a_copy_more_than_the_horizon_after_the_one_that_counts_is_a_new_event() -> None:
    assert len(settled(EACH, event(0, "1"), event(HOUR_US, "1"))) == 1
    first, second = settled(EACH, event(0, "1"), event(HOUR_US + 1, "1"))
    assert first.trigger_id != second.trigger_id


def test_a_horizon_of_nothing_still_knows_copies_of_the_same_time() -> None:
    assert len(settled(EACH, event(0, "1"), event(0, "1"), event(1, "1"), lateness_us=0)) == 2


def test_where_any_event_can_matter_every_type_counts() -> None:
    everything = "{when: a, given: {absent: z, within: 1h}}"
    assert settled(everything, event(0, "1", "z"), event(1, "1", "a")) == []
    members = "{audience: {absent: a, within: 1h}, emits: [entered, exited]}"
    copies = [event(0, "1", "z"), event(1, "1", "z"), event(1, "1", "a")]
    assert [one.time_us - T for one in settled(members, *copies)] == [0, 1, 1 + HOUR_US]


@pytest.mark.parametrize("order", [*permutations(range(3))])
def test_events_of_one_time_are_in_the_order_of_their_ids(order: tuple[int, ...]) -> None:
    events = [event(0, "10"), event(0, "9"), event(0, "é")]
    found = settled(EACH, *(events[i] for i in order))
    assert [one.events and one.events.first for one in found] == ["10", "9", "é"]


# ---------------------------------------------------------------- what the host learns


def test_an_event_beyond_the_horizon_is_late_and_changes_nothing() -> None:
    rules = program(EACH)
    before = advance(rules, new_state("c1"), [event(5, "1")], T + HOUR_US + 10)
    after = advance(rules, before.state, [event(9, "2"), event(10, "3")], T + HOUR_US + 11)
    assert [one.event_id for one in after.late] == ["2"]
    assert [one.events and one.events.first for one in after.decisions] == ["3"]
    assert "2" not in after.state.counted["a"]


def test_a_copy_of_an_event_beyond_the_horizon_is_no_late_event_but_a_duplicate() -> None:
    rules = program(EACH)
    before = advance(rules, new_state("c1"), [event(5, "1")], T + HOUR_US + 10)
    after = advance(
        rules, before.state, [event(5, "1"), event(7, "1"), event(12, "1"), event(4, "1")], T + HOUR_US + 20
    )
    assert ([one.time_us - T for one in after.late], after.duplicates, after.decisions) == ([4], 3, ())


def test_a_late_event_that_no_rule_needs_is_no_copy_with_a_trace_or_without() -> None:
    rules = program(EACH)
    before = advance(rules, new_state("c1"), [event(5, "1")], T + 10)
    for trace in (False, True):
        after = advance(rules, before.state, [event(5, "1", "z"), event(6, "2", "z")], T + 20, trace=trace)
        assert (after.late, after.duplicates) == ((), 0)


def test_the_ids_of_events_are_kept_for_two_horizons_and_not_longer() -> None:
    rules = program(EACH)
    state = advance(rules, new_state("c1"), [event(0, "1"), event(1, "2")], T + 2 * HOUR_US).state
    assert state.counted == {"a": {"1": T, "2": T + 1}}
    state = advance(rules, state, [], T + 4 * HOUR_US).state
    assert state.counted == {}
    state = advance(rules, new_state("c1"), [event(0, "1"), event(1, "2")], T + 2 * HOUR_US + 1).state
    assert state.counted == {"a": {"2": T + 1}}


def test_events_at_or_after_the_limit_of_time_wait_in_the_inbox_and_ask_for_a_wake() -> None:
    rules = program(EACH)
    advanced = advance(rules, new_state("c1"), [event(5, "2"), event(5, "1", n=1), event(4, "0")], T + 5)
    assert [one.events and one.events.first for one in advanced.decisions] == ["0"]
    assert [one.event_id for one in advanced.state.inbox] == ["1", "2"]
    assert advanced.next_timer_us == T + 6
    then = advance(rules, advanced.state, [], T + 6)
    assert [one.events and one.events.first for one in then.decisions] == ["1", "2"]
    assert (then.state.inbox, then.next_timer_us) == ([], T + 5 + 400 * DAY_US), "then it will be forgotten"


def test_time_never_goes_back() -> None:
    rules = program("{when: a, wait: 1h}")
    before = advance(rules, new_state("c1"), [event(0, "1")], T + 10)
    assert before.next_timer_us == T + HOUR_US
    stale = advance(rules, before.state, [event(20, "2")], T + 5)
    assert (stale.state.evaluated_to_us, stale.decisions, len(stale.state.inbox)) == (T + 10, (), 1)
    assert stale.next_timer_us == T + 21


def test_deadlines_at_the_limit_of_time_are_settled_and_events_at_it_are_not() -> None:
    rules = program("{when: a, wait: 1h}")
    before = advance(rules, new_state("c1"), [event(0, "1")], T + HOUR_US - 1)
    assert before.decisions == ()
    advanced = advance(rules, before.state, [event(HOUR_US, "2")], T + HOUR_US)
    assert [one.events and one.events.last for one in advanced.decisions] == ["1"]
    assert [one.event_id for one in advanced.state.inbox] == ["2"]


def test_the_wake_is_the_earliest_of_deadlines_releases_ends_and_readiness() -> None:
    rules = program(
        """
        - {id: wait, when: a, wait: [2h, 4h]}
        - {id: held, when: a}
        - {id: member, audience: {present: a, within: 3h}}
        - {id: ready, audience: {present: z}, live_from: '2026-11-02T01:00:00Z'}
        """,
        "quiet_hours: {from: '23:30', to: '01:30'}",
    )
    step, wakes = advance(rules, new_state("c1"), [event(0, "1")], T + 1), []
    while step.next_timer_us is not None:
        wakes.append((step.next_timer_us - T) / HOUR_US)
        step = advance(rules, step.state, [], step.next_timer_us)
    assert wakes[:6] == [1, 1.5, 2, 3, 4, 400 * 24]
    assert len(wakes) == 7, "what is kept for corrections goes last"


def test_being_watched_a_copy_does_not_hide_the_version_that_comes_into_force_before_it() -> None:
    one, two = (load_document({"account": ACCOUNT, "rules": [{"id": name, "when": "b"}]}) for name in ("one", "two"))
    versions = compile_versions([(None, one), (T + HOUR_US, two)], ACCOUNT)
    copies = [event(2 * HOUR_US, "b", "b"), event(2 * HOUR_US + 1, "b", "b")]
    watched, unwatched = (
        advance(versions, new_state("c1"), copies, T + 4 * HOUR_US, trace=trace).decisions for trace in (True, False)
    )
    assert watched == unwatched
    assert [row.rule_id for row in watched] == ["two"]


# ---------------------------------------------------------------- more ids than are remembered


def few(limit: int, *events: Event, lateness_us: int = HOUR_US) -> list[int]:
    """When what counts happened, in every execution mode, where so many ids are remembered."""
    rules = program(EACH, limits={"ids": limit}, lateness_us=lateness_us)
    return [one.time_us - T for one in decided_in_every_mode(rules, events, T + 10 * HOUR_US)]


def test_a_copy_is_known_as_long_as_fewer_others_that_count_lie_between() -> None:
    between = [event(n, f"other {n}") for n in (1, 2, 3)]
    assert few(4, event(0, "1"), *between, event(9, "1")) == [0, 1, 2, 3]
    assert few(3, event(0, "1"), *between, event(9, "1")) == [0, 1, 2, 3, 9], "its id has made room"
    assert few(3, event(0, "1"), *between[:2], event(9, "1")) == [0, 1, 2]


def test_copies_take_no_room_and_an_id_that_comes_back_is_the_newest() -> None:
    copies = [event(n, "2") for n in (1, 2, 3, 4)]
    assert few(2, event(0, "1"), *copies, event(9, "1")) == [0, 1]
    again = [event(0, "1"), event(1, "2"), event(HOUR_US + 1, "1"), event(HOUR_US + 2, "3"), event(HOUR_US + 3, "1")]
    assert few(2, *again) == [0, 1, HOUR_US + 1, HOUR_US + 2]


def test_events_of_one_time_id_and_type_are_one_however_many_come_between() -> None:
    others = [event(0, f"0 {n}") for n in range(9)]
    assert few(1, event(0, "1"), *others, event(0, "1")) == [0] * 10


def test_at_one_instant_ids_make_room_in_the_order_of_ids_and_types() -> None:
    together = [event(0, "1"), event(0, "1", "b"), event(0, "2")]
    assert few(2, *together, event(5, "1", "b")) == [0, 0, 0]
    assert few(2, *together, event(5, "1", "a")) == [0, 0, 0, 5]
    assert few(2, *together, event(5, "2"), event(6, "1", "b")) == [0, 0, 0]


def test_the_host_learns_how_many_ids_made_room_too_early() -> None:
    rules = program(EACH, limits={"ids": 2})
    events = [event(0, "1"), event(1, "2"), event(2, "3"), event(HOUR_US + 2, "4"), event(HOUR_US + 3, "5")]
    at_once = advance(rules, new_state("c1"), events, T + 3 * HOUR_US)
    assert at_once.ids_forgotten == 1, "of the others no copy could have come any more"
    whole = decide_history(rules, "c1", events, T + 3 * HOUR_US)
    with_copy = decide_history(rules, "c1", [*events, event(1, "3")], T + 3 * HOUR_US)
    assert whole.ids_forgotten == with_copy.ids_forgotten == 1


def test_a_flood_of_ids_leaves_a_state_of_bounded_size() -> None:
    rules = program("{when: a, wait: 1h}", limits={"ids": 500})
    state, sizes = new_state("c1"), []
    for hour in range(4):
        events = [event(hour * HOUR_US + n * 1_000_000, f"{hour} {n:030}") for n in range(2_000)]
        advanced = advance(rules, through_bytes(state), events, T + (hour + 1) * HOUR_US)
        state = advanced.state
        assert advanced.ids_forgotten == 2_000 - (500 if hour == 0 else 0)
        bare_ids = State("c1", counted=state.counted)
        sizes.append(len(encode(bare_ids)))
    assert max(sizes) < 500 * 50
    assert DEFAULT_LIMITS.ids * (128 + 12) * 2 + DEFAULT_LIMITS.correction_bytes < STATE_BYTES_MAX


def test_an_old_state_of_more_ids_than_are_remembered_keeps_the_newest() -> None:
    seen = {f"{n}": T + n for n in range(9)}
    old = State("c1", T + 10, T, newest_us=T + 8, seen=seen, from_us=T + 10)
    step = advance(program(EACH, limits={"ids": 3}), old, [event(11, "new"), event(12, "8"), event(13, "5")], T + 20)
    assert [one.time_us - T for one in step.decisions] == [11, 13]
    assert (step.state.seen, step.state.counted) == ({"8": T + 8}, {"a": {"new": T + 11, "5": T + 13}})
