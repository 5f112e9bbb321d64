"""Tables of BigQuery as the output of a backfill: a run's rows in the place of those of the earlier run of its name.

Called by the last step of a job, on a worker, as often as its runner tries; the launcher opens and reads. Files of rows
are loaded into staging tables of the attempt's own. Then one transaction takes the earlier rows out of all tables and
puts the new ones in: a reader sees the one run whole or the other, whatever ends the attempt and wherever. Two runs of
one name at once touch the same row of `runs`, so BigQuery lets one of them commit, and the other begins anew.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from google.api_core.exceptions import BadRequest, GoogleAPIError
from google.api_core.retry import Retry
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from requests import RequestException

from kittiwake.input.bigquery.addresses import Dataset
from kittiwake.output.folder import SUMMARY, OutputError
from kittiwake.pipelines.google.bigquery_tables import client_of, field_of
from kittiwake.pipelines.google.error_text import first_line
from kittiwake.stream.tables.rows import causes
from kittiwake.stream.tables.schema import DEAD_LETTERS, DECISIONS, RUN_ROWS, RUNS, SNAPSHOTS, TRIGGERS, Table
from kittiwake.time.instants import moment_of
from kittiwake.transforms.input_files import is_remote

ROWS: Final = (TRIGGERS, DECISIONS, DEAD_LETTERS, SNAPSHOTS)
"""The tables that a run has rows in."""

STAGING: Final = "staging"
STAGED_FOR: Final = timedelta(days=1)
"""After which BigQuery drops a staging table that an attempt has left which died. No load takes as long."""
FILES_MAX: Final = 10_000
"""Addresses of files in one load job: what BigQuery allows."""
CONFLICT_S: Final = 600
"""How long an attempt gives way to others. Their transactions take seconds each, and a runner tries again after it."""

CONFLICTS: Final = ("concurrent update", "failed to commit")
"""How errors of a transaction say that another was in its way: BigQuery's words, and those of the emulator."""
TAKEN_OVER: Final = "another run of this name has taken its place"


class RunAttempt(NamedTuple):
    """One launch of a run."""

    run_id: str
    """What the run is called."""
    attempt_id: str
    started_us: int

    @property
    def started_at(self) -> datetime:
        """As BigQuery has it: `written_at` of all rows."""
        return moment_of(self.started_us)


class FinishTables(NamedTuple):
    """The last step of a job whose output is tables."""

    dataset: Dataset
    attempt: RunAttempt
    folder: str
    """In which the files of rows stand that are to be loaded."""

    def finish(self, names: Sequence[str]) -> None:
        """Load the files, and put their rows in the place of the earlier ones. Done already, it does it again.

        Raises:
            OutputError: BigQuery refuses, or another run of this name came first; the tables are as they were.
        """
        with as_output_errors(self.dataset), client_of(self.dataset) as client:
            summary = self.staged_summary()
            if summary is None:
                self._check_finished(client)
                return
            files = {table: [name for name in names if _folder_of(name) == table.name] for table in ROWS}
            staged = {table.name: self._staging(table.name) for table in ROWS if files[table]}
            try:
                for table in ROWS:
                    if files[table]:
                        _load(client, table, staged[table.name], files[table])
                replace_rows(client, self.dataset, self.attempt, staged, summary)
            finally:
                _drop(client, staged.values())
        delete_files([f"{self.folder}/{SUMMARY}", *names])

    def _staging(self, name: str) -> str:
        """A table of this try's own: none that goes on elsewhere, unknown to the runner, writes into it too."""
        return self.dataset.table(f"{STAGING}_{name}_{uuid.uuid4().hex}")

    def staged_summary(self) -> str | None:
        """The summary that the job has written; None: it has not, or the try before has done all and deleted it."""
        path = f"{self.folder}/{SUMMARY}"
        if not FileSystems.exists(path):
            return None
        with FileSystems.open(path) as file:
            return bytes(file.read()).decode()

    def _check_finished(self, client: bigquery.Client) -> None:
        if finished_summary(client, self.dataset, self.attempt) is None:
            raise OutputError(f"{self.folder} is gone: somebody has deleted what the job had written")


def _folder_of(name: str) -> str:
    return name.rpartition("/")[0].rpartition("/")[2]


def _drop(client: bigquery.Client, paths: Iterable[str]) -> None:
    """Drop staging tables; those that stay expire."""
    for path in paths:
        with suppress(GoogleAPIError, RequestException):
            client.delete_table(path, not_found_ok=True)


def delete_files(names: list[str]) -> None:
    """Delete what has been loaded, the summary first: while it is there, all is. What stays is never read again."""
    for name in names:
        with suppress(BeamIOError):
            FileSystems.delete([name])


# ---------------------------------------------------------------- load


def _load(client: bigquery.Client, table: Table, path: str, names: list[str]) -> None:
    """Files of rows into a new table."""
    staging = bigquery.Table(path, schema=[field_of(column) for column in table.columns])
    staging.expires = datetime.now(UTC) + STAGED_FOR
    client.create_table(staging)
    config = bigquery.LoadJobConfig(
        source_format=bigquery.SourceFormat.NEWLINE_DELIMITED_JSON,
        write_disposition=bigquery.WriteDisposition.WRITE_APPEND,
        schema=staging.schema,
    )
    for job in _load_jobs(client, path, names, config):
        try:
            job.result()
        except BadRequest as error:
            # BigQuery's messages quote values
            raise OutputError(f"BigQuery refuses rows of {table.name}: {', '.join(causes(error.errors))}") from None


