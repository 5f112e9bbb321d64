"""What a run over more history need not deliver again."""

from __future__ import annotations

import random
from typing import Any

import pytest

from kittiwake.kernel.batch import decide_history
from kittiwake.model import Decision, Event
from kittiwake.output.row_matching import Thing, are_one, not_delivered, thing_of, thing_of_row
from kittiwake.output.rows import Mode, decision_line
from kittiwake.time.instants import DAY_US
from kittiwake.values import parse_json
from tests.kernel.programs import START, at, exact, program

T = at(START)
CART = "{when: a, wait: 1d, unless: b, per: p}"
LISTED = "{when: a, wait: [1d, 3d], restart: false, unless: b}"


def event(days: float, event_id: str, event_type: str = "a", **properties: Any) -> Event:
    return Event(T + int(days * DAY_US), event_id, event_type, exact({"p": 1, **properties}))


def things(rule: str, *events: Event) -> list[Thing]:
    return [thing_of(row) for row in rows(rule, *events)]


def rows(rule: str, *events: Event) -> list[Decision]:
    return decide_history(program(rule), "c1", events, T + 100 * DAY_US).decisions


def left(rule: str, before: list[Event], more: list[Event]) -> list[float]:
    """When what is not yet delivered began: first over some events, then over more of them, in days."""
    sent = [thing for thing in things(rule, *before) if thing.fires]
    assert sent
    return [((one.first_us or 0) - T) / DAY_US for one in not_delivered(things(rule, *before, *more), sent)]


def test_a_run_over_the_same_history_leaves_nothing() -> None:
    for rule in (CART, LISTED, "{when: a}", "{when: a, reaches: {count: true, at: [1, 2]}}"):
        assert left(rule, [event(1, "1"), event(5, "2")], []) == []


def test_what_an_earlier_event_began_is_the_same_thing() -> None:
    assert left(CART, [event(1, "2"), event(1.5, "3")], [event(0.5, "1")]) == []
    assert left(LISTED, [event(1, "2"), event(2, "3")], [event(0.5, "1")]) == []


def test_what_an_event_ends_early_and_another_begins_is_the_same_thing() -> None:
    assert left(CART, [event(1, "1"), event(1.5, "2")], [event(1.2, "x", "b")]) == []


def test_what_did_not_meet_anything_delivered_is_new() -> None:
    assert left(CART, [event(10, "2")], [event(1, "1")]) == [1]
    assert left(CART, [event(10, "2")], [event(9.5, "1", p=2)]) == [9.5], "another instance"
    assert left("{when: a}", [event(1, "1")], [event(1, "2")]) == [1], "each has its own id, though they share a time"


def test_a_threshold_is_the_same_whenever_it_is_crossed() -> None:
    rule = "{when: a, reaches: {count: true, at: [2, 4]}}"
    assert left(rule, [event(9, "3"), event(10, "4")], [event(1, "1")]) == []
    assert left(rule, [event(9, "3"), event(10, "4")], [event(1, "1"), event(2, "2")]) == [10]


def test_a_row_that_replaces_one_that_was_delivered_is_not_delivered() -> None:
    (sent,) = things(CART, event(1, "1"))
    (other,) = things(CART, event(50, "2"))
    assert not_delivered([other], [sent]) == [other]
    assert not_delivered([other._replace(replaces=(sent.trigger_id,))], [sent]) == []


def test_a_row_without_times_is_known_by_its_id_alone() -> None:
    (sent,) = things(CART, event(1, "1"), event(1.5, "2"))
    old, same = sent._replace(last_us=None), sent._replace(trigger_id="other")
    assert are_one(sent, same)
    assert not are_one(old, same)
    assert are_one(old, sent)


@pytest.mark.parametrize(
    "rule",
    [
        CART,
        LISTED,
        "{when: a, per: p, reaches: {sum: n, at: [0.5, 250, 1000000000000000000000000000000]}}",
        "{when: a, wait: {until: day, repeat: daily}}",
        "{audience: {present: a, within: 1d}, emits: [entered, exited]}",
    ],
)
def test_a_line_of_the_output_is_about_what_its_decision_is_about(rule: str) -> None:
    events = [event(1, "1", n=300, day="2026-11-04"), event(2, "2", n=10**31, day="2026-11-05", p="é")]
    decided = rows(rule, *events)
    assert decided
    for row in decided:
        assert thing_of_row(parse_json(decision_line(row, Mode.REPLAY).decode())) == thing_of(row)


def test_of_random_histories_nothing_is_delivered_twice_and_nothing_new_is_left_out(seed: int) -> None:
    """Sent is what has an id that was delivered, or meets a delivered row whose id does not come up any more."""
    print(f"seed: {seed}")
    dice = random.Random(f"things {seed}")
    for _ in range(300):
        every = [event(dice.randrange(240) / 24, str(n), dice.choice("aaab"), p=dice.choice((1, 2))) for n in range(12)]
        rule, known = dice.choice((CART, LISTED)), every[dice.randrange(10) :]
        sent = [thing for thing in things(rule, *known) if thing.fires]
        fires = [thing for thing in things(rule, *every) if thing.fires]
        found = not_delivered(things(rule, *every), sent)
        ids = {thing.trigger_id for thing in things(rule, *every)}
        for thing in fires:
            met = [one for one in sent if one.trigger_id not in ids and are_one(one, thing)]
            is_sent = thing.trigger_id in {one.trigger_id for one in sent} or bool(met)
            assert (thing in found) is not is_sent
