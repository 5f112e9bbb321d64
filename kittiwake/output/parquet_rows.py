"""Rows in Parquet: a column for every field, of a type that keeps it exactly, so that the line can be written again.

Writes to streams that its caller has opened; needs pyarrow. Times are instants in UTC, dates are
dates. What JSON alone can say (`instance`, `include`, `digest`) and numbers of any size (`threshold`) stay the
JSON text that they are in the line.
"""

from __future__ import annotations

from datetime import date, datetime
from operator import attrgetter
from typing import Any, BinaryIO, Final, TypedDict

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from kittiwake.output.folder import DEAD_LETTERS, DECISIONS, TRIGGERS

GROUP_BYTES: Final = 32 * 1024 * 1024
"""Bytes of lines that are held and then written as one row group: some 50,000 rows, enough to compress well."""


_INSTANT: Final = pa.timestamp("us", "UTC")
_DATE: Final = pa.date32()
_TEXT: Final = pa.string()

_EVENTS: Final = pa.struct(
    [
        ("first", _TEXT),
        ("last", _TEXT),
        ("count", pa.int64()),
        ("first_time", _INSTANT),
        ("last_time", _INSTANT),
    ]
)

DECISION: Final = pa.schema(
    [
        pa.field("trigger_id", _TEXT, nullable=False),
        pa.field("revision", pa.int64(), nullable=False),
        pa.field("replaces", pa.list_(_TEXT), nullable=False),
        pa.field("account_id", _TEXT, nullable=False),
        pa.field("contact_id", _TEXT, nullable=False),
        pa.field("rule_id", _TEXT, nullable=False),
        pa.field("rule_version", _TEXT, nullable=False),
        pa.field("kind", _TEXT, nullable=False),
        pa.field("time", _INSTANT, nullable=False),
        pa.field("fired_at", _INSTANT),
        pa.field("instance", _TEXT, nullable=False),
        pa.field("threshold", _TEXT),
        pa.field("reminder", pa.int64()),
        pa.field("occurrence", _DATE),
        pa.field("events", _EVENTS),
        pa.field("include", _TEXT, nullable=False),
        pa.field("decision", _TEXT, nullable=False),
        pa.field("reason", _TEXT),
        pa.field("ruleset_version", _TEXT, nullable=False),
        pa.field("mode", _TEXT, nullable=False),
        pa.field("late", pa.bool_(), nullable=False),
        pa.field("stale", pa.bool_(), nullable=False),
        pa.field("partial_history", pa.bool_(), nullable=False),
        pa.field("variant", _TEXT),
        pa.field("channel", _TEXT),
        pa.field("outranked_by", _TEXT),
        pa.field("digest", _TEXT),
        pa.field("digest_id", _TEXT),
    ]
)
"""The columns of `triggers` and `decisions`."""

DEAD_LETTER: Final = pa.schema(
    [
        pa.field("reason", _TEXT, nullable=False),
        pa.field("detail", _TEXT, nullable=False),
        pa.field("raw", _TEXT, nullable=False),
        pa.field("raw_encoding", _TEXT, nullable=False),
        pa.field("raw_size", pa.int64(), nullable=False),
    ]
)
"""The columns of `dead_letters`."""

SCHEMAS: Final = {TRIGGERS: DECISION, DECISIONS: DECISION, DEAD_LETTERS: DEAD_LETTER}

JSON_TEXTS: Final = ("instance", "threshold", "include", "digest")
"""Columns that hold what stands in the line, unread."""


class ParquetFile:
    """A Parquet file of the rows of one folder; it holds no more than `GROUP_BYTES` of them."""

    def __init__(self, stream: BinaryIO, folder: str) -> None:
        """Write to `stream`, which stays its opener's."""
        self._schema = SCHEMAS[folder]
        self._decode = _decoder(self._schema).decode
        self._writer = pq.ParquetWriter(stream, self._schema, compression="zstd", write_page_checksum=True)
        self._held: list[bytes] = []
        self._size = 0

    def write(self, lines: bytes) -> None:
        """Add one row or several, as lines without the end of the last."""
        self._held.extend(lines.split(b"\n"))
        self._size += len(lines)
        if self._size >= GROUP_BYTES:
            self._flush()

    def close(self) -> None:
        """Write what is held, and the end of the file."""
        if self._held:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        rows = [self._decode(line) for line in self._held]
        self._writer.write_batch(_batch(rows, self._schema))
        self._held, self._size = [], 0


def _decoder(schema: pa.Schema) -> msgspec.json.Decoder[Any]:
    """Reads lines of exactly these fields."""
    fields = [
        (field.name, msgspec.Raw if field.name in JSON_TEXTS else _KINDS.get(field.type, Any)) for field in schema
    ]
    return msgspec.json.Decoder(msgspec.defstruct("Row", fields, forbid_unknown_fields=True))


class _Events(TypedDict):
    first: str
    last: str
    count: int
    first_time: datetime | None
    last_time: datetime | None


_KINDS: Final = {_INSTANT: datetime | None, _DATE: date | None, _EVENTS: _Events | None}


def _batch(rows: list[Any], schema: pa.Schema) -> pa.RecordBatch:
    columns = [pa.array(_cells(rows, field.name), field.type) for field in schema]
    return pa.RecordBatch.from_arrays(columns, schema=schema)


def _cells(rows: list[Any], name: str) -> list[Any]:
    cells = list(map(attrgetter(name), rows))
    return [_text(raw) for raw in cells] if name in JSON_TEXTS else cells


def _text(raw: msgspec.Raw) -> str | None:
    text = bytes(raw).decode()
    return None if text == "null" else text
