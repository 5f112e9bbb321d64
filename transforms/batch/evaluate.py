"""Step: from a partition's record batches to the final decisions of its contacts, one after the other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import starmap
from typing import Final, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import AsSingleton, PCollection, TaggedOutput

from kittiwake.batch.counts import Counts
from kittiwake.batch.feeds.covered import Covered
from kittiwake.batch.feeds.late import with_feeds
from kittiwake.batch.gathering import Undecided
from kittiwake.batch.native.gathering import KeptEvents, Lines, kept_events
from kittiwake.batch.oversized_contacts import decide_contact
from kittiwake.batch.partitions import HELD_BYTES, contacts_of, contacts_with_states, decided_and_left
from kittiwake.batch.settings import RunSettings, end_of_run, stop_of
from kittiwake.batch.starts.merge import sound_state
from kittiwake.kernel.state.state import State
from kittiwake.output.rows import Mode, decision_line
from kittiwake.output.snapshots import snapshot_line
from kittiwake.reasons import Outcome
from kittiwake.rules.compile.accounts import Programs
from kittiwake.transforms.batch.counts import COUNTS, CountingDoFn
from kittiwake.transforms.batch.progress import PROGRESS

_TRIGGERS: Final = "triggers"
_SNAPSHOTS: Final = "snapshots"

LINES_AN_ELEMENT: Final = 200
"""Lines of output that travel as one element, some 100 KB: an element costs as much as making a line."""


class DecidedHistories(NamedTuple):
    """The output: lines of JSON, several an element, and counts."""

    decisions: PCollection[bytes]
    triggers: PCollection[bytes]
    """Those of the decisions that fired."""
    snapshots: PCollection[bytes] | None
    """The states of contacts, if the run was asked for them."""
    counts: PCollection[Counts]


@dataclass(eq=False)
class EvaluateHistories(beam.PTransform):
    """Decides the whole history of every contact, once all of the input has been counted."""

    programs: Programs
    settings: RunSettings
    mode: Mode
    intake: PCollection[Counts]
    """The counts of the input, one element: by them the run ends at a time, or decides nothing at all."""
    held_bytes: int = HELD_BYTES
    """Bytes of rows that are held in memory; a larger partition is sorted on disk."""
    states: PCollection[tuple[int, bytes]] | None = None
    """Partitions of contacts, and the states that these start from (`start_state`); None: they start with nothing."""

    def expand(self, record_batches: PCollection[tuple[int, bytes]]) -> DecidedHistories:
        """Every contact's events meet on one worker, in no order."""
        types = {_TRIGGERS: bytes, _SNAPSHOTS: bytes, COUNTS: Counts}
        kind = DecideDoFn if self.states is None else _DecideFrom
        evaluate = kind(self.programs, self.settings, self.mode, self.held_bytes)
        if self.states is not None:
            record_batches = (record_batches, self.states) | "WithStates" >> beam.Flatten()
        step = beam.ParDo(evaluate, AsSingleton(self.intake)).with_output_types(bytes, **types)
        tags = [_TRIGGERS, COUNTS, *([_SNAPSHOTS] if self.settings.snapshots else [])]
        decided = (
            record_batches
            | "GroupByContact" >> beam.GroupByKey()
            | "Evaluate" >> step.with_outputs(*tags, main="decisions")
        )
        snapshots = decided[_SNAPSHOTS] if self.settings.snapshots else None
        return DecidedHistories(decided["decisions"], decided[_TRIGGERS], snapshots, decided[COUNTS])


