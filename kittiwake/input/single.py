"""Decode one message's data to its events: a plain canonical record by one typed decode, any other by the full parser.

Pure but for its memory of minutes and types. The streaming host calls it twice: its intake by the clock, before the
shuffle, and its evaluation after the shuffle without a clock; both get the same event. What a plain record is stands in
`plain`; `tests/input/test_single.py` holds that both ways give the same event.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from kittiwake.input.event_times import instant_us
from kittiwake.input.events import AHEAD_MAX_US, EVENT_BYTES_MAX, NESTING_MAX, TIME_MIN_US, parse_events
from kittiwake.input.plain import NOT_DECODED, PlainRecord, is_type, is_utf8
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.model import DeadLetter, Event
from kittiwake.values import has_long_digits, literal_number

CLOCK: Final = "the job's clock"
"""What a stream calls the time by which an event lies in the future."""


def event_from(data: bytes, clock_us: int, shape: InputShape) -> Event | DeadLetter | None:
    """As `events_from`, without what a message brings beside its own event; None: its shape leaves it out."""
    found = events_from(data, clock_us, shape)
    return found if isinstance(found, DeadLetter) else found[0] if found else None


def events_from(data: bytes, clock_us: int, shape: InputShape) -> tuple[Event, ...] | DeadLetter:
    """The events that a message's data stand for at a time of the host's clock, or why they stand for none.

    None at all, if a shape file leaves the message out.
    """
    event = _plain_event(data, clock_us + AHEAD_MAX_US) if shape.shape is Shape.CANONICAL else None
    return parse_events(data, "", clock_us, shape, start_name=CLOCK) if event is None else (event,)


class _Record(PlainRecord, gc=False, forbid_unknown_fields=True):
    properties: dict[str, Any] | None = None


_decode: Final = msgspec.json.Decoder(_Record, float_hook=literal_number).decode


def _plain_event(data: bytes, latest_us: int) -> Event | None:
    """The event of a plain record; None: it is not plain, and needs the full parser."""
    if len(data) > EVENT_BYTES_MAX or data.count(b"{") + data.count(b"[") > NESTING_MAX:
        return None
    if has_long_digits(data) or not is_utf8(data):
        return None
    try:
        record = _decode(data)
        time_us = instant_us(record.time)
    except NOT_DECODED:
        return None
    if not (TIME_MIN_US <= time_us <= latest_us and is_type(record.type)):
        return None
    properties = {} if record.properties is None else record.properties
    return Event(time_us, record.event_id, record.type, properties, record.account_id, record.contact_id)
