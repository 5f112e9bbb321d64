"""The snapshots of a run in a table of BigQuery: found, held to what was written, and cut into parts of shards.

Called at launch. BigQuery counts the rows and their digests itself, so that a launch reads a score of them and a worker
the rest; what a worker then finds wrong with a row is a dead letter of its contact, as of a file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from google.cloud import bigquery

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import Dataset, TableAddress
from kittiwake.input.errors import shown
from kittiwake.output.snapshot_rows import SnapshotError
from kittiwake.output.snapshot_set import AGAIN
from kittiwake.pipelines.google.bigquery_errors import raise_unusable
from kittiwake.pipelines.google.bigquery_tables import BIGQUERY_TIMEOUT_S, client_of, differences
from kittiwake.stream.seeding import seed_of
from kittiwake.stream.tables.schema import SHARDS, SNAPSHOTS, ColumnMode
from kittiwake.time.instants import moment_of
from kittiwake.transforms.snapshot_parts import TablePart
from kittiwake.transforms.stream.snapshot_sources import FIRST_LINES, PART_BYTES, FoundSnapshots, RefusedRow

_ADVICE: Final = "name the table of snapshots of a backfill, as bq://PROJECT.DATASET.snapshots"

_NEWEST: Final = """
SELECT run_id, UNIX_MICROS(written_at) AS written_us FROM `{}` WHERE @run_id IS NULL OR run_id = @run_id
GROUP BY run_id, written_at ORDER BY written_at DESC LIMIT 1"""

_SHARDS: Final = """
SELECT shard, COUNT(*) AS number, SUM(LENGTH(snapshot)) AS size,
  COUNTIF(TO_HEX(SHA256(snapshot)) <> snapshot_sha256) AS altered,
  MIN(UNIX_MICROS(settled_until)) AS settled_us, COUNTIF(item_id IS NOT NULL) AS of_items,
  COUNTIF(item_id IS NULL AND contact_id IS NULL) AS of_feeds,
  COUNT(DISTINCT snapshot_sha256) AS digests, MAX(run_rows) AS run_rows
FROM `{}` WHERE run_id = @run_id AND written_at = @written_at
GROUP BY shard ORDER BY shard"""

_SOME: Final = "SELECT snapshot FROM `{}` WHERE run_id = @run_id AND written_at = @written_at LIMIT {}"


class _Run(NamedTuple):
    """The rows of a launch."""

    run_id: str
    written_us: int


def find_in_table(address: TableAddress, run_id: str | None, project: str | None) -> FoundSnapshots:
    """The snapshots of a run, by its name, or of the newest; `project` pays (None: that of the table).

    Raises:
        UnusableError: the table cannot be read, has no such run, or its rows are no snapshots.
    """
    pays = project or address.project
    with client_of(Dataset(pays, address.dataset)) as client, raise_unusable(str(address), _ADVICE):
        _refuse_other_table(address, client.get_table(address.path, timeout=BIGQUERY_TIMEOUT_S))
        run = _run(client, address, run_id)
        shards = _ask(client, _SHARDS.format(address.path), *run)
        some = [row["snapshot"] for row in _ask(client, _SOME.format(address.path, FIRST_LINES), *run)]
    _refuse_other_rows(address, run, shards)
    _refuse_all_bad(address, some)
    name = f"{sum(row['number'] for row in shards):,} snapshots of run {shown(run.run_id)} in {address}"
    refused = tuple(
        RefusedRow(f"in shard {row['shard']} of {address}", "the row is not as it was written: its SHA-256 is another")
        for row in shards
        for _ in range(row["altered"])
    )
    evaluated_to_us = min(row["settled_us"] for row in shards)
    parts = tuple(_parts(pays, str(address), run, shards))
    kinds = [any(row[kind] for row in shards) for kind in ("of_items", "of_feeds")]
    return FoundSnapshots(parts, name, evaluated_to_us, refused, *kinds)


def _refuse_other_table(address: TableAddress, found: bigquery.Table) -> None:
    if found.table_type != "TABLE":
        raise UnusableError(f"{address} is no table: {_ADVICE}")
    there = {field.name.lower() for field in found.schema}
    missing = [one.name for one in SNAPSHOTS.columns if one.mode is ColumnMode.REQUIRED and one.name not in there]
    if missing:
        raise UnusableError(f"{address} is no table of snapshots, it has no column {', '.join(missing)}: {_ADVICE}")
    problems = list(differences(SNAPSHOTS._replace(name=address.table), address.owner, found.schema))
    if problems:
        raise UnusableError("\n".join(problems))


def _refuse_other_rows(address: TableAddress, run: _Run, shards: list[dict[str, Any]]) -> None:
    """Refuse rows that are fewer, or more, than the run wrote; releases before wrote no number."""
    wrote = max((row["run_rows"] for row in shards if row["run_rows"] is not None), default=None)
    number, different = (sum(row[name] for row in shards) for name in ("number", "digests"))
    if wrote is not None and not number == different == wrote:
        twice = f", {number - different:,} of them twice" if number > different else ""
        raise UnusableError(
            f"{address}: run {shown(run.run_id)} wrote {wrote:,} rows, and {number:,} are there{twice}. "
            "A contact without its row would start with nothing: run the backfill again that wrote them"
        )


def _run(client: bigquery.Client, address: TableAddress, run_id: str | None) -> _Run:
    found = _ask(client, _NEWEST.format(address.path), run_id)
    if not found:
        what = "there is no row in it" if run_id is None else f"no run is called {shown(run_id)} there"
        raise UnusableError(f"{address}: {what}")
    return _Run(found[0]["run_id"], found[0]["written_us"])


def _refuse_all_bad(address: TableAddress, rows: list[str]) -> None:
    why = None
    for row in rows:
        try:
            seed_of(row.encode())
        except SnapshotError as error:
            why = why or str(error)
        else:
            return
    raise UnusableError(f"{address} holds no snapshots of this release: {why}. {AGAIN}")


def _parts(project: str, table: str, run: _Run, shards: list[dict[str, Any]]) -> Iterator[TablePart]:
    """Shards, as many together as a worker commits at once; together they are all."""
    begin = number = size = 0
    for row in shards:
        if size and size + row["size"] > PART_BYTES:
            yield TablePart(project, table, *run, begin, row["shard"], number, size)
            begin, number, size = row["shard"], 0, 0
        number, size = number + row["number"], size + row["size"]
    yield TablePart(project, table, *run, begin, SHARDS, number, size)


def _ask(client: bigquery.Client, sql: str, run_id: str | None, written_us: int = 0) -> list[dict[str, Any]]:
    parameters = [
        bigquery.ScalarQueryParameter("run_id", "STRING", run_id),
        bigquery.ScalarQueryParameter("written_at", "TIMESTAMP", moment_of(written_us)),
    ]
    config = bigquery.QueryJobConfig(query_parameters=parameters)
    return [dict(row) for row in client.query(sql, job_config=config, timeout=BIGQUERY_TIMEOUT_S).result()]
