"""The tables of the jobs: create those that are missing, and compare those that exist with what a job writes.

Called by the sink of tables (`--create_tables`, each launch, `--check`), and by the output of a backfill. Problems are
error messages, all at once. What a table is stands in `kittiwake.stream.tables.schema`; Google's client takes
credentials as it always does, and `BIGQUERY_EMULATOR_HOST` as the service.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from google.api_core.exceptions import Conflict, Forbidden, GoogleAPIError, NotFound, Unauthorized
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from google.cloud.bigquery import DEFAULT_RETRY
from requests import RequestException

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import Dataset
from kittiwake.pipelines.google.bigquery_errors import no_credentials
from kittiwake.pipelines.google.error_text import first_line
from kittiwake.stream.tables.schema import TABLES, VIEWS, Column, ColumnMode, Table, Type, View

BIGQUERY_TIMEOUT_S: Final = 20
"""For one request with its retries: a launch waits for it, and Google's client would go on for ten minutes."""
DAY_MS: Final = 86_400_000


class Created(NamedTuple):
    """The outcome of `create_tables`."""

    made: list[str]
    """Paths of the tables and views that were created, and of views whose text was replaced."""
    problems: list[str]
    """Error messages; empty: everything exists."""


def client_of(dataset: Dataset) -> bigquery.Client:
    """Google's client for a dataset. No request is made yet.

    Raises:
        UnusableError: it finds no credentials.
    """
    try:
        return bigquery.Client(project=dataset.project)
    except GoogleAuthError as error:
        raise no_credentials(error) from error


def add_rows(client: bigquery.Client, path: str, rows: Sequence[Mapping[str, Any]], ids: Sequence[str]) -> None:
    """Add rows to a table, each once for as long as BigQuery remembers its id; they are there when it returns.

    Raises:
        UnusableError: the table refuses some of them. Errors of the client itself are left to the caller.
    """
    if errors := client.insert_rows_json(path, rows, row_ids=ids, timeout=BIGQUERY_TIMEOUT_S):
        raise UnusableError(f"{path} refuses rows: {errors[0]['errors'][0]['reason']}")


# ---------------------------------------------------------------- create


def create_tables(
    client: bigquery.Client, dataset: Dataset, expiry_days: int | None = None, tables: Sequence[Table] = TABLES
) -> Created:
    """Create what is missing, with all partitions expiring after `expiry_days` if that is given.

    Existing tables are left as they are. Views hold no data: one with another text is replaced.
    """
    done = Created([], _unusable(client, dataset))
    for table in tables if not done.problems else ():
        with _collect_errors(dataset, table.name, done.problems):
            _create(client, _table_to_create(table, dataset, expiry_days), done.made)
    for view in VIEWS:
        if not done.problems:
            with _collect_errors(dataset, view.name, done.problems):
                _create_or_replace(client, dataset, view, done.made)
    return done


def _create(client: bigquery.Client, wanted: bigquery.Table, made: list[str]) -> None:
    try:
        client.create_table(wanted, **_patience())
    except Conflict:
        return
    made.append(f"{wanted.project}.{wanted.dataset_id}.{wanted.table_id}")


def _table_to_create(table: Table, dataset: Dataset, expiry_days: int | None) -> bigquery.Table:
    made = bigquery.Table(dataset.table(table.name), schema=[field_of(column) for column in table.columns])
    made.description = table.description
    made.clustering_fields = list(table.clustering)
    made.time_partitioning = bigquery.TimePartitioning(
        type_=bigquery.TimePartitioningType.DAY,
        field=table.partition,
        expiration_ms=DAY_MS * (expiry_days or table.expiry_days),
    )
    return made


def field_of(column: Column) -> bigquery.SchemaField:
    """A column as Google's client has it."""
    return bigquery.SchemaField(column.name, column.type.value, mode=column.mode.value, description=column.description)


def _create_or_replace(client: bigquery.Client, dataset: Dataset, view: View, made: list[str]) -> None:
    wanted = bigquery.Table(dataset.table(view.name))
    wanted.view_query, wanted.description = view.sql_in(dataset), view.description
    number = len(made)
    _create(client, wanted, made)
    if len(made) == number:
        there = client.get_table(wanted, **_patience())
        if there.view_query != wanted.view_query:
            there.view_query = wanted.view_query
            client.update_table(there, ["view_query"], **_patience())
            made.append(dataset.table(view.name))


# ---------------------------------------------------------------- compare


def compare(
    client: bigquery.Client, dataset: Dataset, *, may_lack: bool = False, tables: Sequence[Table] = TABLES
) -> list[str]:
    """Error messages on what keeps a job from writing into the tables as they are; empty: nothing does.

    With `may_lack` a table need not exist yet. Columns of others do not matter, as long as they are nullable.
    """
    problems = _unusable(client, dataset)
    for table in tables if not problems else ():
        with _collect_errors(dataset, table.name, problems):
            try:
                there = client.get_table(dataset.table(table.name), **_patience())
            except NotFound:
                if not may_lack:
                    problems.append(f"table {dataset.table(table.name)} is missing: launch once with --create_tables")
            else:
                problems.extend(differences(table, dataset, there.schema))
    return problems


