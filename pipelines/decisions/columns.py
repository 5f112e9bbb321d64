"""The columns in which rows of decisions are held, whatever they were read from: those of the tables of a stream.

Pure. A row of them is the line that it was again, byte for byte (`line_of`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import msgspec
import pyarrow as pa

from kittiwake.output.rows import DecisionLine, LineEvents, in_one_line
from kittiwake.stream.tables.schema import DECISIONS, ROW_ID, RUN_ID, WRITTEN_AT, ColumnMode, Type
from kittiwake.time.instants import EPOCH, format_instant

_ARROW: Final = {
    Type.STRING: pa.string(),
    Type.INT64: pa.int64(),
    Type.BOOL: pa.bool_(),
    Type.TIMESTAMP: pa.timestamp("us", "UTC"),
    Type.DATE: pa.date32(),
}

HELD: Final = tuple(column for column in DECISIONS.columns if column.name not in (ROW_ID, WRITTEN_AT, RUN_ID))
"""All but those that only a table has."""

NAMES: Final = tuple(column.name for column in HELD)

SCHEMA: Final = pa.schema(
    (one.name, pa.list_(pa.string()) if one.mode is ColumnMode.REPEATED else _ARROW[one.type]) for one in HELD
)
"""Of the batches that every reader gives."""


class _Events(msgspec.Struct, gc=False):
    first: str
    last: str
    count: int
    first_time: datetime | None = None
    last_time: datetime | None = None


class _Line(msgspec.Struct, gc=False):
    """A line of `decisions` or `triggers`; what later releases add to it is passed over."""

    trigger_id: str
    account_id: str
    contact_id: str
    rule_id: str
    rule_version: str
    kind: str
    time: datetime
    instance: msgspec.Raw
    include: msgspec.Raw
    decision: str
    ruleset_version: str
    mode: str
    fired_at: datetime | None = None
    revision: int = 0
    replaces: list[str] = []
    threshold: msgspec.Raw = msgspec.Raw(b"null")
    reminder: int | None = None
    occurrence: date | None = None
    events: _Events | None = None
    reason: str | None = None
    late: bool = False
    stale: bool = False
    partial_history: bool = False
    outranked_by: str | None = None
    variant: str | None = None
    channel: str | None = None
    digest: msgspec.Raw = msgspec.Raw(b"null")
    digest_id: str | None = None


_decode: Final = msgspec.json.Decoder(_Line).decode


def values_of_line(line: bytes) -> tuple[Any, ...]:
    """The values of a line, in the order of `NAMES`.

    Raises:
        msgspec.MsgspecError: it is no line of `decisions`.
    """
    row = _decode(line)
    events, threshold, digest = row.events, _text(row.threshold), _text(row.digest)
    of_events = (None, None, None) if events is None else (events.first, events.last, events.count)
    of_times = (None, None) if events is None else (events.first_time, events.last_time)
    values = {name: getattr(row, name) for name in _PLAIN}
    values.update(zip(("first_event_id", "last_event_id", "event_count"), of_events, strict=True))
    values.update(zip(("first_event_time", "last_event_time"), of_times, strict=True))
    values.update(instance=_text(row.instance), include=_text(row.include))
    values["threshold"] = None if threshold == "null" else threshold
    values["digest"] = None if digest == "null" else digest
    return tuple(values[name] for name in NAMES)


_PLAIN: Final = tuple(name for name in NAMES if name in _Line.__struct_fields__)


def _text(raw: msgspec.Raw) -> str:
    return bytes(raw).decode()


_JSON: Final = ("instance", "include", "threshold", "digest")

_encode: Final = msgspec.json.Encoder().encode


def line_of(row: Mapping[str, Any]) -> bytes:
    """The line of a row of the columns, as `output.rows.decision_line` wrote it."""
    events = None
    if row["first_event_id"] is not None:
        times = _instant(row["first_event_time"]), _instant(row["last_event_time"])
        events = LineEvents(row["first_event_id"], row["last_event_id"], row["event_count"], *times)
    values = {name: row[name] for name in NAMES if name in DecisionLine.__struct_fields__}
    values.update({name: _instant(row[name]) for name in ("time", "fired_at")})
    values.update({name: msgspec.Raw((row[name] or "null").encode()) for name in _JSON})
    return in_one_line(_encode(DecisionLine(**{**values, "replaces": tuple(row["replaces"]), "events": events})))


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 of an instant in UTC."""
    since = instant.replace(tzinfo=None) - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _instant(value: datetime | None) -> str | None:
    return None if value is None else format_instant(microseconds(value))
