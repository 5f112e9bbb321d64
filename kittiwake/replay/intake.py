"""From blocks of lines to events of contacts, counted; what is no event becomes a dead letter.

Pure. Called by both hosts with every block they read. Ordinary records take the quick way, all
others the long one, which alone says what is wrong.
"""

from __future__ import annotations

from typing import NamedTuple

from kittiwake.model import DeadLetter, Event
from kittiwake.replay.counts import Counts, count_dead_letter, count_events, count_record
from kittiwake.replay.events import AHEAD_MAX_US, TIME_MIN_US, parse_events
from kittiwake.replay.quick import Table, Wants, new_table, read_table
from kittiwake.replay.reading import Block, is_cut, record_at
from kittiwake.replay.settings import RunSettings
from kittiwake.replay.shapes.shape import Shape
from kittiwake.values import canonical


class Taken(NamedTuple):
    """What came of a block."""

    table: Table
    """Its events of contacts that are wanted; all others are counted only."""
    dead_letters: list[DeadLetter]


class Intake:
    """Takes in the records of a run, and counts them."""

    def __init__(self, settings: RunSettings, wants: Wants, counts: Counts) -> None:
        self._start_us = settings.start_us
        self._shape = settings.shape
        self._wants = wants
        self._counts = counts
        self.bytes_taken = 0
        """Bytes of the blocks, and of properties that had to be written anew: all their digits, where numbers are
        written in few."""

    def take(self, file: str, block: Block) -> Taken:
        """The events of a block of `file`, in no order; no record is lost."""
        self.bytes_taken += block.size
        table, left = self._quickly(block)
        dead: list[DeadLetter] = []
        for at in left:
            for record in record_at(block, at):
                source = f"{file}:{record.number}"
                found = parse_events(record.raw, source, self._start_us, self._shape, raw_size=record.size)
                if isinstance(found, DeadLetter):
                    count_dead_letter(self._counts, found, block.start)
                    dead.append(found)
                else:
                    count_record(self._counts, found)
                    for event in found:
                        self._keep(table, event)
        return Taken(table, dead)

    def _quickly(self, block: Block) -> tuple[Table, list[int]]:
        """What is ordinary, counted, and which lines are left: of another shape all, and a line that was cut off."""
        if self._shape.shape is not Shape.CANONICAL or is_cut(block):
            return new_table(), list(range(len(block.lines)))
        latest_us = self._start_us + AHEAD_MAX_US
        quick = read_table(block.lines, TIME_MIN_US, latest_us, self._wants)
        count_events(self._counts, quick.taken, quick.taken - len(quick.table.types), quick.newest_us)
        return quick.table, quick.left

    def _keep(self, table: Table, event: Event) -> None:
        if event.contact_id is None:
            return
        wanted = self._wants(event.account_id)
        if wanted is not None and event.type not in wanted:
            self._counts.unneeded += 1
            return
        properties = canonical(event.properties).encode()
        self.bytes_taken += len(properties)
        table.account_ids.append(event.account_id)
        table.contact_ids.append(event.contact_id)
        table.times_us.append(event.time_us)
        table.event_ids.append(event.event_id)
        table.types.append(event.type)
        table.properties.append(properties)
