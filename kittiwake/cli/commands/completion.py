"""`kittiwake completion`: lets a shell complete commands, options and their values at the Tab key."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from typer import completion as of_typer

from kittiwake.cli.console import leave, one_command, usable_input
from kittiwake.errors import UnusableError
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import say, say_text

PROGRAM = "kittiwake"
VARIABLE = "_KITTIWAKE_COMPLETE"
"""In the environment of a command that a shell asks how a line goes on; Typer makes it of the program's name."""


class Shell(StrEnum):
    """A shell that can ask."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    shell: Annotated[
        Shell | None, typer.Argument(help="The shell; left out: yours, by SHELL.", show_default=False)
    ] = None,
    install: Annotated[
        bool, typer.Option("--install", help="Put it where the shell finds it, in your home, instead of printing it.")
    ] = False,
) -> None:
    """Print what lets a shell complete commands and options at the Tab key, or install it.

    Exit codes: 0 it is printed or installed, 2 the shell is none of these, or a file cannot be written.
    """
    with usable_input(as_json=False):
        name = shell or _own_shell()
        if not install:
            say_text(of_typer.get_completion_script(prog_name=PROGRAM, complete_var=VARIABLE, shell=name.value))  # type: ignore[attr-defined]
            leave(Exit.FINE)
        try:
            _, path = of_typer.install(shell=name.value, prog_name=PROGRAM, complete_var=VARIABLE)  # type: ignore[attr-defined]
        except (OSError, UnicodeDecodeError, RuntimeError) as error:
            why = getattr(error, "strerror", None) or error
            raise UnusableError(f"--install: the files of {name} cannot be written: {why}") from None
    say(f"written to {path}; it holds in every {name} that you begin from now on")
    leave(Exit.FINE)


def _own_shell() -> Shell:
    name = Path(os.environ.get("SHELL", "")).name
    if name not in list(Shell):
        raise UnusableError(f"SHELL names {name or 'no shell'}: write bash, zsh or fish")
    return Shell(name)


app = one_command(completion, "completion", "kittiwake completion zsh --install")
