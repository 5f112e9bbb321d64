"""What the hosts write: rows of `triggers` and `decisions` (rules.md, section 5) and of `dead_letters`.

Pure. One JSON object a line, fields in the order of the contract's table, numbers exact.
Called by every host, so that a decision looks the same wherever it was made.
"""

from __future__ import annotations

import base64
from datetime import date
from enum import StrEnum
from typing import Any, Final

import msgspec

from kittiwake.model import DeadLetter, Decision, EventIds
from kittiwake.time.instants import format_instant
from kittiwake.values import canonical, parse_json


class Mode(StrEnum):
    """Which host made a decision (field `mode`)."""

    STREAM = "stream"
    BACKFILL = "backfill"
    REPLAY = "replay"


def decision_row(decision: Decision, mode: Mode = Mode.REPLAY) -> dict[str, Any]:
    """The fields of a decision, in the contract's order.

    A batch knows every event before it decides: nothing is ever revised, late or stale.
    """
    return {
        "trigger_id": decision.trigger_id,
        "revision": decision.revision,
        "replaces": list(decision.replaces),
        "account_id": decision.account_id,
        "contact_id": decision.contact_id,
        "rule_id": decision.rule_id,
        "rule_version": decision.rule_version,
        "kind": decision.kind.value,
        "time": format_instant(decision.time_us),
        "fired_at": None if decision.fired_at_us is None else format_instant(decision.fired_at_us),
        "instance": parse_json(decision.instance),
        "threshold": decision.threshold,
        "reminder": decision.reminder,
        "occurrence": None if decision.occurrence is None else decision.occurrence.isoformat(),
        "events": _event_ids(decision.events),
        "include": parse_json(decision.include),
        "decision": decision.decision.value,
        "reason": None if decision.reason is None else decision.reason.value,
        "ruleset_version": decision.ruleset_version,
        "mode": mode.value,
        "late": decision.late,
        "stale": decision.stale,
        "partial_history": decision.partial_history,
        "variant": decision.variant,
        "channel": decision.channel,
        "outranked_by": decision.outranked_by,
        "digest": None if decision.digest is None else parse_json(decision.digest),
        "digest_id": decision.digest_id,
    }


def _event_ids(ids: EventIds | None) -> dict[str, Any] | None:
    if ids is None:
        return None
    times = {"first_time": _instant(ids.first_us), "last_time": _instant(ids.last_us)}
    return {"first": ids.first, "last": ids.last, "count": ids.count, **times}


def _instant(time_us: int | None) -> str | None:
    return None if time_us is None else format_instant(time_us)


_NULL: Final = msgspec.Raw(b"null")


class LineEvents(msgspec.Struct, gc=False):
    """The field `events` of a line; times are null where an earlier release opened the episode."""

    first: str
    last: str
    count: int
    first_time: str | None = None
    last_time: str | None = None


class DecisionLine(msgspec.Struct, gc=False):
    """The fields of `decision_row`, with what is JSON already as it is. A table's rows are made of it too."""

    trigger_id: str
    revision: int
    replaces: tuple[str, ...]
    account_id: str
    contact_id: str
    rule_id: str
    rule_version: str
    kind: str
    time: str
    fired_at: str | None
    instance: msgspec.Raw
    threshold: msgspec.Raw
    reminder: int | None
    occurrence: date | None
    events: LineEvents | None
    include: msgspec.Raw
    decision: str
    reason: str | None
    ruleset_version: str
    mode: str
    late: bool
    stale: bool
    partial_history: bool
    variant: str | None = None  # these a job that is updated does not find in what the one before wrote
    channel: str | None = None
    outranked_by: str | None = None
    digest: msgspec.Raw = _NULL
    digest_id: str | None = None


_encode_decision: Final = msgspec.json.Encoder().encode


