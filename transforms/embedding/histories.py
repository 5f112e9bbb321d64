"""Steps over bounded input: whole histories in, decisions out, as a backfill makes them.

Public through `kittiwake.beam`. `EvaluateHistories` takes what `ReadEventFiles` has read, or lines of anybody else's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Any, Final, NamedTuple

import apache_beam as beam
import msgspec
from apache_beam.pvalue import PBegin, PCollection

from kittiwake.api import loaded_rules, shape_of
from kittiwake.batch.counts import Counts
from kittiwake.batch.record_batches import PARTITIONS_MAX, PARTITIONS_MIN
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.summary import summary_of, to_json
from kittiwake.errors import UnusableError
from kittiwake.input.files import refuse_shaped
from kittiwake.input.lines import Block
from kittiwake.output.rows import DecisionLine, Mode
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.versions import RuleSetHistory
from kittiwake.settings import Duration, Instant, Paths, duration_us, instant_us, texts_of
from kittiwake.stream.records import DecisionRecord
from kittiwake.time.instants import parse_instant
from kittiwake.transforms.batch import evaluate, join, parse, read
from kittiwake.transforms.batch.counts import SumCounts
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.embedding.inputs import RECORD_ADVICE, check_element, check_type, check_windows
from kittiwake.transforms.input_files import input_files
from kittiwake.values import parse_json

LINES_A_BLOCK: Final = 2_000
"""Records of a caller that are parsed at once: from a few hundred on a block costs what a file's block costs."""

_SHAPE: Final = "kittiwake_shape"
"""The attribute of the blocks of `ReadEventFiles` that holds how they were read."""


class ReadEventFiles(beam.PTransform):
    """Files of events, large ones in parts, several workers at once; gzip, zstd and Parquet too.

    Input: the pipeline. Output: for `EvaluateHistories`.
    """

    def __init__(self, files: Paths, *, shape: str = "canonical", account_id: str | None = None) -> None:
        """Find the files.

        Args:
            files: paths or globs, `gs://` too.
            shape: how records are written: "canonical", another name of a shape, or the path of a shape file
                (docs/reference/shapes.md).
            account_id: the account of records that name none.

        Raises:
            UnusableError: a setting or a file cannot be used.
        """
        super().__init__()
        input_shape = shape_of(shape, account_id)
        found = input_files(texts_of(files), input_shape)
        refuse_shaped((file.name for file in found), input_shape)
        self._shape = input_shape
        self._step = read.ReadRecords(found, shape=input_shape)

    def expand(self, pbegin: PBegin) -> read.Read:
        """A file that cannot be read to its end is counted: then nothing is decided, and the summary says so."""
        found: read.Read = pbegin | "Read" >> self._step
        setattr(found.blocks, _SHAPE, self._shape)
        return found


class EvaluatedHistories(NamedTuple):
    """What comes of evaluating histories."""

    triggers: PCollection[DecisionRecord]
    """Those of `decisions` that fired."""
    decisions: PCollection[DecisionRecord]
    """Every decision, each once."""
    dead_letters: PCollection[dict[str, Any]]
    """Records that are no events: rows of `dead_letters`, as the reference of output has them."""
    summary: PCollection[dict[str, Any]]
    """One element: `summary.json`. Its `stopped` is not null where nothing was decided, and why: read it."""


