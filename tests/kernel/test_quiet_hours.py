"""Quiet hours: deferral, release on both nights the clock changes, supersession, all gates again on release."""

from __future__ import annotations

import pytest

from kittiwake.kernel.evaluate.quiet_hours import is_quiet, release_us
from kittiwake.kernel.plan.quiet_hours import QuietHours, quiet_hours
from kittiwake.model import Event
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, format_instant
from tests.kernel.execution_modes import decided_in_every_mode
from tests.kernel.programs import at, program

OVERNIGHT = "quiet_hours: {from: '21:00', to: '08:00'}"


def every_day(from_us: int, to_us: int) -> QuietHours:
    length_us = (to_us - from_us) % DAY_US
    return quiet_hours((day * DAY_US + from_us, day * DAY_US + from_us + length_us) for day in range(7))


def released(zone: str, quiet: tuple[str, str], now: str) -> str:
    """When a candidate deferred now is released."""
    start, end = (int(text[:2]) * HOUR_US + int(text[3:]) * MINUTE_US for text in quiet)
    return format_instant(release_us(every_day(start, end), zone, at(now)))


# ---------------------------------------------------------------- release


@pytest.mark.parametrize(
    ("zone", "quiet", "now", "expected"),
    [
        pytest.param("UTC", ("21:00", "08:00"), "2026-11-02T21:00:00Z", "2026-11-03T08:00:00Z", id="the next morning"),
        pytest.param("UTC", ("21:00", "08:00"), "2026-11-03T00:00:00Z", "2026-11-03T08:00:00Z", id="the same morning"),
        pytest.param("UTC", ("00:00", "08:00"), "2026-11-03T00:00:00Z", "2026-11-03T08:00:00Z", id="from midnight"),
        pytest.param("UTC", ("21:00", "00:00"), "2026-11-02T23:59:59Z", "2026-11-03T00:00:00Z", id="to midnight"),
        pytest.param(
            "America/Toronto", ("21:00", "08:00"), "2026-03-08T03:00:00Z", "2026-03-08T12:00:00Z", id="short night"
        ),
        pytest.param(
            "America/Toronto", ("21:00", "08:00"), "2026-11-01T02:00:00Z", "2026-11-01T13:00:00Z", id="long night"
        ),
        pytest.param(
            "America/Toronto", ("21:00", "02:30"), "2026-03-08T03:00:00Z", "2026-03-08T07:00:00Z", id="ends in the gap"
        ),
        pytest.param(
            "America/Toronto", ("21:00", "02:00"), "2026-03-08T03:00:00Z", "2026-03-08T07:00:00Z", id="ends at the gap"
        ),
        pytest.param(
            "America/Toronto", ("21:00", "03:00"), "2026-03-08T03:00:00Z", "2026-03-08T07:00:00Z", id="ends after it"
        ),
        pytest.param(
            "America/Toronto", ("02:15", "02:45"), "2026-03-07T07:20:00Z", "2026-03-07T07:45:00Z", id="day before"
        ),
        pytest.param(
            "America/Toronto", ("21:00", "01:30"), "2026-11-01T03:00:00Z", "2026-11-01T05:30:00Z", id="first showing"
        ),
        pytest.param(
            "America/Toronto", ("01:15", "01:30"), "2026-11-01T06:20:00Z", "2026-11-01T06:30:00Z", id="second showing"
        ),
        pytest.param(
            "America/Toronto", ("21:00", "02:00"), "2026-11-01T05:30:00Z", "2026-11-01T07:00:00Z", id="back into them"
        ),
        pytest.param(
            "America/Toronto", ("01:30", "03:00"), "2026-11-01T05:30:00Z", "2026-11-01T06:00:00Z", id="jumps before"
        ),
        pytest.param(
            "Australia/Lord_Howe", ("21:00", "02:15"), "2026-10-03T12:00:00Z", "2026-10-03T15:30:00Z", id="half an hour"
        ),
        pytest.param(
            "Pacific/Apia", ("21:00", "08:00"), "2011-12-30T08:00:00Z", "2011-12-30T18:00:00Z", id="a day is skipped"
        ),
        pytest.param(
            "America/Sao_Paulo", ("23:00", "00:30"), "2018-11-04T02:30:00Z", "2018-11-04T03:00:00Z", id="no midnight"
        ),
    ],
)
def test_the_release_is_the_first_instant_the_local_clock_is_outside(
    zone: str, quiet: tuple[str, str], now: str, expected: str
) -> None:
    assert released(zone, quiet, now) == expected


