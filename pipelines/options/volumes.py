"""The options of `kittiwake.pipelines.volumes`, parsed once into frozen settings."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import Dataset, dataset_of
from kittiwake.pipelines.flags import Parser, instant_option

_DESCRIPTION: Final = """Count the triggers of each rule in the last day beside the same day of the four weeks before.

Prints the rules that are unusual: three times the usual, or a third of it, from 100 triggers on; and of which rules
something was recalled in that day. With --project it
gives the numbers of up to 500 rules to Cloud Monitoring too, for the alert rule_volume; run it once an hour.
Exit codes: 0 nothing is unusual, 1 some rules are, or nothing fired in four weeks, 2 unusable options or tables, or
Cloud Monitoring does not take the numbers, 3 failed: a fault of ours, printed with its traceback, 130 interrupted; all
of them: docs/reference/exit-codes.md."""


@dataclass(frozen=True)
class VolumesOptions:
    """The settings of one run."""

    dataset: Dataset
    project: str | None
    """Whose Cloud Monitoring gets the numbers; None: nobody's."""
    job_name: str
    until_us: int | None
    """The end of the day; None: now."""


def parse_options(argv: Sequence[str] | None) -> VolumesOptions:
    """The settings that `argv` (default: the command line) asks for.

    Raises:
        UnusableError: the value of a flag is no such thing, or flags contradict each other.
        SystemExit: as argparse does, for --help and for what it refuses itself.
    """
    known = _parser().parse_args(argv)
    dataset = dataset_of(known.dataset)
    if dataset is None:
        raise UnusableError(f"--dataset {known.dataset}: write project.dataset")
    if known.project and known.until:
        raise UnusableError("--project and --until: Cloud Monitoring takes numbers of now only")
    until_us = instant_option("--until", known.until) if known.until else None
    return VolumesOptions(dataset, known.project or None, known.job_name, until_us)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m kittiwake.pipelines.volumes",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("--dataset", required=True, metavar="PROJECT.DATASET", help="where the job's tables lie")
    add("--project", metavar="PROJECT", help="give the numbers to this project's Cloud Monitoring")
    add(
        "--job_name",
        default="kittiwake",
        metavar="NAME",
        help="the label `job_name` of the numbers; default: %(default)s",
    )
    add("--until", metavar="TIME", help="the end of the day that is counted; default: now")
    return parser
