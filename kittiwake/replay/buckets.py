"""A bucket's packs to its contacts, in bounded memory: what does not fit is sorted on disk.

Works on temporary files (`spilling`). Called by hosts that settle buckets. Most buckets fit, and nothing is written.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from operator import itemgetter
from typing import Final, TypeAlias

import msgspec

from kittiwake.replay.collecting import uncollected
from kittiwake.replay.contacts import Groups, Row, Subject, group
from kittiwake.replay.packs import unpacked
from kittiwake.replay.spilling import Sorter

HELD_BYTES: Final = 128 * 1024 * 1024
"""Bytes of rows in memory from which on a bucket goes to disk: some 300,000 events, or thirty times what is meant to
meet in one. A worker needs room for a few times as much, for each of its threads."""

ROW_BYTES: Final = 256
"""What a row takes in memory besides its texts."""

Rows: TypeAlias = list[Row] | Iterator[Row]
"""A contact's rows: a list in no order, to be settled at once; or, of a giant, a stream in their order."""

_Filed: TypeAlias = tuple[str, str, int, str, str, bytes]
"""A row behind its account and contact."""

_decoder: Final = msgspec.msgpack.Decoder(list[_Filed])


def size_of(row: Row) -> int:
    """About how many bytes of memory a row takes."""
    _, event_id, event_type, properties = row
    return ROW_BYTES + len(event_id) + len(event_type) + len(properties)


def contacts_of(packs: Iterable[bytes], held_bytes: int = HELD_BYTES) -> Iterator[tuple[Subject, Rows]]:
    """The contacts of a bucket in the order of account and contact, each with all of its rows.

    The packs are read once. Of each contact the rows have to be used before the next is asked for.
    """
    coming = iter(packs)
    groups: Groups = {}
    size = 0
    with uncollected():
        for pack in coming:
            table = unpacked(pack)
            group(groups, table)
            size += ROW_BYTES * len(table.types) + sum(map(len, table.properties))
            if size > held_bytes:
                break
    if size > held_bytes:
        yield from _from_disk(groups, coming, held_bytes)
    for subject in sorted(groups):
        yield subject, groups.pop(subject)


def _from_disk(groups: Groups, coming: Iterator[bytes], held_bytes: int) -> Iterator[tuple[Subject, Rows]]:
    """The contacts of a bucket that does not fit: of `groups`, which is emptied, and of the packs still to come."""
    with Sorter(_decoder, held_bytes) as sorter:
        _file(groups, sorter)
        for pack in coming:
            group(groups, unpacked(pack))
            _file(groups, sorter)
        for subject, filed in groupby(sorter.in_order(), key=itemgetter(0, 1)):
            yield subject, _rows_of(filed, held_bytes)


def _file(groups: Groups, sorter: Sorter[_Filed]) -> None:
    for subject in list(groups):
        for row in groups.pop(subject):
            sorter.put((*subject, *row), size_of(row))


def _rows_of(filed: Iterator[_Filed], held_bytes: int) -> Rows:
    """A list of what fits, a stream of what does not."""
    coming: Iterator[Row] = (each[2:] for each in filed)
    rows: list[Row] = []
    size = 0
    for row in coming:
        rows.append(row)
        size += size_of(row)
        if size > held_bytes:
            return chain(rows, coming)
    return rows
