"""Recorded events through Beam: each once, from wherever a runner stopped, behind no honest watermark."""

from __future__ import annotations

import json
from collections.abc import Callable
from itertools import chain
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.io.watermark_estimators import ManualWatermarkEstimator
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.portability.fn_api_runner import FnApiRunner
from apache_beam.runners.sdf_utils import RestrictionTrackerView, ThreadsafeRestrictionTracker

from kittiwake.stream.recorded_schedule import AS_FAST_AS_CAN_BE, Disorder, Pace
from kittiwake.time.instants import MINUTE_US, SECOND_US
from kittiwake.transforms.input_files import InputFile
from kittiwake.transforms.stream.recorded_source import (
    ChangedError,
    PositionTracker,
    ReadRecordedEvents,
    ReadRecordsDoFn,
    RecordedEvents,
    Restriction,
)
from tests.stream.collected_output import COLLECTED, Collect

START_US = 1_780_000_000 * SECOND_US
DISORDER = Disorder(5 * MINUTE_US, 0, 3)


def line(number: int) -> bytes:
    at = f"2026-05-28T{number // 3_600:02}:{number // 60 % 60:02}:{number % 60:02}Z"
    event = {"event_id": f"e{number}", "account_id": "acme", "contact_id": f"c{number % 9}", "type": "a.b", "time": at}
    return json.dumps(event).encode()


def written(folder: Path, *lines: bytes, name: str = "events.jsonl") -> InputFile:
    path = folder / name
    path.write_bytes(b"".join(lines))
    return InputFile(str(path), path.stat().st_size)


def recording(*files: InputFile, disorder: Disorder = DISORDER) -> RecordedEvents:
    return RecordedEvents(files, START_US + 10**15, disorder)


@pytest.fixture
def three_hundred(tmp_path: Path) -> RecordedEvents:
    lines = [line(number) + b"\n" for number in range(300)]
    return recording(written(tmp_path, *lines[:100]), written(tmp_path, *lines[100:], name="more.jsonl"))


class Runner:
    """A runner of one splittable step, which gives it as long as it asks for."""

    def __init__(self, step: ReadRecordsDoFn) -> None:
        self.step = step
        self.rest: Any = step.initial_restriction(b"")
        self.mark: Any = None
        self.marks: list[int] = []
        self.waits_us: list[int] = []

    def bundle(self) -> list[beam.window.TimestampedValue]:
        """What comes until the step gives itself back, or is done."""
        tracker = ThreadsafeRestrictionTracker(self.step.create_tracker(self.rest))
        estimator = ManualWatermarkEstimator(self.mark)
        found = list(self.step.process(b"", RestrictionTrackerView(tracker), estimator))
        deferred = tracker.deferred_status()
        if deferred is None:
            tracker.check_done()
            self.rest = None
            return found
        self.rest, wait = deferred
        self.rest = tuple(self.rest)
        self.waits_us.append(round(wait.micros / 50_000) * 50_000)  # Beam takes off what has passed since
        self.mark = estimator.current_watermark()
        if self.mark is not None:
            self.marks.append(self.mark.micros)
        return found


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.at_us = START_US

    def __call__(self) -> int:
        return self.at_us


def step(
    of: RecordedEvents,
    pace: Pace = AS_FAST_AS_CAN_BE,
    records_max: int = 64,
    *,
    stays_open: bool = False,
    clock: Callable[[], int] | None = None,
) -> ReadRecordsDoFn:
    return ReadRecordsDoFn(of, pace, records_max, stays_open, clock or Clock())


def data_of(values: list[beam.window.TimestampedValue]) -> list[bytes]:
    return [one.value.data for one in values]


def test_it_gives_itself_back_after_so_many_records_and_goes_on_from_there(three_hundred: RecordedEvents) -> None:
    runner, bundles = Runner(step(three_hundred)), []
    while runner.rest is not None:
        bundles.append(data_of(runner.bundle()))
    assert [len(one) for one in bundles] == [64, 64, 64, 64, 44]
    assert runner.waits_us == [0, 0, 0, 0]
    assert sorted(chain(*bundles)) == sorted(map(line, range(300)))


def test_from_a_checkpoint_another_process_goes_on_with_the_very_same(
    three_hundred: RecordedEvents, tmp_path: Path
) -> None:
    runner = Runner(step(three_hundred))
    runner.bundle()
    coder = runner.step.restriction_coder()
    kept = coder.decode(coder.encode(runner.rest))
    expected = data_of(runner.bundle())
    other = Runner(step(three_hundred._replace(launched_us=three_hundred.launched_us + 1)))  # none that is remembered
    other.rest = kept
    assert data_of(other.bundle()) == expected


