"""Recorded events come as they are asked to: in which order, when, and never behind an honest watermark."""

from __future__ import annotations

import random

import pytest

from kittiwake.stream.recorded_schedule import AS_FAST_AS_CAN_BE, Disorder, Pace, Schedule, parse_pace, schedule
from kittiwake.time.instants import HOUR_US, MINUTE_US, SECOND_US

START_US = 1_780_000_000 * SECOND_US
WITHIN_US, LATE_US = 5 * MINUTE_US, HOUR_US


def times(seed: int, number: int = 2_000) -> list[int]:
    """Times in no order, some of them twice, with quiet hours between."""
    rng = random.Random(f"schedule {seed}")
    found = [
        START_US + int(rng.expovariate(1 / HOUR_US)) + hour * HOUR_US for hour in range(number // 20) for _ in "ab"
    ]
    return [rng.choice(found) for _ in range(number)]


def watermarks(planned: Schedule) -> list[int]:
    found = [planned.watermark_us(position, 0, AS_FAST_AS_CAN_BE) for position in range(planned.size)]
    return [one for one in found if one is not None]


def test_every_event_comes_once_in_order_of_arrival_no_sooner_than_it_happened_nor_much_later(seed: int) -> None:
    happened = times(seed)
    planned = schedule(happened, range(len(happened)), Disorder(WITHIN_US, 0, seed))
    assert sorted(planned.offsets) == list(range(len(happened)))
    assert [happened[index] for index in planned.offsets] == list(planned.times_us)
    assert list(planned.arrivals_us) == sorted(planned.arrivals_us)
    delays_us = [late - at for late, at in zip(planned.arrivals_us, planned.times_us, strict=True)]
    assert min(delays_us) >= 0
    assert WITHIN_US / 2 < max(delays_us) <= WITHIN_US
    assert list(planned.times_us) != sorted(planned.times_us)


def test_no_event_comes_behind_an_honest_watermark_which_never_goes_back(seed: int) -> None:
    happened = times(seed)
    planned = schedule(happened, range(len(happened)), Disorder(WITHIN_US, 0, seed))
    said = watermarks(planned)
    assert said == sorted(said)
    assert all(mark <= at for mark, at in zip(said, planned.times_us, strict=True))
    assert all(mark >= at - WITHIN_US for mark, at in zip(said, planned.arrivals_us, strict=True))


def test_one_of_ten_is_late_on_purpose_by_no_more_than_was_asked(seed: int) -> None:
    happened = times(seed)
    planned = schedule(happened, range(len(happened)), Disorder(WITHIN_US, LATE_US, seed))
    said = watermarks(planned)
    assert said == sorted(said)
    behind_us = [mark - at for mark, at in zip(said, planned.times_us, strict=True) if at < mark]
    assert len(happened) * 0.05 < len(behind_us) < len(happened) * 0.12
    assert LATE_US / 2 < max(behind_us) <= LATE_US + WITHIN_US


def test_the_same_seed_gives_the_same_schedule_and_another_another(seed: int) -> None:
    happened = times(seed)
    one, same, other = (schedule(happened, range(len(happened)), Disorder(WITHIN_US, LATE_US, of)) for of in (1, 1, 2))
    assert one == same
    assert one.offsets != other.offsets


def test_in_order_those_of_one_instant_stay_as_they_stand() -> None:
    planned = schedule([START_US + 1, START_US, START_US + 1, START_US], [10, 20, 30, 40])
    assert list(planned.offsets) == [20, 40, 10, 30]


def test_a_pace_is_events_a_second_or_a_speed_of_event_time() -> None:
    planned = schedule([START_US, START_US + 60 * SECOND_US, START_US + 90 * SECOND_US], [0, 1, 2])
    due = [
        [planned.due_us(position, 7, pace) for position in range(3)] for pace in (Pace(2.0), Pace(None, 60.0), Pace())
    ]
    assert due == [[7, 500_007, 1_000_007], [7, 1_000_007, 1_500_007], [7, 7, 7]]


def test_at_a_speed_the_watermark_runs_with_it_through_a_quiet_night_and_on_after_the_last_event() -> None:
    planned = schedule([START_US, START_US + 100 * SECOND_US], [0, 1])
    tenfold = Pace(speed=10.0)
    said = [planned.watermark_us(*at, tenfold) for at in ((1, SECOND_US), (1, 20 * SECOND_US), (2, 20 * SECOND_US))]
    assert said == [START_US + 10 * SECOND_US, START_US + 100 * SECOND_US, START_US + 200 * SECOND_US]


def test_without_a_speed_it_goes_on_with_the_clock_after_the_last_event() -> None:
    planned = schedule([START_US], [0])
    assert planned.watermark_us(1, 3 * SECOND_US, Pace(500.0)) == START_US + 3 * SECOND_US


def test_where_there_are_no_events_there_is_no_watermark() -> None:
    assert schedule([], []).watermark_us(0, 0, AS_FAST_AS_CAN_BE) is None


@pytest.mark.parametrize("text", ["", "500", "0x", "0.0/s", "-1x", "1e3/s", "x", "5 /s", "٣x"])
def test_what_is_no_pace_is_refused(text: str) -> None:
    assert parse_pace(text) is None
