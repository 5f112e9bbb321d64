"""From the bytes of a message to its events: before the shuffle by the clock, and after it once more without one.

Pure but for its memory of minutes. Called by `intake` and by `sifting`, which so meet the same event. Plain canonical
records go a quick way: one typed decode. Whatever is out of the ordinary there (a field more, another shape, an odd
time) is left to `events.parse_events`, which alone says what is wrong; `tests/stream/test_arrivals.py` holds both ways
to the same event.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Any, Final

import msgspec

from kittiwake.input.bulk import is_utf8
from kittiwake.input.events import AHEAD_MAX_US, EVENT_BYTES_MAX, NESTING_MAX, TIME_MIN_US, TYPE, parse_events
from kittiwake.input.fields import ID_CHARS_MAX
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.model import DeadLetter, Event
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.records import BufferedEvent
from kittiwake.time.instants import END_OF_TIME_US, SECOND_US, parse_instant
from kittiwake.values import has_long_digits, number

CLOCK: Final = "the job's clock"
"""By what a stream knows the future."""

MINUTES_KEPT: Final = 10_000
"""Minutes remembered, a week of them: 2 MB. Events of a stream lie close together."""

TYPES_KEPT: Final = 10_000
"""Event types remembered as well formed: an account has hundreds."""


def event_of(arrival: BufferedEvent, shape: InputShape) -> Event | DeadLetter:
    """The event of an arrival: the very same that the intake has seen, whatever the clock says by now.

    A dead letter only if another release, or an intake of another shape, has taken the message.
    """
    found = events_from(arrival.data, END_OF_TIME_US, shape)
    if isinstance(found, DeadLetter):
        return found
    if arrival.place < len(found):
        return found[arrival.place]
    detail = "the message does not bring the event any more for which it was taken"
    return DeadLetter(DeadLetterReason.WRONG_TYPE, detail, arrival.data, "", len(arrival.data))


def event_from(data: bytes, clock_us: int, shape: InputShape) -> Event | DeadLetter:
    """As `events_from`, without what a message brings beside its own event."""
    found = events_from(data, clock_us, shape)
    return found if isinstance(found, DeadLetter) else found[0]


def events_from(data: bytes, clock_us: int, shape: InputShape) -> tuple[Event, ...] | DeadLetter:
    """The events that a message's data stand for at a time of the host's clock, or why they stand for none."""
    event = _quickly(data, clock_us + AHEAD_MAX_US) if shape.shape is Shape.CANONICAL else None
    return parse_events(data, "", clock_us, shape, start_name=CLOCK) if event is None else (event,)


# ---------------------------------------------------------------- the quick way


_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_CHARS_MAX)]


class _Record(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    event_id: _Id
    account_id: _Id
    contact_id: _Id
    type: _Id
    time: str
    properties: dict[str, Any] | None = None


_decode: Final = msgspec.json.Decoder(_Record, float_hook=number).decode
_NOT_DECODED: Final = (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError)


def _quickly(data: bytes, latest_us: int) -> Event | None:
    """The event of a plain record; None: the quick way has no opinion."""
    if len(data) > EVENT_BYTES_MAX or data.count(b"{") + data.count(b"[") > NESTING_MAX:
        return None
    if has_long_digits(data) or not is_utf8(data):
        return None
    try:
        record = _decode(data)
        time_us = _time_us(record.time)
    except _NOT_DECODED:
        return None
    if not (TIME_MIN_US <= time_us <= latest_us and _is_type(record.type)):
        return None
    properties = {} if record.properties is None else record.properties
    return Event(time_us, record.event_id, record.type, properties, record.account_id, record.contact_id)


_MINUTE_CHARS: Final = len("2026-11-01T09:30")
_SECONDS: Final = re.compile(r":([0-5]\d)(?:\.(\d+))?([Zz]|[+-]\d\d(?::?\d\d)?)", re.ASCII)


def _time_us(text: str) -> int:
    """As `parse_instant`, of whose work only the seconds are done anew each time.

    Raises:
        BadTimeError: it is no instant.
    """
    seconds = _SECONDS.fullmatch(text, _MINUTE_CHARS)
    if seconds is None:
        return parse_instant(text)
    second, fraction, zone = seconds.groups()
    within_us = 0 if fraction is None else int(fraction[:6].ljust(6, "0"))
    return _minute_us(text[:_MINUTE_CHARS], zone) + int(second) * SECOND_US + within_us


@lru_cache(MINUTES_KEPT)
def _minute_us(minute: str, zone: str) -> int:
    """The beginning of a minute."""
    return parse_instant(f"{minute}:00{zone}")


@lru_cache(TYPES_KEPT)
def _is_type(name: str) -> bool:
    return TYPE.fullmatch(name) is not None