def differences(table: Table, dataset: Dataset, schema: list[bigquery.SchemaField]) -> Iterator[str]:
    """Error messages on the columns of a table, each with the statement that mends it."""
    path = dataset.table(table.name)
    there = {field.name.lower(): field for field in schema}
    for column in table.columns:
        field = there.pop(column.name, None)
        if field is None:
            yield f"table {path} lacks the column {column.name}: {_add(path, column)}"
        elif _type(field) != _sql_type(column):
            advice = "BigQuery cannot change that: rename the table, and launch once with --create_tables"
            yield f"column {column.name} of table {path} is {_type(field)}, and has to be {_sql_type(column)}. {advice}"
        elif field.mode == "REQUIRED" and column.mode is not ColumnMode.REQUIRED:
            yield _unwanted(path, field.name)
    yield from (_unwanted(path, field.name) for field in there.values() if field.mode == "REQUIRED")


def _unwanted(path: str, name: str) -> str:
    ddl = f"ALTER TABLE `{path}` ALTER COLUMN {name} DROP NOT NULL"
    return f"column {name} of table {path} is REQUIRED, and rows of the job may lack it: {ddl}"


def _add(path: str, column: Column) -> str:
    description = column.description.replace("\\", "\\\\").replace("'", "\\'")
    return f"ALTER TABLE `{path}` ADD COLUMN {column.name} {_sql_type(column)} OPTIONS(description='{description}')"


def _sql_type(column: Column) -> str:
    return f"ARRAY<{column.type.value}>" if column.mode is ColumnMode.REPEATED else column.type.value


_OLDER_NAMES: Final = {"INTEGER": Type.INT64.value, "BOOLEAN": Type.BOOL.value}
"""Names in answers of BigQuery's API -> names in SQL."""


def _type(field: bigquery.SchemaField) -> str:
    name = _OLDER_NAMES.get(field.field_type, field.field_type)
    return f"ARRAY<{name}>" if field.mode == "REPEATED" else name


# ---------------------------------------------------------------- location


def location_of(client: bigquery.Client, dataset: Dataset) -> str | None:
    """The location of a dataset, such as `EU` or `europe-west4`; None: it cannot be read (`compare` says why)."""
    found: list[str] = []
    with _collect_errors(dataset, "", []):
        found.append(client.get_dataset(dataset.path, **_patience()).location)
    return found[0] if found else None


EUROPE_OUTSIDE_EU: Final = frozenset({"europe-west2", "europe-west6"})
"""London and Zurich: BigQuery's EU keeps data in member states only."""


def location_fits(region: str, location: str) -> bool:
    """Whether a dataset in `location` is local to a job in `region`, so that no row crosses a border.

    >>> location_fits("europe-west4", "EU"), location_fits("europe-west4", "US"), location_fits("us-east1", "us-east1")
    (True, False, True)
    """
    region, location = region.lower(), location.lower()
    if location == "us":
        return region.startswith("us-")
    if location == "eu":
        return region.startswith("europe-") and region not in EUROPE_OUTSIDE_EU
    return region == location


# ---------------------------------------------------------------- errors of Google


def _unusable(client: bigquery.Client, dataset: Dataset) -> list[str]:
    """Error messages on the dataset as a whole; with one, its tables cannot be read."""
    problems: list[str] = []
    with _collect_errors(dataset, "", problems):
        client.get_dataset(dataset.path, **_patience())
    return problems


def _patience() -> dict[str, Any]:
    return {"timeout": BIGQUERY_TIMEOUT_S, "retry": DEFAULT_RETRY.with_timeout(BIGQUERY_TIMEOUT_S)}


@contextmanager
def _collect_errors(dataset: Dataset, name: str, problems: list[str]) -> Iterator[None]:
    """Add an error of Google's client to the problems, as an error message; without a name it is on the dataset."""
    path = dataset.table(name) if name else dataset.path
    try:
        yield
    except NotFound:
        advice = f"Create it where the job runs: bq mk --dataset --location=REGION {dataset.project}:{dataset.name}"
        problems.append(f"there is no dataset {dataset.path}. {advice}")
    except (Forbidden, Unauthorized) as error:
        advice = "docs/reference/tables.md lists who needs which role"
        problems.append(f"Google refuses {path}: {first_line(error)}. {advice}")
    except GoogleAuthError as error:
        problems.append(str(no_credentials(error)))
    except (GoogleAPIError, RequestException, OSError) as error:
        problems.append(f"{path} cannot be reached: {first_line(error)}")
