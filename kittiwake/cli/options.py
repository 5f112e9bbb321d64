"""Options that several commands take, and how their texts are read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final

import typer

from kittiwake.errors import UnusableError
from kittiwake.input.query.model import Query
from kittiwake.shape_files.names import shape_names
from kittiwake.shape_files.naming import InputShapes, input_shapes
from kittiwake.time.durations import parse_duration
from kittiwake.time.instants import SECOND_US, BadTimeError, format_instant, instant_of, parse_instant

EVENTS: Final = "Which events"
RUN: Final = "How they are decided"
"""The groups in which help shows options."""

Rules = Annotated[
    list[str] | None,
    typer.Option(
        "--rules",
        help="Rules file or folder, several times if need be; or a target with versions: a folder, gs://bucket/prefix.",
    ),
]
RulesAndInputs = Annotated[
    list[str] | None,
    typer.Argument(
        help="Rules, unless --rules names them; then files of events, or globs, as --input names them; - for a pipe.",
        metavar="RULES INPUT...",
    ),
]
Inputs = Annotated[
    list[str] | None,
    typer.Option(
        "--input",
        help="File of JSON lines (.gz, .zst too) or Parquet, or a glob, or - for a pipe; may be given several times.",
        rich_help_panel=EVENTS,
    ),
]
InputArguments = Annotated[
    list[str] | None,
    typer.Argument(help="Files of events, or globs, as --input names them; - for a pipe.", metavar="INPUT"),
]
QueryFile = Annotated[
    str | None,
    typer.Option(
        "--query",
        help="File of SQL whose rows are the events, run by DuckDB; each --input is a table: rows.csv is rows.",
        metavar="FILE.sql",
        rich_help_panel=EVENTS,
    ),
]
Until = Annotated[
    str,
    typer.Option(
        "--until",
        help="Decide up to this time (RFC 3339); left out: the newest event.",
        show_default=False,
        rich_help_panel=RUN,
    ),
]
AllowedLateness = Annotated[
    str,
    typer.Option(
        "--allowed-lateness",
        "--allowed_lateness",
        help="How late an event may come; within it, duplicates are recognised.",
        rich_help_panel=RUN,
    ),
]

Strict = Annotated[
    bool,
    typer.Option(
        "--strict",
        help="Run nothing if the rules of any account cannot be used, not only none of theirs.",
        rich_help_panel=RUN,
    ),
]
ShapeNames = Annotated[
    list[str] | None,
    typer.Option(
        "--input-shape",
        "--input_shape",
        help=f"How events are written: {shape_names()}. Once for every --input, or once for each; left out: canonical.",
        rich_help_panel=EVENTS,
    ),
]
InputAccount = Annotated[
    str | None,
    typer.Option(
        "--input-account",
        "--input_account",
        help="The account of events that name none; some shapes need it.",
        rich_help_panel=EVENTS,
    ),
]

AllowEmpty = Annotated[
    bool,
    typer.Option(
        "--allow-empty",
        "--allow_empty",
        help="End with 0 though the input, an account or a rule has no event; read files of another kind too.",
        rich_help_panel=RUN,
    ),
]

Shared = Annotated[
    bool,
    typer.Option(
        "--shared",
        help="Let others read what is written, as the umask has it; left out: its owner alone, for it is about people.",
    ),
]

SamplePart = Annotated[
    str,
    typer.Option(
        "--sample",
        help="Decide such a part of the contacts only, say 5%, the same each time.",
        show_default=False,
        rich_help_panel=RUN,
    ),
]

Workers = Annotated[
    int | None,
    typer.Option(
        "--workers",
        help="Processes that share the work, with the same result; left out: of large inputs one a core.",
        min=1,
        show_default=False,
        rich_help_panel=RUN,
    ),
]

TargetName = Annotated[
    str, typer.Argument(help="Where versions are kept: a folder, or gs://bucket/prefix.", metavar="TARGET")
]

EVENTS_ENDINGS: Final = (".jsonl", ".ndjson", ".gz", ".zst", ".parquet", ".csv")
RULES_ENDINGS: Final = (".yaml", ".yml")
"""How the names of files end that hold the one and never the other."""


def now_us() -> int:
    """The clock: the start of the run, beyond which no event lies."""
    return instant_of(datetime.now(UTC))


def moment_us(option: str, text: str, clock_us: int) -> int:
    """The instant an option names: a time, or `+10m` for one that much after `clock_us`, up to a whole second.

    Raises:
        UnusableError: it is neither.
    """
    try:
        after = parse_duration(text) if text.startswith("+") else None
        found = parse_instant(text) if after is None else -(-(clock_us + after) // SECOND_US) * SECOND_US
        format_instant(found)
    except (BadTimeError, OverflowError):
        advice = "write 2026-11-01T09:30:00Z, or +10m for ten minutes from now"
        raise UnusableError(f"{option}: {text!r} is no time: {advice}") from None
    return found


def named_inputs(paths: list[str] | None, inputs: list[str] | None) -> list[str]:
    """What is named as files of events: bare, and with `--input`."""
    return [*(paths or ()), *(inputs or ())]


def rules_and_inputs(
    rules: list[str] | None, words: list[str] | None, inputs: list[str] | None
) -> tuple[list[str], list[str]]:
    """The rules, with `--rules` or as the first word without an option, and the files of events: all the others.

    Raises:
        UnusableError: there are no rules, or a word that is an input is a file of rules.
    """
    left = list(words or ())
    named = list(rules or ()) or [left.pop(0) for _ in left[:1]]
    if not named:
        raise UnusableError("no rules: name them before the files of events, or with --rules")
    if not rules and named[0].lower().endswith(EVENTS_ENDINGS):
        raise UnusableError(f"no rules: {named[0]} is a file of events; name rules before it, or with --rules")
    misplaced = next((word for word in left if rules and word.lower().endswith(RULES_ENDINGS)), None)
    if misplaced is not None:
        where = f"{misplaced} stands where events do, since --rules names the rules"
        raise UnusableError(f"{where}: write --rules {misplaced}")
    return named, [*left, *(inputs or ())]


def inputs_of(inputs: list[str] | None, query: str | None) -> tuple[list[str], Query | None]:
    """The files whose records are events, and the query that stands in their place."""
    return (inputs or [], None) if query is None else ([], Query(query, tuple(inputs or [])))


def shapes_of(names: list[str] | None, account_id: str | None, inputs: Sequence[str]) -> InputShapes:
    """What `--input-shape` and `--input-account` say of inputs.

    Raises:
        UnusableError: there is no such shape, or the account is lacking, out of place, or none.
        RulesError: with everything that is wrong with the shape file.
    """
    return input_shapes(names or (), account_id, ("--input-shape", "--input-account"), len(inputs))
