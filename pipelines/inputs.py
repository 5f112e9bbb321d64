"""The inputs of a backfill, found before anything is run: files, tables of BigQuery, and a query.

Called by `kittiwake.pipelines.backfill`. What of a table can matter is derived from the rules: `rows_wanted`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from kittiwake.batch.settings import RunSettings
from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import is_bigquery, table_address, written_otherwise
from kittiwake.input.bigquery.restrictions import RowsWanted
from kittiwake.input.errors import shown
from kittiwake.input.files import refuse_shaped
from kittiwake.rules.compile.accounts import Programs
from kittiwake.terminal.progress import megabytes
from kittiwake.transforms.batch.read_tables import OpenTables, TableStream
from kittiwake.transforms.input_files import InputFile, input_files, refuse_foreign_files, shaped_input_files

if TYPE_CHECKING:
    from kittiwake.pipelines.google.bigquery_reading import Estimate, Planned, Reader

NEEDS_GOOGLE: Final = "bq:// and --query need Google's clients: install the extra kittiwake[gcp]"


_ENDINGS: Final = (".jsonl", ".json", ".ndjson", ".csv", ".tsv", ".parquet", ".gz", ".zst", ".txt")
"""Of names that are meant for files, though they have as many points as a table."""


class Asked(NamedTuple):
    """What a person has said of inputs."""

    locations: tuple[str, ...]
    """Files, globs, and addresses of BigQuery."""
    query: str | None
    """A file of GoogleSQL."""
    from_us: int | None
    project: str | None
    """Which pays; None: that of each table."""


class FoundInputs(NamedTuple):
    """What a run will read: found, and nothing read yet."""

    files: tuple[InputFile, ...]
    planned: tuple[Planned, ...]
    reader: Reader | None
    """Of what is planned; None: nothing is."""

    def estimates(self) -> list[Estimate]:
        """What each table and query would cost; the tables of a wildcard together.

        Raises:
            UnusableError: BigQuery refuses it.
        """
        reader = self.reader
        return [] if reader is None else _by_input([reader.estimate(one) for one in self.planned])

    def opened(self, say: Callable[[str], None]) -> OpenTables:
        """The tables, ready to be read; views and queries are run. What each costs is said as soon as it is known.

        Raises:
            UnusableError: BigQuery refuses it.
        """
        if self.reader is None:
            return OpenTables()
        for one in self.planned:
            if one.table is None:
                say(estimate_text(self.reader.estimate(one)))
        opened = [self.reader.opened(one) for one in self.planned]
        for cost in _by_input([one.estimate for one in opened if not one.is_queried]):
            say(estimate_text(cost))
        streams = (TableStream(one.name, at, name, one.shape) for one in opened for at, name in enumerate(one.streams))
        return OpenTables(tuple(streams), sum(one.estimate.bytes_read for one in opened))


def _by_input(estimates: Sequence[Estimate]) -> list[Estimate]:
    """Those of one input added up."""
    found: dict[str, Estimate] = {}
    for one in estimates:
        found[one.name] = one if one.name not in found else found[one.name].plus(one)
    return list(found.values())


def find_inputs(asked: Asked, run: RunSettings, programs: Programs) -> FoundInputs:
    """The inputs, each of which its shape can read.

    Raises:
        UnusableError: one cannot be read; of tables, with the SQL that would mend them.
    """
    shapes = run.shapes or (run.shape,)
    numbers = range(len(asked.locations)) if run.shapes else [0] * len(asked.locations)
    numbered = list(zip(asked.locations, numbers, strict=True))
    named = [one for one in numbered if not is_bigquery(one[0])]
    _refuse_otherwise(name for name, _ in named)
    files = _files(named, run)
    if asked.from_us is not None and files:
        raise UnusableError("--from cuts tables and queries of BigQuery: of files write those that are meant")
    tables = [(table_address(location), number) for location, number in numbered if is_bigquery(location)]
    if not tables and asked.query is None:
        return FoundInputs(files, (), None)
    reader, wanted = _reader(asked.project), rows_wanted(programs, asked.from_us, run.until_us)
    planned = [one for address, at in tables for one in reader.plan_of_input(address, shapes[at], at, wanted)]
    if asked.query is not None:
        if run.shapes:
            raise UnusableError("--query: say --input_shape once, for its rows and those of every input")
        planned.append(reader.plan_of_query(asked.query, shapes[0], 0, wanted))
    return FoundInputs(files, tuple(planned), reader)


def _refuse_otherwise(names: Iterable[str]) -> None:
    """Refuse what names no file, and is a table as other tools write it."""
    for name in names:
        meant = written_otherwise(name)
        if meant is not None and not Path(name).exists() and not name.lower().endswith(_ENDINGS):
            raise UnusableError(f"there is no file {shown(name)}: if a table is meant, write {meant}")


def _files(numbered: Sequence[tuple[str, int]], run: RunSettings) -> tuple[InputFile, ...]:
    names, numbers = [name for name, _ in numbered], [number for _, number in numbered]
    if not run.shapes:
        files = input_files(names, run.shape)
    else:
        found = shaped_input_files(names, [run.shapes[number] for number in numbers])
        files = tuple(file._replace(shape=numbers[file.shape]) for file in found)
    for file in files:
        refuse_shaped([file.name], run.shapes[file.shape] if run.shapes else run.shape)
    if not run.allow_empty:
        refuse_foreign_files(files, run.shapes or (run.shape,), run.start_us)
    return files


def _reader(project: str | None) -> Reader:
    try:
        from kittiwake.pipelines.google.bigquery_reading import Reader  # noqa: PLC0415 - of an extra, and half a second
    except ModuleNotFoundError:
        raise UnusableError(NEEDS_GOOGLE) from None
    return Reader(project)


def rows_wanted(programs: Programs, from_us: int | None, until_us: int | None) -> RowsWanted:
    """The rows that the rules can need."""
    accounts = programs.accounts_with_rules()
    return RowsWanted(programs.types_wanted(), accounts, from_us, until_us, items=programs.has_catalog)


def estimate_text(one: Estimate) -> str:
    """What an input costs, for people."""
    if one.rows is None:
        return f"{one.name}: a query that scans {megabytes(one.bytes_queried)}, and then its result"
    tables = f"{one.tables:,} tables, " if one.tables > 1 else ""
    return f"{one.name}: {tables}about {one.rows:,} rows, {megabytes(one.bytes_read)} by the Storage Read API"
