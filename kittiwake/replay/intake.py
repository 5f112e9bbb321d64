"""From blocks of lines to the rows of contacts, counted; what is no event becomes a dead letter.

Pure. Called by both hosts with every block they read. Ordinary records take the quick way, all
others the long one, which alone says what is wrong.
"""

from __future__ import annotations

from kittiwake.model import DeadLetter, Event
from kittiwake.replay.contacts import Groups, row_of
from kittiwake.replay.counts import Counts, count_dead_letter, count_event
from kittiwake.replay.events import AHEAD_MAX_US, TIME_MIN_US, parse_event
from kittiwake.replay.quick import is_utf8, take_lines
from kittiwake.replay.reading import Block, lines_in, record_at


class Intake:
    """What has been taken in by a run that started at `start_us`."""

    def __init__(self, start_us: int, counts: Counts) -> None:
        self._start_us = start_us
        self.counts = counts
        self.groups: Groups = {}
        """Rows by contact; events of items are counted only."""

    def take(self, file: str, block: Block) -> list[DeadLetter]:
        """Take in the records of a block of `file`; no record is lost."""
        lines = lines_in(block)
        left, dead = self._quickly(block, lines), []
        for at in left:
            for record in record_at(block, at, lines[at]):
                source = f"{file}:{record.number}"
                found = parse_event(record.raw, source, self._start_us, raw_size=record.size)
                if isinstance(found, DeadLetter):
                    count_dead_letter(self.counts, found, block.start)
                    dead.append(found)
                else:
                    self._keep(found)
        return dead

    def _quickly(self, block: Block, lines: list[bytes]) -> list[int]:
        """Take in what is ordinary; which lines are left. A line that was cut off is not ordinary."""
        if block.size != len(block.text):
            return [0]
        latest_us = self._start_us + AHEAD_MAX_US
        taken = take_lines(lines, TIME_MIN_US, latest_us, self.groups, sound=is_utf8(block.text))
        counts = self.counts
        counts.records += taken.taken
        counts.events += taken.taken
        if taken.newest_us is not None:
            counts.newest_us = max(taken.newest_us, taken.newest_us if counts.newest_us is None else counts.newest_us)
        return taken.left

    def _keep(self, event: Event) -> None:
        count_event(self.counts, event)
        if event.contact_id is not None:
            self.groups.setdefault((event.account_id, event.contact_id), []).append(row_of(event))
