"""Decide of a whole block of rows which are ordinary events that are wanted, column by column.

Pure. Called by `batch.intake` with the blocks of columnar readers, as `input.bulk` is with lines; the outcome is the
same, and `tests/input/columns` holds both to the same events and dead letters. Ids, types, times and properties of
every row are checked in the columns; only what is wanted becomes values of Python.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kittiwake.input.arrow_values import is_text, is_utf8, texts
from kittiwake.input.bulk import NOTHING, ParsedBlock, ParsedBlocks, Table, Wants, known_types, new_table
from kittiwake.input.columns.properties import Mask, Properties, properties_of
from kittiwake.input.columns.sizes import Sizes, bytes_most
from kittiwake.input.event_times import instants, microseconds, usual_form
from kittiwake.input.events import EVENT_BYTES_MAX
from kittiwake.input.fields import ID_CHARS_MAX
from kittiwake.time.instants import BEFORE_ALL_US

_UNITS: Final = {"s": 1_000_000, "ms": 1_000, "us": 1}
"""Microseconds of units of time; a nanosecond is less than one."""

_US_NS: Final = 1_000

COUNTED_MAX: Final = 100_000
"""Different codes up to which they are counted: an array of them is no larger than the rows of a block are."""


class _Coded(NamedTuple):
    """A column of names: the different ones, and which of them each row has."""

    names: list[str]
    codes: Sizes
    """-1: none."""

    def of(self, rows: Mask) -> list[str]:
        found: list[str] = np.array(self.names, dtype=object)[self.codes[rows]].tolist()
        return found

    def among(self, rows: Mask) -> frozenset[str]:
        return frozenset(self.names[code] for code in _different(self.codes[rows], len(self.names)))


class _Columns(NamedTuple):
    """What all rows of a block are checked by, and what the wanted ones are made of."""

    accounts: _Coded
    types: _Coded
    times_us: Sizes
    event_ids: pa.Array
    properties: Properties


def read_columns(
    batch: pa.RecordBatch, earliest_us: int, latest_us: int, wants: Wants, wants_of_items: Wants
) -> ParsedBlocks:
    """The ordinary rows, of contacts and of items, whose time lies in `[earliest_us, latest_us]`."""
    if not len(batch):
        return ParsedBlocks(_nothing([]), _nothing([]))
    names = frozenset(batch.schema.names)
    ids = {
        name: texts(batch.column(name)) for name in ("event_id", "account_id", "contact_id", "item_id") if name in names
    }
    kinds = texts(batch.column("type"))
    if not all(map(is_utf8, (*ids.values(), kinds, *_text_columns(batch)))):
        return ParsedBlocks(_nothing(list(range(len(batch)))), _nothing([]))
    sound = bytes_most(batch, batch.schema.names) <= EVENT_BYTES_MAX
    accounts, types = _coded(ids["account_id"]), _coded(kinds)
    sound &= _are_ids(ids["event_id"]) & _are_ids(ids["account_id"]) & _are_ids(kinds)
    known = known_types.of(frozenset(types.names))
    sound &= _by_code([bool(known[name]) for name in types.names], types)
    types = types._replace(names=[known[name] for name in types.names])
    times_us, in_range = _times(batch.column("time"), earliest_us, latest_us)
    properties = _properties(batch)
    sound &= in_range & properties.sound
    columns = _Columns(accounts, types, times_us, ids["event_id"], properties)
    contacts, items = _subjects(ids.get("contact_id"), ids.get("item_id"), len(batch))
    left: list[int] = np.flatnonzero(~(sound & (contacts | items))).tolist()
    return ParsedBlocks(
        _parsed(columns, ids.get("contact_id"), sound & contacts, wants)._replace(left=left),
        _parsed(columns, ids.get("item_id"), sound & items, wants_of_items),
    )


def _nothing(left: list[int]) -> ParsedBlock:
    return ParsedBlock(new_table(), 0, BEFORE_ALL_US, left, frozenset(), frozenset(), tuple)


def _parsed(columns: _Columns, subjects: pa.Array | None, sound: Mask, wants: Wants) -> ParsedBlock:
    """The events of sound rows, and those of them that are wanted."""
    taken = int(sound.sum())
    if not taken or subjects is None:
        return _nothing([])
    account_ids, names = columns.accounts.among(sound), columns.types.among(sound)
    kept = sound & _wanted(columns, account_ids, wants)
    table = Table(
        columns.accounts.of(kept),
        _values(subjects, kept),
        columns.times_us[kept].tolist(),
        _values(columns.event_ids, kept),
        columns.types.of(kept),
        columns.properties.texts_of(kept),
    )
    newest_us = int(columns.times_us[sound].max())
    return ParsedBlock(table, taken, newest_us, [], account_ids, names, partial(_pairs, columns, sound))


def _values(column: pa.Array, rows: Mask) -> list[Any]:
    found: list[Any] = column.filter(pa.array(rows)).to_numpy(zero_copy_only=False).tolist()
    return found


def _pairs(columns: _Columns, rows: Mask) -> set[tuple[str, str]]:
    """Which account has which type, of some rows."""
    accounts, types = columns.accounts, columns.types
    codes = accounts.codes[rows] * len(types.names) + types.codes[rows]
    some = _different(codes, len(accounts.names) * len(types.names))
    return {(accounts.names[code // len(types.names)], types.names[code % len(types.names)]) for code in some}


def _different(codes: Sizes, below: int) -> list[int]:
    """The different codes among some, all from 0 and below `below`; counted, which takes a fifth of sorting them."""
    some = np.unique(codes) if below > COUNTED_MAX else np.flatnonzero(np.bincount(codes, minlength=below))
    found: list[int] = some.tolist()
    return found


def _wanted(columns: _Columns, account_ids: frozenset[str], wants: Wants) -> Mask:
    """Of each row whether its type is wanted in its account, which is one of `account_ids`, or does not matter."""
    by_account = {account_id: wants(account_id) for account_id in account_ids}
    accounts, types = columns.accounts, columns.types
    if len(set(by_account.values())) == 1:
        (wanted,) = set(by_account.values())
        return _by_code([wanted is None or name in wanted for name in types.names], types)
    rows = {one: [*(one is None or name in one for name in types.names), False] for one in set(by_account.values())}
    nobody = [False] * (len(types.names) + 1)
    some = [rows[by_account[name]] if name in by_account else nobody for name in accounts.names]
    found: Mask = np.array([*some, nobody], dtype=np.bool_)[accounts.codes, types.codes]
    return found


def _by_code(of_names: list[bool], column: _Coded) -> Mask:
    """Of each row what is true of its name; of none it is false."""
    found: Mask = np.array([*of_names, False], dtype=np.bool_)[column.codes]
    return found


# ---------------------------------------------------------------- columns


def _text_columns(batch: pa.RecordBatch) -> list[pa.Array]:
    """Texts besides ids whose bytes may be anything, since no writer of Parquet checks them."""
    others = [batch.column(name) for name in ("time", "properties") if name in batch.schema.names]
    return [texts(column) for column in others if is_text(column.type)]


def _coded(column: pa.Array) -> _Coded:
    encoded = column.dictionary_encode()
    codes = pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return _Coded(encoded.dictionary.to_pylist(), codes)


def _are_ids(column: pa.Array) -> Mask:
    """Of each row whether it has an id or a type: 1 to 128 characters."""
    lengths: Sizes = pc.fill_null(pc.utf8_length(column), 0).to_numpy(zero_copy_only=False)
    found: Mask = (lengths > 0) & (lengths <= ID_CHARS_MAX)
    return found


def _subjects(contact_ids: pa.Array | None, item_ids: pa.Array | None, rows: int) -> tuple[Mask, Mask]:
    """Of each row whether it is of a contact, and whether of an item; of neither, if anything about it is unusual."""
    nobody = np.zeros(rows, dtype=np.bool_)
    if item_ids is None or item_ids.null_count == rows:
        return nobody if contact_ids is None else _are_ids(contact_ids), nobody
    has_item: Mask = item_ids.is_valid().to_numpy(zero_copy_only=False)
    if contact_ids is None:
        return nobody, _are_ids(item_ids)
    has_contact: Mask = contact_ids.is_valid().to_numpy(zero_copy_only=False)
    return _are_ids(contact_ids) & ~has_item, _are_ids(item_ids) & ~has_contact


def _properties(batch: pa.RecordBatch) -> Properties:
    if "properties" not in batch.schema.names:
        return Properties(np.ones(len(batch), dtype=np.bool_), lambda rows: [NOTHING] * int(rows.sum()))
    return properties_of(batch.column("properties"))


# ---------------------------------------------------------------- times


def _times(column: pa.Array, earliest_us: int, latest_us: int) -> tuple[Sizes, Mask]:
    """The instant of each row, and whether it is one in the range."""
    if is_text(column.type):
        times_us = _of_texts(texts(column))
        return times_us, (earliest_us <= times_us) & (times_us <= latest_us)
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    there: Mask = column.is_valid().to_numpy(zero_copy_only=False)
    counted: Sizes = pc.fill_null(column.cast(pa.int64()), 0).to_numpy(zero_copy_only=False)
    if column.type.unit == "ns":
        times_us = counted // _US_NS  # towards the past, as digits of a text are cut
        return times_us, there & (earliest_us <= times_us) & (times_us <= latest_us)
    unit_us = _UNITS[column.type.unit]
    in_range = there & (-(-earliest_us // unit_us) <= counted) & (counted <= latest_us // unit_us)
    return np.where(in_range, counted, 0) * unit_us, in_range


def _of_texts(column: pa.Array) -> Sizes:
    found: list[str] = pc.fill_null(column, "").to_numpy(zero_copy_only=False).tolist()
    form = usual_form(found)
    times_us = instants(found) if form is None else microseconds(found, form)
    return np.array(times_us, dtype=np.int64)
