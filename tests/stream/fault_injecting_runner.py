"""A runner of one step: keeps value states, bag states, timers and outputs, and commits a bundle whole or not at all.

It runs the real `DoFn` of `kittiwake.transforms.stream.evaluate`, and is as adversarial as Beam may be: timers fire in
any order, again after they have fired, for times to which they are set no more, and before the watermark has reached
them. A bundle can be made to die before any of its steps: every read, write, timer and output is one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from apache_beam.pvalue import TaggedOutput
from apache_beam.utils.timestamp import Timestamp

from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.stream.records import (
    DeadLetterRecord,
    DecisionRecord,
    LateEventRecord,
    dead_letter_of,
    decision_of,
    late_event_of,
)
from kittiwake.stream.rules_source.view import RulesSource
from kittiwake.transforms.stream.evaluate import EvaluateDoFn

BEFORE_ALL_US = -(2**60)


class Timer(NamedTuple):
    key: bytes
    family: str
    tag: str
    at_us: int


@dataclass
class Kept:
    """What is kept of a key."""

    cell: bytes | None = None
    bag: list[bytes] = field(default_factory=list)
    timers: dict[tuple[str, str], int] = field(default_factory=dict)


class DiedError(Exception):
    """The process is gone."""


@dataclass
class Steps:
    """Counts the steps of a bundle, and dies before one of them."""

    taken: int = 0
    dies_before: int | None = None

    def step(self) -> None:
        if self.taken == self.dies_before:
            raise DiedError
        self.taken += 1


class _Cell(NamedTuple):
    kept: Kept
    steps: Steps

    def read(self) -> bytes | None:
        self.steps.step()
        return self.kept.cell

    def write(self, data: bytes) -> None:
        self.steps.step()
        self.kept.cell = data

    def clear(self) -> None:
        self.steps.step()
        self.kept.cell = None


class _Bag(NamedTuple):
    kept: Kept
    steps: Steps
    reads: list[int]

    def read(self) -> list[bytes]:
        self.steps.step()
        self.reads.append(len(self.kept.bag))
        return [*self.kept.bag]

    def add(self, value: bytes) -> None:
        self.steps.step()
        self.kept.bag.append(value)

    def clear(self) -> None:
        self.steps.step()
        self.kept.bag.clear()


class _Timers(NamedTuple):
    kept: Kept
    family: str
    steps: Steps

    def set(self, at: Timestamp, dynamic_timer_tag: str = "") -> None:
        self.steps.step()
        assert at.micros % 1_000 == 0, "timers are whole milliseconds"
        self.kept.timers[self.family, dynamic_timer_tag] = at.micros


class Bundle(NamedTuple):
    """What a bundle is to do: elements first, then timers, in this order."""

    elements: Sequence[tuple[bytes, bytes]] = ()
    timers: Sequence[Timer] = ()


class _Done(NamedTuple):
    """What a bundle has done, not committed yet."""

    work: dict[bytes, Kept]
    outputs: list[bytes | TaggedOutput]
    reads: list[int]
    steps: Steps


class FaultInjectingRunner:
    """All keys of a job: what is kept of each, and what came out."""

    def __init__(
        self,
        rules: RulesSource,
        waits: TimerSettings,
        clock: Callable[[], int],
        shape: InputShape = CANONICAL,
        max_age_us: int | None = None,
        *,
        lasting: bool = True,
    ) -> None:
        self.kept: dict[bytes, Kept] = {}
        self.emitted: list[DecisionRecord] = []
        self.late: list[LateEventRecord] = []
        self.dead: list[DeadLetterRecord] = []
        self.watermark_us = BEFORE_ALL_US
        self.reads: list[int] = []
        """How many elements each reading of a bag has brought."""
        self.bundles = 0
        self.firings: Counter[bytes] = Counter()
        """How often a timer of a key has fired."""
        self.given: list[tuple[bytes, bytes]] = []
        """All elements, duplicates too."""
        self._new = lambda: EvaluateDoFn(rules, waits, shape, max_age_us, clock)
        self._dofn = self._new()
        self._lasting = lasting

    def tasks(self, upto_us: int | None = None) -> list[Timer]:
        """The timers that the watermark, or another time, has reached."""
        reached_us = self.watermark_us if upto_us is None else upto_us
        return [
            Timer(key, family, tag, at_us)
            for key, kept in self.kept.items()
            for (family, tag), at_us in kept.timers.items()
            if at_us <= reached_us
        ]

    def run(self, bundle: Bundle, dies_before: int | None = None) -> None:
        """One bundle. If it dies nothing has happened.

        Raises:
            DiedError: as it was asked to.
        """
        done = self._done(bundle, Steps(dies_before=dies_before))
        self.kept |= done.work
        self.reads += done.reads
        self.bundles += 1
        self.firings.update(timer.key for timer in bundle.timers)
        self.given += bundle.elements
        self._write(done.outputs)

    def _done(self, bundle: Bundle, steps: Steps) -> _Done:
        if not self._lasting:
            self._dofn = self._new()
        work: dict[bytes, Kept] = {}
        outputs: list[bytes | TaggedOutput] = []
        reads: list[int] = []

        def kept(key: bytes) -> Kept:
            if key not in work:
                had = self.kept.get(key, Kept())
                work[key] = replace(had, bag=[*had.bag], timers=dict(had.timers))
            return work[key]

        self._dofn.start_bundle()
        for key, value in bundle.elements:
            one = kept(key)
            self._dofn.process((key, value), _Bag(one, steps, reads), _Timers(one, "slot", steps))
        for timer in bundle.timers:
            one = kept(timer.key)
            if one.timers.get((timer.family, timer.tag)) == timer.at_us:
                del one.timers[timer.family, timer.tag]
            found = self._dofn.at_timer(
                timer.key,
                Timestamp(micros=timer.at_us),
                _Cell(one, steps),
                _Bag(one, steps, reads),
                _Timers(one, "slot", steps),
                _Timers(one, "wake", steps),
            )
            for output in found:
                steps.step()
                outputs.append(output)
        return _Done(work, outputs, reads, steps)

    def restart(self) -> None:
        """Another process takes over, and knows nothing but what is kept."""
        self._dofn = self._new()

    def steps_of(self, bundle: Bundle) -> int:
        """How many steps a bundle takes; nothing happens."""
        return self._done(bundle, Steps()).steps.taken

    def rest(self, rounds: int = 10_000) -> None:
        """Fire what is due, the earliest first, until nothing is."""
        for _ in range(rounds):
            due = sorted(self.tasks(), key=lambda timer: timer.at_us)
            if not due:
                return
            for timer in due:
                self.run(Bundle(timers=[timer]))
        raise AssertionError("the host goes round in circles")

    def _write(self, outputs: Iterable[bytes | TaggedOutput]) -> None:
        for output in outputs:
            if isinstance(output, bytes):
                self.emitted.append(decision_of(output))
            elif output.tag == "late_events":
                self.late.append(late_event_of(output.value))
            else:
                self.dead.append(dead_letter_of(output.value))
