"""Events kept by the accelerator, by contact, until it decides them: of accounts whose rules are plain waits.

Called by `replay`. Whatever it is not sure of comes out as rows, in the order of contacts, and is decided as ever;
so are contacts of which an event was read by Python. Memory is bounded together with that of `gathering`: if both
are too much, everything goes there, and from there to disk.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple, TypeAlias

from kittiwake.batch.counts import Counts, Verdict, count_pending
from kittiwake.batch.event_rows import Subject
from kittiwake.batch.gathering import Gathering, Undecided
from kittiwake.batch.native.plans import waits_of
from kittiwake.input.bulk import Table, Wants
from kittiwake.input.native.blocks import Found, in_use
from kittiwake.kernel.evaluate.pending import Pending
from kittiwake.output.rows import Mode
from kittiwake.reasons import Kind, Outcome
from kittiwake.rules.compile.accounts import Plan, Programs

LINES_BYTES: Final = 256 * 1024
"""Bytes of rows of decisions that are made at once."""

ROWS_HANDED_OVER: Final = 10_000
"""Rows that are handed over at once: of one contact there may be more."""


class Lines(NamedTuple):
    """Contacts of which everything is decided, and counted."""

    fired: bytes
    """The rows of their decisions, all of which fired, as lines without the end of the last; empty: there are none."""
    contacts: int
    rows: int


Ordered: TypeAlias = Iterator[Lines | Undecided]


class KeptWaits:
    """The events of a run that the accelerator keeps."""

    def __init__(self, module: Any, programs: Programs, mode: Mode) -> None:
        """`module` is the accelerator."""
        self._module, self._programs = module, programs
        self._mode = mode
        self._waits: dict[int, Any] = {}
        self._gathered = module.Gathered(self._waits_of)
        self._read: Callable[[list[bytes], int, int, Wants], Found] = self._gathered.read_lines

    def read_lines(self, lines: list[bytes], earliest_us: int, latest_us: int, wants: Wants) -> Found:
        """As the accelerator's, which keeps what it can decide."""
        return self._read(lines, earliest_us, latest_us, wants)

    def take_zones(self) -> list[bytes]:
        """As `KeepsEvents` says."""
        zones: list[bytes] = self._gathered.take_zones()
        return zones

    @property
    def contacts(self) -> int:
        """How many contacts have events here."""
        return int(self._gathered.contacts)

    @property
    def rows(self) -> int:
        """How many events are kept."""
        return int(self._gathered.rows)

    def make_room(self, gathering: Gathering, held_bytes: int) -> None:
        """Hand everything over, for good, if both take more than `held_bytes`."""
        if self._gathered.bytes + gathering.bytes <= held_bytes:
            return
        while (table := Table(*self._gathered.drain(ROWS_HANDED_OVER))).types:
            gathering.add(table)
        self._gathered = self._module.Gathered(lambda _: None)
        self._read = self._module.read_lines

    def by_contact(self, gathering: Gathering, until_us: int, counts: Counts) -> Ordered:
        """All contacts in the order of account and contact, those of `gathering` too. To be asked once."""
        for subject, rows in gathering.by_contact():
            yield from self._decided(until_us, counts, subject)
            own = self._gathered.take(*subject)
            if own:
                assert isinstance(rows, list), "what is on disk is not kept here too"
                rows.extend(own)
            yield Undecided(subject, rows)
        yield from self._decided(until_us, counts, None)
        self._count(counts)

    def _decided(self, until_us: int, counts: Counts, before: Subject | None) -> Ordered:
        """What comes before a contact; None: all that is left."""
        while True:
            fired, contacts, rows, left = self._gathered.decide(until_us, LINES_BYTES, before)
            if contacts:
                counts.contacts += contacts
                yield Lines(fired, contacts, rows)
            if left is not None:
                account_id, contact_id, own = left
                yield Undecided((account_id, contact_id), own)
            elif not contacts:
                return

    def _count(self, counts: Counts) -> None:
        counts.duplicates += self._gathered.duplicates
        counts.unsettled += self._gathered.unsettled
        for account_id, index, fired, waiting, next_us in self._gathered.sums():
            rule_id = self._programs.plan(account_id).versions.newest.rules[index].rule_id
            if fired:
                _count_fired(counts, account_id, rule_id, fired)
            if waiting:
                count_pending(counts, account_id, {rule_id: Pending(waiting, next_us)})

    def _waits_of(self, account_id: str) -> Any:
        """What the accelerator knows of an account; accounts that share their rules share it."""
        plan: Plan = self._programs.plan(account_id)
        if plan.sweep_plan is None:
            return None
        key = id(plan.sweep_plan)
        if key not in self._waits:
            self._waits[key] = plan.sweep_plan, waits_of(self._module.Waits, plan, self._mode)
        return self._waits[key][1]


def _count_fired(counts: Counts, account_id: str, rule_id: str, number: int) -> None:
    verdict = Verdict(account_id, rule_id, str(Kind.FIRED), str(Outcome.FIRED), "")
    counts.verdicts[verdict] = counts.verdicts.get(verdict, 0) + number


def kept_waits(programs: Programs, mode: Mode) -> KeptWaits | None:
    """Where the accelerator may keep events of a run in which contacts start with nothing; None: nowhere."""
    module = in_use()
    if module is None or programs.refused or programs.feeds.types or programs.has_catalog:
        return None
    return KeptWaits(module, programs, mode)