class EvaluateHistories(beam.PTransform):
    """Whole histories of contacts to final decisions.

    Input: what `ReadEventFiles` has read, or `PCollection[bytes]` of one JSON record each, from any source. Output: see
    `EvaluatedHistories`.
    """

    def __init__(
        self,
        rules: RuleSetHistory,
        *,
        until: Instant | None = None,
        allowed_lateness: Duration = "1h",
        max_dead_letter_ratio: Decimal | None = None,
        shape: str = "canonical",
        account_id: str | None = None,
        partitions: int = PARTITIONS_MIN,
        clock: Callable[[], int] = now_us,
    ) -> None:
        """Prepare the step.

        Args:
            rules: what `kittiwake.load_rules` has read.
            until: where the run ends; None: 1 µs after the newest event.
            allowed_lateness: how far apart duplicates of one event may lie.
            max_dead_letter_ratio: beyond this part of dead letters nothing is decided; None: 0.1 of 1,000 or more.
            shape: as of `ReadEventFiles`.
            account_id: as of `ReadEventFiles`.
            partitions: into so many groups of contacts the work is cut; about one for each 16 MB of input.
            clock: the time in microseconds since 1970, asked once, now: what lies beyond it is no event.

        Raises:
            UnusableError: a setting cannot be used.
            RulesError: a rule is of a kind that this release does not run.
        """
        super().__init__()
        if not 0 < partitions <= PARTITIONS_MAX:
            raise UnusableError(f"partitions: {partitions} lies outside 1 to {PARTITIONS_MAX}")
        self._settings = RunSettings(
            clock(),
            instant_us("until", until),
            duration_us("allowed_lateness", allowed_lateness),
            max_dead_letter_ratio,
            shape_of(shape, account_id),
        )
        lateness_us = self._settings.allowed_lateness_us
        self._programs = Programs(loaded_rules(rules), lateness_us, shape=self._settings.shape)
        self._partitions = partitions

    def expand(self, records: read.Read | PCollection[bytes]) -> EvaluatedHistories:
        """Nothing is decided before all of the input has been counted.

        Raises:
            UnusableError: the records are of another type, windowed, or were read in another shape.
        """
        source = self._source(records)
        parsed = source.blocks | "Parse" >> parse.ParseRecords(self._settings, self._programs, self._partitions)
        input_counts = (source.counts, parsed.counts) | "SumInputCounts" >> SumCounts()
        joined = join.with_item_changes(parsed, self._programs, self._settings, input_counts, self._partitions)
        step = evaluate.EvaluateHistories(self._programs, self._settings, Mode.BACKFILL, input_counts)
        found = joined.record_batches | "Evaluate" >> step
        all_counts = (input_counts, found.counts, *joined.counts) | "SumAllCounts" >> SumCounts()
        return EvaluatedHistories(
            found.triggers | "Triggers" >> beam.FlatMap(_records).with_output_types(DecisionRecord),
            found.decisions | "Decisions" >> beam.FlatMap(_records).with_output_types(DecisionRecord),
            parsed.dead_letters | "DeadLetters" >> beam.Map(parse_json).with_output_types(dict[str, Any]),
            all_counts | "Summary" >> beam.Map(self._summary).with_output_types(dict[str, Any]),
        )

    def _source(self, records: read.Read | PCollection[bytes]) -> read.Read:
        source = records if isinstance(records, read.Read) else _blocks(records)
        check_windows("records", source.blocks)
        read_as = getattr(source.blocks, _SHAPE, self._settings.shape)
        if read_as != self._settings.shape:
            raise UnusableError("shape, account_id: give EvaluateHistories those of ReadEventFiles")
        return source

    def _summary(self, counts: Counts) -> dict[str, Any]:
        return to_json(summary_of(Mode.BACKFILL, self._programs.used, self._settings, counts, self._programs.needs()))


def _blocks(records: PCollection[bytes]) -> read.Read:
    """Records of a caller as a file's blocks; they have no place but their number in their block."""
    check_type("records", records, bytes, RECORD_ADVICE)
    batched = records | "Batch" >> beam.BatchElements(min_batch_size=1, max_batch_size=LINES_A_BLOCK)
    blocks = batched | "Block" >> beam.Map(_block).with_output_types(read.SourcedBlock)
    counts = records.pipeline | "NoFiles" >> beam.Create([Counts()]).with_output_types(Counts)
    return read.Read(blocks, counts)


def _block(lines: Iterable[bytes]) -> read.SourcedBlock:
    whole = [check_element(line, "records", bytes, RECORD_ADVICE).rstrip(b"\r\n") for line in lines]
    return read.SourcedBlock("records", Block(1, whole, sum(map(len, whole)) + len(whole)))


_decode: Final = msgspec.json.Decoder(DecisionLine).decode


def _records(lines: bytes) -> Iterator[DecisionRecord]:
    for line in lines.split(b"\n"):
        row = _decode(line)
        yield DecisionRecord(
            row=line,
            trigger_id=row.trigger_id,
            revision=row.revision,
            account_id=row.account_id,
            rule_id=row.rule_id,
            kind=row.kind,
            decision=row.decision,
            time_us=parse_instant(row.time),
            stale=row.stale,
            channel=row.channel,
        )
