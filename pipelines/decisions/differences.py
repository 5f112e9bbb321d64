"""The rows of what differs between a stream and a backfill, as columns of a table and as fields of a line.

docs/how-to/reconcile.md has a row for each.
"""

from __future__ import annotations

from typing import Final

from kittiwake.stream.tables.schema import Column, ColumnMode, Type

DESCRIPTION: Final = "Triggers in which a stream and a backfill differ, and why (kittiwake.pipelines.reconcile)."


def _column(name: str, kind: Type, description: str, mode: ColumnMode = ColumnMode.NULLABLE) -> Column:
    return Column(name, kind, mode, description)


_REQUIRED: Final = ColumnMode.REQUIRED

COLUMNS: Final = (
    _column("trigger_id", Type.STRING, "the trigger", _REQUIRED),
    _column("account_id", Type.STRING, "the tenant", _REQUIRED),
    _column("contact_id", Type.STRING, "whom it is about", _REQUIRED),
    _column("rule_id", Type.STRING, "the rule", _REQUIRED),
    _column("kind", Type.STRING, "fired, entered or exited", _REQUIRED),
    _column("time", Type.TIMESTAMP, "when it fell due, by the backfill if it has the trigger", _REQUIRED),
    _column("fired_at", Type.TIMESTAMP, "when it fired"),
    _column("found", Type.STRING, "missing: the stream lacks it; extra: the backfill does; or different", _REQUIRED),
    _column("reason", Type.STRING, "why, in one word: docs/reference/reasons.md", _REQUIRED),
    _column("detail", Type.STRING, "the columns that differ, or what the other side decided instead", _REQUIRED),
    _column("first_event_id", Type.STRING, "the first arming event; null where time alone caused an edge"),
    _column("last_event_id", Type.STRING, "the newest arming event"),
    _column("stream_rule_version", Type.STRING, "the text of the rule by which the stream decided it"),
    _column("backfill_rule_version", Type.STRING, "the same of the backfill"),
)

NAMES: Final = tuple(column.name for column in COLUMNS)
