"""Preflight question: can the files of snapshots be read? Called by `pipelines.check`."""

from __future__ import annotations

from collections.abc import Sequence

from kittiwake.errors import UnusableError
from kittiwake.time.instants import format_instant
from pipelines.preflight.findings import Findings
from transforms.stream.seed import SnapshotSource
from transforms.stream.snapshot_sources import find_snapshots


def check_snapshots(patterns: Sequence[str], findings: Findings) -> tuple[SnapshotSource, ...]:
    """The files that patterns name, the first row of each of which has been read."""
    if not patterns:
        return ()
    try:
        found = find_snapshots(patterns)
    except UnusableError as error:
        findings.wrong(f"--snapshots: {error}")
        return ()
    until = format_instant(found.evaluated_to_us)
    findings.ok(
        f"{len(found.sources)} file(s) of snapshots, evaluated up to {until}: give the job every event since then"
    )
    return found.sources
