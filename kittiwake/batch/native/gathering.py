"""Events kept by the accelerator, by contact, until it decides them: of accounts whose rules it knows.

Called by `replay`, and by the job for each partition. Whatever it is not sure of comes out as rows, in the order of
contacts, and is decided as ever; so are contacts of which Python has read an event that is not kept. Memory is bounded
together with that of `gathering`: if both are too much, events wait on disk in runs (`runs`), by contact each, and are
decided as they are merged.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import starmap
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self, TypeAlias

from kittiwake.batch.counts import Counts, Verdict, count_pending
from kittiwake.batch.deciding.decider import Words, is_alike, new_decider
from kittiwake.batch.deciding.lines import lines_of
from kittiwake.batch.event_rows import Subject
from kittiwake.batch.gathering import ROWS_AT_ONCE, Gathering, Rows, Undecided
from kittiwake.input.bulk import Table
from kittiwake.input.native.blocks import KeepsEvents, in_use
from kittiwake.kernel.evaluate.pending import Pending
from kittiwake.kernel.plan.program import Program
from kittiwake.output.rows import Mode
from kittiwake.rules.compile.accounts import Programs

if TYPE_CHECKING:
    from kittiwake.batch.native.runs import Runs

LINES_BYTES: Final = 256 * 1024
"""Bytes of rows of decisions that are made at once."""

RUN_PART: Final = 4
"""A run has such a part of what may be held in memory: each has a frame in memory while they are merged."""


class Lines(NamedTuple):
    """Contacts of which everything is decided, and counted."""

    all: bytes
    """The rows of their decisions, as lines without the end of the last; empty: there are none."""
    fired: bytes
    """Those that fired."""
    contacts: int
    rows: int


Ordered: TypeAlias = Iterator[Lines | Undecided]


class DecidersOfAccounts:
    """What decides the contacts of accounts in the accelerator; accounts that share their rules share it."""

    def __init__(self, module: Any, programs: Programs, mode: Mode) -> None:
        """`module` is the accelerator."""
        self._module, self._programs, self._mode = module, programs, mode
        self._found: dict[int, tuple[Program, Any]] = {}

    def __call__(self, account_id: str) -> tuple[Any, int] | None:
        """What decides the contacts of an account, and bytes of an update that have room for sure."""
        plan = self._programs.plan(account_id)
        if plan.changing or plan.catalog is not None or len(plan.versions.programs) != 1:
            return None
        (program,) = plan.versions.programs
        known, decider = self._found.get(id(program.routes), (None, None))
        if known is None or not is_alike(known, program):
            lines = lines_of(program, self._mode)
            decider = None if lines is None else new_decider(program, self._module, lines)
            self._found[id(program.routes)] = program, decider
        return None if decider is None else (decider, program.limits.attribute_bytes)


class KeptEvents:
    """The events of a run that the accelerator keeps, some in memory and the others on disk. To be used in a `with`."""

    def __init__(self, module: Any, programs: Programs, deciders: DecidersOfAccounts, held_bytes: int) -> None:
        """`module` is the accelerator, `deciders` are for contacts of the accounts of `programs`."""
        self._module, self._programs, self._deciders = module, programs, deciders
        self._held_bytes = held_bytes
        self._gathered = module.Gathered(deciders, ROWS_AT_ONCE)
        self.keeping: KeepsEvents = self._gathered
        """What reads, and keeps here what it can decide."""
        self._runs: Runs | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._runs is not None:
            self._runs.close()

    def add(self, table: Table) -> Table:
        """Keep those of the events that Python has read which can be decided here; the others are returned."""
        left: list[int] = self._gathered.keep_of(table)
        if len(left) == len(table.types):
            return table
        columns: list[list[Any]] = [[column[at] for at in left] for column in table]
        return Table(*columns)

    def fresh(self) -> KeptEvents:
        """Another, which knows the same of accounts and keeps nothing yet."""
        return KeptEvents(self._module, self._programs, self._deciders, self._held_bytes)

    def read_batch(self, batch: bytes) -> Table:
        """The events of a decompressed record batch, but for those that are kept."""
        return Table(*self._gathered.read_batch(batch))

    def contacts(self, gathering: Gathering) -> int:
        """How many contacts have events here or in `gathering`; 0 if some are on disk, where they are not counted."""
        if self._runs is not None or (gathering.rows and not gathering.contacts):
            return 0
        return int(self._gathered.contacts) + gathering.contacts

    @property
    def rows(self) -> int:
        """How many events are kept."""
        return int(self._gathered.rows)

    def make_room(self, gathering: Gathering) -> None:
        """Let events wait on disk if those here and of `gathering` take more memory than they may.

        Those here, unless that would make a run of little: then those of `gathering` take the most.
        """
        if self._gathered.bytes + gathering.bytes <= self._held_bytes:
            return
        if self._gathered.bytes < max(self._held_bytes // RUN_PART, 1):
            gathering.spill()
        else:
            self._spill()

    def by_contact(self, gathering: Gathering, until_us: int, counts: Counts) -> Ordered:
        """All contacts in the order of account and contact, those of `gathering` too. To be asked once."""
        if self._runs is not None:
            self._spill()
            self._gathered.merge(self._runs.number, self._runs.read)
        for subject, rows in gathering.by_contact():
            yield from self._decided(until_us, counts, subject)
            yield from self._whole(subject, rows)
        yield from self._decided(until_us, counts, None)
        self._count(counts)

    def _spill(self) -> None:
        """Write all that is here in memory as one more run."""
        if self._runs is None:
            from kittiwake.batch.native.runs import Runs  # noqa: PLC0415 - 10 ms, for large inputs only

            self._runs = Runs()
        self._runs.write(self._gathered.spill)

    def _whole(self, subject: Subject, rows: Rows) -> Iterator[Undecided]:
        """A contact that is to be decided, with rows that are still here."""
        own = self._gathered.take(*subject)
        if not own:
            yield Undecided(subject, rows)
            return
        with Gathering(self._held_bytes) as united:
            united.add_rows(subject, rows)
            while own:
                united.add_rows(subject, own)
                own = self._gathered.take(*subject)
            yield from starmap(Undecided, united.by_contact())

    def _decided(self, until_us: int, counts: Counts, before: Subject | None) -> Ordered:
        """What comes before a contact; None: all that is left."""
        while True:
            all_, fired, contacts, rows, left = self._gathered.decide(until_us, LINES_BYTES, before)
            if contacts:
                counts.contacts += contacts
                yield Lines(all_, fired, contacts, rows)
            if left is not None:
                account_id, contact_id, own = left
                yield from self._whole((account_id, contact_id), own)
            elif not contacts:
                return

    def _count(self, counts: Counts) -> None:
        counts.duplicates += self._gathered.duplicates
        counts.unsettled += self._gathered.unsettled
        for account_id, verdicts, pending in self._gathered.sums():
            rules = self._programs.plan(account_id).versions.newest.rules
            for index, kind, outcome, reason, number in verdicts:
                said = _WORDS.kinds[kind], _WORDS.outcomes[outcome], "" if reason is None else _WORDS.reasons[reason]
                verdict = Verdict(account_id, rules[index].rule_id, *map(str, said))
                counts.verdicts[verdict] = counts.verdicts.get(verdict, 0) + number
            for index, waiting, next_us in pending:
                count_pending(counts, account_id, {rules[index].rule_id: Pending(waiting, next_us)})


_WORDS: Final = Words()


def module_for(programs: Programs) -> Any:
    """The accelerator, where it may keep the events of a run; None: it may not."""
    return None if programs.refused or programs.feeds.types or programs.has_catalog else in_use()


def kept_events(programs: Programs, mode: Mode, held_bytes: int) -> KeptEvents | None:
    """Where the accelerator may keep events of a run in which contacts start with nothing; None: nowhere.

    About `held_bytes` are in memory, of those that Python keeps beside it too.
    """
    module = module_for(programs)
    if module is None:
        return None
    return KeptEvents(module, programs, DecidersOfAccounts(module, programs, mode), held_bytes)
