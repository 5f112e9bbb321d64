"""Rows of BigQuery about one contact, or about some items, as records: nothing else of a table is read.

What knows `bq://` is found by the entry-point group `kittiwake.rows`: name = scheme, value = a function from an
address, a column and its values to batches of canonical columns. `kittiwake` itself imports no client of Google's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import SCHEME
from kittiwake.input.columns.blocks import lines_until, records_of_block
from kittiwake.input.lines import Record
from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.rules.publishing.opening import entry_points

if TYPE_CHECKING:
    import pyarrow as pa

GROUP: Final = "kittiwake.rows"


class Tables(NamedTuple):
    """Tables with the columns of events."""

    addresses: tuple[str, ...] = ()
    say: Callable[[str], None] = lambda _: None
    """Takes what a table will cost, before it is read."""

    def records(self, column: str, values: Sequence[str]) -> Iterator[tuple[str, Record, InputShape]]:
        """The rows in which a column has one of some values, each with where it stood.

        Raises:
            UnusableError: a table cannot be read, or its columns are not those of events.
        """
        for address in self.addresses:
            number = 1
            for batch in _rows_about(address, column, values, self.say):
                from kittiwake.input.parquet import blocks_of_batch  # noqa: PLC0415 - needs pyarrow

                for block in blocks_of_batch(number, batch, is_canonical=True):
                    for record in records_of_block(block):
                        yield f"{address}:{record.number}", record, CANONICAL
                    number = lines_until(block) + 1


NO_TABLES: Final = Tables()


def _rows_about(
    address: str, column: str, values: Sequence[str], say: Callable[[str], None]
) -> Iterator[pa.RecordBatch]:
    for entry in entry_points(group=GROUP, name=SCHEME.removesuffix("://")):
        try:
            rows_about = entry.load()
        except ModuleNotFoundError as error:
            raise UnusableError(f"{address} needs Google's clients: install the extra kittiwake[gcp]") from error
        found: Iterator[pa.RecordBatch] = rows_about(address, column, values, say)
        return found
    raise UnusableError(f"{address}: no installed package reads {SCHEME}")
