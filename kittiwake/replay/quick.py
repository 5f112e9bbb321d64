"""The quick way from a record to an event: one typed decode for what is ordinary, no opinion on the rest.

Pure. Called by `events.parse_event` first. Whatever is not plainly an event (a wrong type, an
unknown field, an odd time) is None here and is looked at the long way, which alone says what is
wrong: `tests/replay/test_quick.py` holds both ways to the same event.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

import msgspec

from kittiwake.model import Event
from kittiwake.time.instants import SECOND_US, BadTimeError, parse_instant
from kittiwake.values import number

ID_CHARS_MAX: Final = 128
"""As `events.ID_CHARS_MAX`."""

BYTES_MAX: Final = 16 * 1024
"""Longer records take the long way: among them those with integers of hundreds of digits, or deep nesting."""

OPENINGS_MAX: Final = 64
"""Brackets that a record may open here: so many cannot nest deeper than `events.NESTING_MAX`."""

DIGITS_MAX: Final = 300
"""Bytes of the shortest record that may hold an integer beyond the range of a double."""

MINUTES_MAX: Final = 100_000
"""Minutes remembered: two months of events, 10 MB."""

TYPES_MAX: Final = 10_000
"""Event types remembered as well formed; an account has hundreds."""

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_CHARS_MAX)]


class _Record(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    event_id: _Id
    account_id: _Id
    contact_id: _Id
    type: _Id
    time: str
    properties: dict[str, Any] | None = None


_decoder: Final = msgspec.json.Decoder(_Record, float_hook=number)
_minutes: Final[dict[str, int]] = {}
_types: Final[set[str]] = set()


def quick_event(raw: bytes, earliest_us: int, latest_us: int) -> Event | None:
    """The event of an ordinary record whose time lies in `[earliest_us, latest_us]`; None: look the long way."""
    if not _is_ordinary(raw):
        return None
    try:
        record = _decoder.decode(raw)
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError):
        return None
    time_us = _instant(record.time)
    if time_us is None or not earliest_us <= time_us <= latest_us or record.type not in _types:
        return None
    return Event(
        time_us, record.event_id, record.type, record.properties or {}, record.account_id, record.contact_id, None
    )


def _is_ordinary(raw: bytes) -> bool:
    """Whether nothing is left to check but types: plain text, short, shallow."""
    size = len(raw)
    if size > BYTES_MAX or raw.count(b"{") + raw.count(b"[") > OPENINGS_MAX:
        return False
    if size > DIGITS_MAX and raw.translate(None, b"0123456789").__len__() < size - DIGITS_MAX:
        return False
    return raw.isascii() or _is_utf8(raw)


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def learn_type(event_type: str) -> None:
    """Remember a type that the long way has found well formed."""
    if len(_types) < TYPES_MAX:
        _types.add(event_type)


def _instant(text: str) -> int | None:
    """Microseconds of `YYYY-MM-DDTHH:MM:SS[.f]Z`; None for anything else."""
    if text[-1:] != "Z" or not text.isascii():
        return None
    minute_us = _minutes.get(text[:17])
    if minute_us is None:
        minute_us = _learn_minute(text[:17])
        if minute_us is None:
            return None
    seconds, point, fraction = text[17:19], text[19:20], text[20:-1]
    if not seconds.isdigit() or len(seconds) != 2 or seconds > "59":
        return None
    time_us = minute_us + int(seconds) * SECOND_US
    if point == "Z":
        return time_us if len(text) == 20 else None
    if point != "." or not fraction.isdigit():
        return None
    return time_us + int(fraction[:6].ljust(6, "0"))


def _learn_minute(head: str) -> int | None:
    if len(head) != 17 or head[10] != "T":
        return None
    try:
        minute_us = parse_instant(head + "00Z")
    except BadTimeError:
        return None
    if len(_minutes) >= MINUTES_MAX:
        _minutes.clear()
    _minutes[head] = minute_us
    return minute_us