def _load_jobs(
    client: bigquery.Client, path: str, names: list[str], config: bigquery.LoadJobConfig
) -> Iterator[bigquery.LoadJob]:
    remote = [name for name in names if is_remote(name)]
    for at in range(0, len(remote), FILES_MAX):
        yield client.load_table_from_uri(remote[at : at + FILES_MAX], path, job_config=config)
    for name in names:
        if not is_remote(name) and Path(name).stat().st_size:
            with Path(name).open("rb") as file:
                yield client.load_table_from_file(file, path, job_config=config)


# ---------------------------------------------------------------- the transaction


def replacing_sql(dataset: Dataset, staged: Mapping[str, str]) -> str:
    """The script that puts staged rows in the place of the earlier ones: in all tables, or, if anything fails, in none.

    The earlier rows lie in the days on which the earlier attempts were launched, and only those days are read.
    """
    runs = dataset.table(RUNS.name)
    earlier = f"FROM `{runs}` WHERE run_id = @run_id AND finished_at IS NOT NULL"
    this = "attempt_id = @attempt_id AND started_at = @started_at AND replaced_at IS NULL"
    steps = [
        "DECLARE since TIMESTAMP; DECLARE until TIMESTAMP;",
        "BEGIN TRANSACTION;",
        f"ASSERT (SELECT COUNT(*) FROM `{runs}` WHERE {this}) = 1 AS '{TAKEN_OVER}';",
        f"UPDATE `{runs}` SET finished_at = @now, summary = @summary WHERE {this};",
        f"SET since = (SELECT MIN(started_at) {earlier}); SET until = (SELECT MAX(started_at) {earlier});",
    ]
    for table in ROWS:
        path, columns = dataset.table(table.name), ", ".join(f"`{column.name}`" for column in table.columns)
        mine = f"run_id = @run_id AND {table.partition} BETWEEN since AND until"
        steps.append(f"DELETE FROM `{path}` WHERE {mine};")
        if table.name in staged:
            rows = f"`{staged[table.name]}`"
            counted = columns.replace(f"`{RUN_ROWS}`", f"(SELECT COUNT(*) FROM {rows})")
            steps.append(f"INSERT INTO `{path}` ({columns}) SELECT {counted} FROM {rows};")
    others = "run_id = @run_id AND attempt_id <> @attempt_id AND finished_at IS NOT NULL AND replaced_at IS NULL"
    steps.append(f"UPDATE `{runs}` SET replaced_at = @now WHERE {others};")
    return "\n".join([*steps, "COMMIT TRANSACTION;"])


def replace_rows(
    client: bigquery.Client, dataset: Dataset, attempt: RunAttempt, staged: Mapping[str, str], summary: str
) -> None:
    """Run the script, again where another transaction was in its way.

    Raises:
        OutputError: another run of this name has taken its place.
        GoogleAPIError: it failed; nothing is changed.
    """
    sql = replacing_sql(dataset, staged)
    parameters = [("now", "TIMESTAMP", datetime.now(UTC)), ("summary", "STRING", summary)]
    try:
        _GIVING_WAY(_ask)(client, sql, attempt, parameters)
    except BadRequest as error:
        if TAKEN_OVER in str(error):
            raise OutputError(f"{dataset.path}: {TAKEN_OVER}, and this one's rows are gone") from error
        raise


def _is_conflict(error: BaseException) -> bool:
    """Whether a transaction failed by another one: BigQuery aborts it "due to concurrent update"."""
    return isinstance(error, BadRequest) and any(word in str(error).lower() for word in CONFLICTS)


_GIVING_WAY: Final = Retry(predicate=_is_conflict, initial=1.0, maximum=30.0, multiplier=2.0, timeout=CONFLICT_S)


def _ask(
    client: bigquery.Client, sql: str, attempt: RunAttempt, more: Sequence[tuple[str, str, Any]] = ()
) -> list[dict[str, Any]]:
    """The rows that a statement about an attempt gives; a script that fails is not run again unasked."""
    values = [
        ("run_id", "STRING", attempt.run_id),
        ("attempt_id", "STRING", attempt.attempt_id),
        ("started_at", "TIMESTAMP", attempt.started_at),
        *more,
    ]
    parameters = [bigquery.ScalarQueryParameter(*one) for one in values]
    config = bigquery.QueryJobConfig(query_parameters=parameters)
    return [dict(row) for row in client.query(sql, job_config=config, job_retry=None).result(job_retry=None)]


# ---------------------------------------------------------------- the table of runs


def announce(client: bigquery.Client, dataset: Dataset, attempt: RunAttempt, release: str) -> None:
    """Write down that an attempt begins."""
    columns = "run_id, attempt_id, started_at, release"
    sql = f"INSERT INTO `{dataset.table(RUNS.name)}` ({columns}) VALUES (@run_id, @attempt_id, @started_at, @release)"
    _ask(client, sql, attempt, [("release", "STRING", release)])


def finished_summary(client: bigquery.Client, dataset: Dataset, attempt: RunAttempt) -> str | None:
    """The summary of an attempt, as text; None: it has not finished."""
    sql = f"SELECT summary FROM `{dataset.table(RUNS.name)}` WHERE started_at = @started_at"
    mine = f"{sql} AND attempt_id = @attempt_id AND finished_at IS NOT NULL"
    found = _ask(client, mine, attempt)
    return found[0]["summary"] if found else None


@contextmanager
def as_output_errors(dataset: Dataset) -> Iterator[None]:
    """Turn errors of Google's client into ours.

    Raises:
        OutputError: in its place.
    """
    try:
        yield
    except (GoogleAPIError, GoogleAuthError, RequestException, OSError) as error:
        said = first_line(getattr(error, "message", "") or error)
        raise OutputError(f"cannot write to the tables of {dataset.path}: {said}; they are as they were") from error