def decision_line(decision: Decision, mode: Mode) -> bytes:
    """The line of `decisions`, and of `triggers` if it fired: `line(decision_row(…))` in a fifth of the time."""
    time = format_instant(decision.time_us)
    fired_us = decision.fired_at_us
    return in_one_line(
        _encode_decision(
            DecisionLine(
                decision.trigger_id,
                decision.revision,
                decision.replaces,
                decision.account_id,
                decision.contact_id,
                decision.rule_id,
                decision.rule_version,
                decision.kind,
                time,
                None if fired_us is None else time if fired_us == decision.time_us else format_instant(fired_us),
                msgspec.Raw(decision.instance),
                _NULL if decision.threshold is None else msgspec.Raw(canonical(decision.threshold)),
                decision.reminder,
                decision.occurrence,
                _line_events(decision.events),
                msgspec.Raw(decision.include),
                decision.decision,
                decision.reason,
                decision.ruleset_version,
                mode,
                decision.late,
                decision.stale,
                decision.partial_history,
                decision.variant,
                decision.channel,
                decision.outranked_by,
                _NULL if decision.digest is None else msgspec.Raw(decision.digest),
                decision.digest_id,
            )
        )
    )


def _line_events(ids: EventIds | None) -> LineEvents | None:
    if ids is None:
        return None
    first, last = _instant(ids.first_us), ids.last_us
    return LineEvents(ids.first, ids.last, ids.count, first, first if last == ids.first_us else _instant(last))


def dead_letter_line(dead: DeadLetter) -> bytes:
    """The line of `dead_letters`."""
    return line(dead_letter_row(dead))


TEXT_BYTES_MAX: Final = 50_000_000
"""Bytes of a record as text in JSON: half of the longest line that BigQuery loads. Only 16 MiB of control characters,
of which JSON makes six bytes each, come to more; in base64 they are 22 MB."""
ESCAPE_BYTES: Final = len("\\u0001")


def _is_long(text: str) -> bool:
    return len(text) * ESCAPE_BYTES > TEXT_BYTES_MAX and len(_encoder.encode(text)) > TEXT_BYTES_MAX


def dead_letter_row(dead: DeadLetter) -> dict[str, Any]:
    """The fields of a dead letter: the record as text where it is UTF-8, else in base64 (`raw_encoding`).

    In base64 also what JSON would escape to more than `TEXT_BYTES_MAX`.
    Where the record stood is not among them: the same records in other files give the same dead letters.
    The summary names places.
    """
    try:
        raw, encoding = dead.raw.decode(), "utf-8"
    except UnicodeDecodeError:
        raw, encoding = "", "base64"
    if encoding == "base64" or _is_long(raw):
        raw, encoding = base64.b64encode(dead.raw).decode(), "base64"
    return {
        "reason": dead.reason.value,
        "detail": dead.detail,
        "raw": raw,
        "raw_encoding": encoding,
        "raw_size": dead.raw_size,
    }


_SEPARATORS: Final = tuple((chr(code).encode(), f"\\u{code:04x}".encode()) for code in (0x85, 0x2028, 0x2029))
"""Where some readers see the end of a line (Python's `splitlines` does). In JSON they stand in texts only."""

_encoder: Final = msgspec.json.Encoder(decimal_format="number")


def line(row: dict[str, Any]) -> bytes:
    """A row as JSON, without the line's end.

    >>> line({"b": 1, "a": [None, "é"]}).decode()
    '{"b":1,"a":[null,"é"]}'
    """
    try:
        text = _encoder.encode(row)
        if b"E-" in text:
            text = _line_slowly(row)
    except OverflowError:  # an integer beyond 64 bits
        text = _line_slowly(row)
    return in_one_line(text)


def in_one_line(text: bytes) -> bytes:
    """JSON in UTF-8 in which no reader sees the end of a line; it means the same."""
    if text.isascii():
        return text
    for separator, escape in _SEPARATORS:
        text = text.replace(separator, escape)
    return text


def _line_slowly(value: Any) -> bytes:
    """`line` for the rare rows whose numbers the fast encoder does not write plainly; an object keeps its order."""
    if isinstance(value, dict):
        fields = (canonical(name).encode() + b":" + _line_slowly(part) for name, part in value.items())
        return b"{" + b",".join(fields) + b"}"
    return canonical(value).encode()
