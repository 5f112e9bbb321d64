"""`kittiwake catalog`: what is done with catalogues. `diff`: full snapshots of a product feed to change events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import IO, Annotated, Final

import typer

from kittiwake.batch.catalog.columns import Columns
from kittiwake.batch.catalog.difference import Counts, Settings, refuse_emptied, spool, write_difference
from kittiwake.batch.catalog.number_texts import number_of_text
from kittiwake.batch.workers.progress import Progress
from kittiwake.cli.console import GroupedCommand, example_text, leave, usable_input
from kittiwake.durable_files import flush
from kittiwake.errors import UnusableError
from kittiwake.input.decompression import OnRead
from kittiwake.input.fields import ID_CHARS_MAX
from kittiwake.private_files import usual_mode
from kittiwake.regular_files import why_not
from kittiwake.settings import instant_us
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import YELLOW, complain, say_json_lines
from kittiwake.terminal.progress import progress
from kittiwake.values import parse_json

BLOCK_BYTES: Final = 1024 * 1024
"""Bytes that are handed on at once."""

EVENTS_SEARCHED: Final = 100
"""Events whose texts are searched for numbers: of an update the first few may have other columns."""


def diff(
    snapshots: Annotated[
        list[Path],
        typer.Argument(
            metavar="[OLD] NEW",
            help="Two full snapshots of all products, CSV or JSON Lines (.gz, .zst too), - for a pipe; the first night"
            " only NEW.",
        ),
    ],
    account: Annotated[str, typer.Option("--account", help="The account whose catalogue it is.")],
    time: Annotated[str, typer.Option("--time", help="When NEW was made (RFC 3339): the time of its events.")],
    item: Annotated[str, typer.Option("--id", help="The column of the item's id.")] = "product_id",
    columns: Annotated[
        str,
        typer.Option(
            "--columns",
            help="Columns that count, with commas, as COLUMN or NAME=COLUMN to send it as NAME; left out: all.",
            show_default=False,
        ),
    ] = "",
    numbers: Annotated[
        str,
        typer.Option(
            "--numbers", help="Names, as they are sent, whose texts are numbers, with commas.", show_default=False
        ),
    ] = "",
    decimal: Annotated[
        str,
        typer.Option(
            "--decimal", help="The decimal mark of --numbers, , or . where groups have another.", show_default=False
        ),
    ] = "",
    delimiter: Annotated[str, typer.Option("--delimiter", help="What stands between the fields of CSV.")] = ",",
    skip_without_id: Annotated[
        bool, typer.Option("--skip-without-id", help="Pass over rows without an id, as of further images.")
    ] = False,
    max_removed: Annotated[
        float,
        typer.Option("--max-removed", help="Refuse NEW if it lacks more than this share (0 to 1) of OLD's items."),
    ] = 0.5,
    output: Annotated[
        Path | None, typer.Option("--output", help="File to write; left out: standard output.", show_default=False)
    ] = None,
) -> None:
    """Write what changed between two nights of a product feed, as events of items.

    Exit codes: 0 the events are written, 2 a snapshot, an option or the output cannot be used, and nothing is written.
    """
    with usable_input(as_json=False):
        old, new = _pair(snapshots)
        named = Columns(item, _columns(columns), _names(numbers), _mark(decimal), skip_without_id)
        settings = _settings(account, time, named, delimiter)
        _refuse_options(max_removed, output, snapshots)
        with spool() as events, _reading(snapshots) as on_read:
            counts = write_difference(old, new, settings, events, on_read)
            refuse_emptied(counts, max_removed, new)
            events.seek(0)
            _report(counts, _numbers_as_text(islice(events, EVENTS_SEARCHED), settings.columns), item)
            events.seek(0)
            _hand_on(events, output)
    leave(Exit.FINE)


def _pair(snapshots: list[Path]) -> tuple[str | None, str]:
    if len(snapshots) > 2:
        raise UnusableError(f"{len(snapshots)} snapshots are given: name OLD and NEW, or NEW only")
    names = [str(path) for path in snapshots]
    return (names[0] if len(names) == 2 else None), names[-1]


def _names(text: str) -> frozenset[str]:
    return frozenset(name for part in text.split(",") if (name := part.strip()))


def _columns(text: str) -> dict[str, str] | None:
    """By the name under which it is sent, each column; None: all."""
    found: dict[str, str] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        first, equals, column = (each.strip() for each in part.partition("="))
        name, column = (first, column) if equals else (first, first)
        if not name or not column:
            raise UnusableError(f"--columns: {part!r} names no column: write COLUMN or NAME=COLUMN")
        if name in found:
            raise UnusableError(f"--columns: two columns are to be sent as {name}")
        found[name] = column
    return found or None


def _mark(decimal: str) -> str | None:
    if decimal not in ("", ",", "."):
        raise UnusableError(f"--decimal: {decimal!r} is no decimal mark: write ',' or '.'")
    return decimal or None


def _settings(account: str, time: str, columns: Columns, delimiter: str) -> Settings:
    if not 1 <= len(account) <= ID_CHARS_MAX:
        raise UnusableError(f"--account: an account has 1 to {ID_CHARS_MAX} characters")
    time_us = instant_us("--time", time)
    assert time_us is not None
    mark = "\t" if delimiter == "\\t" else delimiter
    if len(mark) != 1 or mark in '"\r\n':
        raise UnusableError(f"--delimiter: {delimiter!r} is no single character: write ',', ';' or '\\t'")
    return Settings(account, time_us, columns, mark)


def _refuse_options(max_removed: float, output: Path | None, snapshots: list[Path]) -> None:
    if not 0 <= max_removed <= 1:
        raise UnusableError(f"--max-removed: {max_removed:g} is no part of one: write, say, 0.5")
    if output is not None and any(path.exists() and output.exists() and output.samefile(path) for path in snapshots):
        raise UnusableError(f"--output: {output} is one of the snapshots: name another file")


@contextmanager
def _reading(snapshots: list[Path]) -> Iterator[OnRead]:
    """Progress by the bytes of both files."""
    total, done = sum(path.stat().st_size for path in snapshots if path.exists()), 0
    with progress(quiet=False, speaker="catalog") as on_progress:

        def show(size: int) -> None:
            nonlocal done
            done += size
            on_progress(Progress(done, total, 0, 0, 0))

        yield show


def _hand_on(events: IO[bytes], output: Path | None) -> None:
    """The events on standard output, or in a file that is whole when it has its name."""
    if output is None:
        while lines := events.readlines(BLOCK_BYTES):
            say_json_lines(b"".join(lines).decode())
        return
    try:
        with _replaced(output) as file:
            while block := events.read(BLOCK_BYTES):
                file.write(block)
    except OSError as error:
        raise UnusableError(f"cannot write {output}: {why_not(output, error)}") from error


@contextmanager
def _replaced(path: Path) -> Iterator[IO[bytes]]:
    """A file that takes the place of another at the end of the block; if that fails nothing has changed."""
    with NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as file:
        made = Path(file.name)
        try:
            yield file
            file.flush()
            made.chmod(usual_mode())
            flush(made)
            made.rename(path)
            flush(path.parent)
        except BaseException:
            with suppress(OSError):
                made.unlink()
            raise


def _numbers_as_text(events: Iterable[bytes], columns: Columns) -> list[str]:
    """The properties of events that were to be numbers, by their looks; none if the author has named any."""
    found: dict[str, None] = {}
    for event in () if columns.numbers else events:
        for name, value in parse_json(event)["properties"].items():
            if isinstance(value, str) and any(number_of_text(value, mark) for mark in (None, ",", ".")):
                found[name] = None
    return list(found)


def _report(counts: Counts, texts: list[str], item: str) -> None:
    words = ", ".join(f"{number:,} {name}" for name, number in counts._asdict().items() if name != "without_id")
    complain(f"items: {words}", None)
    if counts.without_id:
        complain(f"note: {counts.without_id:,} row(s) without {item} were passed over", YELLOW)
    if texts:
        names = ",".join(texts)
        complain(f"note: {names} hold texts, which no rule compares as numbers; are they? --numbers {names}", YELLOW)


app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
EXAMPLE: Final = (
    "kittiwake catalog diff old.csv new.csv --account acme --time 2026-11-02T00:00:00Z --output events.jsonl"
)
app.command("diff", no_args_is_help=True, cls=GroupedCommand, epilog=example_text(EXAMPLE))(diff)


@app.callback()
def catalog() -> None:
    """Make change events of the full snapshots of a product feed.

    Exit codes: those of its commands.
    """
