"""The graph of the backfill. Called by `pipelines.backfill`."""

from __future__ import annotations

import apache_beam as beam

from kittiwake.batch.record_batches import partitions_for
from kittiwake.batch.settings import RunSettings
from kittiwake.input.splits import split_bytes_for
from kittiwake.output.folder import DEAD_LETTERS, DECISIONS, SNAPSHOTS, SUMMARY, TRIGGERS
from kittiwake.output.formats import ITEMS, Format
from kittiwake.output.rows import Mode
from kittiwake.rules.compile.accounts import Programs
from pipelines.locations import OutputLocation
from transforms.batch.counts import SumCounts
from transforms.batch.evaluate import EvaluateHistories
from transforms.batch.join import with_item_changes
from transforms.batch.parse import ParseRecords
from transforms.batch.read import ReadRecords
from transforms.batch.snapshot_files import WriteManifest
from transforms.batch.write import WriteRows, WriteSummary
from transforms.input_files import InputFile


def build_backfill(
    pipeline: beam.Pipeline,
    files: tuple[InputFile, ...],
    programs: Programs,
    settings: RunSettings,
    location: OutputLocation,
    written: Format = Format.JSONL,
) -> None:
    """Read, parse, group by partition of contacts, evaluate, write; all counts meet in the summary."""
    bytes_total = sum(file.size for file in files)
    partitions = partitions_for(bytes_total)
    read = pipeline | "Read" >> ReadRecords(files, split_bytes_for(bytes_total), settings.shape, settings.shapes)
    parsed = read.blocks | "Parse" >> ParseRecords(settings, programs, partitions)
    input_counts = (read.counts, parsed.counts) | "SumInputCounts" >> SumCounts()
    joined = with_item_changes(parsed, programs, settings, input_counts, partitions)
    step = EvaluateHistories(programs, settings, Mode.BACKFILL, input_counts)
    decided = joined.record_batches | "Evaluate" >> step
    counts = (input_counts, decided.counts, *joined.counts)
    all_counts = counts | "SumAllCounts" >> SumCounts()

    _ = parsed.dead_letters | "WriteDeadLetters" >> WriteRows(location.path(DEAD_LETTERS), DEAD_LETTERS, written)
    _ = decided.decisions | "WriteDecisions" >> WriteRows(location.path(DECISIONS), DECISIONS, written)
    _ = decided.triggers | "WriteTriggers" >> WriteRows(location.path(TRIGGERS), TRIGGERS, written)
    if decided.snapshots is not None:
        folder = location.path(SNAPSHOTS)
        names = decided.snapshots | "WriteSnapshots" >> WriteRows(folder, SNAPSHOTS, Format.JSONL)
        if joined.snapshots is not None:
            of_items = joined.snapshots | "WriteItemSnapshots" >> WriteRows(folder, SNAPSHOTS, Format.JSONL, ITEMS)
            names = (names, of_items) | "AllSnapshots" >> beam.Flatten()
        _ = names | "WriteManifest" >> WriteManifest(folder)
    summary = WriteSummary(location.path(SUMMARY), Mode.BACKFILL, programs.used, settings)
    _ = all_counts | "WriteSummary" >> summary
