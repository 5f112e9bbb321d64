"""Everything that a streaming job logs: a closed set of events, each a line of JSON with fields of its own.

Pure. `kittiwake.transforms.logs` writes the lines. No field holds what an event says or who it is of: no account,
contact, property or raw byte; of types only those that rules name, and what is nearly one of them. Where one message
can bring a line about, lines are for many messages together.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final, NamedTuple, TypeAlias

from kittiwake.printable import plain_json


class Severity(StrEnum):
    """How much a line matters, in words of Cloud Logging."""

    INFO = "INFO"
    WARNING = "WARNING"
    ERROR = "ERROR"


Value: TypeAlias = str | int | Sequence[str]


class LogEvent(NamedTuple):
    """Something that is logged."""

    name: str
    severity: Severity
    message: str
    """For a person; always the same."""
    fields: tuple[str, ...] = ()
    """What the line says beside it."""


MESSAGES_REFUSED: Final = LogEvent(
    "messages_refused", Severity.WARNING, "messages became dead letters", ("stage", "reason", "number")
)
CONTACT_FAILED: Final = LogEvent(
    "contact_failed", Severity.ERROR, "contacts could not be evaluated and are held back", ("failure", "number")
)
ITEM_FAILED: Final = LogEvent(
    "item_failed",
    Severity.ERROR,
    "items could not be read; events of theirs became dead letters",
    ("failure", "number"),
)
RULES_READ: Final = LogEvent("rules_read", Severity.INFO, "the rules were read", ("detail",))
RULES_UNREADABLE: Final = LogEvent(
    "rules_unreadable", Severity.ERROR, "the rules could not be read; what is known stays", ("detail",)
)
RULES_ACCOUNT_REFUSED: Final = LogEvent(
    "rules_account_refused", Severity.ERROR, "rules of some accounts cannot be used; the last good stay", ("detail",)
)
RULES_TOO_SOON: Final = LogEvent(
    "rules_too_soon", Severity.ERROR, "a version came nearer than min_lead; hosts may differ", ("detail",)
)
TYPES_AWAITED: Final = LogEvent(
    "types_awaited",
    Severity.WARNING,
    "what rules need has not come to this worker in an hour",
    ("types", "number", "nearest", "accounts"),
)
ROW_LOST: Final = LogEvent("row_lost", Severity.ERROR, "BigQuery refused a dead letter", ("row_id", "causes"))

LOG_EVENTS: Final = (
    MESSAGES_REFUSED,
    CONTACT_FAILED,
    ITEM_FAILED,
    RULES_READ,
    RULES_UNREADABLE,
    RULES_ACCOUNT_REFUSED,
    RULES_TOO_SOON,
    TYPES_AWAITED,
    ROW_LOST,
)
"""All of them; docs/reference/metrics-and-logs.md has a row for each."""


def line_of(event: LogEvent, fields: Mapping[str, Value]) -> str:
    """The line of an event, whose fields all have to be given.

    >>> line_of(RULES_READ, {"detail": "2 versions"})
    '{"severity": "INFO", "message": "the rules were read", "event": "rules_read", "detail": "2 versions"}'
    """
    assert fields.keys() == set(event.fields), f"{event.name} has the fields {event.fields}"
    head = {"severity": event.severity, "message": event.message, "event": event.name}
    return plain_json(json.dumps(head | {name: fields[name] for name in event.fields}))
