"""How far a run over files has come, for whoever waits.

Pure. Reported by `replay` and by the studies of `kittiwake.simulate`; shown by `kittiwake.terminal.progress`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple, TypeAlias

from kittiwake.batch.gathering import Rows

CONTACTS_PER_REPORT: Final = 1_000
"""How often progress is reported: a few times a second, as after every block that is read."""


class Progress(NamedTuple):
    """How far a replay has come."""

    bytes_read: int
    bytes_total: int
    """0 where that is not known: of a query."""
    records: int
    contacts: int
    """Decided so far."""
    contacts_total: int
    """0 while it is reading."""


OnProgress: TypeAlias = Callable[[Progress], None]


def rows_seen(rows: Rows) -> int:
    """How many rows of a contact count for progress: of one whose rows are a stream nobody has counted them."""
    return len(rows) if isinstance(rows, list) else 1


class ContactsSeen:
    """Reports how many contacts are decided, now and then."""

    def __init__(self, on_progress: OnProgress, read: Progress, contacts: int, rows: int) -> None:
        """`contacts`: how many there are; 0 where nobody has counted them: then it is estimated by their `rows`."""
        self._on_progress, self._read, self._contacts, self._rows_total = on_progress, read, contacts, rows
        self._done = self._rows = 0
        self._report()

    def add(self, rows: Rows) -> None:
        """A contact is decided."""
        self._done += 1
        self._rows += rows_seen(rows)
        if self._done % CONTACTS_PER_REPORT == 0 and self._done != self._contacts:
            self._report()

    def add_some(self, contacts: int, rows: int) -> None:
        """Some contacts are decided."""
        self._done += contacts
        self._rows += rows
        self._report()

    def end(self) -> None:
        """All are decided."""
        self._on_progress(self._read._replace(contacts=self._done, contacts_total=self._done))

    def _report(self) -> None:
        total = self._contacts or self._done * self._rows_total // max(self._rows, 1)
        self._on_progress(self._read._replace(contacts=self._done, contacts_total=max(total, self._done, 1)))
