"""Events of a bounded run under way: one row each, their properties as text until a rule reads them.

Pure. Made of the tables of `kittiwake.input.bulk`, put to their contacts here, parsed by whoever decides.
"""

from __future__ import annotations

from typing import TypeAlias

from kittiwake.input.bulk import Table
from kittiwake.model import Event
from kittiwake.values import parse_sound

Subject: TypeAlias = tuple[str, str]
"""Account and contact, whose events are decided together."""

Row: TypeAlias = tuple[int, str, str, bytes]
"""What is kept of an event: time, id, type, and its properties as in a `Table`."""

Groups: TypeAlias = dict[Subject, list[Row]]


def group(groups: Groups, table: Table) -> None:
    """Put the events of a table to those of their contacts."""
    account_ids, contact_ids, *fields = table
    for subject, row in zip(zip(account_ids, contact_ids), zip(*fields)):  # noqa: B905 (all of one length)
        rows = groups.get(subject)
        if rows is None:
            groups[subject] = [row]
        else:
            rows.append(row)


def key_of_row(row: Row) -> tuple[int, str, str]:
    """What duplicates of one time share: time, id and type."""
    return row[:3]


def event_of(row: Row) -> Event:
    """The event of a row."""
    time_us, event_id, event_type, properties = row
    return Event(time_us, event_id, event_type, parse_sound(properties))
