"""Run a world: take its steps one by one, check after each, and compare with the truth whenever the host rests."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple, TypeAlias

from kittiwake.time.instants import BEFORE_ALL_US, format_instant
from tests.simulation.engine.check_events import Arrivals
from tests.simulation.engine.check_gates import gates_hold
from tests.simulation.engine.check_rows import Book
from tests.simulation.engine.check_state import Watch
from tests.simulation.engine.machines import Call, Machines
from tests.simulation.engine.model import Freeze, Give, Key, Learn, Move, Nudge, Pass, Rest, Step, Work, World
from tests.simulation.engine.programs import Programs
from tests.simulation.engine.truth import Truth, batch_truth, in_short, shown
from tests.simulation.engine.wrong import WrongError, demand

Counts: TypeAlias = Counter[str]
"""How often what happened, so that one can see what worlds reach."""


class Failure(NamedTuple):
    """Something that does not hold."""

    check: str
    message: str
    step: int
    """The place of the step after which it showed."""


class Outcome(NamedTuple):
    """How a run ended."""

    failure: Failure | None
    counts: Counts
    story: tuple[str, ...]


def run(world: World, truths: Sequence[Truth] = (), *, tell: bool = False) -> Outcome:
    """Take all steps, then rest. `truths` are asked at the end; one of our own, a cheap one, whenever the host rests.

    A step that raises is a failure like any other; `tell` collects a story for a person.
    """
    running = Running(world, truths, tell=tell)
    at = -1
    try:
        for at, step in enumerate((*world.steps, Rest())):
            running.take(step, last=at == len(world.steps))
    except WrongError as wrong:
        return Outcome(Failure(wrong.check, wrong.message, at), running.counts, tuple(running.story))
    except Exception as error:  # noqa: BLE001 - whatever the kernel raises is found, told and shrunk
        told = f"{type(error).__name__}: {error}"
        return Outcome(Failure(f"raised {type(error).__name__}", told, at), running.counts, tuple(running.story))
    return Outcome(None, running.counts, tuple(running.story))


class Running:
    """One run under way."""

    def __init__(self, world: World, truths: Sequence[Truth], *, tell: bool) -> None:
        self.programs = {account.account_id: Programs(account) for account in world.accounts}
        self.machines = Machines(self.programs, world.habits, self._see)
        self.truths = truths
        self.counts: Counts = Counter()
        self.story: list[str] = []
        self._tell = tell
        self._books: dict[Key, Book] = {}
        self._arrivals: dict[Key, Arrivals] = {}
        self._watches: dict[Key, Watch] = {}

    def take(self, step: Step, *, last: bool) -> None:
        """Take one step."""
        self.counts[type(step).__name__.lower()] += 1
        if self._tell:
            self.story.append(told_step(step))
        machines = self.machines
        match step:
            case Give():
                machines.queue.append(step)
            case Pass(watermark_us, clock_us):
                machines.pass_on(watermark_us, clock_us)
            case Work(seed, crash):
                machines.work(seed, crash=crash)
            case Nudge(key, at_us):
                machines.nudge(key, at_us)
            case Learn(account_id, shard):
                machines.learn(account_id, shard)
            case Freeze(account_id, at_us):
                machines.freeze(account_id, at_us)
            case Move(shard):
                machines.move(shard)
            case Rest():
                demand(machines.rest(), "the host comes to rest")
                self._compare([batch_truth, gates_hold, *(self.truths if last else ())])

    # ------------------------------------------------------------ checks

    def _see(self, call: Call) -> None:
        """A call was committed."""
        self._count(call)
        if self._tell:
            self.story += told_call(call)
        arrivals = self._arrivals.setdefault(call.key, Arrivals())
        book = self._books.setdefault(call.key, Book())
        arrivals.take(call)
        book.write(call)
        self._watches.setdefault(call.key, Watch()).look(call, arrivals)

    def _count(self, call: Call) -> None:
        self.counts["calls"] += 1
        self.counts["late output"] += len(call.advanced.late)
        self.counts["corrected"] += call.advanced.corrected
        self.counts["duplicates"] += call.advanced.duplicates
        self.counts["forgotten"] += call.advanced.forgotten
        for row in call.advanced.decisions:
            self.counts[row.reason or row.decision] += 1
            self.counts["stale"] += row.stale
            self.counts["replaces"] += bool(row.replaces)
            self.counts["again"] += row.revision > 1

    def _compare(self, truths: Sequence[Truth]) -> None:
        """What stands of every contact is what a batch decides over the events that count, settled to the watermark."""
        for key in sorted(self._books):
            until_us, rows = self._until_us(key), self._books[key].standing()
            for truth in truths:
                wrong = truth(self.programs[key[0]], key, self._arrivals[key].counted, until_us, rows)
                about = f"{key[0]}/{key[1]} settled to {_at(until_us)}\n{in_short(wrong)}"
                demand(not wrong, f"the truth ({getattr(truth, '__name__', 'given')})", about)

    def _until_us(self, key: Key) -> int:
        """How far a contact has to be settled: to the watermark, if it is not frozen before."""
        frozen_us, until_us = self.machines.frozen.get(key[0]), self.machines.watermark_us
        if frozen_us is not None:
            until_us = min(until_us, frozen_us)
        cell = self.machines.cells.get(key)
        return max(until_us, BEFORE_ALL_US if cell is None else cell.evaluated_to_us)


# ---------------------------------------------------------------- the story


def told_step(step: Step) -> str:
    """A step as a line."""
    match step:
        case Give((account_id, contact_id), event):
            about = f"{event.event_id} {event.type} of {account_id}/{contact_id} at {_at(event.time_us)}"
            return f"> arrives  {about} {dict(event.properties)}"
        case Pass(watermark_us, clock_us):
            return f"> time     watermark {_at(watermark_us)}, clock {_at(clock_us)}"
        case Nudge(key, at_us):
            return f"> wakes    {key[0]}/{key[1]} at {_at(at_us)}, unasked"
        case Freeze(account_id, at_us):
            return f"> freeze   {account_id} at {'no instant any more' if at_us is None else _at(at_us)}"
        case Work(seed, crash):
            return f"> bundle   {seed}{', which crashes' if crash else ''}"
        case _:
            return f"> {type(step).__name__.lower():8} {' '.join(map(str, step))}"


def told_call(call: Call) -> list[str]:
    """What a call was given, and what came of it."""
    evaluated_to_us = call.before.evaluated_to_us
    given = " ".join(f"{event.event_id}@{_at(event.time_us)}" for event in call.given)
    wake_us = call.advanced.next_timer_us
    span = f"from {'the beginning' if evaluated_to_us is None else _at(evaluated_to_us)} to {_at(call.upto_us)}"
    wake = "never" if wake_us is None else _at(wake_us)
    return [
        f"  {call.key[0]}/{call.key[1]} {span}, given [{given}], next wake {wake}",
        *(f"    {shown(row)}" for row in call.advanced.decisions),
        *(f"    too late: {event.event_id} at {_at(event.time_us)}" for event in call.advanced.late),
    ]


def _at(time_us: int) -> str:
    return format_instant(time_us) if abs(time_us) < 2**57 else str(time_us)
