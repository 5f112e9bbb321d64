"""Preflight question: can the files of snapshots be read? Called by `pipelines.check`."""

from __future__ import annotations

from collections.abc import Sequence

from kittiwake.errors import UnusableError
from kittiwake.reasons import DeadLetterReason
from kittiwake.time.instants import format_instant
from pipelines.preflight.findings import Findings
from transforms.snapshot_parts import SnapshotSource
from transforms.stream.snapshot_sources import find_snapshots


def check_snapshots(patterns: Sequence[str], findings: Findings) -> tuple[SnapshotSource, ...]:
    """The parts of the files that patterns name, all of which have been read."""
    if not patterns:
        return ()
    try:
        found = find_snapshots(patterns)
    except UnusableError as error:
        findings.wrong(f"--snapshots: {error}")
        return ()
    until = format_instant(found.evaluated_to_us)
    findings.ok(f"{found.files} file(s) of snapshots, evaluated up to {until}: give the job every event since then")
    if found.refused:
        first = found.refused[0]
        findings.unknown(
            f"{len(found.refused):,} row(s) are no snapshots, the first {first.path}, line {first.line}: {first.why}. "
            f"Each becomes a dead letter ({DeadLetterReason.SNAPSHOT_REFUSED}), and its contact starts with nothing"
        )
    return found.sources
