"""`kittiwake init`: a project of one's own, which works at once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kittiwake.cli.console import AsJson, leave, one_command, usable_input
from kittiwake.project.files import write_project
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import say, say_json


def init(
    folder: Annotated[
        Path,
        typer.Argument(help="Folder to write it into; it is made if need be.", metavar="[DIR]", show_default=False),
    ] = Path(),
    as_json: AsJson = False,
) -> None:
    """Begin a project: rules, scenarios, sample events, editor settings, a CI workflow, a Makefile.

    Nothing that is there is replaced.

    Exit codes: 0 it is written, 2 a file of it is there already, or the folder cannot be written to.
    """
    with usable_input(as_json=as_json):
        names = write_project(folder)
    if as_json:
        say_json({"ok": True, "folder": str(folder), "files": names})
    else:
        for name in names:
            say(f"written {folder / name}")
        say(f"next: cd {folder} && make")
    leave(Exit.FINE)


app = one_command(init, "init", "kittiwake init shop && cd shop && make")
