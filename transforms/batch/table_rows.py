"""Step: lines of a run's output as rows of tables, one JSON object a line, as BigQuery loads them from files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import apache_beam as beam
from apache_beam.pvalue import PCollection

from kittiwake.stream.tables.run_rows import WrittenRun


@dataclass(eq=False)
class TableRows(beam.PTransform):
    """Makes rows of lines."""

    row_of: Callable[[bytes, WrittenRun], bytes]
    run: WrittenRun

    def expand(self, lines: PCollection[bytes]) -> PCollection[bytes]:
        """As many lines an element as came."""
        return lines | "Rows" >> beam.Map(_rows, self.row_of, self.run).with_output_types(bytes)


def _rows(lines: bytes, row_of: Callable[[bytes, WrittenRun], bytes], run: WrittenRun) -> bytes:
    return b"\n".join(row_of(one, run) for one in lines.split(b"\n"))
