"""The options of `kittiwake.pipelines.recall`, parsed once into frozen settings."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import is_bigquery, names_table
from kittiwake.pipelines.decisions.recalling import Asked
from kittiwake.pipelines.flags import LINES_END_WITH, Parser, instant_option, name_option

_DESCRIPTION: Final = """Take back what a rule, or a version of the rules, has sent: revocations under the same ids.

Counts first, by rule, version and day, and writes nothing. With --confirm, and the number that was counted, publishes
revocations to --topic and adds them to the rows of --stream, where they mark what was taken back. Running it again goes
on, and revokes nothing twice. Needs the extra kittiwake[query].
Exit codes: 0 done, 1 stopped: Pub/Sub did not take everything, or nothing was sent in that time (--allow_empty),
2 unusable options, rows or topic, or another number than --confirm, 3 failed: a fault of ours, printed with its
traceback, 130 interrupted; all of them: docs/reference/exit-codes.md."""

_TOPIC: Final = re.compile(r"projects/[^/\s]+/topics/[^/\s]+")
_VERSION: Final = re.compile(r"[0-9a-f]{12}")


@dataclass(frozen=True)
class RecallOptions:
    """The settings of one run."""

    stream: str
    """What the stream wrote, which the revocations are added to."""
    asked: Asked
    topic: str | None
    """Where consumers hear of them; None: they read the rows, or nothing is confirmed."""
    confirmed: int | None
    """How many somebody has agreed to; None: they are only counted."""
    listed: Path | None
    """Where the rows go that are to be revoked, for people to read."""
    as_json: bool
    allow_empty: bool


def parse_options(argv: Sequence[str] | None) -> RecallOptions:
    """The settings that `argv` (default: the command line) asks for.

    Raises:
        UnusableError: the value of a flag is no such thing.
        SystemExit: as argparse does, for --help and for what it refuses itself.
    """
    known = _parser().parse_args(argv)
    if is_bigquery(known.stream) and names_table(known.stream.removesuffix("_")) and known.stream.endswith(".triggers"):
        raise UnusableError(f"--stream {known.stream}: name the dataset, {known.stream.removesuffix('.triggers')}")
    if known.topic is not None and known.no_topic:
        raise UnusableError("--topic and --no_topic: one of the two")
    if known.confirm is not None and known.topic is None and not known.no_topic:
        raise UnusableError("--confirm: give --topic, where consumers hear of it, or --no_topic if all read the rows")
    return RecallOptions(
        known.stream,
        _asked(known),
        None if known.topic is None else name_option("--topic", known.topic, _TOPIC, "projects/PROJECT/topics/NAME"),
        _confirmed(known.confirm),
        None if known.list is None else _file(known.list),
        known.json,
        known.allow_empty,
    )


def _asked(known: argparse.Namespace) -> Asked:
    if (known.rule is None) is (known.version is None):
        raise UnusableError("say what to take back: --rule ACCOUNT/RULE, or --version RULESET_VERSION, one of the two")
    account_id, slash, rule_id = (known.rule or "").partition("/")
    if known.rule is not None and not (slash and account_id and rule_id):
        raise UnusableError(f"--rule {known.rule}: write account and rule, such as acme/cart-abandonment")
    if known.version is not None and not _VERSION.fullmatch(known.version):
        advice = "write the 12 hexadecimal digits of ruleset_version, as `kittiwake versions` and every row have them"
        raise UnusableError(f"--version {known.version}: {advice}")
    from_us, until_us = (
        None if text is None else instant_option(flag, text)
        for flag, text in (("--from", known.from_time), ("--until", known.until))
    )
    if known.rule is not None and from_us is None:
        raise UnusableError("--rule needs --from: else all that the rule has ever sent would be taken back")
    if from_us is not None and until_us is not None and from_us >= until_us:
        raise UnusableError("--from and --until: nothing is sent between them")
    rule = (account_id, rule_id) if known.rule is not None else None
    return Asked(rule, known.version, from_us, until_us)


def _confirmed(text: str | None) -> int | None:
    if text is None:
        return None
    plain = text.replace(",", "").replace("_", "")
    if not (plain.isascii() and plain.isdigit()):
        raise UnusableError(f"--confirm {text}: write the number that was counted, such as 38")
    return int(plain)


def _file(text: str) -> Path:
    path = Path(text)
    if "://" in text or path.suffix not in LINES_END_WITH:
        raise UnusableError(f"--list {text}: write a file of this machine that ends with .jsonl")
    if path.exists() and not path.is_file():
        raise UnusableError(f"--list {text} is no file: name another")
    return path


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m kittiwake.pipelines.recall",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    stream_help = "what the stream wrote: the folder of its --output, or bq://PROJECT.DATASET[.PREFIX] of its tables"
    add("--stream", required=True, metavar="ROWS", help=f"{stream_help}; revocations are added there")
    add("--rule", metavar="ACCOUNT/RULE", help="take back what this rule has sent")
    add("--version", metavar="RULESET_VERSION", help="take back what every rule has sent under this version")
    add("--from", dest="from_time", metavar="TIME", help="only what fired at this time or later")
    add("--until", metavar="TIME", help="only what fired before this time; default: up to now")
    topic_help = "the topic of the stream's triggers, so that consumers hear of it"
    add("--topic", metavar="projects/…/topics/…", help=topic_help)
    add("--no_topic", action="store_true", help="publish nothing: whoever acts on triggers reads the rows")
    add("--confirm", metavar="NUMBER", help="revoke so many, the number that was counted; left out: only count")
    add("--list", metavar="FILE", help="write the rows that are to be revoked, with whom they were sent to: FILE.jsonl")
    add("--json", action="store_true", help="print one JSON object instead of a table")
    add("--allow_empty", action="store_true", help="end with 0 though nothing was sent in that time")
    return parser
