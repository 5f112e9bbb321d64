"""A study shared by several processes: each reads parts of the files, then decides some of the contacts.

Starts processes. Called by `deciding`. What is read goes by contact into partitions, which wait on disk as record
batches, as in the batch job; what catalogue rules need of it, by item. When all is read, items are joined, which gives
changes of theirs to partitions of contacts. Then each partition is decided by one process, which counts its contacts;
what the processes have counted is added up. All of it is the same whatever their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from functools import partial, reduce
from tempfile import TemporaryFile
from typing import Any, Final, NamedTuple, TypeAlias, TypeVar

from kittiwake.batch.counts import Counts, merged
from kittiwake.batch.gathering import Gathering
from kittiwake.batch.gc_pause import gc_paused
from kittiwake.batch.intake import Intake
from kittiwake.batch.items.join import bytes_of_changes, joined
from kittiwake.batch.items.rows import InterestRows, ItemRow, rows_of_items
from kittiwake.batch.partitions import HELD_BYTES, contacts_of, items_of
from kittiwake.batch.record_batches import BATCH_BYTES, Batcher, RecordBatcher, partitions_for, read_batch
from kittiwake.batch.settings import RunSettings, stop_of
from kittiwake.batch.workers.parts import Part, blocks_of_part, parts_of
from kittiwake.batch.workers.pool import Pool, Report
from kittiwake.batch.workers.progress import CONTACTS_PER_REPORT, ContactsSeen, OnProgress, Progress, rows_seen
from kittiwake.batch.workers.spill import Piece, Spill
from kittiwake.input.bulk import Table
from kittiwake.input.errors import shown
from kittiwake.input.files import ShapedFile
from kittiwake.rules.compile.accounts import Programs
from kittiwake.simulate.needs import SharedNeeds
from kittiwake.simulate.sides import Side
from kittiwake.simulate.study import AnyStudy, Counter, Found, Study, begin

PARTITIONS_MAX: Final = 512
"""From 8 GB of input on partitions grow instead, up to what is sorted on disk: each costs an entry for every batch."""

ALL_SIDES: Final = -1
"""In place of a rule set: what all of them are given."""

F = TypeVar("F", bound=Found)


def shared(
    study: Study[F], files: Sequence[ShapedFile], settings: RunSettings, on_progress: OnProgress, workers: int
) -> tuple[F, Counts, list[Counts]]:
    """What is found, what was read, and what each rule set has decided, by so many processes.

    Raises:
        UnusableError: a file cannot be read to its end, or there is no room for what was read.
        WorkerDiedError: a process has ended.
    """
    parts = parts_of(files, settings, workers)
    bytes_total = sum({part.path: part.size for part in parts}.values())
    partitions = min(partitions_for(bytes_total), PARTITIONS_MAX)
    with ExitStack() as opened:
        handles = [opened.enter_context(TemporaryFile(prefix="kittiwake-")).fileno() for _ in range(workers)]
        make = partial(_Sharer, study, settings, handles, partitions)
        pool = opened.enter_context(Pool(make, workers, handles))
        reading = _Reading(on_progress, bytes_total)
        taken = list(pool.results(map(_Take, parts), reading.add))
        read = merged(one.counts for one in taken)
        pool.each(_Begin(read))
        if stop_of(settings, read) is None:
            seen = ContactsSeen(on_progress, reading.progress, 0, sum(one.rows for one in taken))
            items = _by_partition(one.items for one in taken)
            changes = _by_partition(pool.results([_Join(*one) for one in items.items()], lambda _: None))
            contacts = _by_partition(one.pieces for one in taken)
            tasks = [_Decide(pieces, _of_sides(changes, key, study)) for key, pieces in contacts.items()]
            tasks.sort(key=lambda one: -sum(piece.size for piece in one.pieces))
            for _ in pool.results(tasks, lambda report: seen.add_some(*report)):
                pass
            seen.end()
        found = [_Counted(*one) for one in pool.each(_Finish())]
    sides = [merged(some) for some in zip(*(one.sides for one in found), strict=True)]
    return reduce(_joined, (one.found for one in found)), read, sides


def _joined(total: F, more: F) -> F:
    total.add_all(more)
    return total


class _Key(NamedTuple):
    """Whose pieces some are."""

    partition: int
    side: int = ALL_SIDES


_Keyed: TypeAlias = list[tuple[_Key, Piece]]


def _by_partition(keyed: Iterable[_Keyed]) -> dict[_Key, list[Piece]]:
    found: dict[_Key, list[Piece]] = {}
    for some in keyed:
        for key, piece in some:
            found.setdefault(key, []).append(piece)
    return found


def _of_sides(changes: dict[_Key, list[Piece]], key: _Key, study: AnyStudy) -> list[list[Piece]]:
    """The changes of items for the contacts of a partition, for each rule set."""
    return [changes.get(_Key(key.partition, side), []) for side in range(len(study.rule_sets))]


# ---------------------------------------------------------------- tasks


class _Take(NamedTuple):
    """Read a part."""

    part: Part


class _Taken(NamedTuple):
    """What came of it."""

    counts: Counts
    rows: int
    pieces: _Keyed
    """Of contacts."""
    items: _Keyed
    """Of items, and the interest in them."""


class _Begin(NamedTuple):
    """All is read."""

    read: Counts


class _Join(NamedTuple):
    """Join the items of a partition."""

    key: _Key
    pieces: list[Piece]


class _Decide(NamedTuple):
    """Decide the contacts of a partition."""

    pieces: list[Piece]
    changes: list[list[Piece]]
    """Of items, for each rule set."""


class _Finish(NamedTuple):
    """All is decided."""


class _Counted(NamedTuple):
    """What a process has counted."""

    found: Any
    sides: list[Counts]


class _Sharer:
    """What one of the processes does."""

    def __init__(
        self, study: AnyStudy, settings: RunSettings, handles: Sequence[int], partitions: int, own: int
    ) -> None:
        self._study, self._settings, self._partitions = study, settings, partitions
        self._spill = Spill(handles, own, ", or take fewer contacts with --sample")
        self._needs = SharedNeeds(study.rule_sets, study.others)
        self._sides: list[Side] = []
        self._counter: Counter[Found]

    def do(self, task: Any, report: Report) -> Any:
        """The result of a task."""
        with gc_paused():
            match task:
                case _Take():
                    return self._take(task.part, report)
                case _Begin():
                    self._begin(task.read)
                case _Join():
                    return self._join(*task)
                case _Decide():
                    self._decide(task, report)
                case _Finish():
                    self._counter.finish()
                    return _Counted(self._counter.found, [side.counts for side in self._sides])
        return None

    def _take(self, part: Part, report: Report) -> _Taken:
        taken = _Taken(Counts(), 0, [], [])
        intake = Intake(self._settings, self._needs, taken.counts)
        batchers = _Batchers(self._study.rule_sets, self._partitions, self._spill)
        label, rows, records, unseen = shown(part.name), 0, 0, [0]

        def note(size: int) -> None:
            unseen[0] += size

        for block in blocks_of_part(part, self._settings, taken.counts, note):
            found = intake.take(label, block, part.shape)
            table = self._study.sample.of(found.table)
            rows += len(table.types)
            batchers.add(table, found.items)
            if intake.bytes_taken >= BATCH_BYTES:
                batchers.put(taken)
                intake.bytes_taken = 0
            report((unseen[0], taken.counts.records - records))
            records, unseen[0] = taken.counts.records, 0
        batchers.put(taken)
        return taken._replace(rows=rows)

    def _begin(self, read: Counts) -> None:
        self._sides = [Side(one, self._needs) for one in self._study.rule_sets]
        begin(self._sides, self._study, self._settings, read)
        self._counter = self._study.counter(self._sides)

    def _join(self, key: _Key, pieces: Iterable[Piece]) -> _Keyed:
        side, batcher, found, size = self._sides[key.side], RecordBatcher(self._partitions), list[Any](), 0
        rows = items_of(map(self._spill.read, pieces), HELD_BYTES)
        for table in joined(side.programs, rows, side.until_us, side.counts):
            batcher.add(table)
            size += bytes_of_changes(table)
            if size >= BATCH_BYTES:
                found += self._spilled(batcher, key.side)
                size = 0
        return found + self._spilled(batcher, key.side)

    def _spilled(self, batcher: RecordBatcher, side: int) -> _Keyed:
        return [(_Key(partition, side), self._spill.put(batch)) for partition, batch in batcher.batches()]

    def _decide(self, task: _Decide, report: Report) -> None:
        contacts = rows_done = 0
        with ExitStack() as opened:
            for side, pieces in zip(self._sides, task.changes, strict=True):
                if side.programs.has_catalog:
                    changes = opened.enter_context(Gathering(HELD_BYTES // 4))
                    for piece in pieces:
                        changes.add(read_batch(self._spill.read(piece)))
                    side.give(changes)
            for subject, rows in contacts_of(map(self._spill.read, task.pieces), HELD_BYTES):
                rows_done += rows_seen(rows)
                self._counter.add(subject, rows)
                contacts += 1
                if contacts == CONTACTS_PER_REPORT:
                    report((contacts, rows_done))
                    contacts = rows_done = 0
        report((contacts, rows_done))


class _Batchers:
    """What a process has read of a part, on its way to partitions."""

    def __init__(self, rule_sets: Sequence[Programs], partitions: int, spill: Spill) -> None:
        self._spill = spill
        self._contacts = RecordBatcher(partitions)
        self._items = {
            side: (Batcher[ItemRow](partitions), InterestRows(one))
            for side, one in enumerate(rule_sets)
            if one.has_catalog
        }

    def add(self, table: Table, items: Table) -> None:
        """Take the events of a block, those of contacts and those of items."""
        self._contacts.add(table)
        for batcher, interest in self._items.values():
            batcher.put(rows_of_items(items))
            batcher.put(interest.of(table))

    def put(self, taken: _Taken) -> None:
        """Let everything wait on disk."""
        taken.pieces.extend((_Key(partition), self._spill.put(one)) for partition, one in self._contacts.batches())
        for side, (batcher, _) in self._items.items():
            taken.items.extend((_Key(partition, side), self._spill.put(one)) for partition, one in batcher.batches())


# ---------------------------------------------------------------- how far it has come


class _Reading:
    """How far all processes together have come in reading."""

    def __init__(self, on_progress: OnProgress, bytes_total: int) -> None:
        self._on_progress = on_progress
        self.progress = Progress(0, bytes_total, 0, 0, 0)

    def add(self, report: tuple[int, int]) -> None:
        """Bytes and records more were read."""
        size, records = report
        known = self.progress
        self.progress = known._replace(bytes_read=known.bytes_read + size, records=known.records + records)
        self._on_progress(self.progress)
