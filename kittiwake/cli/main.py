"""The application: which commands there are. A command's module is imported when it is asked for."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperCommand, TyperGroup

from kittiwake import __version__
from kittiwake.batch.gc_pause import gc_paused
from kittiwake.printable import visible
from kittiwake.regular_files import STANDARD_INPUT
from kittiwake.terminal.ending import run_to_end
from kittiwake.terminal.printing import say

GROUPS: Final = {
    "Write rules": {
        "init": "Begin a project: rules, scenarios, sample events, editor settings, a CI workflow, a Makefile.",
        "recipes": "List the recipes, or print one, to read or to copy; a rule takes it with `use: NAME`.",
        "validate": "Check rules: every error at once, with its line and what to write instead.",
        "test": "Test rules with scenario files: events, clock steps, and what is expected of them.",
        "describe": (
            "Describe each rule in plain sentences, every clause and gate of it, and what holds for "
            "all rules of an account."
        ),
        "schema": "Print the JSON Schema of rules files, of scenario files, of event plans, or of shape files.",
    },
    "Know the events": {
        "inspect": (
            "Say what a file of somebody's export is, and write a first shape file by which its records are events."
        ),
        "profile": "Say which events really come, with which properties and values, as an event plan (events.yaml).",
        "events": "Tracking plans into an event plan (import), and what rules need of events (export).",
        "catalog": "Make change events of the full snapshots of a product feed.",
    },
    "Try rules on history": {
        "simulate": (
            "Say what rules would have done with these events: reach, losses, load, and what a goal says of it."
        ),
        "diff": "Say what NEW rules decide differently from OLD ones with these events: gained, lost, moved, and why.",
        "tune": (
            "Say what a rule would have done with each value of a setting: volume, who did it anyway, what caps took."
        ),
        "witness": "Find a shortest history by which a rule fires, and one by which each of its gates refuses it.",
    },
    "Decide, and ask why": {
        "replay": "Decide everything that files of events hold, as the job would, and write what it would write.",
        "explain": (
            "Explain one contact: every event, arming, disarming, deadline, gate and decision, and every near miss."
        ),
    },
    "Publish rules": {
        "publish": "Publish rules as the next version of a target, and show what they change.",
        "versions": "List the versions of a target, and check that each is as it was published.",
        "freeze": "Freeze a target: nothing is decided beyond the instant until `kittiwake unfreeze`.",
        "unfreeze": "Let a frozen target go on: jobs decide what has waited, in order.",
    },
    "This command": {
        "completion": "Print what lets a shell complete commands and options at the Tab key, or install it.",
    },
}
"""The commands as help shows them, with what it says of each: the first paragraph of the command's own help, so that
help imports none of them. Each is a module of `commands` with an `app` of one command."""

COMMANDS: Final = tuple(name for names in GROUPS.values() for name in names)
"""All of them."""

WIDEST: Final = max(map(len, COMMANDS))

COMPLETE_VARIABLE: Final = "_KITTIWAKE_COMPLETE"
"""In the environment of a command that a shell asks how a line goes on: Typer's name."""


_UsageError: Final[Any] = typer.BadParameter.__mro__[1]
"""What every refusal of an option is; where it is defined differs between releases of Typer."""


@contextmanager
def _refused_visibly() -> Iterator[None]:
    """What a person typed is quoted by refusals: a glob puts the names of files among the options."""
    try:
        yield
    except _UsageError as error:
        error.message = visible(error.message)
        raise


def _short(name: str, text: str, wide: int) -> str:
    """So much of a command's help as a line has room for."""
    return TyperCommand(name, help=text).get_short_help_str(wide)


class Commands(TyperGroup):
    """The commands by name, imported one by one: `validate` has half a second."""

    def main(self, *args: Any, **extra: Any) -> Any:
        """Run what was typed, or what a shell asks for that completes a line, and end with a code of `Exit`."""
        if COMPLETE_VARIABLE in os.environ:
            from typer.completion import completion_init  # type: ignore[attr-defined]  # noqa: PLC0415 - for shells only

            completion_init()
        sys.exit(run_to_end("kittiwake", lambda _: super(Commands, self).main(*args, **extra)))

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 (Typer's signature)
        """Their names, for `--help`."""
        return list(COMMANDS)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002 (Typer's signature)
        """The commands in groups, each with what it does."""
        wide = formatter.width - 6 - WIDEST
        for title, names in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(WIDEST), _short(name, text, wide)) for name, text in names.items()])

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The options before the command's name."""
        with _refused_visibly():
            if sum(one == STANDARD_INPUT or one.endswith(f"={STANDARD_INPUT}") for one in args) > 1:
                raise typer.BadParameter("- is named twice, and standard input is read as one input only")
            return super().parse_args(ctx, args)

    def invoke(self, ctx: Any) -> Any:
        """The command, its options included."""
        with _refused_visibly():
            return super().invoke(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 (Typer's signature)
        """The command of a name; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        with gc_paused():
            return typer.main.get_command(import_module(f"kittiwake.cli.commands.{cmd_name}").app)


# At its end the interpreter looks for garbage in all that was imported: a fifth of the time `validate` takes.
atexit.register(gc.freeze)

app = typer.Typer(
    name="kittiwake",
    cls=Commands,
    help="What customers do, and stop doing, turned into marketing triggers.",
    epilog="Exit codes: 0 fine, 1 findings, 2 unusable input; all of them: docs/reference/exit-codes.md.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        from kittiwake.input.native.blocks import described  # noqa: PLC0415 - nothing else asks before its command is known

        accelerator = described()
        say(f"{__version__} ({accelerator})" if accelerator else __version__)
        raise typer.Exit


@app.callback()
def begin(
    version: Annotated[  # noqa: ARG001 (its callback has done all there is to do)
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """What every command begins with."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal of a small alphabet shows a mark instead of failing
            stream.reconfigure(errors="replace")


if __name__ == "__main__":
    app()
