"""Preflight question: can the snapshots be read? Called by `pipelines.check`."""

from __future__ import annotations

from collections.abc import Sequence

from kittiwake.errors import UnusableError
from kittiwake.reasons import DeadLetterReason
from kittiwake.time.instants import format_instant
from pipelines.preflight.findings import Findings
from pipelines.snapshots import find_all
from transforms.snapshot_parts import SnapshotPart


def check_snapshots(names: Sequence[str], project: str | None, findings: Findings) -> tuple[SnapshotPart, ...]:
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
            f"Each becomes a dead letter ({DeadLetterReason.SNAPSHOT_REFUSED}), and its contact starts with nothing"
        )
    return found.sources
