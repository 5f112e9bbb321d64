"""`kittiwake inspect`: what a file is, and a first shape by which its records are events."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from kittiwake.batch.gc_pause import gc_paused
from kittiwake.batch.workers.progress import Progress
from kittiwake.cli.console import AsJson, leave, one_command, say_columns, usable_input
from kittiwake.cli.options import now_us
from kittiwake.errors import UnusableError
from kittiwake.inspect import report
from kittiwake.inspect.inspection import Inspection, OnProgress, inspect_files, stem_of
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import YELLOW, complain, say, say_json
from kittiwake.terminal.progress import progress


def inspect(
    files: Annotated[list[str], typer.Argument(help="Files of one kind; - for a pipe.", metavar="FILE...")],
    output: Annotated[
        Path | None, typer.Option("--output", help="Write the shape into this new file, such as shapes/shop.yaml.")
    ] = None,
    account: Annotated[str, typer.Option("--account", help="The account to which the events belong.")] = "acme",
    as_json: AsJson = False,
) -> None:
    """Say what a file of somebody's export is, and write a first shape file by which its records are events.

    Reads JSON lines and documents, CSV and Parquet, packed or not. Prints names of fields, types and what to check.

    Exit codes: 0 all records are events with the shape shown, 1 some are not, or no shape could be guessed;
    2 a file cannot be read, or the output is there already.
    """
    with usable_input(as_json=as_json):
        _refuse_existing(output)
        with gc_paused(), _shown(quiet=as_json) as on_progress:
            found = inspect_files(files, account, now_us(), on_progress)
        written = output if output is not None and found.shape else None
        if written is not None:
            _write(written, found.shape)
    command = next_command(found, written, account)
    if as_json:
        say_json({"ok": True, "written": None if written is None else str(written), **report.as_data(found, command)})
    else:
        _print(found, written, command)
    is_whole = found.outcome.events > 0 and not found.outcome.dead_letters
    leave(Exit.FINE if is_whole and written == output else Exit.FINDINGS)


def _refuse_existing(output: Path | None) -> None:
    if output is None:
        return
    if output.suffix not in (".yaml", ".yml"):
        raise UnusableError(f"--output: a shape file ends in .yaml: write {output}.yaml")
    if output.exists():
        raise UnusableError(f"--output: {output} is there already, and is left as it is: name another file")


def _write(output: Path, text: str) -> None:
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        with output.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except OSError as error:
        raise UnusableError(f"--output: cannot write {output}: {error.strerror or error}") from error


@contextmanager
def _shown(*, quiet: bool) -> Iterator[OnProgress]:
    with progress(quiet=quiet, speaker="inspect", reads_only=True) as show:
        yield lambda read, total, records: show(Progress(read, total, records, 0, 0))


def next_command(found: Inspection, written: Path | None, account: str) -> str:
    """What to type next; empty: there is nothing that helps."""
    inputs = " ".join(f"--input {shlex.quote(name)}" for name in found.files)
    replay = f"kittiwake replay --rules rules {inputs}"
    if found.is_canonical:
        return f"{replay} --output out/run"
    if written is not None:
        return f"{replay} --input-shape {shlex.quote(str(written))} --output out/run"
    if found.shape_name is not None:
        return f"{replay} --input-shape {found.shape_name} --input-account {shlex.quote(account)} --output out/run"
    if found.shape:
        stem = stem_of(found.files[0])
        return f"kittiwake inspect {' '.join(map(shlex.quote, found.files))} --output shapes/{shlex.quote(stem)}.yaml"
    return ""


def _print(found: Inspection, written: Path | None, command: str) -> None:
    for line in report.head(found):
        say(line)
    say()
    say_columns(report.field_rows(found), 2)
    say()
    if found.guess is not None and found.guess.lacks:
        complain(report.lacking(found), YELLOW)
        return
    for line in report.outcome(found):
        say(line)
    if found.findings:
        say()
        say("check", YELLOW)
        for finding in found.findings:
            say(f"  - {finding}")
    _print_shape(found, written)
    say()
    say("next")
    say(f"  {command}")


def _print_shape(found: Inspection, written: Path | None) -> None:
    if written is not None:
        say()
        say(f"the shape is written to {written}")
    elif found.shape and found.shape_name is None:
        say()
        say("the shape")
        for line in found.shape.splitlines():
            say(f"  {line}")


app = one_command(inspect, "inspect", "kittiwake inspect orders.csv --output shapes/orders.yaml")
