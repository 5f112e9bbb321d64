"""The quick way from lines to events: a whole block at once, a list a field, no opinion on what is out of the ordinary.

Pure. Called by `intake` with the lines of a block. Whatever is not plainly an event of a contact (a wrong type, an
unknown field, an odd time) is left to `events.parse_event`, which alone says what is wrong:
`tests/replay/test_quick.py` holds both ways to the same event. Properties stay text, which is known to be sound.

A call costs a tenth of what a record costs here, so records are looked at in bulk, by what C does
with many of them: decoded, joined, translated, counted. Only a block that fails such a look is looked at one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress
from typing import Annotated, Final, NamedTuple, TypeAlias

import msgspec

from kittiwake.replay.events import EVENT_BYTES_MAX, NESTING_MAX, TYPE
from kittiwake.replay.fields import ID_CHARS_MAX
from kittiwake.replay.times import NEVER_US, instants, microseconds, span_us, usual_form
from kittiwake.values import EXPONENT_MAX, parse_json

NOTHING: Final = b"{}"
"""No properties."""

TYPES_MAX: Final = 10_000
"""Event types remembered as well formed: an account has hundreds."""


class Table(NamedTuple):
    """Events of contacts, a list a field, all of one length."""

    account_ids: list[str]
    contact_ids: list[str]
    times_us: list[int]
    event_ids: list[str]
    types: list[str]
    properties: list[bytes]
    """As JSON that `values.parse_sound` takes."""


def new_table() -> Table:
    """A table of nothing."""
    return Table([], [], [], [], [], [])


Wants: TypeAlias = Callable[[str], frozenset[str] | None]
"""From an account to the types of events that can change anything there; None: all."""


class Quick(NamedTuple):
    """What the quick way made of lines."""

    table: Table
    """The ordinary events that are wanted."""
    taken: int
    """How many were ordinary."""
    newest_us: int
    """The time of the newest of them; earlier than any time if there are none."""
    left: list[int]
    """Which lines it has no opinion on, by place from 0."""


_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=ID_CHARS_MAX)]


class _Record(msgspec.Struct, gc=False, forbid_unknown_fields=True):
    event_id: _Id
    account_id: _Id
    contact_id: _Id
    type: _Id
    time: str
    properties: msgspec.Raw = msgspec.Raw(NOTHING)


_decode: Final = msgspec.json.Decoder(_Record).decode
_NOT_DECODED: Final = (msgspec.DecodeError, ValueError, RecursionError)


def read_table(lines: Sequence[bytes], earliest_us: int, latest_us: int, wants: Wants, *, sound: bool) -> Quick:
    """The ordinary records of lines whose time lies in `[earliest_us, latest_us]`.

    `sound`: all lines are known to be UTF-8.
    """
    records, left = _decoded(lines, sound)
    if not records:
        return Quick(new_table(), 0, NEVER_US, left)
    times = [record.time for record in records]
    form = usual_form(times)
    are_types = _learn_types({record.type for record in records})
    joined = b"\n".join([record.properties for record in records])
    if form and are_types and _is_plain(joined, len(records)):
        oldest_us, newest_us = span_us(times, form)
        if earliest_us <= oldest_us and newest_us <= latest_us:
            kept = list(compress(records, _wanted(records, wants)))
            times_us = microseconds([record.time for record in kept], form)
            return Quick(_table(kept, times_us, [bytes(one.properties) for one in kept]), len(records), newest_us, left)
    return _one_by_one(lines, records, left, earliest_us, latest_us, wants)


def _decoded(lines: Sequence[bytes], sound: bool) -> tuple[list[_Record], list[int]]:
    """The records of lines, and which lines are none."""
    if sound and max(map(len, lines)) <= EVENT_BYTES_MAX:
        try:
            return list(map(_decode, lines)), []
        except _NOT_DECODED:
            pass
    records, left = [], []
    for place, raw in enumerate(lines):
        try:
            if len(raw) > EVENT_BYTES_MAX or not (sound or is_utf8(raw)):
                raise ValueError
            records.append(_decode(raw))
        except _NOT_DECODED:
            left.append(place)
    return records, left


def _one_by_one(
    lines: Sequence[bytes],
    records: list[_Record],
    left: list[int],
    earliest_us: int,
    latest_us: int,
    wants: Wants,
) -> Quick:
    """As `read_table`, of records of which one at least is out of the ordinary."""
    times_us = instants([record.time for record in records])
    texts = [_sound(bytes(record.properties)) for record in records]
    good = [
        bool(text) and record.type in _types and earliest_us <= time_us <= latest_us
        for record, text, time_us in zip(records, texts, times_us, strict=True)
    ]
    places = sorted(set(range(len(lines))).difference(left))
    others = [place for place, is_good in zip(places, good, strict=True) if not is_good]
    kept = [is_good and is_wanted for is_good, is_wanted in zip(good, _wanted(records, wants), strict=True)]
    table = _table(list(compress(records, kept)), list(compress(times_us, kept)), list(compress(texts, kept)))
    newest_us = max(compress(times_us, good), default=NEVER_US)
    return Quick(table, sum(good), newest_us, sorted([*left, *others]))


def _wanted(records: list[_Record], wants: Wants) -> list[bool]:
    """Of each record whether its type is wanted in its account."""
    accounts = {account_id: wants(account_id) for account_id in {record.account_id for record in records}}
    if len(set(accounts.values())) > 1:
        return [(types := accounts[record.account_id]) is None or record.type in types for record in records]
    (types,) = set(accounts.values())
    return [True] * len(records) if types is None else [record.type in types for record in records]


def _table(records: list[_Record], times_us: list[int], properties: list[bytes]) -> Table:
    return Table(
        [record.account_id for record in records],
        [record.contact_id for record in records],
        times_us,
        [record.event_id for record in records],
        [_types[record.type] for record in records],
        properties,
    )


# ---------------------------------------------------------------- properties

_MARKS: Final = bytes.maketrans(b"123456789E[", b"000000000e{")
_DIGITS_TOO_MANY: Final = b"0" * (EXPONENT_MAX + 2)


def _is_plain(joined: bytes, number: int) -> bool:
    """Whether nothing can be wrong with JSON objects, one a line, that a decoder has passed over.

    It looks at nesting, but neither at numbers nor into strings. Without escapes a string is what it says; without
    exponents and runs of hundreds of digits no number lies beyond the range of a double.
    """
    if b"\\" in joined or not joined.startswith(b"{") or joined.count(b"\n{") != number - 1:
        return False
    marks = joined.translate(_MARKS)
    return (
        marks.count(b"{") - number < NESTING_MAX - 1  # one is the record's own
        and b"0e" not in marks
        and _DIGITS_TOO_MANY not in marks
    )


def _sound(text: bytes) -> bytes:
    """Properties that may be parsed without a care; empty if they may not, or are not an object."""
    if text == b"null":
        return NOTHING
    if _is_plain(text, 1):
        return text
    if not text.startswith(b"{") or text.count(b"{") + text.count(b"[") >= NESTING_MAX:
        return b""
    try:
        parse_json(text)
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError):
        return b""
    return text


def is_utf8(raw: bytes) -> bool:
    """Whether bytes are UTF-8."""
    if raw.isascii():
        return True
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


# ---------------------------------------------------------------- types

_types: Final[dict[str, str]] = {}
"""Each type as one and the same string, so that a million of them take no memory."""


def _learn_types(types: set[str]) -> bool:
    """Remember types; whether all of them are."""
    unknown = types.difference(_types)
    if len(_types) + len(unknown) > TYPES_MAX:
        _types.clear()
        unknown = types
    _types.update({name: name for name in unknown if TYPE.fullmatch(name)})
    return _types.keys() >= types
