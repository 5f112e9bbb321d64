"""Decode a whole block of lines to events, a list a field; lines that are not plain are left to the full parser.

Pure. Batch hosts call it with the lines of a block. What a plain record is stands in `plain`; whatever is not (a wrong
type, an unknown field, an unusual time) is left to `events.parse_events`, which alone says what is wrong.
`tests/input/test_bulk.py` holds both ways to the same event. Properties stay text, which is known to be sound.

A call costs a tenth of what a record costs here, so records are checked in bulk, by what C does
with many of them: decoded, joined, translated, counted. Only a block that fails such a check is read one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import compress
from typing import Final, NamedTuple, TypeAlias

import msgspec

from kittiwake.bounded_cache import BoundedCache
from kittiwake.input.event_times import instants, microseconds, span_us, usual_form
from kittiwake.input.events import EVENT_BYTES_MAX, NESTING_MAX
from kittiwake.input.plain import NOT_DECODED, TYPES_MAX, Id, PlainRecord, is_type, is_utf8
from kittiwake.time.instants import BEFORE_ALL_US
from kittiwake.values import EXPONENT_MAX, parse_json

NOTHING: Final = b"{}"
"""No properties."""


class Table(NamedTuple):
    """Events of contacts, or of items, a list a field, all of one length."""

    account_ids: list[str]
    contact_ids: list[str]
    """Of events of items their ids."""
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


class ParsedBlock(NamedTuple):
    """What comes of a block of lines."""

    table: Table
    """The plain events that are wanted."""
    taken: int
    """How many were plain."""
    newest_us: int
    """The time of the newest of them; earlier than any time if there are none."""
    left: list[int]
    """Which lines are not plain, by index from 0: they need the full parser."""
    account_ids: frozenset[str]
    """Of the plain events, wanted or not."""
    types: frozenset[str]
    pairs: Callable[[], Iterable[tuple[str, str]]]
    """Which account had which type; asked only where it cannot be seen from the two before."""
    kept: int = 0
    """Wanted events that are in no table: the accelerator keeps them until their contact is decided."""


_ABSENT: Final = msgspec.Raw(NOTHING)
"""The properties of a record without any, known by being this very object."""


class _Record(PlainRecord, gc=False, forbid_unknown_fields=True):
    properties: msgspec.Raw = _ABSENT


class _ItemRecord(_Record, gc=False, forbid_unknown_fields=True):
    """The plain record of an item: its id stands where a contact's would."""

    contact_id: Id = msgspec.field(name="item_id")


_Decode: TypeAlias = Callable[[bytes], _Record]

_decode: Final = msgspec.json.Decoder(_Record).decode
_decode_item: Final = msgspec.json.Decoder(_ItemRecord).decode

_CONTACT: Final = b'"contact_id"'


class ParsedBlocks(NamedTuple):
    """What comes of a block of lines, events of contacts and of items apart; `left` of both are lines of the block."""

    contacts: ParsedBlock
    items: ParsedBlock


def read_tables(
    lines: Sequence[bytes], earliest_us: int, latest_us: int, wants: Wants, wants_of_items: Wants
) -> ParsedBlocks:
    """The plain records of lines, of contacts and of items, whose time lies in `[earliest_us, latest_us]`."""
    whole = b"\n".join(lines)
    sound = is_utf8(whole)
    records = _decoded_at_once(lines, sound, _decode)
    if records is None and whole.count(_CONTACT) < len(lines):
        return _read_apart(lines, earliest_us, latest_us, wants, wants_of_items)
    decoded = (records, list[int]()) if records is not None else _decoded(lines, sound, _decode)
    return ParsedBlocks(_read(lines, whole, decoded, earliest_us, latest_us, wants), _nothing([]))


