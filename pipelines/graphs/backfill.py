"""The graph of the backfill. Called by `kittiwake.pipelines.backfill`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import apache_beam as beam
from apache_beam.pvalue import PCollection

from kittiwake.batch.record_batches import partitions_for
from kittiwake.batch.settings import RunSettings
from kittiwake.input.splits import split_bytes_for
from kittiwake.output.folder import DEAD_LETTERS, DECISIONS, SNAPSHOTS, SUMMARY, TRIGGERS
from kittiwake.output.formats import FEEDS, ITEMS, PART, Format
from kittiwake.output.rows import Mode
from kittiwake.pipelines.locations import OutputLocation
from kittiwake.rules.compile.accounts import Programs
from kittiwake.transforms.batch.counts import SumCounts
from kittiwake.transforms.batch.evaluate import EvaluateHistories
from kittiwake.transforms.batch.feed_snapshots import FeedSnapshots
from kittiwake.transforms.batch.finish import FinishOutput, WrittenFiles
from kittiwake.transforms.batch.join import with_item_changes
from kittiwake.transforms.batch.parse import ParseRecords
from kittiwake.transforms.batch.read import Read, ReadRecords
from kittiwake.transforms.batch.read_tables import OpenTables, ReadTables
from kittiwake.transforms.batch.snapshot_files import WriteManifest
from kittiwake.transforms.batch.start import LoadStarts
from kittiwake.transforms.batch.write import WriteRows, WriteSummary
from kittiwake.transforms.input_files import InputFile
from kittiwake.transforms.snapshot_parts import SnapshotPart

_LABELS: Final = {ITEMS: "WriteItemSnapshots", FEEDS: "WriteFeedSnapshots"}

SNAPSHOT_FILE_BYTES: Final = 256 * 1024 * 1024
"""Of a file of snapshots, about: one worker reads it again for the manifest, and after a fault once more."""


def build_backfill(
    pipeline: beam.Pipeline,
    files: tuple[InputFile, ...],
    programs: Programs,
    settings: RunSettings,
    location: OutputLocation,
    written: Format = Format.JSONL,
    tables: OpenTables = OpenTables(),  # noqa: B008 (it cannot change)
    start_from: Sequence[SnapshotPart] = (),
) -> None:
    """Read, parse, group by partition of contacts, evaluate, write and finish the output; all counts are summed."""
    bytes_total = sum(file.size for file in files) + tables.size + sum(one.size for one in start_from)
    partitions = partitions_for(bytes_total)
    read = pipeline | "Read" >> ReadRecords(files, split_bytes_for(bytes_total), settings.shape, settings.shapes)
    if tables.streams:
        read = _with_tables(
            read, pipeline | "ReadTables" >> ReadTables(tables.streams, settings.shape, settings.shapes)
        )
    parsed = read.blocks | "Parse" >> ParseRecords(settings, programs, partitions)
    starts = pipeline | "LoadStarts" >> LoadStarts(start_from, partitions, programs.feeds) if start_from else None
    states, item_starts, feed_starts = (None, None, None) if starts is None else starts
    counted = (read.counts, parsed.counts, *(() if feed_starts is None else (feed_starts,)))
    input_counts = counted | "SumInputCounts" >> SumCounts()
    joined = with_item_changes(parsed, programs, settings, input_counts, partitions, item_starts)
    step = EvaluateHistories(programs, settings, Mode.BACKFILL, input_counts, states=states)
    decided = joined.record_batches | "Evaluate" >> step
    counts = (input_counts, decided.counts, *joined.counts)
    all_counts = counts | "SumAllCounts" >> SumCounts()

    names = [
        location.rows(name, lines) | label >> WriteRows(location.path(name), name, written)
        for name, lines, label in (
            (DEAD_LETTERS, parsed.dead_letters, "WriteDeadLetters"),
            (DECISIONS, decided.decisions, "WriteDecisions"),
            (TRIGGERS, decided.triggers, "WriteTriggers"),
        )
    ]
    if decided.snapshots is not None:
        of_feeds = input_counts | "FeedSnapshots" >> FeedSnapshots(programs, settings) if programs.feeds.types else None
        names.append(_write_snapshots(decided.snapshots, {ITEMS: joined.snapshots, FEEDS: of_feeds}, location))
    summary = WriteSummary(location.path(SUMMARY), Mode.BACKFILL, programs.used, programs.needs(), settings)
    names.append(all_counts | "WriteSummary" >> summary)
    written_files = WrittenFiles(all_counts, tuple(names))
    _ = written_files | "FinishOutput" >> FinishOutput(location.finishing, settings)


def _with_tables(files: Read, tables: Read) -> Read:
    blocks = (files.blocks, tables.blocks) | "AllBlocks" >> beam.Flatten()
    return Read(blocks, (files.counts, tables.counts) | "CountsOfReading" >> beam.Flatten())


def _write_snapshots(
    of_contacts: PCollection[bytes], of_others: Mapping[str, PCollection[bytes] | None], location: OutputLocation
) -> PCollection[str]:
    """Write the files, and the manifest when all of them are there; its name, or theirs if they are loaded.

    `of_others` are rows of what is no contact, by what the names of their files begin with; None: there are none.
    """
    folder, others = location.path(SNAPSHOTS), {part: found for part, found in of_others.items() if found is not None}

    def rows(part: str) -> WriteRows:
        return WriteRows(folder, SNAPSHOTS, Format.JSONL, part, SNAPSHOT_FILE_BYTES)

    if not location.keeps_files:
        every = (of_contacts, *others.values()) | "BothSnapshots" >> beam.Flatten() if others else of_contacts
        written: PCollection[str] = location.rows(SNAPSHOTS, every) | "WriteSnapshots" >> rows(PART)
        return written
    names = of_contacts | "WriteSnapshots" >> rows(PART)
    if others:
        more = [found | _LABELS[part] >> rows(part) for part, found in others.items()]
        names = (names, *more) | "AllSnapshots" >> beam.Flatten()
    manifest: PCollection[str] = names | "WriteManifest" >> WriteManifest(folder)
    return manifest
