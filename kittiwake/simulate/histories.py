"""The histories of an input, read once for one or more rule sets, each of which decides them as a replay would.

Reads files. Called by `deciding`. Events that some rule set needs are gathered by contact; each rule set is then given
those that it needs itself, and the changes of items that it gives to contacts (`sides`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from kittiwake.batch.counts import Counts
from kittiwake.batch.event_rows import Subject
from kittiwake.batch.gathering import Gathering, Rows
from kittiwake.batch.items.local import LocalItems
from kittiwake.batch.replay import HELD_BYTES, HELD_ITEM_BYTES, FileIntake
from kittiwake.batch.settings import RunSettings, stop_of
from kittiwake.batch.workers.progress import ContactsSeen, OnProgress, Progress
from kittiwake.input.files import ShapedFile
from kittiwake.simulate.needs import SharedNeeds
from kittiwake.simulate.sides import Side
from kittiwake.simulate.study import AnyStudy, begin


class Histories:
    """Everything that was read. To be used in a `with`."""

    def __init__(self, study: AnyStudy) -> None:
        self._study = study
        self._needs = SharedNeeds(study.rule_sets, study.others)
        self._open = ExitStack()
        self._contacts = self._open.enter_context(Gathering(HELD_BYTES))
        self.counts = Counts()
        """Of what was read, for all rule sets together."""
        self.sides = [Side(one, self._needs) for one in study.rule_sets]
        self._items = [
            self._open.enter_context(LocalItems(one, HELD_ITEM_BYTES)) if one.has_catalog else None
            for one in study.rule_sets
        ]
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
            table = self._study.sample.of(taken.table)
            self._contacts.add(table)
            for items in self._items:
                if items is not None:
                    items.add(taken.items, table)
            self._progress = intake.progress
            on_progress(self._progress)

    def by_contact(self, settings: RunSettings, on_progress: OnProgress) -> Iterator[tuple[Subject, Rows]]:
        """The contacts in the order of account and contact, each with all of its rows, for `Side.needed`.

        None if the run is to be stopped: too many records are no events. To be asked once. Of each contact the rows
        have to be used before the next is asked for.
        """
        begin(self.sides, self._study, settings, self.counts)
        if stop_of(settings, self.counts) is not None:
            return
        for side, items in zip(self.sides, self._items, strict=True):
            if items is not None:
                side.give(self._changes(side, items))
        seen = ContactsSeen(on_progress, self._progress, self._contacts.contacts, self._contacts.rows)
        for subject, rows in self._contacts.by_contact():
            yield subject, rows
            seen.add(rows)
        seen.end()

    def _changes(self, side: Side, items: LocalItems) -> Gathering:
        changes = self._open.enter_context(Gathering(HELD_BYTES // 4))
        for table in items.item_changes(side.until_us, side.counts):
            changes.add(table)
        return changes