def _read_apart(
    lines: Sequence[bytes], earliest_us: int, latest_us: int, wants: Wants, wants_of_items: Wants
) -> ParsedBlocks:
    """As `read_tables`, of lines of which some may be of items."""
    named = [_CONTACT in line for line in lines]
    found = []
    for is_contact, wanted, decode in ((True, wants, _decode), (False, wants_of_items, _decode_item)):
        indexes = [at for at, is_named in enumerate(named) if is_named is is_contact]
        own = [lines[at] for at in indexes]
        whole = b"\n".join(own)
        parsed = _read(own, whole, _decoded(own, is_utf8(whole), decode), earliest_us, latest_us, wanted)
        found.append(parsed._replace(left=[indexes[at] for at in parsed.left]))
    return ParsedBlocks(*found)


def _nothing(left: list[int]) -> ParsedBlock:
    return ParsedBlock(new_table(), 0, BEFORE_ALL_US, left, frozenset(), frozenset(), tuple)


def read_table(lines: Sequence[bytes], earliest_us: int, latest_us: int, wants: Wants) -> ParsedBlock:
    """The plain records of lines, of contacts, whose time lies in `[earliest_us, latest_us]`."""
    whole = b"\n".join(lines)
    return _read(lines, whole, _decoded(lines, is_utf8(whole), _decode), earliest_us, latest_us, wants)


_Decoded: TypeAlias = tuple[list[_Record], list[int]]
"""The records of lines, and which lines are none."""


def _read(
    lines: Sequence[bytes], whole: bytes, decoded: _Decoded, earliest_us: int, latest_us: int, wants: Wants
) -> ParsedBlock:
    records, left = decoded
    if not records:
        return _nothing(left)
    times = [record.time for record in records]
    names = frozenset({record.type for record in records})
    types = known_types.of(names)
    texts = [record.properties for record in records]
    joined = b"\n".join(texts)
    form = usual_form(times)
    if form and all(map(types.get, names)) and _are_plain(whole, texts, joined):
        oldest_us, newest_us = span_us(form)
        if earliest_us <= oldest_us and newest_us <= latest_us:
            account_ids = frozenset({record.account_id for record in records})
            kept = list(compress(records, _wanted(records, account_ids, wants)))
            times_us = microseconds([record.time for record in kept], form)
            table = _table(kept, types, times_us, [bytes(record.properties) for record in kept])
            return ParsedBlock(table, len(records), newest_us, left, account_ids, names, partial(_pairs, records))
    return _one_by_one(lines, records, left, types, earliest_us, latest_us, wants)


def _pairs(records: Iterable[_Record]) -> set[tuple[str, str]]:
    return {(record.account_id, record.type) for record in records}


def _decoded_at_once(lines: Sequence[bytes], sound: bool, decode: _Decode) -> list[_Record] | None:
    """The records of lines, if all are records."""
    if sound and max(map(len, lines), default=0) <= EVENT_BYTES_MAX:
        with suppress(*NOT_DECODED):
            return list(map(decode, lines))
    return None


def _decoded(lines: Sequence[bytes], sound: bool, decode: _Decode) -> _Decoded:
    at_once = _decoded_at_once(lines, sound, decode)
    if at_once is not None:
        return at_once, []
    records, left = list[_Record](), list[int]()
    for index, raw in enumerate(lines):
        try:
            if len(raw) > EVENT_BYTES_MAX or not (sound or is_utf8(raw)):
                raise ValueError
            records.append(decode(raw))
        except NOT_DECODED:
            left.append(index)
    return records, left


def _one_by_one(
    lines: Sequence[bytes],
    records: list[_Record],
    left: list[int],
    types: Mapping[str, str],
    earliest_us: int,
    latest_us: int,
    wants: Wants,
) -> ParsedBlock:
    """As `read_table`, of records of which one at least is not plain."""
    times_us = instants([record.time for record in records])
    indexes = sorted(set(range(len(lines))).difference(left))
    texts = [_sound(lines[index], record) for index, record in zip(indexes, records, strict=True)]
    good = [
        bool(text and types[record.type]) and earliest_us <= time_us <= latest_us
        for record, text, time_us in zip(records, texts, times_us, strict=True)
    ]
    others = [index for index, is_good in zip(indexes, good, strict=True) if not is_good]
    if not any(good):
        return _nothing(sorted([*left, *others]))
    sound = list(compress(records, good))
    account_ids = frozenset({record.account_id for record in sound})
    names = frozenset({record.type for record in sound})
    is_wanted = _wanted(records, frozenset({record.account_id for record in records}), wants)
    kept = [is_good and one for is_good, one in zip(good, is_wanted, strict=True)]
    table = _table(list(compress(records, kept)), types, list(compress(times_us, kept)), list(compress(texts, kept)))
    newest_us, left = max(compress(times_us, good)), sorted([*left, *others])
    return ParsedBlock(table, len(sound), newest_us, left, account_ids, names, partial(_pairs, sound))


