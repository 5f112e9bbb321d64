"""What a replay starts from, opened: files of snapshots that it names, or nothing.

Reads files. Called by `replay`. What reads them is loaded only where a run names some.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeAlias

from kittiwake.batch.starts.lacking import lacking
from kittiwake.errors import UnusableError
from kittiwake.rules.compile.accounts import Programs
from kittiwake.time.instants import format_instant

if TYPE_CHECKING:
    from kittiwake.batch.items.local import LocalItems
    from kittiwake.batch.starts.local import LocalStarts

OnNote: TypeAlias = Callable[[str], None]
"""Takes a note for whoever runs it."""


@contextmanager
def starts_of(
    patterns: Sequence[str], programs: Programs, items: LocalItems | None, held_bytes: int, on_note: OnNote
) -> Iterator[LocalStarts | None]:
    """What contacts start from, read whole, and what is known of feeds; of items it goes to `items`.

    What the rules ask for and the files say nothing of goes to `on_note`.

    Raises:
        UnusableError: the files cannot be read, or are not what a run wrote.
    """
    if not patterns:
        yield None
        return
    from kittiwake.batch.starts.local import LocalStarts  # noqa: PLC0415 - 10 ms, which most runs need not wait for

    with LocalStarts(held_bytes, programs.feeds) as starts:
        try:
            starts.read(patterns, (lambda _: None) if items is None else items.add_start)
        except UnusableError as error:
            raise UnusableError(f"--start-from: {error}") from error
        for note in lacking(programs, has_items=starts.has_items, has_feeds=starts.has_feeds):
            on_note(note)
        yield starts


def refuse_early_end(until_us: int, starts: LocalStarts) -> None:
    """Refuse a run that ends before the snapshots that it starts from: it would decide nothing, and say so nowhere.

    Raises:
        UnusableError: it does.
    """
    assert starts.evaluated_to_us is not None
    if until_us < starts.evaluated_to_us:
        at, end = format_instant(starts.evaluated_to_us), format_instant(until_us)
        raise UnusableError(f"--start-from: the snapshots are of {at} already, and the run ends at {end}: say --until")
