"""Events gathered by contact, in bounded memory: what does not fit is sorted on disk.

Works on a temporary file (`external_sort`). Called by `replay` with all events of a run, and by `partitions` with
those of one partition of the job. Most fit, and then nothing is written. Contacts come out in one order either way.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby
from operator import itemgetter
from types import TracebackType
from typing import Final, NamedTuple, Self, TypeAlias

import msgspec

from kittiwake.batch.event_rows import Groups, Row, Subject, group
from kittiwake.batch.external_sort import Sorter
from kittiwake.input.bulk import Table
from kittiwake.kernel import State

ROW_BYTES: Final = 256
"""What a row takes in memory besides its texts."""

ROWS_AT_ONCE: Final = 50_000
"""Rows of a contact that are decided at once. Parsed, with all that the kernel makes of them, they take some 40 MB;
what is decided in slices costs a fifth more."""

Rows: TypeAlias = list[Row] | Iterator[Row]
"""A contact's rows: a list in no order, or, where they do not fit, a stream in their order."""


class Undecided(NamedTuple):
    """A contact that is to be decided."""

    subject: Subject
    rows: Rows
    start: State | None = None
    """What it starts from; None: with nothing."""


_Filed: TypeAlias = tuple[str, str, int, str, str, bytes]
"""A row behind its account and contact."""

_decoder: Final = msgspec.msgpack.Decoder(list[_Filed])


def size_of(row: Row) -> int:
    """About how many bytes of memory a row takes."""
    _, event_id, event_type, properties = row
    return ROW_BYTES + len(event_id) + len(event_type) + len(properties)


class Gathering:
    """Events by contact, of which about `held_bytes` are in memory. To be used in a `with`."""

    def __init__(self, held_bytes: int) -> None:
        """No events yet."""
        self._held_bytes = held_bytes
        self._groups: Groups = {}
        self._grouped_bytes = 0
        self._sorter: Sorter[_Filed] | None = None
        self.rows = 0
        """How many there are."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._groups.clear()
        if self._sorter is not None:
            self._sorter.__exit__(kind, error, trace)

    def add(self, table: Table) -> None:
        """Put the events of a table to those of their contacts."""
        group(self._groups, table)
        self.rows += len(table.types)
        self._make_room(ROW_BYTES * len(table.types) + sum(map(len, table.properties)))

    def add_rows(self, subject: Subject, rows: Iterable[Row]) -> None:
        """Put rows to those of a contact."""
        for row in rows:
            self._groups.setdefault(subject, []).append(row)
            self.rows += 1
            self._make_room(size_of(row))

    @property
    def bytes(self) -> int:
        """About how many of rows are in memory."""
        return self._grouped_bytes + (0 if self._sorter is None else self._sorter.bytes)

    def spill(self) -> None:
        """Let everything that is in memory wait on disk."""
        self._file().spill()

    @property
    def contacts(self) -> int:
        """How many contacts have events; 0 if they went to disk, where nobody has counted them."""
        return len(self._groups)

    def by_contact(self) -> Iterator[tuple[Subject, Rows]]:
        """The contacts in the order of account and contact, each with all of its rows. To be asked once.

        Of each contact the rows have to be used before the next is asked for; they are held by nobody else then.
        """
        if self._sorter is None:
            for subject in sorted(self._groups):
                yield subject, self._groups.pop(subject)
            return
        self._file()
        for subject, filed in groupby(self._sorter.in_order(), key=itemgetter(0, 1)):
            yield subject, self._rows_of(filed)

    def _make_room(self, size: int) -> None:
        """`size` bytes more are in memory; from some size on they go to the sorter, and so does all that comes."""
        self._grouped_bytes += size
        if self._sorter is not None or self._grouped_bytes > self._held_bytes:
            self._file()

    def _file(self) -> Sorter[_Filed]:
        """Hand what is held to the sorter, which writes it when it has enough."""
        if self._sorter is None:
            self._sorter = Sorter(_decoder, self._held_bytes)
        while self._groups:
            subject, rows = self._groups.popitem()
            for row in rows:
                self._sorter.put((*subject, *row), size_of(row))
        self._grouped_bytes = 0
        return self._sorter

    def _rows_of(self, filed: Iterator[_Filed]) -> Rows:
        """A list of what fits, a stream of what does not."""
        rows: list[Row] = []
        size = 0
        for each in filed:
            rows.append(each[2:])
            size += ROW_BYTES + len(each[5])
            if size > self._held_bytes:
                return chain(rows, (one[2:] for one in filed))
        return rows
