"""The options of `kittiwake.pipelines.reingest`, parsed once into frozen settings."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import Dataset, dataset_of
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.pipelines.flags import (
    ACCOUNT_HELP,
    INPUT_ACCOUNT,
    INPUT_SHAPE,
    LINES_END_WITH,
    SHAPE_HELP,
    Parser,
    duration_option,
    instant_option,
    message_shape_option,
)
from kittiwake.pipelines.google.dead_letter_rows import RowFilter
from kittiwake.reasons import DeadLetterReason
from kittiwake.stream.records import Stage
from kittiwake.stream.tables.schema import DEAD_LETTERS, LATE_EVENTS

_DESCRIPTION: Final = """Send dead letters, or late events, back to the topic of the streaming job after a fix.

Reads the tables the job writes, and publishes the messages as they came, bytes and attributes. Running it again does no
harm. Use --dry_run first: it counts, and publishes nothing.
Exit codes: 0 done, 1 stopped: Pub/Sub did not take everything, 2 unusable options, tables, topic or output, 3 failed: a
fault of ours, printed with its traceback, 130 interrupted; all of them: docs/reference/exit-codes.md."""

_TOPIC: Final = re.compile(r"projects/[^/]+/topics/[^/]+")


@dataclass(frozen=True)
class ReingestOptions:
    """The settings of one run."""

    dataset: Dataset
    chosen: RowFilter
    topic: str | None
    output: Path | None
    """The file that records go to instead of the topic. Without either: a dry run."""
    shape: InputShape
    allowed_lateness_us: int


def parse_options(argv: Sequence[str] | None) -> ReingestOptions:
    """The settings that `argv` (default: the command line) asks for.

    Raises:
        UnusableError: the value of a flag is no such thing, or flags contradict each other.
        SystemExit: as argparse does, for --help and for what it refuses itself.
    """
    known = _parser().parse_args(argv)
    dataset = dataset_of(known.dataset)
    if dataset is None:
        raise UnusableError(f"--dataset {known.dataset}: write project.dataset")
    if known.topic is not None and not _TOPIC.fullmatch(known.topic):
        raise UnusableError(f"--topic {known.topic}: write projects/PROJECT/topics/TOPIC")
    _refuse_contradictions(known)
    return ReingestOptions(
        dataset,
        _row_filter(known),
        None if known.dry_run else known.topic,
        None if known.dry_run or known.output is None else _output(known.output),
        message_shape_option(known.input_shape, known.input_account),
        duration_option("--allowed_lateness", known.allowed_lateness),
    )


def _refuse_contradictions(known: argparse.Namespace) -> None:
    if known.topic is not None and known.output is not None:
        raise UnusableError("--topic and --output: records go to one of them")
    if known.topic is None and known.output is None and not known.dry_run:
        raise UnusableError("say where they go: --topic, or --output FILE for a backfill, or --dry_run to count them")
    if known.table == LATE_EVENTS.name and (known.stage or known.reason or known.release):
        raise UnusableError(f"--table {LATE_EVENTS.name}: late events have no --stage, no --reason and no --release")


def _row_filter(known: argparse.Namespace) -> RowFilter:
    since_us, until_us = (
        None if text is None else instant_option(flag, text)
        for flag, text in (("--since", known.since), ("--until", known.until))
    )
    if since_us is not None and until_us is not None and since_us >= until_us:
        raise UnusableError("--since and --until: nothing happened between them")
    if known.limit is not None and known.limit < 1:
        raise UnusableError(f"--limit {known.limit}: write a number from 1 on")
    stages, reasons = tuple(known.stage or ()), tuple(known.reason or ())
    return RowFilter(known.table, stages, reasons, since_us, until_us, known.release, known.limit)


def _output(name: str) -> Path:
    path = Path(name)
    if "://" in name or path.suffix not in LINES_END_WITH:
        raise UnusableError(f"--output {name}: write a file of this machine that ends with .jsonl")
    if path.exists():
        raise UnusableError(f"--output {name} is there already: name another file")
    return path


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m kittiwake.pipelines.reingest",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--dataset", required=True, metavar="PROJECT.DATASET", help="where the job's tables lie")
    tables = [DEAD_LETTERS.name, LATE_EVENTS.name]
    add("--table", choices=tables, default=DEAD_LETTERS.name, help="which of them; default: %(default)s")
    add("--topic", metavar="projects/…/topics/…", help="where they are published: the topic of the job's subscription")
    add(
        "--output",
        metavar="FILE",
        help="write records there as JSON lines, for `kittiwake.pipelines.backfill --input`, instead",
    )
    add("--dry_run", action="store_true", help="count what would be done, and do nothing")
    stages = [one.value for one in Stage]
    add("--stage", choices=stages, action="append", help="only what this step refused; may be given several times")
    reasons = [one.value for one in DeadLetterReason]
    reason_help = "only what was refused for this reason; may be given several times (docs/reference/reasons.md)"
    add("--reason", choices=reasons, action="append", metavar="REASON", help=reason_help)
    add("--since", metavar="TIME", help="only what happened at this time or later")
    add("--until", metavar="TIME", help="only what happened before this time")
    add("--release", metavar="RELEASE", help="only what this release of the job refused")
    add("--limit", type=int, metavar="NUMBER", help="only so many, the oldest")
    add(INPUT_SHAPE, default=Shape.CANONICAL.value, metavar="SHAPE", help=f"{SHAPE_HELP}; default: %(default)s")
    add(INPUT_ACCOUNT, metavar="ACCOUNT", help=f"as for the job: {ACCOUNT_HELP}")
    lateness_help = "the job's allowed lateness (1h): older events are counted"
    add("--allowed_lateness", default="1h", metavar="DURATION", help=lateness_help)
    return parser
