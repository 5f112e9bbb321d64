"""What a person sees: events going in at the left, triggers coming out at the right, a line each as they come."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from examples.stream.words import Row, event_in_words, outcome_in_words, reason_in_words

WIDE: Final = 120
"""Columns from which on events and triggers stand side by side."""
_TIME: Final = 10
_NAME: Final = 6
_ID: Final = 8
"""Of the 32 characters of an id: enough to find it in what is left to look at."""
_EVENT: Final = 52
"""Columns that an event takes."""
_COLOURS: Final = {"taken back": "bold red", "exited": "bold yellow"}


class View:
    """The terminal."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._wide = console.width >= WIDE

    def say(self, text: str = "", style: str = "") -> None:
        """A line of the demo's own; paths and commands are never broken."""
        self._console.print(Text(text, style), soft_wrap=True)

    def heading(self) -> None:
        """Above the lines."""
        words = "events in".ljust(_EVENT) + "triggers out" if self._wide else "→ events in   ← triggers out"
        heading = "UTC".ljust(_TIME) + words
        self.say()
        self.say(heading, "bold")

    def event(self, at_us: int, record: Row, held_up_s: float) -> None:
        """An event that has just gone in."""
        line = Text(_clock(at_us), "dim")
        line.append("" if self._wide else "→ ", "cyan")
        line.append(f"{record['contact_id']:{_NAME}}", "bold")
        line.append(f"{record['type']:18} ", "cyan")
        line.append(event_in_words(record["properties"]))
        if held_up_s:
            line.append(f"  {held_up_s:.0f} s late", "yellow")
        self._put(line)

    def trigger(self, at_us: int, row: Row) -> None:
        """A trigger that has just come out."""
        outcome = outcome_in_words(row)
        line = Text(_clock(at_us), "dim")
        line.append(" " * _EVENT if self._wide else "← ")
        line.append(f"{row['contact_id']:{_NAME}}", "bold")
        line.append(f"{row['rule_id']} {outcome}", _COLOURS.get(outcome, "bold green"))
        line.append(f"  {row['trigger_id'][:_ID]}…", "dim")
        self._put(line)
        self._put(Text(" " * (_TIME + (_EVENT if self._wide else 2) + _NAME) + reason_in_words(row)))

    def _put(self, line: Text) -> None:
        self._console.print(line, overflow="ellipsis", no_wrap=True, crop=True)

    def table(self, rows: list[dict[str, Any]]) -> None:
        """Rows that all have the same columns; numbers to the right."""
        table = Table(box=None, padding=(0, 2, 0, 2), header_style="dim")
        for name, value in (rows[0] if rows else {}).items():
            table.add_column(name, justify="right" if isinstance(value, int) else "left")
        for row in rows:
            table.add_row(*("" if value is None else str(value) for value in row.values()))
        self._console.print(table)


def _clock(at_us: int) -> str:
    """The time of day (UTC) to a tenth of a second."""
    return f"{datetime.fromtimestamp(at_us / 1_000_000, UTC):%H:%M:%S.%f}"[: _TIME - 2].ljust(_TIME)
