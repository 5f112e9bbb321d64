"""A whole block of records at once, for mappings of which a record is one event: column by column.

Pure. Called by batch hosts with the lines of a block. It says of no record what is wrong: what it cannot take at once
is left to `mapping`, one by one. `tests/shape_files/test_bulk.py` holds both to the same events.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final, NamedTuple

from kittiwake.input.bulk import NOTHING, Table, Wants, is_plain, new_table
from kittiwake.input.event_times import instants, microseconds, usual_form
from kittiwake.input.events import AHEAD_MAX_US, EVENT_BYTES_MAX, NESTING_MAX, TIME_MIN_US
from kittiwake.input.fields import ID_CHARS_MAX, RefusedError
from kittiwake.input.lines import Block, context_at
from kittiwake.input.mapping.expected import ABSENT, ExpectedViews
from kittiwake.input.mapping.mapping import RecordMapping, paths_of, reads_whole
from kittiwake.input.mapping.parts import Parts
from kittiwake.input.mapping.paths import Get, View, lookup_in
from kittiwake.input.mapping.spec import (
    ContactSource,
    Convert,
    FieldPath,
    Format,
    Guests,
    IdField,
    IdSource,
    MappingSpec,
    Property,
    TimeSource,
)
from kittiwake.input.mapping.subjects import type_names
from kittiwake.input.plain import NOT_DECODED, is_utf8
from kittiwake.time.instants import BEFORE_ALL_US
from kittiwake.values import EXPONENT_MAX, canonical, parse_json

_REFUSED: Final[Any] = object()
"""In place of a value that cannot be what it has to be."""


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


Column = Callable[[Sequence[View]], list[Any]]


class BlockReader:
    """Reads blocks of one mapping."""

    def __init__(self, mapping: RecordMapping) -> None:
        self._spec = spec = mapping.spec
        self.reads = spec.each is None and not spec.ends_visitors
        """Whether a record is one event at most; else nothing is read here."""
        self._views = mapping.views
        raw = _raw_path(spec)
        self._expected = ExpectedViews(paths_of(spec), raw) if _is_expected(spec) else None
        lookup = lookup_in(mapping.views.names) if self._expected is None else self._expected.lookup
        self._parts = Parts(spec, lookup)
        self._raw: Get | None = None if self._expected is None or raw is None else lookup(raw)
        paths = {path: lookup(path) for path in paths_of(spec)}
        self._is_late = not _may_refuse_properties(spec)
        """Whether properties are asked of wanted events only."""
        self._account = paths[spec.account_paths[0]] if len(spec.account_paths) == 1 else None
        self._types = _types(spec, paths, self._parts)
        self._contacts = _texts(_contact_path(spec), paths, self._parts.contact_of)
        self._ids = _texts(_id_path(spec), paths, lambda view: self._parts.id_of(view, 0))
        self._times = _times(spec, paths, self._parts)

    def read(self, block: Block, account_id: str | None, start_us: int, wants: Wants) -> MappedBlock:
        """The events of a block, as far as they can be had at once."""
        views, indexes = self._views_of(block)
        left = sorted(set(range(len(block.lines))).difference(indexes))
        meant = [all(holds(view) for holds in self._parts.only) for view in views] if self._parts.only else None
        columns = (
            self._types(views),
            self._contacts(views),
            self._ids(views),
            self._accounts(views, account_id),
            self._times(views),
            [] if self._is_late else self._properties(views),
        )
        return self._table(views, indexes, left, meant, columns, start_us + AHEAD_MAX_US, wants)

    # ------------------------------------------------------------ records

    def _views_of(self, block: Block) -> tuple[list[View], list[int]]:
        """The views of lines, and which lines they are; a blank line is none, and is left."""
        lines = block.lines
        if self._expected is not None:
            whole = b"\n".join(lines)
            longest = max(map(len, lines), default=0)
            if is_utf8(whole) and longest <= EVENT_BYTES_MAX:
                return self._decoded(lines, whole, longest)
        views, indexes = [], []
        for at, line in enumerate(lines):
            if line and not line.isspace():
                try:
                    views.append(self._views.of(line, len(line), context_at(block, at)))
                    indexes.append(at)
                except RefusedError:
                    continue
        return (views, indexes) if self._expected is None else ([], [])

    def _decoded(self, lines: Sequence[bytes], whole: bytes, longest: int) -> tuple[list[View], list[int]]:
        assert self._expected is not None
        decode = self._expected.decode
        if lines and _are_shallow(lines, whole, longest):
            try:
                return list(map(decode, lines)), list(range(len(lines)))
            except NOT_DECODED:
                pass
        views, indexes = [], []
        for at, line in enumerate(lines):
            try:
                if _are_shallow([line], line, len(line)):
                    views.append(decode(line))
                    indexes.append(at)
            except NOT_DECODED:
                continue
        return views, indexes

    # ------------------------------------------------------------ columns

    def _accounts(self, views: Sequence[View], account_id: str | None) -> list[Any]:
        if not self._spec.account_paths:
            constant = self._spec.account or account_id
            return [constant or _REFUSED] * len(views)
        if self._account is not None:
            values = list(map(self._account, views))
            if _are_ids(values):
                return values
        return _column(lambda view: self._parts.account_of(view, account_id), views)

    def _properties(self, views: Sequence[View]) -> list[Any]:
        """Properties as JSON if they stand in the record as such, else as values."""
        if self._raw is None:
            return _column(self._parts.properties_of, views)
        texts = [bytes(raw) if raw is not ABSENT else NOTHING for raw in map(self._raw, views)]
        if texts and is_plain(b"\n".join(texts), len(texts)):
            return texts
        return list(map(_sound, texts))

    def _table(
        self,
        views: Sequence[View],
        indexes: list[int],
        left: list[int],
        meant: list[bool] | None,
        columns: tuple[list[Any], ...],
        latest_us: int,
        wants: Wants,
    ) -> MappedBlock:
        keep, out, more = self._judged(len(views), meant, columns, latest_us)
        if more:
            left = sorted([*left, *(indexes[at] for at in more)])
        types, contacts, ids, accounts, times, properties = columns
        newest_us = max([times[at] for at in keep], default=BEFORE_ALL_US)
        wanted = {account: wants(account) for account in {accounts[at] for at in keep}}
        kept = [at for at in keep if (asked := wanted[accounts[at]]) is None or types[at] in asked]
        if not kept:
            return MappedBlock(new_table(), len(keep), out, newest_us, left)
        if self._is_late:
            properties = [self._parts.properties_of(views[at]) for at in kept]
        if len(kept) < len(views):
            pick: Any = itemgetter(*kept) if len(kept) > 1 else lambda column: (column[kept[0]],)
            types, contacts, ids, accounts, times = (list(pick(column)) for column in columns[:-1])
            properties = properties if self._is_late else list(pick(properties))
        texts = properties if self._raw is not None else [canonical(one).encode() for one in properties]
        table = Table(accounts, contacts, times, ids, types, texts)
        return MappedBlock(table, len(keep), out, newest_us, left)

    def _judged(
        self, number: int, meant: list[bool] | None, columns: tuple[list[Any], ...], latest_us: int
    ) -> tuple[Sequence[int], int, list[int]]:
        """Which records are events, how many are left out, and which have to be read one by one."""
        types, contacts, *others, times, properties = columns
        whole = meant is None and None not in types and None not in contacts
        whole = whole and number > 0 and not any(_REFUSED in column for column in columns)
        if whole and min(times) >= TIME_MIN_US and max(times) <= latest_us:
            return range(number), 0, []
        keep: list[int] = []
        out, left, rest = 0, [], (*others, properties) if properties else others
        leaves_guests = self._spec.guests is Guests.LEAVE_OUT
        for at in range(number):
            if (meant is not None and not meant[at]) or types[at] is None:
                out += 1
            elif types[at] is _REFUSED or contacts[at] is _REFUSED:
                left.append(at)
            elif contacts[at] is None:
                out += leaves_guests
                left += [] if leaves_guests else [at]
            elif any(column[at] is _REFUSED for column in rest) or times[at] is _REFUSED:
                left.append(at)
            elif TIME_MIN_US <= times[at] <= latest_us:
                keep.append(at)
            else:
                left.append(at)
        return keep, out, left


@lru_cache(64)
def block_reader(mapping: RecordMapping) -> BlockReader:
    """The reader of a mapping, made once in a process."""
    return BlockReader(mapping)


# ---------------------------------------------------------------- columns


def _column(function: Callable[[View], Any], views: Sequence[View]) -> list[Any]:
    """What a function says of each view; `_REFUSED` where it refuses it."""
    try:
        return list(map(function, views))
    except RefusedError:
        return [_attempt(function, view) for view in views]


def _attempt(function: Callable[[Any], Any], value: Any) -> Any:
    try:
        return function(value)
    except RefusedError:
        return _REFUSED


_TO_ZEROS: Final = bytes.maketrans(b"123456789", b"000000000")
_DIGITS_TOO_MANY: Final = b"0" * (EXPONENT_MAX + 2)


def _are_shallow(lines: Sequence[bytes], whole: bytes, longest: int) -> bool:
    """Whether no line can nest too deep, nor hold a number of too many digits."""
    if max([line.count(b"{") for line in lines]) + max([line.count(b"[") for line in lines]) > NESTING_MAX:
        return False
    return longest < len(_DIGITS_TOO_MANY) or _DIGITS_TOO_MANY not in whole.translate(_TO_ZEROS)


def _are_ids(values: list[Any]) -> bool:
    """Whether all values are texts that may be ids."""
    if set(map(type, values)) != {str}:
        return False
    lengths = set(map(len, values))
    return 0 not in lengths and max(lengths) <= ID_CHARS_MAX


def _texts(path: FieldPath | None, paths: dict[FieldPath, Get], function: Callable[[View], Any]) -> Column:
    """Ids that stand at a path as they are; where a value is none, what the function says of each view."""
    if path is None:
        return lambda views: _column(function, views)
    get = paths[path]

    def column(views: Sequence[View]) -> list[Any]:
        values = list(map(get, views))
        return values if _are_ids(values) else _column(function, views)

    return column


def _types(spec: MappingSpec, paths: dict[FieldPath, Get], parts: Parts) -> Column:
    if len(spec.type.paths) != 1:
        return lambda views: _column(parts.type_of, views)
    get, named = paths[spec.type.paths[0]], type_names(spec.type)

    def column(views: Sequence[View]) -> list[Any]:
        values = list(map(get, views))
        if not _are_ids(values):
            return _column(parts.type_of, views)
        known = {value: _attempt(named, value) for value in set(values)}
        return list(map(known.__getitem__, values))

    return column


def _times(spec: MappingSpec, paths: dict[FieldPath, Get], parts: Parts) -> Column:
    source = spec.time[0]
    if len(spec.time) > 1 or source != TimeSource(source.paths) or len(source.paths) > 1:
        return lambda views: _column(parts.time_of, views)
    get = paths[source.paths[0]]

    def column(views: Sequence[View]) -> list[Any]:
        values = list(map(get, views))
        if set(map(type, values)) != {str}:
            return _column(parts.time_of, views)
        form = usual_form(values)
        return instants(values) if form is None else microseconds(values, form)

    return column


def _sound(text: bytes) -> Any:
    """Properties that are sound JSON, as they stand; `_REFUSED` if they are not."""
    if text == b"null":
        return NOTHING
    if not text.startswith(b"{"):
        return _REFUSED
    if not is_plain(text, 1):
        try:
            parse_json(text)
        except NOT_DECODED:
            return _REFUSED
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


def _may_refuse_properties(spec: MappingSpec) -> bool:
    """Whether a record can be refused for its properties."""
    named = [one for one in spec.properties if isinstance(one, Property)]
    converts = any(source.convert is not Convert.AS_IT_IS for one in named for source in one.sources)
    return len(named) < len(spec.properties) or converts or bool(spec.numbers)


def _contact_path(spec: MappingSpec) -> FieldPath | None:
    source = spec.contact[0]
    is_plain_path = spec.contact == (ContactSource(source.paths),) and len(source.paths) == 1
    return source.paths[0] if is_plain_path else None


def _id_path(spec: MappingSpec) -> FieldPath | None:
    fields = spec.event_id.fields
    is_plain_path = len(fields) == 1 and spec.event_id == IdSource((IdField(fields[0].path),))
    return fields[0].path if is_plain_path else None
