"""A whole block of records at once, for mappings of which a record is one event: column by column.

Pure. Called by batch hosts with the lines of a block. It says of no record what is wrong: what it cannot take at once
is left to `mapping`, one by one. `tests/shape_files/test_bulk.py` holds both to the same events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import lru_cache, partial
from itertools import compress
from typing import Any, Final, NamedTuple

from kittiwake.input.bulk import NOTHING, Table, Wants, is_plain, new_table
from kittiwake.input.events import AHEAD_MAX_US, EVENT_BYTES_MAX, NESTING_MAX, TIME_MIN_US
from kittiwake.input.fields import RefusedError
from kittiwake.input.lines import Block, context_at
from kittiwake.input.mapping.expected import ExpectedViews
from kittiwake.input.mapping.mapping import RecordMapping, paths_of, reads_whole
from kittiwake.input.mapping.numbers import number_reader
from kittiwake.input.mapping.parts import Parts
from kittiwake.input.mapping.paths import Get, Lookup, View, lookup_in
from kittiwake.input.mapping.properties import named_gets
from kittiwake.input.mapping.property_texts import can_be_written, property_texts
from kittiwake.input.mapping.spec import Convert, FieldPath, Format, Guests, MappingSpec, Property
from kittiwake.input.mapping.view_columns import (
    REFUSED,
    Column,
    TimeColumn,
    TypeColumn,
    Views,
    accounts_of,
    asked,
    contacts_of,
    ids_of,
    plain_paths,
    times_of,
    types_of,
)
from kittiwake.input.plain import NOT_DECODED, is_utf8
from kittiwake.time.instants import BEFORE_ALL_US
from kittiwake.values import EXPONENT_MAX, canonical_bytes, parse_json


class MappedBlock(NamedTuple):
    """What comes of a block of records."""

    table: Table
    """The events that are wanted."""
    taken: int
    """How many records are events."""
    left_out: int
    newest_us: int
    """The time of the newest of the events; earlier than any time if there are none."""
    left: list[int]
    """Which lines have to be read one by one, by index from 0."""
    account_ids: frozenset[str]
    """Of the events, wanted or not."""
    types: frozenset[str]
    pairs: Callable[[], Iterable[tuple[str, str]]]
    """Which account had which type; asked only where it cannot be seen from the two before."""


class _Columns(NamedTuple):
    """What a mapping says of views."""

    types: TypeColumn
    contacts: Column
    ids: Column
    accounts: Column
    times: TimeColumn
    properties: Column
    """As JSON if they stand in the record as such, else as values; nothing where only wanted events are asked."""

    def are_whole(self, latest_us: int) -> bool:
        """Whether every view is an event."""
        if not all(column.is_whole for column in self):
            return False
        oldest_us, newest_us = self.times.span_us()
        return oldest_us >= TIME_MIN_US and newest_us <= latest_us


class BlockReader:
    """Reads blocks of one mapping."""

    def __init__(self, mapping: RecordMapping) -> None:
        self._spec = spec = mapping.spec
        self.reads = spec.each is None and not spec.ends_visitors
        """Whether a record is one event at most; else nothing is read here."""
        self._views = mapping.views
        raw = _raw_path(spec)
        self._expected = ExpectedViews(paths_of(spec), raw, plain_paths(spec)) if _is_expected(spec) else None
        lookup = lookup_in(mapping.views.names) if self._expected is None else self._expected.lookup
        self._parts = parts = Parts(spec, lookup)
        self._raw: Get | None = None if self._expected is None or raw is None else lookup(raw)
        self._decode_checked = None if self._expected is None else self._expected.decode_checked
        """None: not worth a try, since of a block without fault it has refused a record: there will be more of them."""
        self._late = _late_texts(spec, parts, lookup)
        """The function for properties as JSON, if they are asked of wanted events only."""
        self._accounts = accounts_of(spec, lookup, parts)
        self._types = types_of(spec, lookup, parts)
        self._contacts = contacts_of(spec, lookup, parts)
        self._ids = ids_of(spec, lookup, parts)
        self._times = times_of(spec, lookup, parts)

    def read(self, block: Block, account_id: str | None, start_us: int, wants: Wants) -> MappedBlock:
        """The events of a block, as far as they can be had at once."""
        views, indexes, is_checked = self._views_of(block)
        left = sorted(set(range(len(block.lines))).difference(indexes)) if len(indexes) < len(block.lines) else []
        if not views:
            return _nothing(0, left)
        columns, latest_us = self._columns((views, is_checked), account_id), start_us + AHEAD_MAX_US
        if not self._parts.only and columns.are_whole(latest_us):
            return self._events(views, columns, 0, left, wants)
        keep, out, more = self._judged(views, columns, latest_us)
        left = sorted([*left, *(indexes[at] for at in more)])
        if not keep:
            return _nothing(out, left)
        return self._events([views[at] for at in keep], _picked(columns, keep), out, left, wants)

    # ------------------------------------------------------------ records

    def _views_of(self, block: Block) -> tuple[list[View], Sequence[int], bool]:
        """The views of lines, which lines they are, and whether all are checked; a blank line is none, and is left."""
        lines = block.lines
        if self._expected is not None:
            whole = b"\n".join(lines)
            longest = max(map(len, lines), default=0)
            if is_utf8(whole) and longest <= EVENT_BYTES_MAX:
                return self._decoded(lines, whole, longest)
            return [], [], False
        views, indexes = [], []
        for at, line in enumerate(lines):
            if line and not line.isspace():
                try:
                    views.append(self._views.of(line, len(line), context_at(block, at)))
                    indexes.append(at)
                except RefusedError:
                    continue
        return views, indexes, False

    def _decoded(self, lines: Sequence[bytes], whole: bytes, longest: int) -> tuple[list[View], Sequence[int], bool]:
        assert self._expected is not None
        if lines and _are_shallow(lines, whole, longest):
            every = range(len(lines))
            if self._decode_checked is not None:
                with suppress(*NOT_DECODED):
                    return list(map(self._decode_checked, lines)), every, True
            with suppress(*NOT_DECODED):
                views = list(map(self._expected.decode, lines))
                self._decode_checked = None
                return views, every, False
        return *self._decoded_singly(lines), False

    def _decoded_singly(self, lines: Sequence[bytes]) -> tuple[list[View], Sequence[int]]:
        assert self._expected is not None
        views, indexes = [], []
        for at, line in enumerate(lines):
            with suppress(*NOT_DECODED):
                if _are_shallow([line], line, len(line)):
                    views.append(self._expected.decode(line))
                    indexes.append(at)
        return views, indexes

    # ------------------------------------------------------------ columns

    def _columns(self, views: Views, account_id: str | None) -> _Columns:
        return _Columns(
            self._types(views),
            self._contacts(views),
            self._ids(views),
            self._accounts(views, account_id),
            self._times(views),
            Column([], is_whole=True) if self._late else self._properties(views[0]),
        )

    def _properties(self, views: Sequence[View]) -> Column:
        if self._raw is None:
            return asked(self._parts.properties_of, views)
        raws = list(map(self._raw, views))
        if is_plain(b"\n".join(raws), len(raws)):
            return Column(raws, is_whole=True)
        texts = list(map(_sound, raws))
        return Column(texts, REFUSED not in texts)

    def _judged(
        self, views: Sequence[View], columns: _Columns, latest_us: int
    ) -> tuple[Sequence[int], int, Sequence[int]]:
        """Which records are events, how many are left out, and which have to be read one by one."""
        types, times_us = columns.types.types(), columns.times.microseconds()
        contacts, properties = columns.contacts.values, columns.properties.values
        rest = [columns.ids.values, columns.accounts.values]
        only, leaves_guests = self._parts.only, self._spec.guests is Guests.LEAVE_OUT
        keep: list[int] = []
        out, left = 0, list[int]()
        for at, view in enumerate(views):
            if properties and properties[at] is REFUSED:  # read one by one, it is refused for them first
                left.append(at)
            elif types[at] is None or (only and not all(holds(view) for holds in only)):
                out += 1
            elif types[at] is REFUSED or contacts[at] is REFUSED:
                left.append(at)
            elif contacts[at] is None:
                out += leaves_guests
                left += [] if leaves_guests else [at]
            elif any(column[at] is REFUSED for column in rest) or times_us[at] is REFUSED:
                left.append(at)
            elif TIME_MIN_US <= times_us[at] <= latest_us:
                keep.append(at)
            else:
                left.append(at)
        return keep, out, left

    # ------------------------------------------------------------ events

    def _events(self, views: Sequence[View], columns: _Columns, out: int, left: list[int], wants: Wants) -> MappedBlock:
        """Of views that all are events."""
        names, accounts = columns.types.names, columns.accounts.values
        account_ids, types = frozenset(accounts), frozenset(columns.types.types_of(list(set(names))))
        pairs = partial(_pairs, accounts, columns.types)
        table = new_table()
        wanted = _wanted(columns.types, accounts, {account: wants(account) for account in account_ids})
        if any(wanted):
            table = self._table(views, columns, wanted)
        newest_us = columns.times.span_us()[1]
        return MappedBlock(table, len(views), out, newest_us, left, account_ids, types, pairs)

    def _table(self, views: Sequence[View], columns: _Columns, wanted: list[bool]) -> Table:
        """The wanted ones of events."""
        types, contacts, ids, accounts, times, properties = columns
        if self._late:
            texts = list(map(self._late, compress(views, wanted)))
        else:
            to_text = canonical_bytes if self._raw is None else bytes
            texts = list(map(to_text, compress(properties.values, wanted)))
        return Table(
            list(compress(accounts.values, wanted)),
            list(compress(contacts.values, wanted)),
            times.microseconds_of(list(compress(times.values, wanted))),
            list(compress(ids.values, wanted)),
            types.types_of(list(compress(types.names, wanted))),
            texts,
        )


@lru_cache(64)
def block_reader(mapping: RecordMapping) -> BlockReader:
    """The reader of a mapping, made once in a process."""
    return BlockReader(mapping)


def _nothing(out: int, left: list[int]) -> MappedBlock:
    return MappedBlock(new_table(), 0, out, BEFORE_ALL_US, left, frozenset(), frozenset(), tuple)


def _picked(columns: _Columns, keep: Sequence[int]) -> _Columns:
    """Columns of the views at `keep`, which are events."""
    types, *others, times, properties = columns
    contacts, ids, accounts, properties = (
        Column([column.values[at] for at in keep] if column.values else [], is_whole=True)
        for column in (*others, properties)
    )
    times_us = times.microseconds()
    return _Columns(
        TypeColumn([types.names[at] for at in keep], types.known, is_whole=True),
        *(contacts, ids, accounts),
        TimeColumn([times_us[at] for at in keep], None, is_whole=True),
        properties,
    )


def _wanted(types: TypeColumn, accounts: list[str], asked_of: dict[str, frozenset[str] | None]) -> list[bool]:
    """Of each event whether its type is wanted in its account."""
    if len(set(asked_of.values())) > 1:
        named = zip(accounts, types.types(), strict=True)
        return [(wanted := asked_of[account]) is None or name in wanted for account, name in named]
    (wanted,) = set(asked_of.values())
    if wanted is None:
        return [True] * len(accounts)
    names = {name for name in set(types.names) if types.types_of([name])[0] in wanted}
    return [name in names for name in types.names]


def _pairs(accounts: list[str], types: TypeColumn) -> set[tuple[str, str]]:
    return set(zip(accounts, types.types(), strict=True))


# ---------------------------------------------------------------- values

_TO_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")
_DIGITS_TOO_MANY: Final = b"0" * (EXPONENT_MAX + 2)
_LIST_BYTES: Final = len("[]")
"""Bytes that a list adds at least to what it stands in."""
_OBJECT_BYTES: Final = len('{"":}')


def _are_shallow(lines: Sequence[bytes], whole: bytes, longest: int) -> bool:
    """Whether no line can nest too deep, nor hold a number of too many digits."""
    may_be_deep = longest > NESTING_MAX * (_LIST_BYTES if b"[" in whole else _OBJECT_BYTES)
    if may_be_deep and max([line.count(b"{") + line.count(b"[") for line in lines]) > NESTING_MAX:
        return False
    return longest < len(_DIGITS_TOO_MANY) or _DIGITS_TOO_MANY not in whole.translate(_TO_ZEROS)


def _sound(raw: Any) -> Any:
    """Properties that are sound JSON, as they stand; `REFUSED` if they are not."""
    text = bytes(raw)
    if text == b"null":
        return NOTHING
    if not text.startswith(b"{"):
        return REFUSED
    if not is_plain(text, 1):
        try:
            parse_json(text)
        except NOT_DECODED:
            return REFUSED
    return text


# ---------------------------------------------------------------- what a spec lets be read at once


def _is_expected(spec: MappingSpec) -> bool:
    """Whether its records are JSON of which paths walk objects as they stand."""
    records = spec.records
    changed = records.json or records.pairs or spec.event_id.ordinal
    return records.format is not Format.CSV and not changed and not reads_whole(spec)


def _raw_path(spec: MappingSpec) -> FieldPath | None:
    """Where properties stand as a whole, if nothing else reads them."""
    if len(spec.properties) != 1 or spec.numbers or not isinstance(spec.properties[0], tuple):
        return None
    path = spec.properties[0]
    others = [one for one in paths_of(spec) if one is not path]
    return None if any(one[: len(path)] == path or path[: len(one)] == one for one in others) else path


def _late_texts(spec: MappingSpec, parts: Parts, lookup: Lookup) -> Callable[[View], bytes] | None:
    """The function for properties as JSON, if no record can be refused for them and names are usual; else None."""
    named = [one for one in spec.properties if isinstance(one, Property)]
    converts = any(source.convert is not Convert.AS_IT_IS for one in named for source in one.sources)
    if len(named) < len(spec.properties) or converts or spec.numbers or not can_be_written([one.name for one in named]):
        return None
    gets = named_gets(named, lookup, number_reader(decimal_comma=spec.decimal_comma))
    return property_texts(gets, parts.properties_of)
