"""From the bytes of a record to its events or a dead letter. Total: whatever the bytes are, it never raises.

Pure. Called by every host, with the record as read and where it was read. What an event must
be stands in `docs/reference/rules.md`, section 1; every way to fail is a `DeadLetterReason`. Details name
fields, never their values: those are personal data.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from kittiwake.input.fields import (
    NO_CONTEXT,
    Fields,
    Record,
    RefusedError,
    RowContext,
    Start,
    absence,
    is_absent,
    kind_of,
    text_of,
    wrong_type,
)
from kittiwake.input.shapes.base import CANONICAL, InputShape, Shape, fields_of
from kittiwake.model import DeadLetter, Event
from kittiwake.reasons import DeadLetterReason
from kittiwake.time.instants import MINUTE_US, BadTimeError, NoOffsetError, parse_instant
from kittiwake.values import parse_json

EVENT_BYTES_MAX: Final = 256 * 1024
"""Bytes of one event: a thousand times the usual one; 10,000 of a contact's still fit into memory."""

RAW_BYTES_MAX: Final = 16 * 1024 * 1024
"""Bytes of a record that a dead letter keeps: more than any queue delivers (Pub/Sub: 10 MB), and as base64 in JSON
still a quarter of the largest element a runner takes (Dataflow: 80 MB)."""

NESTING_MAX: Final = 64
"""Objects and lists inside one another: a path of a rule walks far fewer, and no decoder's stack comes near its end."""

AHEAD_MAX_US: Final = 10 * MINUTE_US
"""How far ahead of the start of the run an event may lie: producers' clocks differ, by minutes at most."""

START_OF_RUN: Final = "the start of the run"
"""By what a batch knows the future."""

TIME_MIN_US: Final = -2_208_988_800 * 1_000_000
"""1900-01-01: nothing was bought online before it, and local calendars work on from there."""

BOM: Final = b"\xef\xbb\xbf"

TYPE: Final = re.compile(r"[^\s.*\x00-\x1f\x7f]+(\.[^\s.*\x00-\x1f\x7f]+)*")
"""What an event type looks like: dotted words."""

_NESTING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+"?|[\[{\]}]', re.DOTALL)
_OPENING: Final = (b"[", b"{")


def parse_event(
    raw: bytes,
    source: str,
    start_us: int,
    shape: InputShape = CANONICAL,
    *,
    raw_size: int | None = None,
    start_name: str = START_OF_RUN,
) -> Event | DeadLetter:
    """As `parse_events`, without what a record brings beside its own event; of a shape that leaves nothing out."""
    found = parse_events(raw, source, start_us, shape, raw_size=raw_size, start_name=start_name)
    return found if isinstance(found, DeadLetter) else found[0]


def parse_events(
    raw: bytes,
    source: str,
    start_us: int,
    shape: InputShape = CANONICAL,
    *,
    raw_size: int | None = None,
    start_name: str = START_OF_RUN,
    context: RowContext = NO_CONTEXT,
) -> tuple[Event, ...] | DeadLetter:
    """The event a record stands for and then those that it brings beside it, or why it stands for none.

    A record is whole: all of its events, or a dead letter; none, if its shape leaves it out. `start_us` is the start of
    the run, by which a time lies in the future, and `start_name` what a person calls it; `shape` says how the record is
    to be read, `raw_size` its true length where `raw` is only its beginning, `context` what its file says of it. A byte
    order mark and white space around the JSON are skipped.
    """
    size = len(raw) if raw_size is None else raw_size
    start = Start(start_us, start_name)
    try:
        if not isinstance(shape.shape, Shape):
            return shape.shape.events(raw, size, shape.account_id, start, context)
        record = record_of(raw, size)
        return tuple([_event(fields, start) for fields in fields_of(record, shape.shape, shape.account_id)])
    except RefusedError as refused:
        return DeadLetter(refused.reason, refused.detail, raw[:RAW_BYTES_MAX], source, size)


# ---------------------------------------------------------------- bytes to a record


def readable(raw: bytes, size: int) -> bytes:
    """The text of a record: UTF-8, not too long, not nested too deep, without a byte order mark.

    Raises:
        RefusedError: it is none.
    """
    if size > EVENT_BYTES_MAX:
        raise RefusedError(DeadLetterReason.OVERSIZE, f"the record has {size} bytes, {EVENT_BYTES_MAX} are allowed")
    text = raw.removeprefix(BOM)
    try:
        text.decode()
    except UnicodeDecodeError as error:
        raise RefusedError(DeadLetterReason.NOT_UTF8, f"byte {error.start} is not UTF-8") from None
    if text.count(b"{") + text.count(b"[") > NESTING_MAX:
        _refuse_nesting(text)
    return text


def record_of(raw: bytes, size: int) -> Record:
    """The top level of a record, its values exact.

    Raises:
        RefusedError: it is no JSON object, or beyond a limit.
    """
    value = _value(readable(raw, size))
    if not isinstance(value, dict):
        raise RefusedError(DeadLetterReason.NOT_AN_OBJECT, f"the record is {kind_of(value)}, not a JSON object")
    return value


