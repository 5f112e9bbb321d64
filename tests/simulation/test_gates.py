"""The checks of cool-downs and caps, which look at rows alone, see what is wrong with them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Decision, Event
from kittiwake.time.instants import HOUR_US, MINUTE_US
from tests.kernel.programs import START, at, program
from tests.simulation.engine.check_gates import gates_hold

T = at(START)
KEY = ("acme", "c1")


class OneVersion:
    """As much of the simulator's programs as the check asks for."""

    count = 1

    def __init__(self, rules: str, policy: str) -> None:
        self.versions = Versions((program(rules, policy),))

    def known(self, _: int) -> Versions:
        return self.versions


def rows_of(of: OneVersion, events: list[Event]) -> list[Decision]:
    return [*advance(of.versions, new_state("c1"), events, T + 5 * HOUR_US).decisions]


def wrong(of: Any, events: list[Event], rows: list[Decision]) -> str:
    return gates_hold(of, KEY, events, T + 5 * HOUR_US, rows)


@pytest.mark.parametrize(
    ("rules", "policy", "word"),
    [
        ("{when: a}", "frequency: {max: 1, per: 1h}", "over the cap"),
        ("{when: a, reentry: 1h}", "", "inside the cool-down"),
        ("{when: a, reentry: once}", "", "inside the cool-down"),
    ],
)
def test_what_the_gates_refused_is_seen_where_it_fires_all_the_same(rules: str, policy: str, word: str) -> None:
    of, events = OneVersion(rules, policy), [Event(T, "1", "a"), Event(T + 30 * MINUTE_US, "2", "a")]
    rows = rows_of(of, events)
    assert wrong(of, events, rows) == ""
    fired = [replace(row, decision=rows[0].decision, fired_at_us=row.decided_us, reason=None) for row in rows]
    assert word in wrong(of, events, fired)
    deleted = [*events, Event(T + MINUTE_US, "3", "contact.deleted")]
    assert wrong(of, deleted, fired) == "", "it begins anew"


def test_reminders_of_one_episode_are_no_re_entry() -> None:
    of, events = OneVersion("{when: a, wait: [10m, 20m], reentry: 1h}", ""), [Event(T, "1", "a")]
    rows = rows_of(of, events)
    assert len(rows) == 2
    assert wrong(of, events, rows) == ""
