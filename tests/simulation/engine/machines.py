"""The host's machines: cells of bytes, bags and timers, and bundles that happen whole or not at all.

Timers are honoured as Beam does: no order is promised, nothing is cleared, and one that was set fires at some time
after the watermark has passed it, with the time it was set for. Called by `running`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final, NamedTuple

from kittiwake.kernel.incremental import Advanced, advance
from kittiwake.kernel.late.checkpoint import compacted
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.codec import decode, encode
from kittiwake.kernel.state.state import State, new_state
from kittiwake.model import Event
from kittiwake.time.instants import BEFORE_ALL_US
from tests.simulation.engine.model import SHARDS, Give, Habits, Key, shard_of
from tests.simulation.engine.programs import Programs

ROUNDS_MAX: Final = 5_000
"""Bundles after which a host that should have come to rest is held to go round in circles."""


@dataclass
class Cell:
    """What a machine keeps of one contact."""

    data: bytes | None = None
    bag: list[Event] = field(default_factory=list)
    timers: list[int] = field(default_factory=list)
    evaluated_to_us: int = BEFORE_ALL_US
    """As the state says; here only to choose versions by."""


class Call(NamedTuple):
    """One `advance` of a bundle that was committed."""

    key: Key
    versions: Versions
    before: State
    given: tuple[Event, ...]
    upto_us: int
    clock_us: int
    advanced: Advanced


class Task(NamedTuple):
    """A timer to fire, or an event to take in."""

    key: Key
    at_us: int | None
    give: Give | None = None


class Machines:
    """All machines of a world. `seen` is told of every call that was committed."""

    def __init__(self, programs: dict[str, Programs], habits: Habits, seen: Callable[[Call], None]) -> None:
        self.programs = programs
        self.habits = habits
        self.seen = seen
        self.watermark_us = self.clock_us = BEFORE_ALL_US
        self.queue: list[Give] = []
        self.cells: dict[Key, Cell] = {}
        self.known: dict[tuple[str, int], int] = {}
        self.frozen: dict[str, int | None] = {}
        self._work: dict[Key, Cell] = {}
        self._calls: list[Call] = []

    # ------------------------------------------------------------ what happens to them

    def pass_on(self, watermark_us: int, clock_us: int) -> None:
        """Time passes; no machine settles on that has not polled for versions in force by then."""
        self.watermark_us = max(self.watermark_us, watermark_us // self.habits.grid_us * self.habits.grid_us)
        self.clock_us = max(self.clock_us, clock_us, self.watermark_us)
        for account_id, programs in self.programs.items():
            for shard in range(SHARDS):
                self.learn(account_id, shard, programs.needed_at(self.watermark_us))

    def learn(self, account_id: str, shard: int, number: int | None = None) -> None:
        """A machine learns of the next version, or that there are at least so many: it looks at its contacts anew."""
        programs, place = self.programs[account_id], (account_id, shard)
        had = self._known(account_id, shard)
        self.known[place] = min(programs.count, had + 1 if number is None else max(had, number))
        if self.known[place] > had:
            for key, cell in self.cells.items():
                if key[0] == account_id and shard_of(key) == shard and cell.data is not None:
                    self._set(cell, self.watermark_us)

    def freeze(self, account_id: str, at_us: int | None) -> None:
        """The pointer of a rule set ("*": of all) is frozen, or not any more; all contacts are looked at anew."""
        chosen = [each for each in self.programs if account_id in (each, "*")]
        self.frozen |= dict.fromkeys(chosen, at_us)
        for key, cell in self.cells.items():
            if key[0] in chosen:
                self._set(cell, self.watermark_us)

    def move(self, shard: int) -> None:
        """The states of a machine go to another one as a snapshot; what was set for timers is asked anew."""
        for key, cell in self.cells.items():
            if shard_of(key) != shard or cell.data is None:
                continue
            state = _decoded(cell.data)
            versions = self._versions(key, cell.evaluated_to_us)
            snapshot = encode(compacted(versions, state))
            restored = _decoded(snapshot)
            step = advance(versions, restored, [], cell.evaluated_to_us, clock_us=self.clock_us)
            self.seen(Call(key, versions, restored, (), cell.evaluated_to_us, self.clock_us, step))
            cell.data, cell.timers = encode(step.state), []
            self._ask(cell, key, step)

    # ------------------------------------------------------------ bundles

    def work(self, seed: int, *, crash: bool) -> None:
        """One bundle of some of what is there to do, chosen by the seed."""
        dice = Random(seed)
        tasks = [task for task in self._tasks() if dice.random() < 0.7]
        dice.shuffle(tasks)
        self._bundle(tasks, crash=crash)

    def nudge(self, key: Key, at_us: int) -> None:
        """A timer fires that nobody asked for; never before the watermark has reached it."""
        if key in self.cells and at_us <= self.watermark_us:
            self._bundle([Task(key, at_us)], crash=False)

    def rest(self) -> bool:
        """Work until nothing is left to do; False if there is no end of it."""
        for _ in range(ROUNDS_MAX):
            tasks = self._tasks()
            if not tasks:
                return True
            self._bundle(tasks, crash=False)
        return False

    def _tasks(self) -> list[Task]:
        tasks = [Task(give.key, None, give) for give in self.queue]
        return tasks + [
            Task(key, at_us) for key, cell in self.cells.items() for at_us in cell.timers if at_us <= self.watermark_us
        ]

    def _bundle(self, tasks: Sequence[Task], *, crash: bool) -> None:
        """Do the tasks on copies of the cells; all effects or none."""
        for task in tasks:
            met_us = task.at_us if task.give is None else task.give.event.time_us
            assert met_us is not None
            self.learn(*_place(task.key), self.programs[task.key[0]].needed_at(met_us))
        self._work, self._calls = {}, []
        done: list[Give] = []
        for task in tasks:
            cell = self._cell(task.key)
            if task.give is not None:
                done.append(task.give)
                self._take_in(cell, task.give)
            elif task.at_us is not None:
                if task.at_us in cell.timers:
                    cell.timers.remove(task.at_us)
                self._fire(cell, task.key, task.at_us)
        if crash:
            return
        self.cells |= self._work
        taken = set(map(id, done))
        self.queue = [give for give in self.queue if id(give) not in taken]
        for call in self._calls:
            self.seen(call)

    def _cell(self, key: Key) -> Cell:
        found = self._work.get(key)
        if found is None:
            cell = self.cells.get(key, Cell())
            found = self._work[key] = replace(cell, bag=[*cell.bag], timers=[*cell.timers])
        return found

    def _take_in(self, cell: Cell, give: Give) -> None:
        cell.bag.append(give.event)
        if self.habits.direct and cell.data is not None:
            self._fire(cell, give.key, cell.evaluated_to_us)
        else:
            self._set(cell, self._ceiling(give.event.time_us + 1))

    def _fire(self, cell: Cell, key: Key, at_us: int) -> None:
        """A timer is only a wake-up: what is due is in the state."""
        versions = self._versions(key, max(at_us, cell.evaluated_to_us))
        until_us = max(at_us, cell.evaluated_to_us)
        if versions.frozen_at_us is not None:
            until_us = max(min(until_us, versions.frozen_at_us), cell.evaluated_to_us)
        keeps = self.habits.keeps_bag
        given = [event for event in cell.bag if event.time_us < until_us or not keeps]
        cell.bag = [event for event in cell.bag if keeps and event.time_us >= until_us]
        state = new_state(key[1]) if cell.data is None else _decoded(cell.data)
        step = advance(versions, state, given, at_us, clock_us=self.clock_us)
        self._calls.append(Call(key, versions, state, tuple(given), at_us, self.clock_us, step))
        cell.data = encode(step.state)
        assert step.state.evaluated_to_us is not None
        cell.evaluated_to_us = step.state.evaluated_to_us
        self._ask(cell, key, step)

    # ------------------------------------------------------------ timers

    def _ask(self, cell: Cell, key: Key, step: Advanced) -> None:
        """Set the timers that a state and its bag need; not while they could do nothing, for the account is frozen."""
        frozen_us = self.frozen.get(key[0])
        wakes = [event.time_us + 1 for event in cell.bag]
        if step.next_timer_us is not None:
            wakes.append(step.next_timer_us)
        for wake_us in wakes:
            if frozen_us is None or wake_us <= frozen_us:
                self._set(cell, self._ceiling(wake_us))

    def _set(self, cell: Cell, at_us: int) -> None:
        if self.habits.one_timer:
            cell.timers = [min([at_us, *cell.timers])]
        elif at_us not in cell.timers:
            cell.timers.append(at_us)

    def _ceiling(self, time_us: int) -> int:
        return -(-time_us // self.habits.grid_us) * self.habits.grid_us

    # ------------------------------------------------------------ versions

    def _known(self, account_id: str, shard: int) -> int:
        programs = self.programs[account_id]
        return programs.count if programs.account.whole_history else self.known.get((account_id, shard), 1)

    def _versions(self, key: Key, time_us: int) -> Versions:
        programs = self.programs[key[0]]
        number = max(self._known(*_place(key)), programs.needed_at(time_us))
        return programs.known(number, self.frozen.get(key[0]))


def _place(key: Key) -> tuple[str, int]:
    return key[0], shard_of(key)


def _decoded(data: bytes) -> State:
    state = decode(data)
    assert isinstance(state, State), state
    return state
