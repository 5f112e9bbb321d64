"""What a host does in corners that a reviewer thought of: timers that overtake, contacts that are gone, first failures."""

from __future__ import annotations

import pytest

from kittiwake.stream import sifting
from kittiwake.stream.messages import key_of
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US
from tests.stream.test_faults import RULES, START_US, Host, raising

KEY = key_of("acme", "c1")
WITH_AT_ONCE = RULES + b"  - {id: seen, when: page.viewed, reentry: always}\n"


def test_a_contact_whose_very_first_wake_fails_is_tried_again_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host()
    host.give("e1", "cart.item_added", START_US)
    with monkeypatch.context() as patch:
        patch.setattr(sifting, "advance", raising(lambda _ids, _upto_us: True))
        host.pass_to(START_US + MINUTE_US)
    assert host.machine.kept[KEY].timers
    host.pass_to(START_US + HOUR_US + 10 * MINUTE_US)
    assert host.rows == [("fired", 0)]


def test_a_contact_that_was_quiet_for_months_is_tried_again_within_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    host = Host()
    host.give("e1", "page.viewed", START_US)
    host.pass_to(START_US + MINUTE_US)
    later_us = START_US + 200 * DAY_US
    host.give("e2", "cart.item_added", later_us)
    with monkeypatch.context() as patch:
        patch.setattr(sifting, "advance", raising(lambda _ids, _upto_us: True))
        host.pass_to(later_us + MINUTE_US)
    host.pass_to(later_us + 2 * HOUR_US)
    assert host.rows == [("fired", 0)]