def test_large_records_give_it_back_sooner(tmp_path: Path) -> None:
    large = [line(number)[:-1] + b', "properties": {"x": "' + b"x" * 300_000 + b'"}}\n' for number in range(9)]
    runner = Runner(step(recording(written(tmp_path, *large))))
    assert len(runner.bundle()) == 4


def test_no_record_comes_behind_the_watermark_told_before(three_hundred: RecordedEvents) -> None:
    runner = Runner(step(three_hundred, records_max=7))
    while runner.rest is not None:
        before = runner.mark
        assert all(before is None or one.timestamp >= before for one in runner.bundle())
    assert len(set(runner.marks)) > 10
    assert runner.marks == sorted(runner.marks)


def test_at_a_pace_what_is_due_comes_and_the_rest_is_waited_for(three_hundred: RecordedEvents) -> None:
    clock = Clock()
    runner = Runner(step(three_hundred, Pace(per_second=20.0), clock=clock))
    assert len(runner.bundle()) == 1
    assert runner.waits_us == [SECOND_US // 10]
    clock.at_us += SECOND_US
    assert len(runner.bundle()) == 20
    clock.at_us += 2 * SECOND_US
    assert len(runner.bundle()) == 40


def test_a_quiet_hour_is_waited_for_a_second_at_a_time_while_the_watermark_goes_on(tmp_path: Path) -> None:
    clock = Clock()
    hours = recording(written(tmp_path, line(0) + b"\n", line(3_600) + b"\n"), disorder=Disorder())
    runner = Runner(step(hours, Pace(speed=60.0), clock=clock))
    assert len(runner.bundle()) == 1
    for _ in range(3):
        clock.at_us += SECOND_US
        assert runner.bundle() == []
    assert runner.waits_us == [SECOND_US] * 4
    assert [mark - runner.marks[0] for mark in runner.marks] == [0, MINUTE_US, 2 * MINUTE_US, 3 * MINUTE_US]


def test_a_clock_that_is_set_back_moves_no_watermark_back(three_hundred: RecordedEvents) -> None:
    clock = Clock()
    runner = Runner(step(three_hundred, Pace(speed=1.0), clock=clock))
    clock.at_us += 30 * SECOND_US
    runner.bundle()
    clock.at_us -= 20 * SECOND_US
    runner.bundle()
    assert runner.marks[1] == runner.marks[0]


def test_what_stays_open_goes_on_with_the_clock_after_the_last_event(tmp_path: Path) -> None:
    clock = Clock()
    runner = Runner(step(recording(written(tmp_path, line(0)), disorder=Disorder()), stays_open=True, clock=clock))
    assert len(runner.bundle()) == 1
    for _ in range(2):
        clock.at_us += 5 * SECOND_US
        assert runner.bundle() == []
    assert [mark - runner.marks[0] for mark in runner.marks] == [0, 5 * SECOND_US, 10 * SECOND_US]
    assert runner.step.truncate(b"", runner.rest) is None


def test_it_is_cut_where_it_stands_and_nowhere_else() -> None:
    tracker = PositionTracker(Restriction(0, 10, START_US))
    assert tracker.try_claim(0)
    assert tracker.try_split(0.5) is None
    assert tracker.try_split(0) == (Restriction(0, 1, START_US), Restriction(1, 10, START_US))
    assert not tracker.try_claim(1)
    assert tracker.check_done()


def test_a_stretch_that_was_not_gone_through_is_told() -> None:
    with pytest.raises(ValueError, match="positions 0 to 10"):
        PositionTracker(Restriction(0, 10, START_US)).check_done()


def test_blank_lines_are_left_out_and_what_is_no_event_comes_with_the_one_before_it(tmp_path: Path) -> None:
    future = line(2).replace(b"2026-05", b"2999-05")
    file = written(tmp_path, line(1) + b"\r\n", b"  \n\n", b"no event\n", future + b"\n", line(2))
    found = Runner(step(recording(file, disorder=Disorder()))).bundle()
    assert data_of(found) == [line(1), b"no event", future, line(2)]
    assert len({one.timestamp for one in found[:3]}) == 1


def test_a_file_that_has_changed_since_the_launch_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path, line(1))
    Path(file.name).write_bytes(line(1) + line(2))
    with pytest.raises(ChangedError, match=r"has \d+ bytes, and had"):
        step(recording(file)).initial_restriction(b"")


def test_a_runner_of_beams_takes_each_record_once(three_hundred: RecordedEvents) -> None:
    COLLECTED["replayed"].clear()
    with beam.Pipeline(runner=FnApiRunner(), options=PipelineOptions(["--streaming"])) as pipeline:
        messages = pipeline | ReadRecordedEvents(three_hundred, Pace(per_second=1_000.0), records_max=10)
        _ = messages | beam.Map(lambda message: message.data) | beam.ParDo(Collect("replayed"))
    assert sorted(COLLECTED["replayed"]) == sorted(map(line, range(300)))