WEEKENDS = quiet_hours([(5 * DAY_US, 7 * DAY_US)])
SUNDAY_NIGHT = quiet_hours([(6 * DAY_US + 21 * HOUR_US, 7 * DAY_US + 8 * HOUR_US)])


@pytest.mark.parametrize(
    ("quiet", "zone", "now", "expected"),
    [
        pytest.param(WEEKENDS, "UTC", "2026-11-07T00:00:00Z", "2026-11-09T00:00:00Z", id="two days"),
        pytest.param(WEEKENDS, "UTC", "2026-11-08T23:59:59Z", "2026-11-09T00:00:00Z", id="to the end of the week"),
        pytest.param(SUNDAY_NIGHT, "UTC", "2026-11-08T22:00:00Z", "2026-11-09T08:00:00Z", id="past the week's end"),
        pytest.param(SUNDAY_NIGHT, "UTC", "2026-11-09T07:00:00Z", "2026-11-09T08:00:00Z", id="after it"),
        pytest.param(WEEKENDS, "Europe/Berlin", "2026-10-24T10:00:00Z", "2026-10-25T23:00:00Z", id="a long weekend"),
        pytest.param(WEEKENDS, "Europe/Berlin", "2026-03-28T10:00:00Z", "2026-03-29T22:00:00Z", id="a short one"),
        pytest.param(WEEKENDS, "Pacific/Apia", "2011-12-31T00:00:00Z", "2012-01-01T10:00:00Z", id="Friday was skipped"),
        pytest.param(
            quiet_hours([(0, 6 * DAY_US)]), "Africa/Casablanca", "2026-02-10T00:00:00Z", "2026-02-14T23:00:00Z",
            id="days before Ramadan",
        ),
    ],
)  # fmt: skip
def test_the_release_from_days_is_the_first_instant_outside_them(
    quiet: QuietHours, zone: str, now: str, expected: str
) -> None:
    assert format_instant(release_us(quiet, zone, at(now))) == expected


def test_stretches_that_overlap_or_touch_are_one() -> None:
    found = quiet_hours([(DAY_US, 2 * DAY_US), (2 * DAY_US, 3 * DAY_US), (DAY_US + HOUR_US, DAY_US + 2 * HOUR_US)])
    assert found.edges == (DAY_US, 3 * DAY_US)
    assert found.lengths_us() == [2 * DAY_US]
    assert found.between_us() == [5 * DAY_US]


def test_a_stretch_that_passes_the_end_of_the_week_is_one_too() -> None:
    assert SUNDAY_NIGHT.lengths_us() == [11 * HOUR_US]
    assert is_quiet(SUNDAY_NIGHT, "UTC", at("2026-11-09T00:00:00Z"))
    assert quiet_hours([(0, DAY_US), (DAY_US, 8 * DAY_US)]).edges == (0, 7 * DAY_US)


# ---------------------------------------------------------------- all gates again


def test_the_default_expiry_is_three_days() -> None:
    (rule,) = program("{when: a}").rules
    assert rule.expires_us == 72 * HOUR_US


# ---------------------------------------------------------------- one place


def test_a_deferred_trigger_keeps_the_id_it_would_have_had() -> None:
    rule = "{when: a, wait: 1h}"
    event = Event(at("2026-11-02T21:00:00Z"), "1", "a")
    (by_day,) = decided_in_every_mode(program(rule), [event], at("2026-11-03T12:00:00Z"))
    (by_night,) = decided_in_every_mode(program(rule, OVERNIGHT), [event], at("2026-11-03T12:00:00Z"))
    (ended,) = decided_in_every_mode(program(rule, OVERNIGHT), [event], at("2026-11-03T02:00:00Z"))
    assert by_day.trigger_id == by_night.trigger_id == ended.trigger_id
