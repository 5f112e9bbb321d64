"""Where the installed command begins: whoever presses Ctrl-C while modules load gets no traceback."""

from __future__ import annotations

import os
from typing import Final

from kittiwake.terminal.ending import quit_at_once

WITHOUT_PLUGINS: Final = "PYDANTIC_DISABLE_PLUGINS"
"""Pydantic looks for its plugins in the metadata of every installed package, which takes as long as reading the rules.
The command has no use for any; whoever has sets it."""


def main() -> None:
    """Run the command as it was typed."""
    quit_at_once()
    os.environ.setdefault(WITHOUT_PLUGINS, "__all__")
    from kittiwake.cli.main import app  # noqa: PLC0415 - a fifth of a second, in which a signal may come

    app()
