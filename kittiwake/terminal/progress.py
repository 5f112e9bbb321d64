"""Progress of a run, for a person who waits: a bar on a terminal, else a line now and then.

Both on standard error. Called by `kittiwake replay` and by the main job. Nothing depends on it.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeAlias

from kittiwake.batch.workers.progress import OnProgress
from kittiwake.batch.workers.progress import Progress as Far
from kittiwake.terminal.printing import report_line

SECONDS_A_LINE: Final = 10.0
"""Often enough to see that it moves, seldom enough for a log."""

Clock: TypeAlias = Callable[[], float]


@contextmanager
def progress(
    *, quiet: bool, speaker: str = "replay", clock: Clock = time.monotonic, reads_only: bool = False
) -> Iterator[OnProgress]:
    """Show how far a run has come, unless `quiet`; `speaker` begins the lines of a log.

    How long it will take yet is said while contacts are decided, and of a run that does nothing but read: how long
    deciding will take nobody knows before it has begun.
    """
    if quiet:
        yield lambda _: None
    elif sys.stderr.isatty():
        with _bar(_Pace(clock, reads_only)) as show:
            yield show
    else:
        yield _lines(speaker, _Pace(clock, reads_only))


@contextmanager
def _bar(pace: _Pace) -> Iterator[OnProgress]:
    from rich.console import Console  # noqa: PLC0415 - 30 ms, for terminals only
    from rich.progress import (  # noqa: PLC0415 - likewise
        BarColumn,
        Progress,
        TaskProgressColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    rate = TextColumn("{task.fields[rate]}")
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), rate, TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        reading = bar.add_task("reading", total=None, rate="")
        deciding = bar.add_task("deciding", total=None, visible=False, rate="")

        def show(far: Far) -> None:
            pace.see(far)
            bar.update(reading, completed=far.bytes_read, total=far.bytes_total or None, rate=pace.reading)
            is_deciding = far.contacts_total > 0
            bar.update(
                deciding, completed=far.contacts, total=far.contacts_total, visible=is_deciding, rate=pace.deciding
            )

        yield show


def _lines(speaker: str, pace: _Pace) -> OnProgress:
    shown_at = 0.0

    def show(far: Far) -> None:
        nonlocal shown_at
        pace.see(far)
        if pace.seconds - shown_at >= SECONDS_A_LINE:
            shown_at = pace.seconds
            report_line(speaker, f"{pace.seconds:.0f} s: {_line(far, pace)}")

    return show


def _line(far: Far, pace: _Pace) -> str:
    if far.contacts_total:
        return f"deciding {_percent(far.contacts, far.contacts_total)}, {pace.deciding}"
    if far.records and not far.bytes_total:
        return f"reading, {far.records:,} records, {pace.reading}"
    if far.bytes_read:
        return f"reading {_percent(far.bytes_read, far.bytes_total)} of {megabytes(far.bytes_total)}, {pace.reading}"
    return "nothing is read yet"


class _Pace:
    """Rates at which a run reads and decides, by a clock that is read at each report of progress."""

    def __init__(self, clock: Clock, reads_only: bool) -> None:
        self._clock = clock
        self._reads_only = reads_only
        self._started = clock()
        self._deciding_from: tuple[float, int] | None = None
        self.seconds = 0.0
        """Since the run started."""
        self.reading = ""
        self.deciding = ""

    def see(self, far: Far) -> None:
        """Take a report of progress into account."""
        self.seconds = self._clock() - self._started
        if not far.contacts_total:
            rates = [f"{megabytes(far.bytes_read / self.seconds)}/s"] if far.bytes_total and self.seconds else []
            rates += [f"{far.records / self.seconds:,.0f} records/s"] if far.records and self.seconds else []
            rates += self._left(far) if self._reads_only else []
            self.reading = ", ".join(rates)
            return
        since, contacts = self._deciding_from = self._deciding_from or (self.seconds, far.contacts)
        spent = self.seconds - since
        done = far.contacts - contacts
        rates = [f"{done / spent:,.0f} contacts/s"] if spent else []
        left = far.contacts_total - far.contacts
        rates += [f"{left * spent / done:,.0f} s left"] if done and left else []
        self.deciding = ", ".join(rates)

    def _left(self, far: Far) -> list[str]:
        """How long it will take yet, at the rate so far."""
        left = max(far.bytes_total - far.bytes_read, 0)
        return [f"{left * self.seconds / far.bytes_read:,.0f} s left"] if far.bytes_read else []


def _percent(done: int, total: int) -> str:
    """A part of the whole; what is read twice, where two parts of a file meet, does not make more of it.

    >>> _percent(1, 3), _percent(11, 10), _percent(0, 0)
    ('33 %', '100 %', '100 %')
    """
    return f"{min(100 * done // total, 100) if total else 100} %"


def megabytes(size: float) -> str:
    """A size for people.

    >>> megabytes(1_234_567)
    '1.2 MB'
    """
    return f"{size / 1_000_000:,.1f} MB"
