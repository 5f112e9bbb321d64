"""The options of `kittiwake.pipelines.backfill`, parsed once into frozen settings.

Reads the clock, for the start of a run whose start was not typed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Final

from apache_beam.options.pipeline_options import GoogleCloudOptions, PipelineOptions

from kittiwake.batch.settings import DEAD_LETTER_RATIO, RATIO_RECORDS_MIN, RunSettings
from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import dataset_address, is_bigquery
from kittiwake.output.formats import Format
from kittiwake.pipelines.flags import (
    ACCOUNT_HELP,
    INPUT_ACCOUNT,
    INPUT_SHAPE,
    SHAPE_HELP,
    Parser,
    duration_option,
    instant_option,
    shape_options,
)
from kittiwake.pipelines.runner import IN_PROCESS, check_flags, know_options, plain_flags, runner_named

RUN_ID_DIGITS: Final = 16

_DESCRIPTION: Final = """Decide over an archive of events what would have fired.

Reads JSON lines (plain, .gz, .zst), Parquet or tables of BigQuery, writes the folders triggers, decisions and
dead_letters and the file summary.json below the output, or the tables of a dataset. Options this page does not name
are Beam's, such as --direct_num_workers=2, and --project=P, which pays for what BigQuery reads.
Exit codes: 0 done, 1 stopped by --max_dead_letter_ratio, or done with findings: the rules of an account cannot be used
and its events decide nothing, duplicates differ from the event that counts, or the input, an account or a rule has no
event (--allow_empty); 2 unusable rules, target, input,
output or options; 3 failed: a fault of ours or of the runner, printed with its traceback; 130 interrupted; all of them:
docs/reference/exit-codes.md."""


@dataclass(frozen=True)
class BackfillOptions:
    """The settings of one backfill."""

    rules: str
    inputs: tuple[str, ...]
    output: str
    run: RunSettings
    runner: str
    beam_flags: tuple[str, ...]
    written: Format
    strict: bool = False
    """Whether nothing is run if the rules of one account cannot be used."""
    from_us: int | None = None
    """From when on rows of tables are read; None: from their beginning."""
    query: str | None = None
    """A file of GoogleSQL, whose rows are events; None: there is none."""
    estimate: bool = False
    """Whether it is only said what would be read."""
    run_id: str | None = None
    """What the run is called whose output is tables; None: its output is a folder."""
    start_from: tuple[str, ...] = ()
    """Files and tables of snapshots of an earlier run, from which contacts start."""
    temp_location: str | None = None
    """Beam's, for files on their way into tables; None: workers are on this machine."""
    shared: bool = False
    """Whether others may read files of the output, as the umask has it."""


def parse_options(argv: Sequence[str] | None) -> BackfillOptions:
    """The settings that `argv` (default: the command line) asks for.

    Raises:
        UnusableError: a flag is unknown, or its value is no such thing.
        SystemExit: as argparse does, for --help and for what it refuses itself.
    """
    known, others = parser().parse_known_args(argv)
    runner = runner_named(known.runner)
    know_options(runner)
    beam_flags = plain_flags(others)
    check_flags(beam_flags)
    if not known.input and known.query is None:
        raise UnusableError("say what is read: --input FILES, --input bq://PROJECT.DATASET.TABLE or --query FILE.sql")
    if known.output is None and not known.estimate:
        raise UnusableError("say where the output goes: --output DIR")
    shapes = shape_options(known.input_shape, known.input_account, known.input or [known.query])
    run = RunSettings(
        start_us=time.time_ns() // 1_000 if known.start is None else instant_option("--start", known.start),
        until_us=None if known.until is None else instant_option("--until", known.until),
        allowed_lateness_us=duration_option("--allowed_lateness", known.allowed_lateness),
        max_dead_letter_ratio=_ratio(known.max_dead_letter_ratio),
        shape=shapes.shape,
        shapes=shapes.each,
        snapshots=known.snapshots,
        allow_empty=known.allow_empty,
    )
    written = Format(known.format)
    from_us = None if known.from_ is None else instant_option("--from", known.from_)
    if from_us is not None and run.until_us is not None and from_us >= run.until_us:
        raise UnusableError(f"--from {known.from_}: it is not before --until {known.until}")
    output, flags = known.output or "", tuple(beam_flags)
    run_id = _run_id(known) if is_bigquery(output) else None
    temp_location = None if run_id is None else _temp_location(runner, flags)
    if run_id is None and known.run_id is not None:
        raise UnusableError("--run_id is what a run into tables is called: leave it out, or write --output bq://…")
    return BackfillOptions(
        known.rules,
        tuple(known.input or ()),
        output,
        run,
        runner,
        flags,
        written,
        known.strict,
        from_us,
        known.query,
        known.estimate,
        run_id,
        tuple(known.start_from),
        temp_location,
        known.shared,
    )


