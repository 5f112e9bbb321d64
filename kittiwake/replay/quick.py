"""The quick way from a record to an event: one typed decode for what is ordinary, no opinion on the rest.

Pure. Called by `events.parse_event` first. Whatever is not plainly an event (a wrong type, an
unknown field, an odd time) is None here and is looked at the long way, which alone says what is
wrong: `tests/replay/test_quick.py` holds both ways to the same event.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any, Final, NamedTuple

import msgspec

from kittiwake.model import Event
from kittiwake.replay.contacts import NOTHING, Groups
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

_BRACE: Final = ord("{")
_SECONDS: Final = {f"{second:02d}.": second * SECOND_US for second in range(60)}

_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_CHARS_MAX)]


class _Record(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    event_id: _Id
    account_id: _Id
    contact_id: _Id
    type: _Id
    time: str
    properties: dict[str, Any] | None = None


class _LazyRecord(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    event_id: _Id
    account_id: _Id
    contact_id: _Id
    type: _Id
    time: str
    properties: msgspec.Raw = msgspec.Raw(NOTHING)


_DOUBTFUL: Final = re.compile(rb"[0-9][eE]")
"""What an exponent contains: without one, no number of so few bytes lies beyond the range of a double."""

_lazy_decoder: Final = msgspec.json.Decoder(_LazyRecord)
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


class Taken(NamedTuple):
    """What the quick way made of lines."""

    taken: int
    newest_us: int | None
    left: list[int]
    """Which lines it has no opinion on."""


def take_lines(lines: Sequence[bytes], earliest_us: int, latest_us: int, groups: Groups, *, sound: bool) -> Taken:
    """Put the rows of ordinary records to those of their contacts, properties unparsed.

    What is taken here, `quick_event` takes too: nothing in properties so short, without escapes and
    exponents, can be wrong but their JSON, which the decoder checks in passing them over. `sound`: all
    lines are known to be UTF-8. One loop without calls of ours: each costs a twentieth of a record.
    """
    left: list[int] = []
    newest_us = -1 << 62
    decode, types, minutes, doubtful = _lazy_decoder.decode, _types, _minutes, _DOUBTFUL.search
    for at, raw in enumerate(lines):
        try:
            record = decode(raw)
        except (msgspec.DecodeError, ValueError, RecursionError):
            left.append(at)
            continue
        text, time = bytes(record.properties), record.time
        minute_us, second_us, fraction = minutes.get(time[:17]), _SECONDS.get(time[17:20]), time[20:26]
        if (
            minute_us is None
            or second_us is None
            or len(time) != 27
            or time[26] != "Z"
            or not (fraction.isdigit() and fraction.isascii())
        ):
            slow_us = _instant(time)
            if slow_us is None:
                left.append(at)
                continue
            time_us = slow_us
        else:
            time_us = minute_us + second_us + int(fraction)
        if (
            len(text) > DIGITS_MAX
            or len(raw) > BYTES_MAX
            or text[0] != _BRACE
            or b"\\" in text
            or text.count(b"{") + text.count(b"[") >= OPENINGS_MAX
            or doubtful(text)
            or not earliest_us <= time_us <= latest_us
            or record.type not in types
            or not (sound or is_utf8(raw))
        ):
            left.append(at)
            continue
        if time_us > newest_us:  # noqa: PLR1730 (a call would cost more)
            newest_us = time_us
        subject = (record.account_id, record.contact_id)
        row = (time_us, record.event_id, record.type, text)
        rows = groups.get(subject)
        if rows is None:
            groups[subject] = [row]
        else:
            rows.append(row)
    count = len(lines) - len(left)
    return Taken(count, newest_us if count else None, left)


def _is_ordinary(raw: bytes) -> bool:
    """Whether nothing is left to check but types: plain text, short, shallow."""
    size = len(raw)
    if size > BYTES_MAX or raw.count(b"{") + raw.count(b"[") > OPENINGS_MAX:
        return False
    if size > DIGITS_MAX and raw.translate(None, b"0123456789").__len__() < size - DIGITS_MAX:
        return False
    return is_utf8(raw)


def is_utf8(raw: bytes) -> bool:
    """Whether bytes are UTF-8."""
    if raw.isascii():
        return True
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
