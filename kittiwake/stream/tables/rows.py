"""Output of the jobs as rows of their tables: JSON values, as BigQuery's inserts and loads take them.

Pure. Called by `kittiwake.transforms.sinks.bigquery`, `run_rows`, tests. Numbers stay exact: what an author or an event
wrote stands in columns of text, as it stood in the line. (BigQuery's JSON type keeps doubles, and Beam's encoder of
rows refuses what lies beyond 64 bits; `threshold` may have more digits than BIGNUMERIC has.)
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec

from kittiwake.output.rows import DecisionLine
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.records import DeadLetterRecord, DecisionRecord, LateEventRecord, Stage
from kittiwake.stream.tables.schema import HAPPENED_AT, ROW_ID, RUN_ID, WRITTEN_AT, Table
from kittiwake.time.instants import format_instant
from kittiwake.values import canonical

TableRow: TypeAlias = dict[str, Any]
"""Values of columns, each a JSON value."""

RAW_KEPT_BYTES: Final = 1 << 20
"""Bytes of a message that a row keeps, a MiB. Events have a quarter of it at most, so every one that could be
redelivered is whole; and a row with it in base64, 1.4 MB, is far below the 10 MB that BigQuery takes in one request."""


_line_of: Final = msgspec.json.Decoder(DecisionLine).decode


def decision_table_row(record: DecisionRecord, written_us: int) -> TableRow:
    """The row of `triggers` and of `decisions`. But for `written_at` it is the same whenever it is made."""
    return line_table_row(record.row, written_us)


def line_table_row(text: bytes, written_us: int, run_id: str | None = None) -> TableRow:
    """The row of a line of `output.rows.decision_line`; `run_id` is that of a backfill."""
    line = _line_of(text)
    events, threshold, digest = line.events, _text(line.threshold), _text(line.digest)
    return {
        ROW_ID: f"{line.trigger_id}-{line.revision}",
        WRITTEN_AT: format_instant(written_us),
        "trigger_id": line.trigger_id,
        "revision": line.revision,
        "replaces": list(line.replaces),
        "account_id": line.account_id,
        "contact_id": line.contact_id,
        "rule_id": line.rule_id,
        "rule_version": line.rule_version,
        "kind": line.kind,
        "time": line.time,
        "fired_at": line.fired_at,
        "instance": _text(line.instance),
        "threshold": None if threshold == "null" else threshold,
        "reminder": line.reminder,
        "occurrence": None if line.occurrence is None else line.occurrence.isoformat(),
        "first_event_id": None if events is None else events.first,
        "last_event_id": None if events is None else events.last,
        "event_count": None if events is None else events.count,
        "include": _text(line.include),
        "decision": line.decision,
        "reason": line.reason,
        "ruleset_version": line.ruleset_version,
        "mode": line.mode,
        "late": line.late,
        "stale": line.stale,
        "partial_history": line.partial_history,
        "first_event_time": None if events is None else events.first_time,
        "last_event_time": None if events is None else events.last_time,
        "outranked_by": line.outranked_by,
        "variant": line.variant,
        "channel": line.channel,
        "digest": None if digest == "null" else digest,
        "digest_id": line.digest_id,
        RUN_ID: run_id,
    }


def _text(raw: msgspec.Raw) -> str:
    return bytes(raw).decode()


def dead_letter_table_row(dead: DeadLetterRecord, run_id: str | None = None) -> TableRow:
    """The row of `dead_letters`; `run_id` is that of a backfill."""
    identity = (dead.stage, dead.reason, dead.raw, dead.attributes, dead.message_id)
    return {
        ROW_ID: _hash(identity),
        "stage": dead.stage.value,
        "reason": dead.reason.value,
        "detail": dead.detail,
        **_message(dead.raw, dead.raw_size, dead.attributes, dead.message_id, dead.publish_us, dead.happened_us),
        "ruleset_version": dead.ruleset_version,
        "release": dead.release,
        RUN_ID: run_id,
    }


def late_event_table_row(late: LateEventRecord) -> TableRow:
    """The row of `late_events`."""
    identity = (late.account_id, late.contact_id, late.event_id, late.time_us, late.raw)
    return {
        ROW_ID: _hash(identity),
        "account_id": late.account_id,
        "contact_id": late.contact_id,
        "event_id": late.event_id,
        "type": late.type,
        "time": format_instant(late.time_us),
        "settled_until": format_instant(late.evaluated_to_us),
        **_message(late.raw, len(late.raw), late.attributes, late.message_id, late.publish_us, late.happened_us),
    }


def _message(
    raw: bytes, size: int, attributes: dict[str, str], message_id: str, publish_us: int | None, happened_us: int
) -> TableRow:
    return {
        "raw": base64.b64encode(raw[:RAW_KEPT_BYTES]).decode(),
        "raw_size": size,
        "attributes": canonical(attributes),
        "message_id": message_id,
        "published_at": None if publish_us is None else format_instant(publish_us),
        HAPPENED_AT: format_instant(happened_us),
    }


_in_order: Final = msgspec.msgpack.Encoder(order="deterministic").encode
ROW_ID_BYTES: Final = 16
"""As many as a trigger's id has: that two of 10^15 rows agree by chance has a chance of one in 680 million."""


