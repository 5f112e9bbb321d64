"""The options of `kittiwake.pipelines.activate`, parsed once into frozen settings."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import TableAddress
from kittiwake.pipelines.flags import Parser, duration_option, file_or_table_option, name_option

_DESCRIPTION: Final = """Publish the triggers of a backfill to a topic of Pub/Sub, as the streaming job does its own.

Shows what would be sent by rule, and asks before it sends. No trigger_id that the record or --sent has is sent again,
nor an episode that was sent under another id. Running it again goes on. Needs the extra kittiwake[query].
Exit codes: 0 done, 1 stopped: Pub/Sub did not take everything, you did not want it, or the run has no triggers
(--allow-empty), 2 unusable options, rows, record or topic, 3 failed: a fault of ours, printed with its traceback,
130 interrupted; all of them: docs/reference/exit-codes.md."""

_TOPIC: Final = re.compile(r"projects/[^/\s]+/topics/[^/\s]+")


@dataclass(frozen=True)
class ActivateOptions:
    """The settings of one run."""

    from_run: str
    topic: str
    fresh_us: int
    """Triggers that fired this long ago or longer are not sent."""
    record: Path | TableAddress
    sent: tuple[str, ...]
    resend_unconfirmed: bool
    is_confirmed: bool
    """It was said on the command line that they are to be sent."""
    dry_run: bool
    allow_empty: bool
    run_id: str | None = None
    """Which run of tables is meant; None: every run in them."""


def parse_options(argv: Sequence[str] | None) -> ActivateOptions:
    """The settings that `argv` (default: the command line) asks for.

    Raises:
        UnusableError: the value of a flag is no such thing.
        SystemExit: as argparse does, for --help and for what it refuses itself.
    """
    known = _parser().parse_args(argv)
    fresh_us = duration_option("--fire-if-fresh", known.fire_if_fresh)
    if not fresh_us:
        raise UnusableError(f"--fire-if-fresh {known.fire_if_fresh}: nothing is younger than that")
    return ActivateOptions(
        known.from_run,
        name_option("--topic", known.topic, _TOPIC, "projects/PROJECT/topics/NAME"),
        fresh_us,
        file_or_table_option("--record", known.record, (".jsonl",), "bq://… of a table"),
        tuple(known.sent or ()),
        known.resend_unconfirmed,
        known.yes,
        known.dry_run,
        known.allow_empty,
        known.run_id,
    )


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m kittiwake.pipelines.activate",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    from_help = "what a backfill or replay wrote: the folder of its --output, or bq://PROJECT.DATASET[.PREFIX]"
    add("--from-run", required=True, metavar="ROWS", help=from_help)
    run_help = "of tables with several runs the one that is meant, by its name; default: all of them"
    add("--run-id", metavar="NAME", help=run_help)
    add("--topic", required=True, metavar="projects/…/topics/…", help="where they are published")
    fresh_help = "only triggers that have fired within this time, such as 6h"
    add("--fire-if-fresh", required=True, metavar="DURATION", help=fresh_help)
    record_help = "what was sent is recorded there, and never sent again: FILE.jsonl, or bq://PROJECT.DATASET.TABLE"
    add("--record", required=True, metavar="RECORD", help=record_help)
    sent_help = "what a stream has sent: bq://… of its dataset or table of triggers, or the folder of its --output"
    add("--sent", action="append", metavar="ROWS", help=f"{sent_help}; may be given several times")
    resend_help = "also send what an earlier run was about to send when it ended: some may be there already"
    add("--resend-unconfirmed", action="store_true", help=resend_help)
    add("--yes", action="store_true", help="send without asking")
    add("--dry-run", action="store_true", help="show what would be sent, and do nothing")
    add("--allow-empty", action="store_true", help="end with 0 though the run has no triggers")
    return parser
