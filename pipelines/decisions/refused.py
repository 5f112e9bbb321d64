"""Events that took no part: which were too late, and of a dead letter of which event, contact or row it is.

Pure. The records of other sources call their ids otherwise; those of the shapes that name them so are known.
"""

from __future__ import annotations

from typing import Final

import msgspec
import pyarrow as pa

REFUSED: Final = pa.schema([("event_id", pa.string()), ("contact_id", pa.string()), ("trigger_id", pa.string())])
"""The ids of a dead letter; each may be null."""

LATE: Final = pa.schema(
    [
        ("account_id", pa.string()),
        ("contact_id", pa.string()),
        ("event_id", pa.string()),
        ("time", pa.timestamp("us", "UTC")),
    ]
)
"""What is needed of an event that came too late."""

Ids = tuple[str | None, str | None, str | None]


class _Record(msgspec.Struct):
    event_id: object = None
    id: object = None
    messageId: object = None  # noqa: N815 - Segment's
    contact_id: object = None
    userId: object = None  # noqa: N815 - Segment's
    subject: object = None
    trigger_id: object = None
    """Of a row that a table refused."""


_record_of: Final = msgspec.json.Decoder(_Record).decode


def refused_of(raw: bytes) -> Ids:
    """The ids of the event, of its contact and of the trigger in the bytes of a dead letter.

    >>> refused_of(b'{"event_id": "e1", "contact_id": "c-1"}'), refused_of(b"{")
    (('e1', 'c-1', None), (None, None, None))
    """
    try:
        record = _record_of(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None, None, None
    return (
        _first(record.event_id, record.messageId, record.id),
        _first(record.contact_id, record.userId, record.subject),
        _first(record.trigger_id),
    )


def _first(*values: object) -> str | None:
    return next((value for value in values if isinstance(value, str) and value), None)
