"""What a replay starts from, opened: files of snapshots that it names, or nothing.

Reads files. Called by `replay`. What reads them is loaded only where a run names some.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from kittiwake.errors import UnusableError
from kittiwake.kernel.plan.feeds import FeedsOfRules
from kittiwake.time.instants import format_instant

if TYPE_CHECKING:
    from kittiwake.batch.items.local import LocalItems
    from kittiwake.batch.starts.local import LocalStarts


@contextmanager
def starts_of(
    patterns: Sequence[str], items: LocalItems | None, feeds: FeedsOfRules, held_bytes: int
) -> Iterator[LocalStarts | None]:
    """What contacts start from, read whole, and what is known of feeds; of items it goes to `items`.

    Raises:
        UnusableError: the files cannot be read, or are not what a run wrote.
    """
    if not patterns:
        yield None
        return
    from kittiwake.batch.starts.local import LocalStarts  # noqa: PLC0415 - 10 ms, which most runs need not wait for

    with LocalStarts(held_bytes, feeds) as starts:
        try:
            starts.read(patterns, (lambda _: None) if items is None else items.add_start)
        except UnusableError as error:
            raise UnusableError(f"--start-from: {error}") from error
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
