"""CloudEvents 1.0 in their JSON format, one a line, with JSON as data.

Pure. Called by `base.fields_of`. What becomes of which attribute, and why, stands in `docs/reference/events.md`.
"""

from __future__ import annotations

from typing import Final

from kittiwake.input.fields import Fields, Record, RefusedError, absence, is_absent, renamed, text_of
from kittiwake.reasons import DeadLetterReason

SPECVERSION: Final = "1.0"

NAMES: Final = {
    "event_id": "source with id",
    "account_id": "accountid",
    "contact_id": "subject",
    "type": "type",
    "time": "time",
    "properties": "data",
}


def cloudevents(record: Record, account_id: str | None) -> tuple[Fields, ...]:
    """The canonical fields of an event; `account_id` is the account of those without the extension `accountid`.

    Raises:
        RefusedError: it is of another version, its data is binary, its id is none, or it is of nobody.
    """
    if text_of(record, "specversion") != SPECVERSION:
        raise RefusedError(DeadLetterReason.WRONG_TYPE, f'specversion has to be "{SPECVERSION}"')
    event_id = _event_id(record)
    if is_absent(record.get("subject")):
        raise RefusedError(DeadLetterReason.NO_SUBJECT, f"subject is {absence(record, 'subject')}")
    if record.get("data_base64") is not None:
        raise RefusedError(DeadLetterReason.WRONG_TYPE, "data_base64 is not read: send JSON in data")
    values = renamed(record, NAMES)
    values["event_id"] = event_id
    if account_id is not None and is_absent(values.get("account_id")):
        values["account_id"] = account_id
    return (Fields(values, NAMES),)


def _event_id(record: Record) -> str:
    """Source and id together: an id is unique within its source only. No source holds a blank, so no two mix."""
    source, identity = text_of(record, "source"), text_of(record, "id")
    if " " in source:
        raise RefusedError(DeadLetterReason.WRONG_TYPE, "source has to be a URI reference, without blanks")
    return f"{source} {identity}"
