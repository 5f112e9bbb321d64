"""Preflight question: can the snapshots be read? Files, and runs in tables of BigQuery.

Called by `kittiwake.pipelines.check`, and by a backfill that starts from them.
"""

from __future__ import annotations

from collections.abc import Sequence

from kittiwake.batch.starts.lacking import lacking
from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import is_bigquery, table_address
from kittiwake.pipelines.preflight.findings import Findings
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.rules_source.view import RulesSource
from kittiwake.time.instants import format_instant
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.snapshot_parts import SnapshotPart
from kittiwake.transforms.stream.snapshot_sources import FoundSnapshots, find_snapshots


def check_snapshots(
    names: Sequence[str], project: str | None, rules: RulesSource | None, findings: Findings
) -> tuple[SnapshotPart, ...]:
    """The parts of the files and tables that are named, all of which have been read, or asked of BigQuery."""
    if not names:
        return ()
    try:
        found = find_all(names, project)
    except UnusableError as error:
        findings.wrong(f"--snapshots: {error}")
        return ()
    until = format_instant(found.evaluated_to_us)
    findings.ok(f"{found.name}, evaluated up to {until}: give the job every event since then")
    if found.refused:
        first = found.refused[0]
        findings.unknown(
            f"{len(found.refused):,} row(s) are no snapshots, the first {first.where}: {first.why}. "
            f"Each becomes a dead letter ({DeadLetterReason.SNAPSHOT_REFUSED}), "
            "and its contact, item or feed starts with nothing"
        )
    if rules is not None:
        programs = rules.view(now_us()).programs
        for note in lacking(programs, has_items=found.has_items, has_feeds=found.has_feeds):
            findings.unknown(f"--snapshots: {note}")
    return found.sources


def find_all(names: Sequence[str], project: str | None = None) -> FoundSnapshots:
    """The snapshots of files, globs and `bq://PROJECT.DATASET.TABLE[@RUN_ID]`; `project` pays for what is read there.

    Raises:
        UnusableError: some are missing, cannot be read, or are no snapshots.
    """
    files = [name for name in names if not is_bigquery(name)]
    found = [find_snapshots(files)] if files else []
    found += [_in_table(name, project) for name in names if is_bigquery(name)]
    if len(found) == 1:
        return found[0]
    return FoundSnapshots(
        tuple(part for one in found for part in one.sources),
        " and ".join(one.name for one in found),
        min(one.evaluated_to_us for one in found),
        tuple(row for one in found for row in one.refused),
        any(one.has_items for one in found),
        any(one.has_feeds for one in found),
    )


def _in_table(name: str, project: str | None) -> FoundSnapshots:
    table, _, run_id = name.partition("@")
    address = table_address(table)
    try:
        from kittiwake.pipelines.google.snapshot_tables import find_in_table  # noqa: PLC0415 - of an extra, and a second
    except ModuleNotFoundError as error:
        raise UnusableError(f"{name} needs Google's clients: install the extra kittiwake[gcp] ({error})") from error
    return find_in_table(address, run_id or None, project)
