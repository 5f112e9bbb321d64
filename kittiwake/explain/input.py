"""One contact out of the files of a run: its events, and where that run would end.

Reads files, one record at a time. Called by `kittiwake explain`, which decides up to the very instant
up to which a replay of the same files decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from itertools import chain
from typing import NamedTuple

from kittiwake.batch.counts import Counts, count_dead_letter, count_record
from kittiwake.batch.settings import RunSettings
from kittiwake.explain.tables import NO_TABLES, Tables
from kittiwake.input.columns.blocks import records_of_block
from kittiwake.input.errors import shown
from kittiwake.input.events import parse_events
from kittiwake.input.files import ShapedFile
from kittiwake.input.foreign.records import remedy_of
from kittiwake.input.lines import Record
from kittiwake.input.query.inputs import blocks_of_input
from kittiwake.input.query.model import Query
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.input.shapes.segment import ANONYMOUS
from kittiwake.model import DeadLetter, Event


class ContactInput(NamedTuple):
    """What the files hold of a contact."""

    accounts: dict[str, list[Event]]
    """Its events by account, as they stood in the files."""
    counts: Counts
    """Of the whole input, as far as it had to be read."""


def read_contact(
    files: Sequence[ShapedFile], contact_id: str, settings: RunSettings, tables: Tables = NO_TABLES
) -> ContactInput:
    """The events of a contact. Records of others are only parsed where the end of the run depends on them.

    Of tables only the rows of the contact are read: they say nothing of where a run over them would end.

    Raises:
        InputError: a file cannot be read to its end.
    """
    accounts: dict[str, list[Event]] = {}
    counts = Counts()
    of_tables = tables.records("contact_id", [contact_id])
    for source, record, shape in chain(_records(files, settings.query), of_tables):
        passes_over = settings.until_us is not None and isinstance(shape.shape, Shape)
        if passes_over and not _may_concern(record.raw, contact_id):
            continue
        found = parse_events(record.raw, source, settings.start_us, shape, raw_size=record.size, context=record.context)
        if isinstance(found, DeadLetter):
            count_dead_letter(counts, found, remedy=partial(remedy_of, shape=shape))
            continue
        count_record(counts, found)
        for event in found:
            if event.contact_id == contact_id:
                accounts.setdefault(event.account_id, []).append(event)
    return ContactInput(accounts, counts)


def read_items(
    files: Sequence[ShapedFile],
    account_id: str,
    item_ids: frozenset[str],
    settings: RunSettings,
    tables: Tables = NO_TABLES,
) -> Iterator[Event]:
    """The events of some items of an account: the files are read once more, for which items they are is known late.

    Raises:
        InputError: a file cannot be read to its end.
    """
    of_tables = tables.records("item_id", sorted(item_ids))
    for source, record, shape in chain(_records(files, settings.query), of_tables):
        if shape.shape is Shape.CANONICAL and b"item_id" not in record.raw and b"\\" not in record.raw:
            continue
        found = parse_events(record.raw, source, settings.start_us, shape, raw_size=record.size)
        for event in () if isinstance(found, DeadLetter) else found:
            if event.item_id in item_ids and event.account_id == account_id:
                yield event


def _records(files: Sequence[ShapedFile], query: Query | None) -> Iterator[tuple[str, Record, InputShape]]:
    for name, shape in files:
        for block in blocks_of_input(name, query, lambda _: None, shape):
            for record in records_of_block(block):
                yield f"{shown(name)}:{record.number}", record, shape


def _may_concern(raw: bytes, contact_id: str) -> bool:
    """Whether a record can be of the contact: it holds the id as its author writes it, or some text is escaped."""
    return contact_id.removeprefix(ANONYMOUS).encode("utf-8", "surrogateescape") in raw or b"\\" in raw
