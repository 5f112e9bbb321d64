"""Lines of a backfill's output as rows of the tables that a stream writes too: JSON values, as BigQuery loads them.

Pure. Called by the steps of a backfill whose output is tables.
"""

from __future__ import annotations

import base64
from hashlib import sha256
from typing import Final, NamedTuple
from zlib import crc32

import msgspec

from kittiwake.output.rows import line
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.records import DeadLetterRecord, Stage
from kittiwake.stream.tables.rows import dead_letter_table_row, line_table_row
from kittiwake.stream.tables.schema import RUN_ID, SHARDS, WRITTEN_AT
from kittiwake.time.instants import format_instant


class WrittenRun(NamedTuple):
    """What its rows say of the run that writes them."""

    run_id: str
    written_us: int
    """When it was launched: `written_at` of every row, `happened_at` of dead letters. So one day has all of them."""
    ruleset_version: str
    release: str


def decision_line_row(text: bytes, run: WrittenRun) -> bytes:
    """The row of `triggers` and `decisions`, as a line, that says what a line of their files says."""
    return line(line_table_row(text, run.written_us, run.run_id))


class _DeadLetterLine(msgspec.Struct, gc=False):
    """The fields of `output.rows.dead_letter_row`."""

    reason: str
    detail: str
    raw: str
    raw_encoding: str
    raw_size: int


class _SnapshotLine(msgspec.Struct, gc=False):
    """The fields of a row of snapshots that its columns repeat."""

    settled_until: str
    account_id: str
    contact_id: str | None = None
    item_id: str | None = None


_snapshot_of: Final = msgspec.json.Decoder(_SnapshotLine).decode


def snapshot_line_row(text: bytes, run: WrittenRun) -> bytes:
    """The row of `snapshots`, as a line, that has a line of their files in it."""
    found = _snapshot_of(text)
    subject = f"{found.account_id}/{found.contact_id or found.item_id}"
    return line(
        {
            RUN_ID: run.run_id,
            WRITTEN_AT: format_instant(run.written_us),
            "shard": crc32(subject.encode()) % SHARDS,
            **msgspec.structs.asdict(found),
            "snapshot": text.decode(),
            "snapshot_sha256": sha256(text).hexdigest(),
        }
    )


_dead_letter_of: Final = msgspec.json.Decoder(_DeadLetterLine).decode


def dead_letter_line_row(text: bytes, run: WrittenRun) -> bytes:
    """The row of `dead_letters`, as a line, that says what a line of its files says."""
    found = _dead_letter_of(text)
    raw = base64.b64decode(found.raw) if found.raw_encoding == "base64" else found.raw.encode()
    record = DeadLetterRecord(
        Stage.INTAKE,
        DeadLetterReason(found.reason),
        found.detail,
        raw,
        found.raw_size,
        {},
        "",
        None,
        run.written_us,
        run.ruleset_version,
        run.release,
    )
    return line(dead_letter_table_row(record, run.run_id))