def _value(text: bytes) -> Any:
    try:
        return parse_json(text)
    except (msgspec.DecodeError, ValueError, ArithmeticError) as error:
        raise value_error(error, text) from None


def value_error(error: Exception, text: bytes) -> RefusedError:
    """What an error of `parse_json` says of a text."""
    if isinstance(error, msgspec.DecodeError) and not isinstance(error, msgspec.ValidationError):
        if _has_half_a_pair(text):
            return RefusedError(DeadLetterReason.NOT_JSON, _HALF_A_PAIR)
        return RefusedError(DeadLetterReason.NOT_JSON, _without_values(str(error)))
    # What reading a number raises, wrapped by the decoder (ValidationError) or not.
    detail = "a number lies beyond the range of a double (1e-324 to 1e308)"
    return RefusedError(DeadLetterReason.BAD_NUMBER, detail)


_HALF_A_PAIR: Final = "a text has half of a surrogate pair, such as \\ud800: no text in UTF-8 can hold it"
_ESCAPES: Final = re.compile(rb"\\(?:u(?P<high>[dD][89abAB]..)\\u[dD][c-fC-F]|u(?P<half>[dD][89a-fA-F])|.)", re.DOTALL)


def _has_half_a_pair(text: bytes) -> bool:
    """Whether an escape stands for half of a surrogate pair without the other: the decoder's words do not say so."""
    return any(escape["half"] for escape in _ESCAPES.finditer(text))


def _without_values(message: str) -> str:
    """The decoder's words, which name bytes and positions only."""
    return message.removeprefix("JSON is malformed: ").capitalize()


def _refuse_nesting(text: bytes) -> None:
    """Refuse a record that nests too deep before a decoder walks it; brackets inside strings do not count."""
    depth = 0
    for token in _NESTING.findall(text):
        if token in _OPENING:
            depth += 1
            if depth > NESTING_MAX:
                detail = f"the record nests deeper than {NESTING_MAX} objects and lists"
                raise RefusedError(DeadLetterReason.TOO_DEEP, detail)
        elif not token.startswith(b'"'):
            depth -= 1


# ---------------------------------------------------------------- fields to event


def _event(fields: Fields, start: Start) -> Event:
    """The event of a record's fields; the first field that is wrong names the reason."""
    values, names = fields
    event_id = text_of(values, "event_id", names)
    account_id = text_of(values, "account_id", names)
    contact_id, item_id = _subject(values, names)
    event_type = text_of(values, "type", names)
    if not TYPE.fullmatch(event_type):
        detail = f"{names.get('type', 'type')} has to be dotted words, such as cart.item_added"
        raise RefusedError(DeadLetterReason.WRONG_TYPE, detail)
    time_us = _time_us(values, names.get("time", "time"), start)
    properties = values.get("properties")
    if properties is None:
        properties = {}
    elif not isinstance(properties, dict):
        raise wrong_type(names.get("properties", "properties"), "an object", properties)
    return Event(time_us, event_id, event_type, properties, account_id, contact_id, item_id)


def _subject(values: Record, names: Mapping[str, str]) -> tuple[str | None, str | None]:
    """`contact_id` or `item_id`; an empty one names nobody."""
    contact, item = values.get("contact_id"), values.get("item_id")
    if contact is not None and item is not None:
        raise RefusedError(DeadLetterReason.TWO_SUBJECTS, "both contact_id and item_id are given")
    if is_absent(contact) and is_absent(item):
        raise RefusedError(DeadLetterReason.NO_SUBJECT, "neither contact_id nor item_id is given")
    return (None, text_of(values, "item_id")) if contact is None else (text_of(values, "contact_id", names), None)


def _time_us(values: Record, name: str, start: Start) -> int:
    """The instant in the field `time`, which its author calls `name`."""
    text = values.get("time")
    if is_absent(text):
        raise RefusedError(DeadLetterReason.MISSING_FIELD, f"{name} is {absence(values, 'time')}")
    if not isinstance(text, str):
        raise wrong_type(name, "an RFC 3339 string", text)
    time_us = _instant(text, name)
    refuse_time(time_us, name, start)
    return time_us


def refuse_time(time_us: int, name: str, start: Start) -> None:
    """Refuse a time that no event may have; `name` is what its author calls the field.

    Raises:
        RefusedError: it lies before 1900, or in the future.
    """
    if time_us < TIME_MIN_US:
        raise RefusedError(DeadLetterReason.BAD_TIME, f"{name} lies before the year 1900")
    if time_us > start.time_us + AHEAD_MAX_US:
        detail = f"{name} lies more than 10 minutes ahead of {start.name}"
        raise RefusedError(DeadLetterReason.TIME_IN_FUTURE, detail)


def _instant(text: str, name: str) -> int:
    try:
        return parse_instant(text)
    except NoOffsetError:
        detail = f"{name} has no offset from UTC: end it with Z or, say, +02:00"
        raise RefusedError(DeadLetterReason.NO_OFFSET, detail) from None
    except BadTimeError:
        detail = f"{name} is no RFC 3339 instant: write 2026-11-01T09:30:00Z or …+02:00"
        raise RefusedError(DeadLetterReason.BAD_TIME, detail) from None
