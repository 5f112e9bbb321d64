"""What a host does when it may not settle, cannot settle, or is asked to settle too early: a contact at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from kittiwake.kernel.incremental import Advanced, advance
from kittiwake.reasons import DeadLetterReason
from kittiwake.rules.loader import load_files
from kittiwake.rules.versions import RuleSetHistory, always
from kittiwake.stream.contact import poison_events, timers
from kittiwake.stream.contact.cell import LAYOUT, cell_of
from kittiwake.stream.contact.timer_grid import USUAL, TimerSettings, recheck_us, retry_us
from kittiwake.stream.records import Stage, encode, key_of
from kittiwake.stream.rules_source.view import RulesSource, RulesView, StaticRules
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US, format_instant, parse_instant
from tests.stream.fault_injecting_runner import Bundle, FaultInjectingRunner
from tests.stream.generated_cases import arrival_of_line

RULES = b"""
account: acme
rules:
  - {id: cart, when: cart.item_added, wait: 1h, unless: order.completed, reentry: always}
"""
START_US = parse_instant("2026-11-01T10:00:00Z")
END_OF_TIME_US = 9_223_371_950_000_000_000 // 1_000 * 1_000
NO_TRACE: dict[str, str] = {}


class Host:
    """A runner with a clock that is set, and shorthands."""

    def __init__(self, history: RuleSetHistory | None = None, waits: TimerSettings = USUAL, **options: Any) -> None:
        self.clock_us = START_US
        self.rules: RulesSource = StaticRules(
            always(load_files({"a.yaml": RULES})) if history is None else history, HOUR_US
        )
        self.runner = FaultInjectingRunner(self, waits, lambda: self.clock_us, **options)

    def view(self, clock_us: int) -> RulesView:
        return self.rules.view(clock_us)

    def give(
        self, event_id: str, kind: str, at_us: int, contact: str = "c1", attributes: dict[str, str] = NO_TRACE
    ) -> None:
        data = (
            f'{{"event_id":"{event_id}","account_id":"acme","contact_id":"{contact}","type":"{kind}",'
            f'"time":"{format_instant(at_us)}"}}'
        )
        key, arrival = arrival_of_line(data.encode(), attributes)
        self.runner.run(Bundle([(key, encode(arrival))]))

    def pass_to(self, watermark_us: int, clock_us: int | None = None) -> None:
        self.runner.watermark_us = watermark_us // 1_000 * 1_000
        self.clock_us = max(self.clock_us, watermark_us) if clock_us is None else clock_us
        self.runner.rest()

    @property
    def rows(self) -> list[tuple[str, int]]:
        return [(one.decision, one.revision) for one in self.runner.emitted]


def test_a_trigger_carries_the_trace_of_its_newest_event() -> None:
    host = Host()
    host.give("e1", "cart.item_added", START_US, attributes={"traceparent": "00-a-1-01"})
    host.give("e2", "cart.item_added", START_US + SECOND_US, attributes={"traceparent": "00-b-2-01"})
    host.pass_to(START_US + 2 * HOUR_US)
    assert [one.traceparent for one in host.runner.emitted] == ["00-b-2-01"]


DERIVING = b"""
account: acme
derive: [{event: order.item_purchased, from: order.completed, each: products}]
rules: [{id: thanks, when: order.item_purchased, wait: 1h, per: sku}]
"""


def test_a_trigger_of_a_derived_event_carries_the_trace_of_the_event_that_was_sent() -> None:
    host = Host(always(load_files({"a.yaml": DERIVING})))
    data = (
        f'{{"event_id":"shop/7","account_id":"acme","contact_id":"c1","type":"order.completed",'
        f'"time":"{format_instant(START_US)}","properties":{{"products":[{{"sku":"a"}},{{"sku":"b"}}]}}}}'
    )
    key, arrival = arrival_of_line(data.encode(), {"traceparent": "00-a-1-01"})
    host.runner.run(Bundle([(key, encode(arrival))]))
    host.pass_to(START_US + 2 * HOUR_US)
    assert [one.traceparent for one in host.runner.emitted] == ["00-a-1-01"] * 2


def test_a_drain_that_nobody_announced_fires_nothing_and_comes_to_an_end() -> None:
    """The watermark goes to infinity and the clock stays: each look comes at once, and they are few."""
    host = Host()
    for number in range(20):
        host.give(f"e{number}", "cart.item_added", START_US + number * MINUTE_US, contact=f"c{number % 4}")
    host.pass_to(START_US + 20 * MINUTE_US)
    before = host.runner.bundles
    host.pass_to(END_OF_TIME_US, clock_us=START_US + 20 * MINUTE_US)
    assert host.rows == []
    assert host.runner.bundles - before < 4 * 60
    assert not host.runner.tasks(END_OF_TIME_US), "a drain ends when no timer is left"


def test_a_clock_that_is_behind_delays_and_loses_nothing() -> None:
    host = Host()
    host.give("e1", "cart.item_added", START_US)
    for minute in range(80):  # the watermark is a minute ahead of the clock
        host.pass_to(START_US + (minute + 1) * MINUTE_US, clock_us=START_US + minute * MINUTE_US)
        assert bool(host.rows) == (minute >= 60), minute
    assert host.rows == [("fired", 0)]


def test_a_clock_that_jumps_ahead_settles_nothing_early() -> None:
    host = Host()
    host.give("e1", "cart.item_added", START_US)
    host.pass_to(START_US + 30 * MINUTE_US, clock_us=START_US + 365 * DAY_US)
    assert host.rows == []


def test_a_freeze_then_a_drain_fires_what_was_due_before_it_and_nothing_else() -> None:
    history = always(load_files({"a.yaml": RULES}))
    host = Host(RuleSetHistory(history.versions, START_US + 90 * MINUTE_US))
    host.give("e1", "cart.item_added", START_US)
    host.give("e2", "cart.item_added", START_US + 40 * MINUTE_US, contact="c2")
    host.clock_us = START_US + 91 * MINUTE_US
    host.pass_to(END_OF_TIME_US, clock_us=host.clock_us)
    assert [(one.decision, one.time_us) for one in host.runner.emitted] == [("fired", START_US + HOUR_US)]
    assert not host.runner.tasks(END_OF_TIME_US)


@pytest.mark.parametrize("held_us", [2 * HOUR_US, 7 * DAY_US])
def test_what_a_freeze_has_held_back_is_settled_within_an_hour_of_its_end(held_us: int) -> None:
    history = always(load_files({"a.yaml": RULES}))
    host = Host(RuleSetHistory(history.versions, START_US + 30 * MINUTE_US))
    host.give("e1", "cart.item_added", START_US)
    host.pass_to(START_US + held_us)
    host.give("e2", "order.completed", START_US + held_us)
    ends_us = START_US + held_us + HOUR_US
    host.pass_to(ends_us)
    assert host.rows == []
    host.rules = StaticRules(history, HOUR_US)
    host.pass_to(ends_us + HOUR_US)
    assert [(one.decision, one.time_us) for one in host.runner.emitted] == [("fired", START_US + HOUR_US)]
    assert host.runner.bundles < 30 + 24 * (held_us / DAY_US + 1)


def test_a_host_settles_no_further_than_it_knows_the_rules() -> None:
    host = Host()
    until_us = START_US + 30 * MINUTE_US
    host.view = lambda clock_us: host.rules.view(clock_us)._replace(until_us=until_us)  # type: ignore[method-assign]
    host.give("e1", "cart.item_added", START_US)
    host.pass_to(START_US + 2 * HOUR_US)
    assert host.rows == []
    until_us = START_US + 3 * HOUR_US
    host.pass_to(START_US + 3 * HOUR_US)
    assert host.rows == [("fired", 0)]


def test_late_events_are_put_in_place_together_when_the_next_slot_has_come() -> None:
    host = Host()
    host.give("e0", "cart.item_added", START_US)
    host.pass_to(START_US + HOUR_US + 10 * SECOND_US)
    for number in range(1, 30):
        host.give(f"e{number}", "page.viewed", START_US + number * SECOND_US)
        host.give(f"f{number}", "order.completed", START_US + number * MINUTE_US)
        host.runner.rest()
    assert host.rows == [("fired", 0)]
    host.pass_to(START_US + 63 * MINUTE_US)
    assert host.rows == [("fired", 0), ("revoked", 1)]


# ---------------------------------------------------------------- what raises


def raising(when: Callable[[list[str], int], bool]) -> Callable[..., Advanced]:
    """The kernel, with a fault in it that shows for some events, or at some times."""

    def advance_or_raise(versions: Any, state: Any, events: Any, upto_us: int, **options: Any) -> Advanced:
        if when([event.event_id for event in events], upto_us):
            raise ZeroDivisionError("a value: c-42")
        return advance(versions, state, events, upto_us, **options)

    return advance_or_raise


def test_an_event_on_which_a_rule_raises_costs_that_event_only(monkeypatch: pytest.MonkeyPatch) -> None:
    host, fault = Host(), raising(lambda ids, _: "e13" in ids or "e77" in ids)
    for number in range(100):
        host.give(f"e{number}", "cart.item_added", START_US + number * SECOND_US)
    monkeypatch.setattr(poison_events, "advance", fault)
    host.pass_to(START_US + 2 * HOUR_US)
    dead = host.runner.dead
    assert [(one.stage, one.reason, b'"e13"' in one.raw or b'"e77"' in one.raw) for one in dead] == [
        (Stage.EVALUATE, DeadLetterReason.RULE_FAILED, True)
    ] * 2
    assert "c-42" not in "".join(one.detail for one in dead)
    (emitted,) = host.runner.emitted
    assert b'"count":98' in emitted.row


def test_a_contact_most_of_whose_events_raise_waits_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    host, fault = Host(), raising(lambda ids, _: any(each.endswith(("1", "3", "5")) for each in ids))
    for number in range(500):
        host.give(f"e{number}", "cart.item_added", START_US + number * SECOND_US)
    with monkeypatch.context() as patch:
        patch.setattr(poison_events, "advance", fault)
        patch.setattr(poison_events, "ATTEMPTS_MAX", 20)
        host.pass_to(START_US + 10 * MINUTE_US)
    assert b"e499" not in b"".join(one.raw for one in host.runner.dead)
    before = len(host.runner.dead)
    host.pass_to(START_US + 4 * HOUR_US)
    (emitted,) = host.runner.emitted
    assert f'"count":{500 - before}'.encode() in emitted.row
    assert before < 50


def test_after_the_fix_the_dead_letter_gives_the_decision_it_should_have(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host()
    host.give("e1", "cart.item_added", START_US)
    host.give("e2", "order.completed", START_US + 30 * MINUTE_US)
    with monkeypatch.context() as patch:
        patch.setattr(poison_events, "advance", raising(lambda ids, _: "e2" in ids))
        host.pass_to(START_US + 61 * MINUTE_US)
    assert host.rows == [("fired", 0)]
    (dead,) = host.runner.dead
    key, arrival = arrival_of_line(dead.raw, dead.attributes)
    host.runner.run(Bundle([(key, encode(arrival))]))
    host.pass_to(START_US + 62 * MINUTE_US)
    assert host.rows == [("fired", 0), ("revoked", 1)]


def test_a_contact_that_cannot_be_settled_waits_and_others_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host()
    host.give("e1", "cart.item_added", START_US, contact="bad")
    host.give("e2", "cart.item_added", START_US, contact="good")
    host.pass_to(START_US + 20 * SECOND_US)
    real = poison_events.advance

    def fault(versions: Any, state: Any, *rest: Any, **options: Any) -> Advanced:
        if state.contact_id == "bad":
            raise RecursionError
        return real(versions, state, *rest, **options)

    with monkeypatch.context() as patch:
        patch.setattr(poison_events, "advance", fault)
        host.pass_to(START_US + 3 * HOUR_US)
        assert [b'"good"' in one.row for one in host.runner.emitted] == [True]
        assert host.runner.bundles < 60, "it is tried again more and more rarely"
    host.pass_to(START_US + 6 * HOUR_US)
    assert sorted(b'"good"' in one.row for one in host.runner.emitted) == [False, True]


def test_a_cell_of_a_later_release_is_left_as_it_is_and_holds_its_contact_back() -> None:
    host = Host()
    host.give("e1", "cart.item_added", START_US)
    host.pass_to(START_US + 20 * SECOND_US)
    kept = host.runner.kept[key_of("acme", "c1")]
    assert kept.cell is not None
    cell = cell_of(kept.cell)
    assert cell is not None
    cell.layout = 99
    kept.cell = encode(cell)
    host.pass_to(START_US + 2 * HOUR_US)
    assert host.rows == []
    assert kept.cell == encode(cell)
    cell.layout = LAYOUT
    host.runner.kept[key_of("acme", "c1")].cell = encode(cell)
    host.pass_to(START_US + 3 * HOUR_US)
    assert host.rows == [("fired", 0)]


# ---------------------------------------------------------------- much


def test_a_contact_whose_cell_would_be_too_large_waits_until_the_flood_has_gone_by(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host = Host()
    monkeypatch.setattr(timers, "CELL_BYTES_MAX", 4_000)
    for number in range(100):
        host.give(f"e{number}", "cart.item_added", START_US + number * SECOND_US)
    host.pass_to(START_US + 30 * MINUTE_US)
    kept = host.runner.kept[key_of("acme", "c1")]
    assert len(kept.cell or b"") <= 4_000
    assert kept.bag
    host.pass_to(START_US + 5 * HOUR_US)
    assert not host.runner.kept[key_of("acme", "c1")].bag
    assert host.rows == [("fired", 0)]


@pytest.mark.parametrize("number", [1_000, 10_000, pytest.param(100_000, marks=pytest.mark.nightly)])
def test_events_of_one_contact_are_read_a_few_times_each_however_many_there_are(number: int) -> None:
    """A two-hour catch-up: every event is there before the watermark moves on."""
    assert elements_read(number) / number < 12


def elements_read(number: int) -> int:
    host, span_us = Host(), 2 * HOUR_US
    given = []
    for index in range(number):
        data = (
            f'{{"event_id":"e{index}","account_id":"acme","contact_id":"c1","type":"cart.item_added",'
            f'"time":"{format_instant(START_US + index * span_us // number)}"}}'
        )
        key, arrival = arrival_of_line(data.encode())
        given.append((key, encode(arrival)))
    host.runner.run(Bundle(given))
    host.pass_to(START_US + span_us + 11 * SECOND_US)
    assert host.runner.kept[key].bag == []
    return sum(host.runner.reads)


@pytest.mark.parametrize("behind_us", [0, HOUR_US, 240 * DAY_US])
def test_with_the_watermark_at_infinity_what_is_held_back_is_tried_a_hundred_times_at_most(behind_us: int) -> None:
    clock_us = START_US + behind_us
    held_us, at_us, checks = START_US - 7 * DAY_US, START_US, 0
    while (next_us := recheck_us(at_us, at_us, held_us, clock_us, at_us)) is not None:
        assert next_us > at_us
        at_us, checks = next_us, checks + 1
    assert checks < 100


def test_what_fails_is_tried_again_within_the_hour_of_what_the_watermark_has_reached_however_far_it_lags() -> None:
    reached_us, clock_us = START_US + 2 * DAY_US, START_US + 9 * DAY_US
    for failing_us in (START_US - 30 * DAY_US, START_US - HOUR_US):
        next_us = retry_us(START_US, START_US, failing_us, clock_us, reached_us)
        assert next_us == reached_us + HOUR_US
