"""The host on Beam's own runners decides what replay and a batch decide: shuffled arrival, watermarks in steps.

`TestStream` runs on BundleBasedDirectRunner only; FnApiRunner fires timers in the order in which they were set, with
the watermark at infinity. The rule set is frozen at the end of a case: else a job whose time ends evaluates for ever.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.direct.direct_runner import BundleBasedDirectRunner
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.testing.test_stream import TestStream as StreamOfTest
from apache_beam.utils.timestamp import Timestamp

from kittiwake.rules.versions import RuleSetHistory
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.records import decision_of, header_of, late_event_of
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import DAY_US, HOUR_US, SECOND_US
from kittiwake.transforms.stream.evaluate import Evaluated, EvaluateRules
from tests.stream.collected_output import COLLECTED, Collect, timestamped
from tests.stream.generated_cases import Streamed, decisions_in, differences, emitted_by_key, expected_by_key, streamed

CONTACTS = 6
CASES = [0, *(pytest.param(number, marks=pytest.mark.nightly) for number in range(1, 40))]
WAITS = TimerSettings(10 * SECOND_US, 60 * SECOND_US)
HORIZON_US = 800 * DAY_US


class ClockAt:
    """A clock that stands."""

    def __init__(self, at_us: int) -> None:
        self._at_us = at_us

    def __call__(self) -> int:
        return self._at_us


def drawn(seed: int, number: int, versions: int) -> tuple[Streamed, random.Random]:
    name = f"runners {seed} {number} {versions}"
    return streamed(name, CONTACTS, WAITS, versions=versions, horizon_us=HORIZON_US), random.Random(name)


def host(case: Streamed) -> EvaluateRules:
    frozen = RuleSetHistory(case.history.versions, case.until_us)
    return EvaluateRules(StaticRules(frozen, case.horizon_us), WAITS, clock=ClockAt(case.until_us + HOUR_US))


def collected(hosted: Evaluated, name: str) -> None:
    for tag in ("decisions", "late_events", "dead_letters"):
        COLLECTED[f"{name} {tag}"].clear()
        _ = getattr(hosted, tag) | f"Collect{tag}" >> beam.ParDo(Collect(f"{name} {tag}"))


def check(case: Streamed, name: str, about: str) -> None:
    assert not COLLECTED[f"{name} dead_letters"]
    late = [late_event_of(one) for one in COLLECTED[f"{name} late_events"]]
    assert not late
    wanted = expected_by_key(case)
    assert decisions_in(wanted) > 0
    found = emitted_by_key(map(decision_of, COLLECTED[f"{name} decisions"]))
    assert not (wrong := differences(wanted, found)), f"{about}\n{wrong}"


def steps(case: Streamed, rng: random.Random) -> Iterator[tuple[list[tuple[bytes, bytes]], int]]:
    """Some arrivals, in no order and some twice, and how far the watermark goes after them, in whole milliseconds."""
    waiting = [*case.arrivals, *rng.sample(case.arrivals, len(case.arrivals) // 10)]
    rng.shuffle(waiting)
    times_us = sorted(header_of(value).time_us for _, value in waiting)
    stops_us = sorted({time_us // 1_000 * 1_000 for time_us in rng.sample(times_us, 6) if time_us < case.until_us})
    for stop_us in stops_us:
        number = rng.randint(0, len(waiting))
        yield waiting[:number], stop_us
        waiting = waiting[number:]
    yield waiting, case.until_us + WAITS.settle_delay_us


def run_on_a_test_stream(case: Streamed, rng: random.Random) -> None:
    """Shuffled arrival and a watermark in steps; what comes out is collected under `stream`."""
    stream = StreamOfTest().advance_watermark_to(
        Timestamp(micros=header_of(case.arrivals[0][1]).time_us // 1_000_000 * 1_000_000 - SECOND_US)
    )
    for given, stop_us in steps(case, rng):
        if given:
            stream.add_elements([*map(timestamped, given)])
        stream.advance_watermark_to(Timestamp(micros=stop_us // 1_000 * 1_000))
    stream.advance_watermark_to(Timestamp(micros=case.until_us + 2 * DAY_US)).advance_watermark_to_infinity()
    options = PipelineOptions([])
    options.view_as(StandardOptions).streaming = True
    with beam.Pipeline(runner=BundleBasedDirectRunner(), options=options) as pipeline:
        arrivals = pipeline | stream | beam.Map(lambda one: one).with_output_types(tuple[bytes, bytes])
        collected(arrivals | host(case), "stream")


@pytest.mark.parametrize("versions", [1, 3])
@pytest.mark.parametrize("number", CASES)
def test_a_test_stream_with_shuffled_arrival_and_a_stepped_watermark(seed: int, number: int, versions: int) -> None:
    case, rng = drawn(seed, number, versions)
    run_on_a_test_stream(case, rng)
    check(case, "stream", f"seed {seed} {number} {versions}")


@pytest.mark.parametrize("versions", [1, 3])
@pytest.mark.parametrize("number", CASES)
def test_a_batch_runner_that_fires_timers_in_no_order(seed: int, number: int, versions: int) -> None:
    case, rng = drawn(seed, number, versions)
    given = [*case.arrivals]
    rng.shuffle(given)
    with beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions([])) as pipeline:
        arrivals = pipeline | beam.Create(given) | beam.Map(timestamped).with_output_types(tuple[bytes, bytes])
        collected(arrivals | host(case), "batch")
    check(case, "batch", f"seed {seed} {number} {versions}")
