"""Step: a contact's events to its final decisions. Group, sort, advance once; the kernel decides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, NamedTuple

import apache_beam as beam
from apache_beam.pvalue import AsSingleton, PCollection, TaggedOutput

from kittiwake.reasons import Outcome
from kittiwake.replay.contacts import settle, unpack_event, unpack_subject
from kittiwake.replay.counts import Counts, add
from kittiwake.replay.programs import Programs
from kittiwake.replay.rows import Mode, decision_line
from kittiwake.replay.settings import RunSettings, end_of_run, stop_of
from transforms.counting import COUNTS, CountingDoFn
from transforms.progress import SEEN

_TRIGGERS: Final = "triggers"


class Decided(NamedTuple):
    """What comes of deciding: lines of output, and counts."""

    decisions: PCollection[bytes]
    triggers: PCollection[bytes]
    """Those of the decisions that fired."""
    counts: PCollection[Counts]


@dataclass(eq=False)
class SettleContacts(beam.PTransform):
    """Decides everything of every contact, once all of the input has been counted."""

    programs: Programs
    settings: RunSettings
    mode: Mode
    intake: PCollection[Counts]
    """What was read, in one element: it says where the run ends, and whether it may decide at all."""

    def expand(self, events: PCollection[tuple[bytes, bytes]]) -> Decided:
        """Every contact's events meet on one worker, in no order."""
        types = {_TRIGGERS: bytes, COUNTS: Counts}
        settle_each = _Settle(self.programs, self.settings, self.mode)
        step = beam.ParDo(settle_each, AsSingleton(self.intake)).with_output_types(bytes, **types)
        decided = (
            events
            | "GroupByContact" >> beam.GroupByKey()
            | "Settle" >> step.with_outputs(_TRIGGERS, COUNTS, main="decisions")
        )
        return Decided(decided["decisions"], decided[_TRIGGERS], decided[COUNTS])


class _Settle(CountingDoFn):
    def __init__(self, programs: Programs, settings: RunSettings, mode: Mode) -> None:
        super().__init__()
        self._programs, self._settings, self._mode = programs, settings, mode

    def process(self, element: tuple[bytes, Iterable[bytes]], intake: Counts) -> Iterator[bytes | TaggedOutput]:
        if stop_of(self._settings, intake) is not None:
            return
        key, packed = element
        subject = unpack_subject(key)
        program = self._programs.of(subject.account_id)
        events = [unpack_event(subject, one) for one in packed]
        settled = settle(program, subject.contact_id, events, end_of_run(self._settings, intake))
        add(self.counts, settled.counts)
        SEEN.contacts += 1
        for decision in settled.decisions:
            line = decision_line(decision, program, self._mode)
            yield line
            if decision.decision is Outcome.FIRED:
                yield TaggedOutput(_TRIGGERS, line)