class DecideDoFn(CountingDoFn):
    """Decides a partition as one element; counts what it decides."""

    def __init__(self, programs: Programs, settings: RunSettings, mode: Mode, held_bytes: int) -> None:
        """As `EvaluateHistories`."""
        super().__init__()
        self._programs, self._settings, self._mode = programs, settings, mode
        self._held_bytes = held_bytes
        self._known: Counts | None = None
        """The counts whose feeds are known."""
        self._kept: KeptEvents | None = None

    def setup(self) -> None:
        """See what is installed on this worker."""
        self._kept = None if self._settings.snapshots else kept_events(self._programs, self._mode, self._held_bytes)

    def process(self, element: tuple[int, Iterable[bytes]], intake: Counts) -> Iterator[bytes | TaggedOutput]:
        """The lines of a partition's decisions; none if the intake has stopped the run."""
        if stop_of(self._settings, intake) is not None:
            return
        until_us = end_of_run(self._settings, intake, self._programs.used.frozen_at_us)
        self._note_silences(intake)
        already = self.counts.contacts
        decisions: list[bytes] = []
        triggers: list[bytes] = []
        for found in self._contacts(element[1], until_us):
            if isinstance(found, Lines):
                yield from _joined(decisions, triggers)
                yield from _written(found)
                continue
            snapshots: list[bytes] = []
            for line, fired in self._lines(found, until_us, snapshots):
                decisions.append(line)
                if fired:
                    triggers.append(line)
                if len(decisions) >= LINES_AN_ELEMENT:
                    yield from _joined(decisions, triggers)
            yield from (TaggedOutput(_SNAPSHOTS, line) for line in snapshots)
        yield from _joined(decisions, triggers)
        PROGRESS.decided(self.counts.contacts - already)

    def _lines(self, contact: Undecided, until_us: int, snapshots: list[bytes]) -> Iterator[tuple[bytes, bool]]:
        """The lines of a contact, and whether each fired; its snapshot is appended to `snapshots`."""
        (account_id, contact_id), rows, start = contact
        plan, counts, held = self._programs.plan(account_id), self.counts, self._held_bytes

        def keep(state: State) -> None:
            line = snapshot_line(plan.versions, state)
            snapshots.extend([] if line is None else [line])

        kept = keep if self._settings.snapshots else None
        for decision in decide_contact(plan, contact_id, rows, until_us, counts, held, kept, start):
            yield decision_line(decision, self._mode), decision.decision is Outcome.FIRED

    def _note_silences(self, intake: Counts) -> None:
        """What all of the input says of feeds; the same for every partition."""
        if intake.feeds and self._known is not intake:
            self._known = intake
            self._programs = with_feeds(self._programs, intake.feeds, self._at_start(intake))

    def _at_start(self, intake: Counts) -> Covered | None:
        """What of it is known from an earlier run; None: there is none."""
        return None

    def _contacts(self, batches: Iterable[bytes], until_us: int) -> Iterator[Lines | Undecided]:
        """The contacts of a partition, or what the accelerator has decided of some."""
        if self._kept is None:
            return starmap(Undecided, contacts_of(batches, self._held_bytes))
        return decided_and_left(batches, self._kept.fresh(), until_us, self.counts, self._held_bytes)


class _DecideFrom(DecideDoFn):
    """Of a run whose contacts start where an earlier one has left them."""

    def _at_start(self, intake: Counts) -> Covered | None:
        return intake.feeds_before

    def _contacts(self, batches: Iterable[bytes], until_us: int) -> Iterator[Lines | Undecided]:
        for subject, rows, state in contacts_with_states(batches, self._held_bytes):
            if subject[0] not in self._programs.refused:
                yield Undecided(subject, rows, None if state is None else sound_state(state))


def _written(lines: Lines) -> Iterator[bytes | TaggedOutput]:
    """What the accelerator has written, as elements."""
    if lines.all:
        yield lines.all
    if lines.fired:
        yield TaggedOutput(_TRIGGERS, lines.fired)


def _joined(decisions: list[bytes], triggers: list[bytes]) -> Iterator[bytes | TaggedOutput]:
    """The lines so far as elements; the lists are emptied."""
    if decisions:
        yield b"\n".join(decisions)
    if triggers:
        yield TaggedOutput(_TRIGGERS, b"\n".join(triggers))
    decisions.clear()
    triggers.clear()
