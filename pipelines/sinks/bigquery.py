"""Tables of BigQuery as a sink of all records: `--dataset`."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import ClassVar, Final

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import Dataset, dataset_of
from kittiwake.pipelines.flags import FlagGroup, OptionReader, OptionRow, error_lines, flag
from kittiwake.pipelines.google.storage_write import expansion_service
from kittiwake.pipelines.preflight.findings import Findings
from kittiwake.pipelines.refusals import require_google
from kittiwake.pipelines.runner import is_dataflow
from kittiwake.stream.tables.schema import RecordedDecisions
from kittiwake.transforms.sinks.base import SinkKind
from kittiwake.transforms.sinks.bigquery import Method, WriteTables

EXPIRY_DAYS_MAX: Final = 36_500
"""A century; BigQuery takes more, which nobody means."""


@dataclass(frozen=True)
class TablesSink:
    """The tables of a dataset."""

    kind: ClassVar = SinkKind.RECORDS
    label: ClassVar = "WriteTables"

    dataset: Dataset
    recorded: RecordedDecisions = RecordedDecisions.ALL
    method: Method = Method.STREAMING_INSERTS
    expansion_jar: str | None = None
    create: bool = False
    """Whether missing tables and views are created at the launch."""
    expiry_days: int | None = None
    """Of the partitions of tables then created; None: each table's own."""

    def step(self) -> WriteTables:
        """The step that writes rows, with Beam's Java half where the method needs it."""
        java = expansion_service(self.expansion_jar) if self.method is Method.STORAGE_WRITE else None
        return WriteTables(self.dataset, self.recorded, self.method, java)

    def prepare(self, report: Callable[[str], None]) -> None:
        """Create the tables and views that are missing, if that was asked for."""
        if not self.create:
            return
        from kittiwake.pipelines.google.bigquery_tables import client_of, create_tables  # noqa: PLC0415 - Google's clients: an extra

        done = create_tables(client_of(self.dataset), self.dataset, self.expiry_days)
        for name in done.made:
            report(f"created {name}")
        if done.problems:
            raise UnusableError(error_lines(done.problems))

    def check(self, findings: Findings) -> None:
        """Ask about the dataset and its tables."""
        from kittiwake.pipelines.preflight.bigquery import check_tables  # noqa: PLC0415 - Google's clients: an extra

        check_tables(self.dataset, may_create=self.create, findings=findings)


def _read(options: OptionReader) -> TablesSink | None:
    typed = options.typed
    if typed.dataset is not None and not options.read(False, require_google, "--dataset"):
        return None
    dataset = None if typed.dataset is None else options.read(None, _dataset, typed.dataset)
    expiry_days = None if typed.table_expiry is None else options.read(None, _days, typed.table_expiry)
    if dataset is None:
        return None
    recorded = RecordedDecisions(typed.decisions or RecordedDecisions.ALL)
    return TablesSink(dataset, recorded, _method(typed), typed.expansion_jar, typed.create_tables, expiry_days)


def _method(typed: argparse.Namespace) -> Method:
    return Method(typed.bigquery_method or Method.STREAMING_INSERTS)


def _dataset(text: str) -> Dataset:
    found = dataset_of(text)
    if found is None:
        raise UnusableError(f"--dataset {text}: write PROJECT.DATASET")
    return found


def _days(text: str) -> int:
    days = int(text.removesuffix("d")) if re.fullmatch(r"[0-9]{1,9}d?", text) else 0
    if not 1 <= days <= EXPIRY_DAYS_MAX:
        raise UnusableError(f"--table_expiry {text}: write whole days, such as 400d")
    return days


def _contradictions(typed: argparse.Namespace) -> Iterator[str]:
    if typed.dataset is None:
        for name in ("decisions", "bigquery_method", "create_tables", "table_expiry"):
            if getattr(typed, name):
                yield f"--{name} is about tables: name their --dataset as well, or leave it out"
    elif typed.table_expiry is not None and not typed.create_tables:
        yield "--table_expiry is given to tables when they are created: say --create_tables as well, or leave it out"
    if typed.expansion_jar is not None and _method(typed) is not Method.STORAGE_WRITE:
        yield "--expansion_jar is for --bigquery_method storage_write only: leave it out"


def _runner_contradictions(typed: argparse.Namespace, runner: str) -> Iterator[str]:
    if _method(typed) is Method.STORAGE_WRITE and not is_dataflow(runner):
        yield "--bigquery_method storage_write needs Java, which only Dataflow runs beside Python: leave it out"


_FROM_AND_TO, _LAUNCH = FlagGroup.FROM_AND_TO, FlagGroup.LAUNCH
_DATASET_HELP: Final = "whose tables get triggers, decisions, dead letters, late events"
_DECISIONS_HELP: Final = "which rows the table decisions gets; default: all"
_METHOD_HELP: Final = "how rows get into BigQuery; default: streaming_inserts"
_JAR_HELP: Final = "Beam's Java half of storage_write; default: Beam looks for it"
_CREATE_HELP: Final = "create the tables and views that are missing, and go on"
_EXPIRY_HELP: Final = "drop partitions of tables then created after so many days"
_RECORDED: Final = [one.value for one in RecordedDecisions]
_METHODS: Final = [one.value for one in Method]

DATASET: Final = OptionRow[TablesSink](
    "dataset",
    (
        flag(_FROM_AND_TO, "--dataset", metavar="PROJECT.DATASET", help=_DATASET_HELP),
        flag(_FROM_AND_TO, "--decisions", choices=_RECORDED, help=_DECISIONS_HELP),
        flag(_FROM_AND_TO, "--bigquery_method", choices=_METHODS, help=_METHOD_HELP),
        flag(_FROM_AND_TO, "--expansion_jar", metavar="FILE", help=_JAR_HELP),
        flag(_LAUNCH, "--create_tables", action="store_true", help=_CREATE_HELP),
        flag(_LAUNCH, "--table_expiry", metavar="DAYS", help=_EXPIRY_HELP),
    ),
    _read,
    _contradictions,
    _runner_contradictions,
)
