"""An output that is tables of BigQuery, as the launcher of a backfill has it: opened, read, or cleared away."""

from __future__ import annotations

import shutil
import tempfile
import time
import uuid
from typing import Final

from apache_beam.pvalue import PCollection

from kittiwake import __version__
from kittiwake.batch.summary import Summary, from_text
from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import Dataset
from kittiwake.output.folder import DEAD_LETTERS, SNAPSHOTS
from kittiwake.pipelines.flags import error_lines
from kittiwake.pipelines.google.bigquery_tables import client_of, compare, create_tables
from kittiwake.pipelines.google.run_tables import FinishTables, RunAttempt, announce, as_output_errors, finished_summary
from kittiwake.stream.tables import schema
from kittiwake.stream.tables.run_rows import WrittenRun, dead_letter_line_row, decision_line_row, snapshot_line_row
from kittiwake.transforms.batch.table_rows import TableRows

RUN_TABLES: Final = (*schema.TABLES, schema.SNAPSHOTS, schema.RUNS)
"""A stream's, so that both may share a dataset and its views, that of snapshots, and the one that says which runs there
were."""

_ROW_OF: Final = {DEAD_LETTERS: dead_letter_line_row, SNAPSHOTS: snapshot_line_row}
"""By the name of a folder; of all others decisions."""


class TablesOutput:
    """Tables, opened for one run: its rows go into files first, which the last step of the job loads."""

    def __init__(self, dataset: Dataset, run_id: str, ruleset_version: str, temp_location: str | None) -> None:
        """Create the tables that are missing, and write down that the run begins.

        Raises:
            UnusableError: they cannot be used as they are, or not at all.
        """
        self._dataset = dataset
        self._attempt = RunAttempt(run_id, uuid.uuid4().hex, time.time_ns() // 1_000)
        self._run = WrittenRun(run_id, self._attempt.started_us, ruleset_version, __version__)
        self._open()
        self._own = tempfile.mkdtemp(prefix="kittiwake-") if temp_location is None else None
        self._folder = self._own or f"{(temp_location or '').rstrip('/')}/kittiwake-{self._attempt.attempt_id}"
        self.finishing = FinishTables(self._dataset, self._attempt, self._folder)

    def _open(self) -> None:
        with as_output_errors(self._dataset), client_of(self._dataset) as client:
            problems = create_tables(client, self._dataset, tables=RUN_TABLES).problems
            problems = problems or compare(client, self._dataset, tables=RUN_TABLES)
            if problems:
                raise UnusableError(error_lines(problems))
            announce(client, self._dataset, self._attempt, __version__)

    keeps_files: Final = False

    def path(self, name: str) -> str:
        """Where the job writes the files of `name`, to be loaded."""
        return f"{self._folder}/{name}"

    def rows(self, name: str, lines: PCollection[bytes]) -> PCollection[bytes]:
        """Lines of files as rows of a table."""
        return lines | f"TableRows {name}" >> TableRows(_ROW_OF.get(name, decision_line_row), self._run)

    def is_finished(self) -> bool:
        """Whether the run's rows are in the tables."""
        return self._finished() is not None

    def summary(self) -> Summary | None:
        """What the run came to."""
        text = self._finished() or self.finishing.staged_summary()
        return None if text is None else from_text(text)

    def _finished(self) -> str | None:
        with as_output_errors(self._dataset), client_of(self._dataset) as client:
            return finished_summary(client, self._dataset, self._attempt)

    def release(self) -> None:
        """Delete what the run has in a folder of this machine."""
        if self._own is not None:
            shutil.rmtree(self._own, ignore_errors=True)

    discard = release
