"""The page that `--html` asks for: refused before a run, written after it.

Writes files. Called by the commands that have one. What makes a page is loaded only where it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from kittiwake.errors import UnusableError
from kittiwake.output.text_files import refuse_existing, write_file
from kittiwake.terminal.printing import complain

HtmlFile = Annotated[
    Path | None,
    typer.Option(
        "--html", help="File to write a page for people into, with charts; it needs no network. Extra: reports."
    ),
]
Force = Annotated[bool, typer.Option("--force", help="Replace the file of --html if it is there already.")]


def refuse_page(path: Path | None, *, force: bool) -> None:
    """Refuse, before anything is read, a page that could not be written at the end.

    Raises:
        UnusableError: something stands at the path, its folder is not there, or the extra is not installed; or there is
            no page that `--force` could replace.
    """
    if path is None:
        if force:
            raise UnusableError("--force: there is no page to replace: name one with --html")
        return
    refuse_existing(path, force=force)
    from kittiwake.report.drawing import refuse_without_library  # noqa: PLC0415 - loaded for a page only

    refuse_without_library()


def write_page(path: Path, make: Callable[[], str], *, force: bool) -> None:
    """Write a page for its owner's eyes, and say so on standard error. It is about people: who shares it gives rights.

    Raises:
        UnusableError: it cannot be written.
    """
    write_file(path, make(), force=force, private=True)
    complain(f"written to {path}", None)
