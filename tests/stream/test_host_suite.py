"""Every host of ours passes the public laws of hosts; what each of them is, and what it is for, stands with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import apache_beam as beam
import pytest
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.pvalue import TaggedOutput
from apache_beam.runners.direct.direct_runner import BundleBasedDirectRunner
from apache_beam.testing.test_stream import TestStream as StreamOfTest
from apache_beam.utils.timestamp import Timestamp

from benchmarks.streaming.lean import Lean
from kittiwake.input.shapes.base import CANONICAL
from kittiwake.stream.records import (
    DeadLetterRecord,
    DecisionRecord,
    LateEventRecord,
    dead_letter_of,
    decision_of,
    late_event_of,
)
from kittiwake.stream.rules_source.view import RulesSource, RulesView
from kittiwake.testing.host_suite import LAWS, START_US, HostSetup, InMemoryHost, InMemoryStore, Law, name_of
from kittiwake.time.instants import SECOND_US
from kittiwake.transforms.stream.evaluate import EvaluateDoFn, EvaluateRules
from tests.stream.collected_output import COLLECTED, Collect, timestamped
from tests.stream.fault_injecting_runner import Bundle, DiedError, FaultInjectingRunner


@pytest.mark.parametrize("law", LAWS, ids=name_of)
def test_the_least_host(law: Law) -> None:
    law(InMemoryHost)


class WithoutOwnTimer(InMemoryStore):
    def set_own_timer(self, at_us: int) -> None:
        """Not set."""


class KeepsTheBag(InMemoryStore):
    def write_bag(self, elements: Sequence[bytes]) -> None:
        self.bag += elements


class ForgetsTheCell(InMemoryStore):
    def write_cell(self, data: bytes | None) -> None:
        """Not written."""


class OneBucketOnly(InMemoryStore):
    def set_bucket_timer(self, at_us: int) -> None:
        self.buckets_us = {max([at_us, *self.buckets_us])}


@pytest.mark.parametrize("store", [WithoutOwnTimer, KeepsTheBag, ForgetsTheCell, OneBucketOnly])
def test_a_host_that_keeps_less_or_more_than_it_is_told_breaks_a_law(store: type[InMemoryStore]) -> None:
    class Broken(InMemoryHost):
        new_store = store

    broken = []
    for law in LAWS:
        try:
            law(Broken)
        except AssertionError:
            broken.append(name_of(law))
    assert broken


# ---------------------------------------------------------------- Beam's step in runners of ours


class FaultInjecting:
    """The job's step in the runner that injects faults, with every timer fired twice, and each bundle killed once."""

    def __init__(self, setup: HostSetup) -> None:
        self._runner = FaultInjectingRunner(setup.rules, setup.settings, setup.clock)

    def add(self, key: bytes, record: bytes) -> None:
        self._run(Bundle([(key, record)]))

    def advance_watermark(self, to_us: int) -> None:
        self._runner.watermark_us = to_us
        for timer in sorted(self._runner.tasks(), key=lambda one: one.at_us):
            self._run(Bundle(timers=[timer, timer]))
        self._runner.rest()

    def _run(self, bundle: Bundle) -> None:
        with pytest.raises(DiedError):
            self._runner.run(bundle, self._runner.steps_of(bundle) - 1)
        self._runner.run(bundle)

    def decisions(self) -> list[DecisionRecord]:
        return self._runner.emitted

    def late_events(self) -> list[LateEventRecord]:
        return self._runner.late

    def dead_letters(self) -> list[DeadLetterRecord]:
        return self._runner.dead


class Minimal:
    """The job's step in the minimal runner, by which the benchmarks measure what it costs."""

    def __init__(self, setup: HostSetup) -> None:
        self._outputs: list[bytes | TaggedOutput] = []
        step = EvaluateDoFn(setup.rules, setup.settings, CANONICAL, None, setup.clock)
        self._runner = Lean(step, self._outputs.append)

    def add(self, key: bytes, record: bytes) -> None:
        self._runner.give([(key, record)])

    def advance_watermark(self, to_us: int) -> None:
        self._runner.pass_to(to_us)

    def decisions(self) -> list[DecisionRecord]:
        return [decision_of(one) for one in self._outputs if isinstance(one, bytes)]

    def late_events(self) -> list[LateEventRecord]:
        return [late_event_of(data) for data in self._tagged("late_events")]

    def dead_letters(self) -> list[DeadLetterRecord]:
        return [dead_letter_of(data) for data in self._tagged("dead_letters")]

    def _tagged(self, tag: str) -> list[bytes]:
        return [one.value for one in self._outputs if isinstance(one, TaggedOutput) and one.tag == tag]


@pytest.mark.parametrize("law", LAWS, ids=name_of)
def test_the_step_in_the_runner_that_injects_faults(law: Law) -> None:
    law(FaultInjecting)


@pytest.mark.parametrize("law", LAWS, ids=name_of)
def test_the_step_in_the_minimal_runner_of_the_benchmarks(law: Law) -> None:
    law(Minimal)


# ---------------------------------------------------------------- Beam's own runner


class Frozen(NamedTuple):
    """Rules that are frozen: at the end of a pipeline Beam's watermark goes on to infinity, which no law asks for."""

    rules: RulesSource
    at_us: int

    def view(self, clock_us: int) -> RulesView:
        view = self.rules.view(clock_us)
        return view._replace(programs=view.programs.frozen_at(self.at_us))


class OnBeam:
    """The job's step on Beam's direct runner, with `TestStream`: it runs when it is first asked what came of it."""

    def __init__(self, setup: HostSetup) -> None:
        self._setup = setup
        self._watermark_us = START_US
        self._stream = StreamOfTest().advance_watermark_to(Timestamp(micros=START_US - SECOND_US))
        self._has_run = False

    def add(self, key: bytes, record: bytes) -> None:
        self._stream.add_elements([timestamped((key, record))])

    def advance_watermark(self, to_us: int) -> None:
        self._watermark_us = to_us
        self._stream.advance_watermark_to(Timestamp(micros=to_us))

    def _collected(self, name: str) -> list[bytes]:
        if not self._has_run:
            self._has_run = True
            self._run()
        return COLLECTED[name]

    def _run(self) -> None:
        options = PipelineOptions([])
        options.view_as(StandardOptions).streaming = True
        rules = Frozen(self._setup.rules, self._watermark_us - self._setup.settings.settle_delay_us)
        step = EvaluateRules(rules, self._setup.settings, clock=self._setup.clock)
        with beam.Pipeline(runner=BundleBasedDirectRunner(), options=options) as pipeline:
            arrivals = pipeline | self._stream | beam.Map(lambda one: one).with_output_types(tuple[bytes, bytes])
            evaluated = arrivals | step
            for name in ("decisions", "late_events", "dead_letters"):
                COLLECTED[name].clear()
                _ = getattr(evaluated, name) | f"Collect{name}" >> beam.ParDo(Collect(name))

    def decisions(self) -> list[DecisionRecord]:
        return [*map(decision_of, self._collected("decisions"))]

    def late_events(self) -> list[LateEventRecord]:
        return [*map(late_event_of, self._collected("late_events"))]

    def dead_letters(self) -> list[DeadLetterRecord]:
        return [*map(dead_letter_of, self._collected("dead_letters"))]


@pytest.mark.parametrize("law", LAWS, ids=name_of)
def test_the_step_on_beams_own_runner(law: Law) -> None:
    law(OnBeam)