_RUN_ID: Final = re.compile(r"[\w.:+/-]{1,200}", re.ASCII)
"""Short enough to be read in a list; a date, a time and the id that a scheduler gives its run are among them."""


def _run_id(known: argparse.Namespace) -> str:
    """What a run into tables is called: as was typed, else after what it reads, and up to when."""
    dataset_address(known.output)
    if known.format != Format.JSONL.value:
        raise UnusableError("--format is about files: leave it out, or name a folder as --output")
    if known.run_id is None:
        names = ("input_shape", "input_account", "from_", "until", "query", "start_from")
        covered = [sorted(known.input or ()), *(getattr(known, name) for name in names)]
        return hashlib.sha256(json.dumps(covered).encode()).hexdigest()[:RUN_ID_DIGITS]
    if not _RUN_ID.fullmatch(known.run_id):
        raise UnusableError(f"--run_id {known.run_id}: write up to 200 letters, digits and _ . : + / -")
    return str(known.run_id)


def _temp_location(runner: str, flags: Sequence[str]) -> str | None:
    """Where workers leave what is to be loaded into tables."""
    found: str | None = PipelineOptions(list(flags)).view_as(GoogleCloudOptions).temp_location
    if found is None and runner != IN_PROCESS:
        raise UnusableError(
            f"--output bq://… on {runner}: write --temp_location gs://…, for rows on their way to tables"
        )
    return found


def parser() -> argparse.ArgumentParser:
    """What argparse asks and says; the metadata of templates are made of it too."""
    made = Parser(
        prog="python -m kittiwake.pipelines.backfill",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = made.add_argument
    rules_help = "the rules: a file, a folder of them, or a target: a folder or gs://bucket/prefix with versions"
    add("--rules", required=True, metavar="RULES", help=rules_help)
    input_help = "the events: files, globs, and tables bq://PROJECT.DATASET.TABLE, of which a star may end the name"
    add("--input", nargs="+", action="extend", metavar="INPUT", help=input_help)
    query_help = "events too: the rows of a query of GoogleSQL, with the parameters @from and @until"
    add("--query", metavar="FILE.sql", help=query_help)
    add("--from", dest="from_", metavar="TIME", help="read rows of tables from this time on; default: all")
    estimate_help = "say how many rows and bytes BigQuery would read, read nothing, and end"
    add("--estimate", action="store_true", help=estimate_help)
    shape_help = f"{SHAPE_HELP}; once for every input, or once for each; default: canonical"
    add(INPUT_SHAPE, nargs="+", action="extend", metavar="SHAPE", help=shape_help)
    add(INPUT_ACCOUNT, metavar="ACCOUNT", help=ACCOUNT_HELP)
    output_help = "an empty folder, or that of an earlier run, to be replaced; or tables: bq://PROJECT.DATASET[.PREFIX]"
    add("--output", metavar="DIR", help=output_help)
    run_help = "into tables: take the place of the earlier run of this name; default: of the same --input and --until"
    add("--run_id", metavar="NAME", help=run_help)
    formats = [one.value for one in Format]
    add("--format", choices=formats, default=Format.JSONL.value, help="how rows are written; default: jsonl")
    start_help = (
        "go on from the snapshots of an earlier run, files or bq://PROJECT.DATASET.TABLE[@RUN_ID]: give every event "
        "since then as --input"
    )
    add("--start_from", nargs="+", action="extend", default=[], metavar="SNAPSHOTS", help=start_help)
    snapshots_help = "write the state of every contact too, for a stream or a run that goes on from there"
    add("--snapshots", action="store_true", help=snapshots_help)
    shared_help = "let others read files of the output, as the umask has it; default: their owner alone"
    add("--shared", action="store_true", help=shared_help)
    add(
        "--until",
        metavar="TIME",
        help="evaluate events before and deadlines up to it; default: right after the newest event",
    )
    add("--start", metavar="TIME", help="take this for the start of the run instead of the clock: to repeat a run")
    add(
        "--allowed_lateness", default="1h", metavar="DURATION", help="how far apart duplicates of an event may lie (1h)"
    )
    ratio_help = f"stop above it; default: {DEAD_LETTER_RATIO}, from {RATIO_RECORDS_MIN:,} records on"
    add("--max_dead_letter_ratio", metavar="0..1", help=ratio_help)
    empty_help = "end with 0 though the input, an account or a rule has no event, and read files of another kind too"
    add("--allow_empty", action="store_true", help=empty_help)
    add("--strict", action="store_true", help="run nothing if the rules of any account cannot be used")
    add("--runner", metavar="NAME", help="Beam's runner; default: in this process")
    return made


def _ratio(text: str | None) -> Decimal | None:
    if text is None:
        return None
    try:
        ratio = Decimal(text)
    except InvalidOperation:
        ratio = Decimal("nan")
    if ratio.is_nan() or not 0 <= ratio <= 1:
        raise UnusableError(f"--max_dead_letter_ratio {text}: write a number from 0 to 1")
    return ratio