def _wanted(records: list[_Record], account_ids: frozenset[str], wants: Wants) -> list[bool]:
    """Of each record whether its type is wanted in its account, which is one of `account_ids`."""
    accounts = {account_id: wants(account_id) for account_id in account_ids}
    if len(set(accounts.values())) > 1:
        return [(types := accounts[record.account_id]) is None or record.type in types for record in records]
    (types,) = set(accounts.values())
    return [True] * len(records) if types is None else [record.type in types for record in records]


def _table(records: list[_Record], types: Mapping[str, str], times_us: list[int], properties: list[bytes]) -> Table:
    return Table(
        [record.account_id for record in records],
        [record.contact_id for record in records],
        times_us,
        [record.event_id for record in records],
        [types[record.type] for record in records],
        properties,
    )


# ---------------------------------------------------------------- properties

_MARKS: Final = bytes.maketrans(b"123456789E[", b"000000000e{")
_NAME: Final = b'"properties"'
_DIGITS_TOO_MANY: Final = b"0" * (EXPONENT_MAX + 2)


def _are_plain(whole: bytes, texts: list[msgspec.Raw], joined: bytes) -> bool:
    """Whether nothing can be wrong with the properties of records, which stand in `whole`.

    Of two `properties` in one record the decoder reads the last one only, so each has to have one; a name with
    an escape would hide one more.
    """
    absent = sum([text is _ABSENT for text in texts])
    has_one_each = whole.count(_NAME) == len(texts) - absent and b"\\" not in whole
    return has_one_each and is_plain(joined, len(texts))


def is_plain(joined: bytes, number: int) -> bool:
    """Whether nothing can be wrong with JSON objects, one a line, that a decoder has passed over.

    The decoder checks nesting, but neither numbers nor strings. Without escapes a string is what it says; without
    exponents and runs of hundreds of digits no number lies beyond the range of a double.
    """
    if b"\\" in joined or not joined.startswith(b"{") or joined.count(b"\n{") != number - 1:
        return False
    marks = joined.translate(_MARKS)
    return b"0e" not in marks and _DIGITS_TOO_MANY not in marks and _is_flat(marks, number)


def _is_flat(marks: bytes, number: int) -> bool:
    """Whether no object can be nested too deep: of all together too few begin, or of each, as where they have lists."""
    if marks.count(b"{") - number < NESTING_MAX - 1:  # one is the record's own
        return True
    return max([one.count(b"{") for one in marks.split(b"\n")]) < NESTING_MAX


def _sound(line: bytes, record: _Record) -> bytes:
    """The properties of a record, known to be sound JSON; empty if they are not, or not an object."""
    text = bytes(record.properties)
    if line.count(_NAME) > 1 or line.count(b"\\") != text.count(b"\\"):
        return b""  # one more of them may be hidden
    if text == b"null":
        return NOTHING
    return text if is_sound(text) else b""


def is_sound(text: bytes) -> bool:
    """Whether a text is an object without fault; a decoder has passed over it, or an encoder has made it."""
    if is_plain(text, 1):
        return True
    if not text.startswith(b"{") or text.count(b"{") + text.count(b"[") >= NESTING_MAX:
        return False
    try:
        parse_json(text)
    except NOT_DECODED:
        return False
    return True


# ---------------------------------------------------------------- types


def _type_of(name: str) -> str:
    return name if is_type(name) else ""


known_types: Final = BoundedCache(TYPES_MAX, _type_of)
"""Each type as one and the same string, so that a million of them take no memory; "" for what is none."""
