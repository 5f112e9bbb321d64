"""The histories of an input, read once for one or more rule sets, each of which decides them as a replay would.

Reads files. Called by `simulation`, by `difference` and by `kittiwake.tune`. Events that some rule set needs are
gathered by contact; each rule set is then given those that it needs itself, and the changes of items that it gives to
contacts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from heapq import merge
from types import TracebackType
from typing import Final, Self

import msgspec

from kittiwake.batch.counts import Counts, merged
from kittiwake.batch.event_rows import Row, Subject
from kittiwake.batch.external_sort import Sorter
from kittiwake.batch.gathering import Gathering, Rows, size_of
from kittiwake.batch.items.local import LocalItems
from kittiwake.batch.oversized_contacts import decide_contact
from kittiwake.batch.replay import CONTACTS_PER_REPORT, HELD_BYTES, HELD_ITEM_BYTES, FileIntake, OnProgress, Progress
from kittiwake.batch.settings import RunSettings, end_of_run, stop_of
from kittiwake.batch.summary import Summary, summary_of
from kittiwake.input.bulk import Table
from kittiwake.input.files import ShapedFile
from kittiwake.model import Decision
from kittiwake.output.rows import Mode
from kittiwake.rules.compile.accounts import Plan, Programs
from kittiwake.simulate.needs import SharedNeeds
from kittiwake.simulate.sampling import Sample

_decoder: Final = msgspec.msgpack.Decoder(list[Row])


class Histories:
    """Everything that was read. To be used in a `with`."""

    def __init__(self, rule_sets: Sequence[Programs], sample: Sample, others: frozenset[str] = frozenset()) -> None:
        """`others`: types that are wanted beside those that the rules need."""
        self._needs = SharedNeeds(rule_sets, others)
        self._sample = sample
        self._open = ExitStack()
        self._contacts = self._open.enter_context(Gathering(HELD_BYTES))
        self.counts = Counts()
        """Of what was read, for all rule sets together."""
        self.sides = [Side(one, self._needs, self._open) for one in rule_sets]
        self._progress = Progress(0, 0, 0, 0, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def read(self, files: Sequence[ShapedFile], settings: RunSettings, on_progress: OnProgress) -> None:
        """Read files; what is no event is counted only.

        Raises:
            UnusableError: a file cannot be read to its end.
        """
        intake = FileIntake(files, settings, self._needs, self.counts)
        for taken in intake:
            table = self._sample.of(taken.table)
            self._contacts.add(table)
            for side in self.sides:
                side.add(taken.items, table)
            self._progress = intake.progress
            on_progress(self._progress)

    def by_contact(self, settings: RunSettings, on_progress: OnProgress) -> Iterator[tuple[Subject, Rows]]:
        """The contacts in the order of account and contact, each with all of its rows, for `Side.needed`.

        None if the run is to be stopped: too many records are no events. To be asked once. Of each contact the rows
        have to be used before the next is asked for.
        """
        if stop_of(settings, self.counts) is not None:
            return
        for side in self.sides:
            side.begin(settings, self.counts)
        total, done = self._contacts.contacts, 0
        progress = self._progress._replace(contacts_total=max(total, 1))
        for subject, rows in self._contacts.by_contact():
            if done % CONTACTS_PER_REPORT == 0:
                on_progress(progress._replace(contacts=done, contacts_total=max(total, done)))
            yield subject, rows
            done += 1
        on_progress(progress._replace(contacts=done, contacts_total=done))


class Side:
    """One of the rule sets that decide the histories."""

    def __init__(self, programs: Programs, needs: SharedNeeds, opened: ExitStack) -> None:
        self.programs = programs
        self.counts = Counts()
        """Of what was decided."""
        self.until_us = 0
        """Where its run ends."""
        self._needs = needs
        self._items = opened.enter_context(LocalItems(programs, HELD_ITEM_BYTES)) if programs.has_catalog else None
        self._changes = opened.enter_context(Gathering(HELD_BYTES // 4))
        self._coming: Iterator[tuple[Subject, Rows]] = iter(())
        self._next: tuple[Subject, Rows] | None = None
        self._is_used = False
        """Whether the changes of `_next` were handed out."""

    def add(self, items: Table, table: Table) -> None:
        """Keep events of items, and the interest that contacts show, if a rule needs them."""
        if self._items is not None:
            self._items.add(items, table)

    def begin(self, settings: RunSettings, read: Counts) -> None:
        """All is read: give contacts the changes of items that they need."""
        self.until_us = end_of_run(settings, read, self.programs.used.frozen_at_us)
        if self._items is not None:
            for table in self._items.item_changes(self.until_us, self.counts):
                self._changes.add(table)
        self._coming = self._changes.by_contact()
        self._next = next(self._coming, None)

    def needed(self, subject: Subject, rows: Rows) -> Rows:
        """Of a contact's rows those that this rule set needs, and the changes of items that it gives it."""
        own, changes = self._own(subject[0], self.programs.plan(subject[0]), rows), self._changes_of(subject)
        if changes is None:
            return own
        if isinstance(own, list) and isinstance(changes, list):
            return [*own, *changes]
        return merge(_sorted(own), _sorted(changes))

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

    def summary(self, settings: RunSettings, read: Counts) -> Summary:
        """As of a replay of the same files."""
        programs = self.programs
        return summary_of(Mode.REPLAY, programs.used, settings, merged([read, self.counts]), programs.needs())


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
