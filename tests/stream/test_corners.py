"""What a host does in corners: timers that overtake, contacts that are gone, first failures."""

from __future__ import annotations

import pytest

from kittiwake.pipelines.options.stream import MAX_AGE_US
from kittiwake.rules.loader import load_files
from kittiwake.rules.versions import RuleSetHistory, always
from kittiwake.stream.contact import poison_events
from kittiwake.stream.contact.cell import cell_of
from kittiwake.stream.contact.timer_grid import SKEW_US
from kittiwake.stream.records import encode, key_of
from kittiwake.stream.rules_source.view import RulesView, StaticRules
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US
from tests.stream.fault_injecting_runner import Bundle
from tests.stream.generated_cases import arrival_of_line
from tests.stream.test_faults import RULES, START_US, Host, raising

KEY = key_of("acme", "c1")
WITH_AT_ONCE = RULES + b"  - {id: seen, when: page.viewed, reentry: always}\n"


def test_a_contact_whose_very_first_wake_fails_is_tried_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host()
    host.give("e1", "cart.item_added", START_US)
    with monkeypatch.context() as patch:
        patch.setattr(poison_events, "advance", raising(lambda _ids, _upto_us: True))
        host.pass_to(START_US + MINUTE_US)
    assert host.runner.kept[KEY].timers
    host.pass_to(START_US + HOUR_US + 10 * MINUTE_US)
    assert host.rows == [("fired", 0)]


def test_a_contact_that_was_quiet_for_months_is_tried_again_within_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host()
    host.give("e1", "page.viewed", START_US)
    host.pass_to(START_US + MINUTE_US)
    later_us = START_US + 200 * DAY_US
    host.give("e2", "cart.item_added", later_us)
    with monkeypatch.context() as patch:
        patch.setattr(poison_events, "advance", raising(lambda _ids, _upto_us: True))
        host.pass_to(later_us + MINUTE_US)
    host.pass_to(later_us + 2 * HOUR_US)
    assert host.rows == [("fired", 0)]


def test_what_a_freeze_has_held_back_waits_for_no_deadline_of_an_event_that_overtook_it() -> None:
    history = always(load_files({"a.yaml": WITH_AT_ONCE}))
    host = Host(RuleSetHistory(history.versions, START_US + 10 * MINUTE_US))
    host.give("e1", "page.viewed", START_US + 40 * MINUTE_US)
    host.pass_to(START_US + 41 * MINUTE_US)
    assert host.rows == []
    host.rules = StaticRules(history, HOUR_US)
    host.give("e0", "cart.item_added", START_US + 20 * MINUTE_US)
    host.runner.rest()
    host.pass_to(START_US + 60 * MINUTE_US)
    assert host.rows == [("fired", 0)]


def gone(host: Host) -> int:
    """A contact that is deleted, and of whom the horizon has left nothing. When it was deleted."""
    host.give("e1", "cart.item_added", START_US, attributes={"traceparent": "00-a-1-01"})
    host.give("e2", "contact.deleted", START_US + MINUTE_US)
    host.pass_to(START_US + 4 * HOUR_US)
    return START_US + MINUTE_US


def test_nothing_of_a_contact_that_is_gone_stays_in_its_cell_but_how_far_it_was_settled() -> None:
    host = Host()
    gone(host)
    cell = cell_of(host.runner.kept[KEY].cell)
    assert cell is not None
    assert cell.traces == {}
    assert b"e1" not in (host.runner.kept[KEY].cell or b"")


def test_a_wake_too_many_does_not_make_a_host_forget_that_a_contact_is_gone() -> None:
    host = Host(max_age_us=7 * DAY_US)
    gone(host)
    at_us = START_US + 5 * HOUR_US
    # A slot of its own, in which the host finds nothing new.
    host.runner.kept[KEY].timers["slot", str(at_us // 1_000)] = at_us
    host.pass_to(at_us)
    host.give("e0", "cart.item_added", START_US - MINUTE_US)
    host.pass_to(START_US + 6 * HOUR_US)
    assert host.rows == []
    assert [one.event_id for one in host.runner.late] == ["e0"]
    host.pass_to(START_US + 8 * DAY_US + 4 * SKEW_US)
    assert host.runner.kept[KEY].cell is None


def test_of_copies_that_came_too_late_each_leaves_as_it_came() -> None:
    host = Host()
    host.give("e1", "cart.item_added", START_US)
    host.pass_to(START_US + 5 * HOUR_US)
    for text in ("a", "b"):
        data = (
            '{"event_id":"e9","account_id":"acme","contact_id":"c1","type":"cart.item_added",'
            f'"time":"2026-11-01T09:30:00Z","properties":{{"text":"{text}"}}}}'
        )
        key, arrival = arrival_of_line(data.encode())
        host.runner.run(Bundle([(key, encode(arrival))]))
    host.pass_to(START_US + 6 * HOUR_US)
    assert sorted(one.raw[-4:-3] for one in host.runner.late) == [b"a", b"b"]


def test_by_default_nothing_stays_of_a_contact_that_was_forgotten_and_left_nothing() -> None:
    host = Host(max_age_us=MAX_AGE_US)
    host.give("e1", "cart.item_added", START_US)
    host.give("e2", "cart.item_added", START_US + DAY_US, contact="c2")
    host.pass_to(START_US + 399 * DAY_US)
    assert all(kept.cell for kept in host.runner.kept.values())
    host.pass_to(START_US + 803 * DAY_US)
    assert {(kept.cell, len(kept.bag), len(kept.timers)) for kept in host.runner.kept.values()} == {(None, 0, 0)}


class Polled:
    """Rules of which a process always knows an hour ahead, as if it had just looked."""

    def __init__(self, rules: bytes) -> None:
        self._programs = StaticRules(always(load_files({"a.yaml": rules})), HOUR_US).view(0).programs

    def view(self, clock_us: int) -> RulesView:
        return RulesView(self._programs, clock_us + HOUR_US)


CONSENTING = b"""
account: acme
policy: {retention: 9d, consent: {purpose: news}}
rules:
  - {id: cart, when: cart.item_added, wait: 1h}
"""


def test_who_only_has_an_opt_out_holds_no_timer_and_is_still_refused_years_later() -> None:
    host = Host()
    host.rules = Polled(CONSENTING)
    host.give("e1", "cart.item_added", START_US, attributes={"traceparent": "00-a-1-01"})
    host.give("e2", "consent.withdrawn", START_US + MINUTE_US)
    host.pass_to(START_US + 8 * DAY_US)
    assert len(host.runner.kept[KEY].timers) == 1
    host.pass_to(START_US + 10 * DAY_US)
    kept = host.runner.kept[KEY]
    assert not kept.timers
    assert kept.cell is not None
    assert len(kept.cell) < 120
    later_us = START_US + 6 * 365 * DAY_US
    host.give("e3", "cart.item_added", later_us)
    host.pass_to(later_us + 2 * HOUR_US)
    assert host.rows == [("suppressed", 0), ("suppressed", 0)]
