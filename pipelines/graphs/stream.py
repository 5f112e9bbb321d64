"""The graph of the streaming job. Called by `kittiwake.pipelines.stream`."""

from __future__ import annotations

from collections.abc import Sequence

import apache_beam as beam
from apache_beam.pvalue import PCollection

from kittiwake.pipelines.options.stream import StreamOptions
from kittiwake.pipelines.runner import new_pipeline, streaming_flags
from kittiwake.stream.rules_source.view import RulesSource
from kittiwake.transforms.sinks.base import Sink, SinkInputs, SinkKind
from kittiwake.transforms.snapshot_parts import SnapshotPart
from kittiwake.transforms.stream.evaluate import Evaluated, EvaluateRules
from kittiwake.transforms.stream.items import JoinItems
from kittiwake.transforms.stream.parse import ParseMessages
from kittiwake.transforms.stream.seed import LoadSnapshots


def stream_pipeline(
    options: StreamOptions, rules: RulesSource, snapshots: Sequence[SnapshotPart], *more: str
) -> beam.Pipeline:
    """The job as it is launched, with more flags for Beam.

    Raises:
        UnusableError: there is no such runner, it lacks an option, or as below.
    """
    pipeline = new_pipeline(options.runner, (*streaming_flags(options.runner), *options.beam_flags, *more))
    build_stream(pipeline, options, rules, snapshots)
    return pipeline


def build_stream(
    pipeline: beam.Pipeline,
    options: StreamOptions,
    rules: RulesSource,
    snapshots: Sequence[SnapshotPart] = (),
) -> None:
    """Read, parse, evaluate, write to every sink.

    Raises:
        UnusableError: recorded events cannot be read, or a sink lacks something on this machine.
    """
    messages = pipeline | "Read" >> options.source.step(options.job)
    shards = options.item_shards
    parsed = messages | "Parse" >> ParseMessages(rules, options.shape, options.max_age_us, item_shards=shards)
    seeds = pipeline | "LoadSnapshots" >> LoadSnapshots(snapshots, rules, shards)
    of_items = (parsed.of_items, seeds.items) | "MergeItemSnapshots" >> beam.Flatten()
    joined = of_items | "JoinItems" >> JoinItems(rules)
    buffered = (parsed.arrivals, seeds.contacts, joined.changes) | "MergeSnapshots" >> beam.Flatten()
    evaluated = buffered | "Evaluate" >> EvaluateRules(rules, options.timers, options.shape, options.max_age_us)
    dead_letters = [parsed.dead, joined.dead_letters, evaluated.dead_letters, seeds.dead]
    _attach_sinks(options.sinks, evaluated, dead_letters)


def _attach_sinks(sinks: Sequence[Sink], evaluated: Evaluated, dead_letters: list[PCollection[bytes]]) -> None:
    """Sinks of decisions come first: what they refuse is a dead letter for the sinks of records."""
    for sink in sinks:
        if sink.kind is SinkKind.DECISIONS:
            dead_letters.append(evaluated.decisions | sink.label >> sink.step())
    of_records = [sink for sink in sinks if sink.kind is SinkKind.RECORDS]
    if not of_records:
        return
    merged = tuple(dead_letters) | "MergeDeadLetters" >> beam.Flatten()
    for sink in of_records:
        _ = SinkInputs(evaluated.decisions, merged, evaluated.late_events) | sink.label >> sink.step()
