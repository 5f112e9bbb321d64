"""Addresses of BigQuery as people type them: `bq://PROJECT.DATASET.TABLE`, and `bq://PROJECT.DATASET[.PREFIX]`.

Pure. The one place where they are read, for inputs and outputs alike.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from kittiwake.errors import UnusableError
from kittiwake.input.errors import shown

SCHEME: Final = "bq://"

NAME_BYTES_MAX: Final = 1_024
"""Bytes of the name of a dataset or a table: what BigQuery allows."""

_ADDRESS: Final = re.compile(
    r"bq://(?P<project>(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]*[a-z0-9])\.(?P<dataset>\w+)(?:\.(?P<table>[^.`/:\\$@?\x00-\x1f]+))?",
    re.ASCII,
)
"""A project of a domain has a colon of its own: `example.com:shop`."""

_PREFIX: Final = re.compile(r"[\w-]+", re.ASCII)


_SCHEMES: Final = ("bq:", "bigquery:")
"""What addresses begin with that are meant, in capitals too. No file is called so."""

_OTHERWISE: Final = re.compile(
    r"(?:bq|bigquery)?:?/{0,2}[`\[]?(?P<project>[a-z][a-z0-9-]*[a-z0-9])[.:](?P<dataset>\w+)[.:](?P<table>[\w-]+)[`\]]?",
    re.ASCII | re.IGNORECASE,
)
"""A table as other tools write it: with a colon, within backquotes, or within brackets."""


class TableAddress(NamedTuple):
    """A table, a view, or, with a star at its end, all tables whose names begin so."""

    project: str
    dataset: str
    table: str

    @property
    def path(self) -> str:
        """As SQL writes it within backquotes."""
        return f"{self.project}.{self.dataset}.{self.table}"

    @property
    def owner(self) -> Dataset:
        """The dataset in which it lies."""
        return Dataset(self.project, self.dataset)

    @property
    def is_wildcard(self) -> bool:
        """Whether it stands for several tables."""
        return self.table.endswith("*")

    def __str__(self) -> str:
        return f"{SCHEME}{self.path}"


class Dataset(NamedTuple):
    """Where tables lie, and what the names of those begin with that are meant."""

    project: str
    name: str
    prefix: str = ""

    @property
    def path(self) -> str:
        """Its own path, as SQL and Google's client write it."""
        return f"{self.project}.{self.name}"

    def table(self, name: str) -> str:
        """The path of the table or view that is called so behind the prefix, as SQL and Google's client write it."""
        return self.address(name).path

    def address(self, name: str) -> TableAddress:
        """The address of that table."""
        return TableAddress(self.project, self.name, f"{self.prefix}{name}")

    def spec(self, name: str) -> str:
        """The path of that table, as Beam writes it: projects of a domain have a colon of their own."""
        return f"{self.project}:{self.name}.{self.prefix}{name}"

    def __str__(self) -> str:
        return f"{SCHEME}{self.path}" + (f".{self.prefix}" if self.prefix else "")


def is_bigquery(location: str) -> bool:
    """Whether a location is an address of BigQuery, sound or not.

    >>> is_bigquery("bq://shop-1.raw.events"), is_bigquery("bq:shop-1:raw.events"), is_bigquery("raw/events.jsonl")
    (True, True, False)
    """
    return location.lower().startswith(_SCHEMES)


def written_otherwise(text: str) -> str | None:
    """The address of a table, of a text that other tools would take for it; None: it is none.

    >>> written_otherwise("[shop-1:raw.events]"), written_otherwise("bq://`shop-1.raw.events`")
    ('bq://shop-1.raw.events', 'bq://shop-1.raw.events')
    >>> written_otherwise("raw/events.jsonl")
    """
    found = _OTHERWISE.fullmatch(text)
    return None if found is None else f"{SCHEME}{found['project'].lower()}.{found['dataset']}.{found['table']}"


def names_table(location: str) -> bool:
    """Whether an address has a third part, which names a table or what tables begin with.

    >>> names_table("bq://shop-1.marketing.triggers"), names_table("bq://example.com:shop.marketing")
    (True, False)
    """
    return location.removeprefix(SCHEME).rpartition(":")[2].count(".") > 1


def table_address(text: str) -> TableAddress:
    """The table that an address names.

    >>> table_address("bq://shop-1.raw.events_*")
    TableAddress(project='shop-1', dataset='raw', table='events_*')

    Raises:
        UnusableError: it names none.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None or found["table"] is None or "*" in found["table"][:-1] or not _are_short(found):
        meant = written_otherwise(text)
        more = "; a star may end its name" if meant is None else f", here {meant}"
        raise UnusableError(f"{shown(text)}: write a table as bq://PROJECT.DATASET.TABLE{more}")
    return TableAddress(found["project"], found["dataset"], found["table"])


def dataset_address(text: str) -> Dataset:
    """The dataset that an address names, and the prefix of tables in it.

    >>> dataset_address("bq://shop-1.marketing"), str(dataset_address("bq://shop-1.marketing.backfill_"))
    (Dataset(project='shop-1', name='marketing', prefix=''), 'bq://shop-1.marketing.backfill_')

    Raises:
        UnusableError: it names none.
    """
    found = _ADDRESS.fullmatch(text)
    prefix = "" if found is None else found["table"] or ""
    if found is None or (prefix and not _PREFIX.fullmatch(prefix)) or not _are_short(found):
        raise UnusableError(f"{shown(text)}: write a dataset as bq://PROJECT.DATASET or bq://PROJECT.DATASET.PREFIX")
    return Dataset(found["project"], found["dataset"], prefix)


_DATASET: Final = re.compile(r"(?P<project>(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]*[a-z0-9])[.:](?P<name>[A-Za-z0-9_]+)")


def dataset_of(text: str) -> Dataset | None:
    """The dataset of `project.dataset` or `project:dataset`, as options of the stream name it; None: it names none.

    >>> dataset_of("shop-1.marketing")
    Dataset(project='shop-1', name='marketing', prefix='')
    >>> dataset_of("example.com:shop.marketing").project, dataset_of("marketing")
    ('example.com:shop', None)
    """
    found = _DATASET.fullmatch(text)
    return Dataset(found["project"], found["name"]) if found and len(found["name"]) <= NAME_BYTES_MAX else None


def _are_short(found: re.Match[str]) -> bool:
    return all(len((found[part] or "").encode()) <= NAME_BYTES_MAX for part in ("dataset", "table"))
