"""What commands share: errors, JSON, columns for people.

Errors go to stderr, results to stdout; with `--json` both are one object on stdout. Colours
only where a terminal is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, Final, NoReturn

import typer
from typer.core import TyperCommand

from kittiwake.errors import UnusableError
from kittiwake.printable import visible
from kittiwake.regular_files import path_of
from kittiwake.rules.errors import Lint, RuleError, RulesError
from kittiwake.rules.publishing.errors import TargetError, UnchangedError
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import RED, complain, say, say_json


class GroupedCommand(TyperCommand):
    """A command whose options are shown in groups, by their `rich_help_panel`."""

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Arguments first, then options of no group, then the groups."""
        groups: dict[str, list[Any]] = {"Arguments": [], "Options": []}
        for one in self.get_params(ctx):
            title = "Arguments" if one.param_type_name == "argument" else getattr(one, "rich_help_panel", None)
            groups.setdefault(title or "Options", []).append(one.get_help_record(ctx))
        for title, records in groups.items():
            shown = [record for record in records if record is not None]
            if shown:
                with formatter.section(title):
                    formatter.write_dl(shown)


def one_command(command: Callable[..., None], name: str, *examples: str) -> typer.Typer:
    """The application of one command, its own module; its help ends with `examples`, lines for a shell."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
    app.command(name, cls=GroupedCommand, epilog=example_text(*examples))(command)
    return app


def example_text(*examples: str) -> str:
    """Examples as the end of a help text; click wraps no line of a paragraph that begins so."""
    return "\n".join(["\b", "Examples:" if len(examples) > 1 else "Example:", *(f"  {one}" for one in examples)])


AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object for programs.")]

NamedRules = Annotated[
    list[str] | None,
    typer.Option("--rules", help="Rules file or folder, as RULES name them; several times if need be."),
]


def named_rules(words: list[str] | None, rules: list[str] | None) -> list[str]:
    """What is named as rules: bare, and with `--rules`.

    Raises:
        UnusableError: nothing is.
    """
    named = [*(words or ()), *(rules or ())]
    if not named:
        raise UnusableError("no rules: name files or folders of them")
    return named


def leave(code: Exit) -> NoReturn:
    """End the command."""
    raise typer.Exit(int(code))


@contextmanager
def usable_input(*, as_json: bool) -> Iterator[None]:
    """Ends the command, and says why, where what it was given cannot be used, or asks for what is so already.

    The code is `UNUSABLE`; `FINDINGS` where a target is as it was to become.
    """
    try:
        yield
    except RulesError as error:
        refuse(error.errors, as_json=as_json)
    except (UnusableError, TargetError) as error:
        if as_json:
            say_json({"ok": False, "errors": [{"message": str(error)}]})
        else:
            complain(str(error))
        leave(Exit.FINDINGS if isinstance(error, UnchangedError) else Exit.UNUSABLE)


def refuse(errors: Sequence[RuleError], *, as_json: bool) -> NoReturn:
    """End the command with everything that is wrong with rules or scenarios."""
    if as_json:
        say_json({"ok": False, "errors": [error_data(error) for error in errors]})
    else:
        for error in errors:
            complain_at(error)
        complain(f"{len(errors)} {'error' if len(errors) == 1 else 'errors'}")
    leave(Exit.UNUSABLE)


def error_data(error: RuleError | Lint) -> dict[str, Any]:
    """An error or a finding for programs."""
    return {**error._asdict(), "code": str(error.code)}


def complain_at(error: RuleError | Lint, colour: str = RED) -> None:
    """An error with its file and line, and the text of that line."""
    complain(str(error), colour)
    line = _line(error.file, error.line)
    if line is not None:
        complain(f"    {line}", None)
        complain(f"    {' ' * (error.column - 1)}^", None)


def _line(file: str, number: int) -> str | None:
    """A line of a file as it can be shown; None if there is none."""
    try:
        lines = path_of(file).read_text(encoding="utf-8").split("\n") if number else []
    except (OSError, UnicodeDecodeError):
        return None
    line = lines[number - 1].rstrip() if number <= len(lines) and lines else ""
    return line if line and len(line) <= SHOWN_MAX and line.isprintable() else None


SHOWN_MAX: Final = 160
"""Characters of a line that is shown beneath an error."""

# ---------------------------------------------------------------- for people


def say_columns(rows: Sequence[Sequence[object]], indent: int = 0) -> None:
    """Rows in columns, numbers to the right; the last column is as wide as it likes."""
    if not rows:
        return
    texts = [[visible(str(cell)) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*texts, strict=True)]
    for row, shown in zip(rows, texts, strict=True):
        cells = [
            text.rjust(width) if isinstance(cell, int) else text.ljust(width)
            for cell, text, width in zip(row, shown, widths, strict=True)
        ]
        say((" " * indent + "  ".join(cells)).rstrip())
