"""Step: from streams of tables of BigQuery to blocks of rows. One stream is one split: any runner shares them.

Reads by the Storage Read API what sessions have been opened for at launch. Arrow batches stay columns, or become JSON
objects where a shape file reads them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import PBegin

from kittiwake.batch.counts import Counts
from kittiwake.input.columns.blocks import AnyBlock, lines_until
from kittiwake.input.errors import UnsoundError
from kittiwake.input.shapes.base import CANONICAL, InputShape, Shape
from kittiwake.transforms.batch.counts import COUNTS, CountingDoFn
from kittiwake.transforms.batch.progress import PROGRESS
from kittiwake.transforms.batch.read import Read, SourcedBlock

SHOWN_MAX: Final = 300
"""Characters shown of an error of Google's: its beginning names the cause."""


class TableStream(NamedTuple):
    """A part of what is read of a table, which one worker reads to its end."""

    table: str
    """For people: `bq://PROJECT.DATASET.TABLE`, or the file of a query."""
    number: int
    """Of the table's streams, from 0."""
    name: str
    """As the Storage Read API calls it."""
    shape: int = 0
    """Which of the run's shapes its rows have, if there are several."""


class OpenTables(NamedTuple):
    """Tables ready to be read."""

    streams: tuple[TableStream, ...] = ()
    size: int = 0
    """Bytes of them, as BigQuery estimates."""


@dataclass(eq=False)
class ReadTables(beam.PTransform):
    """Reads streams."""

    streams: tuple[TableStream, ...]
    shape: InputShape = CANONICAL
    shapes: tuple[InputShape, ...] = ()
    """Those of which each stream has one, if there are several."""

    def expand(self, pbegin: PBegin) -> Read:
        """Streams are distributed over the workers."""
        step = beam.ParDo(ReadStream(self.shapes or (self.shape,))).with_output_types(SourcedBlock, **{COUNTS: Counts})
        read = (
            pbegin
            | "Streams" >> beam.Create(self.streams).with_output_types(TableStream)
            | "Reshuffle" >> beam.Reshuffle()
            | "Rows" >> step.with_outputs(COUNTS, main="blocks")
        )
        return Read(read["blocks"], read[COUNTS])


class ReadStream(CountingDoFn):
    """Counts a table that cannot be read to its end, and raises nothing: the job then decides nothing."""

    def __init__(self, shapes: tuple[InputShape, ...]) -> None:
        super().__init__()
        self._shapes = shapes
        self._client: Any = None

    def process(self, element: TableStream) -> Iterator[SourcedBlock]:
        from google.api_core.exceptions import GoogleAPIError  # noqa: PLC0415 - of an extra that files do not need
        from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - as above

        label, number = f"{element.table}#{element.number}", 1
        try:
            for batch in self._batches(element.name):
                PROGRESS.read(batch.nbytes)
                for block in _blocks(number, batch, self._shapes[element.shape]):
                    yield SourcedBlock(label, block, element.shape)
                    number = lines_until(block) + 1
        except UnsoundError as error:
            self.counts.unreadable[element.table] = f"cannot read {element.table}: {error}"
        except (GoogleAPIError, GoogleAuthError) as error:
            said = (str(error).splitlines() or [type(error).__name__])[0][:SHOWN_MAX]
            self.counts.unreadable[element.table] = f"cannot read {element.table} to its end: {said}"
        else:
            self.counts.tables += element.number == 0

    def _batches(self, name: str) -> Iterator[Any]:
        if self._client is None:
            from google.cloud import bigquery_storage  # noqa: PLC0415 - as above

            self._client = bigquery_storage.BigQueryReadClient()
        yield from _decoded(self._client.read_rows(name))  # goes on by itself where a connection was lost


def _decoded(responses: Iterable[Any]) -> Iterator[Any]:
    """The Arrow batches of a stream, whose first response brings their schema."""
    import pyarrow as pa  # noqa: PLC0415 - half a second

    schema = None
    for response in responses:
        if schema is None:
            schema = pa.ipc.read_schema(pa.py_buffer(response.arrow_schema.serialized_schema))
        yield pa.ipc.read_record_batch(pa.py_buffer(response.arrow_record_batch.serialized_record_batch), schema)


def _blocks(number: int, batch: Any, shape: InputShape) -> Iterator[AnyBlock]:
    from kittiwake.input.parquet import blocks_of_batch  # noqa: PLC0415 - needs pyarrow

    yield from blocks_of_batch(number, batch, is_canonical=shape.shape is Shape.CANONICAL)
