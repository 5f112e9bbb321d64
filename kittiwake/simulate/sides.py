"""One of the rule sets that decide the histories of an input: what it is given of a contact, and what it decides.

Works on temporary files (`external_sort`) where a contact has more events than fit into memory. Called by `histories`,
by `sharing`, and by what counts contacts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from heapq import merge
from typing import Final

import msgspec

from kittiwake.batch.counts import Counts, merged
from kittiwake.batch.event_rows import Row, Subject
from kittiwake.batch.external_sort import Sorter
from kittiwake.batch.feeds.covered import silences_by_account
from kittiwake.batch.gathering import Gathering, Rows, size_of
from kittiwake.batch.oversized_contacts import decide_contact
from kittiwake.batch.replay import HELD_BYTES
from kittiwake.batch.settings import RunSettings, end_of_run
from kittiwake.batch.summary import Summary, summary_of
from kittiwake.model import Decision
from kittiwake.output.rows import Mode
from kittiwake.rules.compile.accounts import Plan, Programs
from kittiwake.simulate.needs import SharedNeeds

_decoder: Final = msgspec.msgpack.Decoder(list[Row])


class Side:
    """One of the rule sets that decide the histories."""

    def __init__(self, programs: Programs, needs: SharedNeeds) -> None:
        self.programs = programs
        self.counts = Counts()
        """Of what was decided."""
        self.until_us = 0
        """Where its run ends."""
        self._needs = needs
        self._coming: Iterator[tuple[Subject, Rows]] = iter(())
        self._next: tuple[Subject, Rows] | None = None
        self._is_used = False
        """Whether the changes of `_next` were handed out."""

    def begin(self, settings: RunSettings, read: Counts) -> None:
        """All is read: it is known up to when it decides."""
        self.until_us = end_of_run(settings, read, self.programs.used.frozen_at_us)
        self.programs = self.programs.with_silences(silences_by_account(read.feeds))

    def give(self, changes: Gathering) -> None:
        """The changes of items that contacts are given which come from here on, in their order."""
        self._coming = changes.by_contact()
        self._next, self._is_used = next(self._coming, None), False

    def needed(self, subject: Subject, rows: Rows) -> Rows:
        """Of a contact's rows those that this rule set needs, and the changes of items that it gives it."""
        own, changes = self._own(subject[0], self.programs.plan(subject[0]), rows), self._changes_of(subject)
        if changes is None:
            return own
        if isinstance(own, list) and isinstance(changes, list):
            return [*own, *changes]
        return merge(_sorted(own), _sorted(changes))

    def count_into(self, counts: Counts) -> Counts:
        """Count into `counts` what is decided from here on; returned is where it was counted before."""
        before, self.counts = self.counts, counts
        return before

    def decide(self, subject: Subject, needed: Rows) -> Iterable[Decision]:
        """What becomes of a contact, in the order of a replay; counted. A list is sorted in place."""
        if not needed:
            return ()
        plan = self.programs.plan(subject[0])
        return decide_contact(plan, subject[1], needed, self.until_us, self.counts, HELD_BYTES // 4)

    def _own(self, account_id: str, plan: Plan, rows: Rows) -> Rows:
        """Of a contact's rows those that this rule set needs."""
        wanted = plan.wanted
        if wanted is None or wanted == self._needs.wanted(account_id):
            return rows
        if isinstance(rows, list):
            own = [row for row in rows if row[2] in wanted]
            self.counts.unneeded += len(rows) - len(own)
            return own
        return self._needed(rows, wanted)

    def _needed(self, rows: Iterable[Row], wanted: frozenset[str]) -> Iterator[Row]:
        for row in rows:
            if row[2] in wanted:
                yield row
            else:
                self.counts.unneeded += 1

    def _changes_of(self, subject: Subject) -> Rows | None:
        """The changes of items that a contact is given; contacts are asked for in their order."""
        if self._is_used:
            self._next, self._is_used = next(self._coming, None), False
        if self._next is None or self._next[0] != subject:
            return None
        self._is_used = True
        return self._next[1]


def summary_by(programs: Programs, settings: RunSettings, read: Counts, decided: Counts) -> Summary:
    """Of what one of the rule sets decided, as of a replay of the same files."""
    return summary_of(Mode.REPLAY, programs.used, settings, merged([read, decided]), programs.needs())


def ways_of(rows: Rows, number: int, opened: ExitStack) -> list[Rows]:
    """The rows of a contact for so many rule sets, to be used one after the other.

    Those of a stream are kept in one file while the first uses them, which the others read.
    """
    if isinstance(rows, list):
        return [rows] * number
    kept = opened.enter_context(Sorter(_decoder, HELD_BYTES // 4))
    return [_keeping(rows, kept), *(_kept(kept) for _ in range(number - 1))]


def _keeping(rows: Iterable[Row], kept: Sorter[Row]) -> Iterator[Row]:
    for row in rows:
        kept.put(row, size_of(row))
        yield row


def _kept(kept: Sorter[Row]) -> Iterator[Row]:
    yield from kept.in_order()


def _sorted(rows: Rows) -> Iterable[Row]:
    return sorted(rows) if isinstance(rows, list) else rows
