"""What is run: groups of cases that are held against one another, each case in a process of its own, in turn."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from benchmarks import measuring
from benchmarks.rulesets import ONE, TWELVE
from benchmarks.streaming.names import (
    BARE,
    CACHES_MB,
    CLOCKED,
    HOST,
    IN_CELL,
    IN_PROCESS,
    LEAN,
    NAIVE,
    ONE_TIMER,
    PASSING,
    RUNNERS,
    SLOTS,
    SPARING,
    STEADY,
    SUBPROCESS,
    TWO_HUNDRED,
    Case,
    Result,
)
from kittiwake.time.instants import HOUR_US, SECOND_US

ROOT: Final = Path(__file__).parents[2]
BURSTS: Final = (1, 5, 20)
"""Events of a contact that share a wake."""
_OF_BEAM: Final = {1: 2_000, 5: 1_500, 20: 1_000}
CONTACTS: Final = {LEAN: {1: 2_000, 5: 800, 20: 300}, IN_PROCESS: _OF_BEAM, SUBPROCESS: _OF_BEAM}
CONTACTS_MIN: Final = 10
LIVES: Final = {1: 10, 5: 6, 20: 3}
"""Bursts of a contact whose life is measured to its end: few enough that no wake is paced."""
NAIVE_SHARE: Final = {ONE: 1, TWELVE: 2, TWO_HUNDRED: 40}
"""The naive ones get so many times fewer contacts: each takes them a second with two hundred rules."""
WAITING: Final = (1, 10, 1_000, 10_000, 100_000)
"""Events of one contact that wait."""
IN_CELL_MAX: Final = 10_000
"""Above it, putting each event into one cell takes minutes: the cost grows with the square."""
CAUGHT_UP: Final = (1_000, 10_000, 100_000)
WAITING_EVENTS: Final = 20_000
"""In all, over the contacts of a layout."""


STEADY_CONTACTS: Final = 150
STEADY_BURSTS: Final = 6
"""Counted ones: a contact has some state by then, and corrections are kept of it."""


class Group(NamedTuple):
    """Cases that are held against one another."""

    runner: str
    rules: str
    events: int
    is_life: bool
    """Whether contacts wake of themselves, until they are forgotten."""


@dataclass
class Found:
    """What a case came to, in each repeat."""

    case: Case
    results: list[Result] = field(default_factory=list)
    peaks_mb: list[float] = field(default_factory=list)

    def middle(self, measure: Callable[[Result], float]) -> float:
        return median(map(measure, self.results))

    @property
    def all_events(self) -> int:
        return self.case.contacts * self.case.bursts * self.case.events

    @property
    def cpu_us(self) -> float:
        """For an event."""
        return self.middle(lambda one: one.cpu_us) / self.all_events

    @property
    def kernel_us(self) -> float:
        """For an event."""
        return self.middle(lambda one: one.kernel_us) / self.all_events

    @property
    def wakes(self) -> float:
        """For an event."""
        return self.results[0].wakes / self.all_events

    def count(self, name: str) -> int:
        return self.results[0].counts[name]


class Plan(NamedTuple):
    """How much is run."""

    share: float
    """Of the contacts."""
    repeats: int
    runners: Sequence[str]
    rules: Sequence[str]
    events: Sequence[int]
    """Of `BURSTS`."""
    cache: Path
    say: Callable[[str], None]


def groups(plan: Plan) -> Iterator[Group]:
    """The comparisons of a plan."""
    for runner in (one for one in RUNNERS if one in plan.runners):
        for rules in plan.rules:
            yield from (Group(runner, rules, events, False) for events in plan.events)
        if TWELVE in plan.rules:
            yield from (Group(runner, TWELVE, events, True) for events in plan.events)


def compare(plan: Plan, group: Group) -> dict[str, Found]:
    """Run a group; the bare one's cell and wakes are those of the host."""
    contacts = max(CONTACTS_MIN, int(CONTACTS[group.runner][group.events] * plan.share))
    bursts = LIVES[group.events] if group.is_life or group.runner == LEAN else 1
    base = Case(HOST, group.runner, group.rules, contacts, group.events, bursts, is_deaf=not group.is_life)
    few = max(CONTACTS_MIN, contacts // NAIVE_SHARE[group.rules])
    probe = _run(plan, replace(base, runner=LEAN, contacts=few))[0].counts
    clocked, _ = _run(plan, replace(base, dofn=CLOCKED))
    bare = replace(
        base,
        dofn=BARE,
        cell_bytes=probe["cell_bytes"] // max(1, probe["cells"]),
        own_wakes=max(0.0, clocked.wakes / contacts - bursts),
    )
    cases = [replace(base, dofn=CLOCKED), bare, base]
    cases += [replace(base, dofn=dofn, contacts=few) for dofn in (NAIVE, SPARING)]
    if group.rules == ONE:
        cases.append(replace(base, dofn=PASSING))
    return _in_turn(plan, cases)


class Size(NamedTuple):
    """Of a steady stream."""

    rules: str
    events: int
    """That share a wake."""


def costs(plan: Plan) -> dict[Size, dict[int, dict[str, Found]]]:
    """What a steady stream costs over gRPC, by size, cache and DoFn. The kernel is clocked without a cache only."""
    return {
        size: _steady(plan, size) for rules in plan.rules for size in (Size(rules, events) for events in plan.events)
    }


def _steady(plan: Plan, size: Size) -> dict[int, dict[str, Found]]:
    contacts = max(CONTACTS_MIN, int(STEADY_CONTACTS * plan.share))
    host = Case(HOST, STEADY, size.rules, contacts, size.events, STEADY_BURSTS)
    probe = _run(plan, replace(host, runner=LEAN, contacts=CONTACTS_MIN))[0].counts
    bare = replace(host, dofn=BARE, cell_bytes=probe["cell_bytes"] // probe["cells"])
    cases = [replace(case, cache_mb=cache_mb) for case in (bare, host) for cache_mb in CACHES_MB]
    found = _by_case(plan, [*cases, replace(host, dofn=CLOCKED)])
    return {mb: {case.dofn: one for case, one in found.items() if case.cache_mb == mb} for mb in CACHES_MB}


def layouts(plan: Plan) -> dict[tuple[str, str, int], Found]:
    """By runner, layout and number of events that wait. Each has a slot of its own, as far as two hours have them."""
    found = {}
    for runner in (one for one in (LEAN, SUBPROCESS) if one in plan.runners):
        for number in WAITING:
            spread_us = min(number * SECOND_US, 2 * HOUR_US)
            contacts = max(1, int(WAITING_EVENTS * plan.share) // number)
            names = [name for name in (SLOTS, ONE_TIMER, IN_CELL) if name != IN_CELL or number <= IN_CELL_MAX]
            cases = [Case(name, runner, ONE, contacts, number, spread_us=spread_us) for name in names]
            found |= {(runner, name, number): one for name, one in _in_turn(plan, cases).items()}
    return found


def catching_up(plan: Plan) -> dict[int, Found]:
    """By number of events of one contact, all there before the watermark moves on by two hours."""
    cases = {n: Case(CLOCKED, LEAN, ONE, 1, n, spread_us=2 * HOUR_US, is_deaf=False) for n in CAUGHT_UP}
    return {number: _in_turn(plan, [case])[CLOCKED] for number, case in cases.items()}


def _in_turn(plan: Plan, cases: Sequence[Case]) -> dict[str, Found]:
    return {case.dofn: one for case, one in _by_case(plan, cases).items()}


def _by_case(plan: Plan, cases: Sequence[Case]) -> dict[Case, Found]:
    """A B C, B C A, …, so that a machine that slows down slows all of them."""
    found = {case: Found(case) for case in cases}
    for repeat in range(plan.repeats):
        turn = repeat % len(cases)
        for case in [*cases[turn:], *cases[:turn]]:
            result, peak_mb = _run(plan, case)
            found[case].results.append(result)
            found[case].peaks_mb.append(peak_mb)
    return found


def _run(plan: Plan, case: Case) -> tuple[Result, float]:
    """One case; its result is the last line it says."""
    log = plan.cache / "last.log"
    command = [sys.executable, "-m", "benchmarks.streaming.case", json.dumps(asdict(case))]
    cost = measuring.run(command, ROOT, log)
    said = log.read_text(encoding="utf-8", errors="replace").strip()
    if cost.exit_code:
        raise RuntimeError(f"{case} ended with {cost.exit_code}: {said[-2_000:]}")
    result = Result(**json.loads(said.rpartition("\n")[2]))
    of = f"{case.runner}, {case.rules}, {case.contacts} x {case.bursts} x {case.events}"
    of += f", cache {case.cache_mb} MB" if case.runner == STEADY else ""
    plan.say(f"{of}, {case.dofn}: {result.cpu_us / 1e6:.2f} CPU s, {cost.peak_mb:.0f} MB")
    return result, cost.peak_mb
