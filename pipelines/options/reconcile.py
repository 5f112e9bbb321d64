"""The options of `kittiwake.pipelines.reconcile`, parsed once into frozen settings."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import TableAddress
from kittiwake.pipelines.decisions.reconciling import Span
from kittiwake.pipelines.flags import LINES_END_WITH, Parser, file_or_table_option, instant_option

_DESCRIPTION: Final = """Compare the triggers of a stream with those of a backfill over the same events, by trigger_id.

Counts those that are equal, missing (the stream lacks them), extra (the backfill lacks them) and different, by rule
and reason; of each id the newest revision counts. Nothing is changed. Needs the extra kittiwake[query].
Exit codes: 0 all are equal, or every difference is explained, 1 some are unexplained, or there was nothing to compare
(--allow_empty), or with --strict any differ, 2 unusable options, rows or output, 3 failed: a fault of ours, printed
with its traceback, 130 interrupted; all of them: docs/reference/exit-codes.md."""

_FORMS: Final = "the folder of its --output, or bq://PROJECT.DATASET[.PREFIX]"
_TABLE: Final = "bq://PROJECT.DATASET.TABLE"


@dataclass(frozen=True)
class ReconcileOptions:
    """The settings of one run."""

    stream: str
    backfill: str
    span: Span
    output: Path | TableAddress | None
    """Where the triggers that differ go."""
    as_json: bool
    strict: bool
    allow_empty: bool
    run_id: str | None = None
    """Which run of the backfill's tables is meant; None: every run in them."""


def parse_options(argv: Sequence[str] | None) -> ReconcileOptions:
    """The settings that `argv` (default: the command line) asks for.

    Raises:
        UnusableError: the value of a flag is no such thing.
        SystemExit: as argparse does, for --help and for what it refuses itself.
    """
    known = _parser().parse_args(argv)
    from_us, until_us = (
        None if text is None else instant_option(flag, text)
        for flag, text in (("--from", known.from_time), ("--until", known.until))
    )
    if from_us is not None and until_us is not None and from_us >= until_us:
        raise UnusableError("--from and --until: nothing falls due between them")
    return ReconcileOptions(
        known.stream,
        known.backfill,
        Span(from_us, until_us),
        None if known.output is None else file_or_table_option("--output", known.output, LINES_END_WITH, _TABLE),
        known.json,
        known.strict,
        known.allow_empty,
        known.run_id,
    )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m kittiwake.pipelines.reconcile",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--stream", required=True, metavar="ROWS", help=f"what the stream wrote: {_FORMS}")
    add("--backfill", required=True, metavar="ROWS", help=f"what a backfill wrote: {_FORMS}")
    run_help = "of tables with several runs the one that is meant, by its --run_id; default: all of them"
    add("--run_id", metavar="NAME", help=run_help)
    add("--from", dest="from_time", metavar="TIME", help="only what fell due at this time or later, on either side")
    until_help = "only what fell due before this time, up to which both have decided; default: as far as each has rows"
    add("--until", metavar="TIME", help=until_help)
    output_help = (
        "write a row for each trigger that differs: a file of JSON lines, or bq://PROJECT.DATASET.TABLE, replaced"
    )
    add("--output", metavar="FILE", help=output_help)
    add("--json", action="store_true", help="print one JSON object instead of a table")
    add("--strict", action="store_true", help="end with 1 if any trigger differs, explained or not")
    add("--allow_empty", action="store_true", help="end with 0 though no trigger fired on either side")
    return parser