def _hash(identity: tuple[Any, ...]) -> str:
    """A function of what happened alone, so that a bundle that is tried again gives the same id."""
    return hashlib.blake2b(_in_order(identity), digest_size=ROW_ID_BYTES).hexdigest()


# ---------------------------------------------------------------- rows that a table refused

TABLE_ATTRIBUTE: Final = "table"
"""Attribute of the dead letter of a row: the table that refused it."""

TOO_LARGE: Final = "too_large"
"""What Beam refuses itself, before it asks BigQuery."""

_UNNAMED: Final = "unnamed"


class RefusedRow(msgspec.Struct, frozen=True):
    """A row that did not get into its table, and what is said of why."""

    table: Table
    row: TableRow
    errors: Any
    """BigQuery's errors, a list of objects, or a text of Beam's. May hold values of the row: never passed on."""


def refused_dead_letter(refused: RefusedRow, happened_us: int, release: str) -> DeadLetterRecord:
    """The dead letter of a row. Its `raw` is the row without the time it was written at: so its id is the row's own.

    Of a row too large for a dead letter `raw` is a part; its `row_id` stands beside it.
    """
    row = {name: value for name, value in refused.row.items() if name != refused.table.partition}
    raw = canonical(row).encode()
    return DeadLetterRecord(
        Stage.WRITE,
        DeadLetterReason.ROW_REFUSED,
        f"table {refused.table.name} refused it: {', '.join(causes(refused.errors))}",
        raw,
        len(raw),
        {TABLE_ATTRIBUTE: refused.table.name, ROW_ID: str(row.get(ROW_ID, ""))},
        "",
        None,
        happened_us,
        str(row.get("ruleset_version", "")),
        release,
    )


def causes(errors: Any) -> list[str]:
    """Reasons and columns that BigQuery names, sorted, without its messages: those quote values.

    >>> causes([{"reason": "invalid", "location": "time", "message": "bad value: ann@example.com"}])
    ['invalid (time)']
    """
    if not isinstance(errors, list):
        return [TOO_LARGE]
    return sorted({_cause(error) for error in errors if isinstance(error, Mapping)}) or [_UNNAMED]


def _cause(error: Mapping[str, Any]) -> str:
    reason, location = str(error.get("reason") or _UNNAMED), error.get("location")
    return f"{reason} ({location})" if location else reason


UNREACHABLE: Final = frozenset({"Unauthorized", "Forbidden", "Not Found"})
"""What HTTP says when a table cannot be written to at all: no fault of the row."""


def is_unreachable(errors: Any) -> bool:
    """Whether the table as a whole refused, not this row: there is nothing wrong with what was to be written.

    >>> is_unreachable([{"reason": "Not Found", "message": "…"}]), is_unreachable([{"reason": "invalid"}])
    (True, False)
    """
    return isinstance(errors, list) and any(
        isinstance(error, Mapping) and error.get("reason") in UNREACHABLE for error in errors
    )
