"""Lines of a backfill's output as rows of the tables that a stream writes too: JSON values, as BigQuery loads them.

Pure. Called by the steps of a backfill whose output is tables.
"""

from __future__ import annotations

import base64
from typing import Final, NamedTuple

import msgspec

from kittiwake.output.rows import line
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.records import DeadLetterRecord, Stage
from kittiwake.stream.tables.rows import dead_letter_table_row, line_table_row


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
