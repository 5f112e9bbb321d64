"""`wait: {field: …}`: as long as the arming event says."""

from __future__ import annotations

from decimal import Decimal

import pytest

from kittiwake.model import Event
from kittiwake.time.instants import DAY_US
from tests.kernel.execution_modes import decided_in_every_mode
from tests.kernel.programs import at, exact, program, timeline, us

SUPPLY = "{when: a, wait: {field: supply.days, unit: days, default: 2d}}"
NOON = at("2026-11-02T12:00:00Z")


def waited_us(rule: str, value: object) -> int | None:
    """How long an event with the value waits; None if it does not arm."""
    event = Event(NOON, "1", "a", exact({"n": value}))
    decisions = decided_in_every_mode(program(rule), [event], NOON + 500 * DAY_US)
    assert len(decisions) <= 1
    return decisions[0].time_us - NOON if decisions else None


def test_the_wait_is_the_number_times_the_unit() -> None:
    timeline(
        SUPPLY,
        """
        does   A.B.....
        r      ......!.
        """,
        step="12h",
        A={"supply": {"days": 30}},
        B={"type": "a", "supply": {"days": 2}},
    )


@pytest.mark.parametrize(
    ("unit", "length"),
    [("second", "1s"), ("minutes", "1m"), ("hour", "1h"), ("hours", "1h"), ("days", "1d"), ("weeks", "1w")],
)
def test_units_are_exact(unit: str, length: str) -> None:
    assert waited_us(f"{{when: a, wait: {{field: n, unit: {unit}}}}}", 3) == 3 * us(length)


@pytest.mark.parametrize(
    ("value", "waited"),
    [(0, 0), (1.5, 1_500_000), (0.0000019, 1), (Decimal("0.1"), 100_000), (0.3333333, 333_333)],
)
def test_a_fraction_is_cut_to_whole_microseconds(value: object, waited: int) -> None:
    assert waited_us("{when: a, wait: {field: n, unit: seconds}}", value) == waited


@pytest.mark.parametrize("value", [-1, -0.5, "3", True, None, [3], {"n": 3}])
def test_what_is_no_number_from_nothing_up_takes_the_default_or_does_not_arm(value: object) -> None:
    assert waited_us("{when: a, wait: {field: n, unit: days, default: 5h}}", value) == us("5h")
    assert waited_us("{when: a, wait: {field: n, unit: days}}", value) is None


def test_an_unusable_wait_neither_arms_nor_restarts_nor_counts() -> None:
    (fired,) = timeline(
        "{when: a, wait: {field: n, unit: hours}}",
        """
        hours  0   1   2
        does   B.A..B.....
        r      ......!....
        """,
        A={"n": 1},
        B={"type": "a", "n": "soon"},
    )
    assert fired.events is not None
    assert fired.events.count == 1


def test_a_restart_takes_the_newest_events_wait() -> None:
    timeline(
        "{when: a, wait: {field: n, unit: hours}}",
        """
        hours  0   1   2
        does   A.B..C.........
        r      .....!.........
        """,
        A={"n": 2},
        B={"type": "a", "n": 0.75},
        C={"type": "a", "n": 3},
    )


def test_the_longest_wait_arms_and_a_microsecond_more_is_a_limit() -> None:
    days = "{when: a, wait: {field: n, unit: days}}"
    assert waited_us(days, 400) == 400 * DAY_US
    assert waited_us("{when: a, wait: {field: n, unit: seconds}}", 34_560_000.000001) == 0  # decided at the event


def test_a_wait_too_long_leaves_a_limit_and_what_is_pending_stays() -> None:
    refused, fired = timeline(
        "{when: a, wait: {field: n, unit: hours}}",
        """
        hours  0   1   2
        does   A.B.....
        r      ..l.!...
        """,
        A={"n": 1},
        B={"type": "a", "n": 1_000_000},
    )
    assert refused.time_us == refused.decided_us == fired.time_us - us("30m")
    assert fired.events is not None
    assert fired.events.count == 1


def test_a_number_beyond_every_calendar_is_a_limit_like_any_other() -> None:
    timeline("{when: a, wait: {field: n, unit: weeks}}", "does A.\nr l.", A={"n": Decimal("1e300")})


def test_without_restart_a_later_match_counts_whatever_its_wait() -> None:
    (fired,) = timeline(
        "{when: a, wait: {field: n, unit: hours}, restart: false}",
        """
        hours  0   1   2
        does   A.BC..
        r      ....!.
        """,
        A={"n": 1},
        B={"type": "a", "n": "soon"},
        C={"type": "a", "n": 1_000_000},
    )
    assert fired.events is not None
    assert (fired.events.last, fired.events.count) == ("0-003", 3)
