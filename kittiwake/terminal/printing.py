"""The one module that prints: every command and every main of the jobs prints through it.

Foreign text is made visible here, whatever the caller has done. `tests/repo/test_printing.py` lets nobody else print,
but for `story`, whose lines have styles, and the bar of `progress`, which shows numbers of ours. Colours are put on
afterwards, and only on a terminal.
"""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any, Final

import typer

from kittiwake.printable import plain_json, visible, visible_lines

RED: Final = typer.colors.RED
GREEN: Final = typer.colors.GREEN
YELLOW: Final = typer.colors.YELLOW


def is_colourless() -> bool:
    """Whether a person has asked for no colours (NO_COLOR) also where a terminal is."""
    return bool(os.environ.get("NO_COLOR"))


def say(text: str = "", colour: str | None = None) -> None:
    """One line on standard output."""
    typer.secho(visible(text), fg=colour, color=False if is_colourless() else None)


def say_text(text: str) -> None:
    """A text of ours on standard output, whose lines are its own: what is foreign in it was made visible before."""
    typer.echo(visible_lines(text.removesuffix("\n").split("\n")), nl=False)


def ask(question: str) -> bool:
    """Whether whoever sits at the terminal says yes; without a word, or at Ctrl-C or Ctrl-D, it is no."""
    try:
        return typer.confirm(visible(question), err=True)
    except typer.Abort:
        return False


def complain(text: str, colour: str | None = RED) -> None:
    """One line on standard error."""
    typer.secho(visible(text), fg=colour, err=True, color=False if is_colourless() else None)


def report_line(speaker: str, text: str) -> None:
    """One line of a job on standard error, with who says it before it; written at once."""
    print(visible(f"{speaker}: {text}"), file=sys.stderr, flush=True)


def report_crash(speaker: str) -> None:
    """The traceback of the error that is being handled, as lines of a job: its words may quote what came in."""
    for line in traceback.format_exc().rstrip("\n").split("\n"):
        report_line(speaker, line)


def say_json(value: Any) -> None:
    """One JSON object on standard output, numbers exact, keys in the order given."""
    import msgspec  # noqa: PLC0415 - a quarter of what --help takes, which has no use for it

    from kittiwake.output.rows import line as json_line  # noqa: PLC0415 - likewise

    typer.echo(plain_json(msgspec.json.format(json_line(value), indent=2).decode()))


def say_json_lines(text: str) -> None:
    """JSON Lines on standard output, each with its end; they mean the same, and every character shows itself."""
    typer.echo(plain_json(text), nl=False)
