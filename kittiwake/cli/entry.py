"""Where the installed command begins: whoever presses Ctrl-C while modules load gets no traceback."""

from __future__ import annotations

from kittiwake.batch.gc_pause import gc_paused
from kittiwake.terminal.ending import quit_at_once


def main() -> None:
    """Run the command as it was typed."""
    quit_at_once()
    with gc_paused():
        from kittiwake.cli.main import app  # noqa: PLC0415 - a fifth of a second, in which a signal may come
    app()
