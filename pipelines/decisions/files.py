"""Rows of decisions, late events and dead letters in the folder of a run or of a stream, local or `gs://…`.

JSON lines (plain, .gz, .zst) or Parquet, as `kittiwake replay`, the backfill and the streaming job's `--output` write
them. Called by `sources`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from kittiwake.errors import UnusableError
from kittiwake.input.errors import InputError, shown
from kittiwake.output.folder import DEAD_LETTERS, DECISIONS, SUMMARY, TRIGGERS
from kittiwake.pipelines.decisions.columns import NAMES, SCHEMA, microseconds, values_of_line
from kittiwake.pipelines.decisions.refused import LATE, REFUSED, refused_of
from kittiwake.pipelines.decisions.store import BATCH, batch_of
from kittiwake.transforms.input_files import lines_of

LATE_EVENTS: Final = "late_events"
_ENDS: Final = (".jsonl", ".jsonl.gz", ".jsonl.zst", ".parquet")


class RunFolder(NamedTuple):
    """The folder that a run or a stream has written."""

    path: str

    def files(self, name: str) -> list[str]:
        """The files of rows in one of its folders, in order of name."""
        try:
            found = FileSystems.match([f"{self.path.rstrip('/')}/{name}/**"])[0].metadata_list
        except (BeamIOError, ValueError) as error:
            raise UnusableError(f"cannot read {self.path}: {error}") from error
        return sorted(one.path for one in found if one.path.endswith(_ENDS))

    def until_us(self) -> int | None:
        """Up to where the run evaluated, as its summary says; None: it has none, as that of a stream."""
        path = f"{self.path.rstrip('/')}/{SUMMARY}"
        try:
            with FileSystems.open(path) as file:
                return until_us_of(file.read())
        except (BeamIOError, OSError):
            return None
        except msgspec.MsgspecError as error:
            raise UnusableError(f"{shown(path)} is no summary of a run: {error}") from error

    def decisions(self) -> Iterator[pa.RecordBatch]:
        """Its rows: of `decisions`, or of `triggers` where there are none of those.

        Raises:
            UnusableError: it has neither, or something in them is no row.
        """
        files = self.files(DECISIONS) or self.files(TRIGGERS)
        if not files:
            advice = "name the folder of a run (replay, backfill), or what the streaming job wrote to its --output"
            raise UnusableError(f"{self.path} has no files of {DECISIONS} or {TRIGGERS}: {advice}")
        for name in files:
            yield from rows_in(name)

    def late_events(self) -> Iterator[pa.RecordBatch]:
        """Events that came too late; only a stream has any."""
        for name in self.files(LATE_EVENTS):
            yield from _batches(name, _late_event, LATE)

    def dead_letters(self) -> Iterator[pa.RecordBatch]:
        """Which events, contacts and rows its dead letters are of, as far as that can be read."""
        for name in self.files(DEAD_LETTERS):
            if name.endswith(".parquet"):
                yield from _dead_of_parquet(name)
            else:
                yield from _batches(name, _dead_letter, REFUSED)


def is_file(name: str) -> bool:
    """Whether a name is that of a file of rows, not of a folder."""
    return name.endswith(_ENDS)


def rows_in(name: str) -> Iterator[pa.RecordBatch]:
    """The rows of decisions in a file.

    Raises:
        InputError: it cannot be read, or something in it is no row.
    """
    return _of_parquet(name) if name.endswith(".parquet") else _batches(name, values_of_line, SCHEMA)


class _Summary(msgspec.Struct):
    until: datetime


_summary_of: Final = msgspec.json.Decoder(_Summary).decode


def until_us_of(summary: bytes | str) -> int:
    """Up to where a run evaluated, by its summary.

    Raises:
        msgspec.MsgspecError: it is none.
    """
    return microseconds(_summary_of(summary).until)


def _batches(name: str, values_of: Callable[[bytes], Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    held: list[Any] = []
    for number, line in lines_of(name):
        try:
            held.append(values_of(line))
        except (msgspec.MsgspecError, KeyError, ValueError) as error:
            raise InputError(
                f"{shown(name)}:{number}: no row of Kittiwake's output: {_without_values(error)}"
            ) from error
        if len(held) == BATCH:
            yield batch_of(held, schema)
            held = []
    if held:
        yield batch_of(held, schema)


def _without_values(error: Exception) -> str:
    """What msgspec says names fields and types only; other errors may quote."""
    return str(error) if isinstance(error, msgspec.MsgspecError) else type(error).__name__


# ---------------------------------------------------------------- late events and dead letters


class _LateEvent(msgspec.Struct):
    account_id: str
    contact_id: str
    event_id: str
    time: datetime


class _DeadLetter(msgspec.Struct):
    raw: str
    raw_encoding: str = "base64"


_late_event_of: Final = msgspec.json.Decoder(_LateEvent).decode
_dead_letter_of: Final = msgspec.json.Decoder(_DeadLetter).decode


def _late_event(line: bytes) -> tuple[Any, ...]:
    late = _late_event_of(line)
    return late.account_id, late.contact_id, late.event_id, late.time


def _dead_letter(line: bytes) -> tuple[Any, ...]:
    dead = _dead_letter_of(line)
    return refused_of(_raw(dead.raw, dead.raw_encoding))


def _raw(text: str, encoding: str) -> bytes:
    try:
        return base64.b64decode(text) if encoding == "base64" else text.encode()
    except (binascii.Error, ValueError):
        return b""


# ---------------------------------------------------------------- Parquet


def _of_parquet(name: str) -> Iterator[pa.RecordBatch]:
    for batch in _parquet_batches(name):
        events = batch.column("events").flatten()
        found = dict(zip(batch.schema.names, batch.columns, strict=True))
        found.update(zip(_OF_EVENTS, events, strict=True))
        absent = pa.nulls(len(batch))  # of a column that an earlier release did not write
        columns = [found.get(one, absent).cast(SCHEMA.field(one).type) for one in NAMES]
        yield pa.RecordBatch.from_arrays(columns, schema=SCHEMA)


_OF_EVENTS: Final = ("first_event_id", "last_event_id", "event_count", "first_event_time", "last_event_time")


def _dead_of_parquet(name: str) -> Iterator[pa.RecordBatch]:
    for batch in _parquet_batches(name):
        raw = zip(batch.column("raw").to_pylist(), batch.column("raw_encoding").to_pylist(), strict=True)
        if ids := [refused_of(_raw(*one)) for one in raw]:
            yield batch_of(ids, REFUSED)


def _parquet_batches(name: str) -> Iterator[pa.RecordBatch]:
    try:
        with FileSystems.open(name, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
            yield from pq.ParquetFile(stream).iter_batches(BATCH)
    except (pa.ArrowException, OSError, KeyError) as error:
        raise InputError(f"cannot read {shown(name)}: {str(error).splitlines()[0]}") from error
