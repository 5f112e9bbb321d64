"""How a terminal shows how far a replay has come."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from kittiwake.replay.driver import Progress as Far
from kittiwake.replay.driver import Tell


@contextmanager
def progress(*, quiet: bool) -> Iterator[Tell]:
    """Shows how far a replay has come, where somebody watches."""
    if quiet or not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        reading = bar.add_task("reading", total=None)
        deciding = bar.add_task("deciding", total=None, visible=False)

        def tell(far: Far) -> None:
            bar.update(reading, completed=far.bytes_read, total=far.bytes_total)
            bar.update(deciding, completed=far.contacts, total=far.contacts_total, visible=far.contacts_total > 0)

        yield tell
