"""The timer queue: when something of a contact falls due next.

A heap of timers for deadlines, for releases of what was deferred and for ends of look-backs. Nothing falls due without
a timer at or before it; a timer may be stale, for a restart only moves the deadline of its instance, so whoever takes
one off asks the state what is due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush, heapreplace
from typing import TypeAlias

from kittiwake.kernel.evaluate.history import next_end_us
from kittiwake.kernel.evaluate.match import SINGLE
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.state.state import Instance, RuleState

Timer: TypeAlias = tuple[int, int, str]
"""When, of which rule (by its index), of which instance."""


class TimerQueue:
    """Timers of one contact, the earliest first."""

    __slots__ = ("heap",)

    def __init__(self) -> None:
        """An empty queue."""
        self.heap: list[Timer] = []
        """For loops that only ask for the earliest; the list stays the same one."""

    def fill(self, timers: list[Timer]) -> None:
        """Hold these timers and no others."""
        self.heap[:] = timers
        heapify(self.heap)

    def set(self, time_us: int, index: int, key: str = SINGLE) -> None:
        """Ask the instance `key` of a rule at `time_us` what is due."""
        heappush(self.heap, (time_us, index, key))

    def earliest_us(self, true_due_us: Callable[[int, str], int | None]) -> int | None:
        """The earliest instant at which something is due by `true_due_us`, asked of stale timers until one is true.

        No other is asked: nothing falls due without a timer at or before it. The queue stays as it is.
        """
        heap = self.heap.copy()
        while heap:
            time_us, index, key = heap[0]
            due_us = true_due_us(index, key)
            if due_us is None:
                heappop(heap)
            elif due_us > time_us:
                heapreplace(heap, (due_us, index, key))
            else:
                return due_us
        return None

    def take_due(self, now_us: int) -> list[tuple[int, str]]:
        """Take off the timers up to and at an instant: rule index and instance, each once."""
        heap = self.heap
        if not heap or heap[0][0] > now_us:
            return []
        _, index, key = heappop(heap)
        if not heap or heap[0][0] > now_us:
            return [(index, key)]
        found: dict[tuple[int, str], None] = {(index, key): None}
        while heap and heap[0][0] <= now_us:
            _, index, key = heappop(heap)
            found[index, key] = None
        return list(found)


def timers_of(
    rules: Iterable[RuleProgram], remembered: Iterable[RuleState | None], now_us: int, zone: str
) -> list[Timer]:
    """A timer for everything pending or deferred, and for every look-back of an audience that ends after now.

    One list and no generators: a stream asks at every slice, of some ten timers.
    """
    timers: list[Timer] = []
    add = timers.append
    for index, (rule, found) in enumerate(zip(rules, remembered, strict=True)):
        if found is None:
            continue
        for key, one in found.instances.items():
            if one.episode is not None and one.episode.reminders:
                add((one.episode.reminders[0].due_us, index, key))
            if one.held is not None:
                add((one.held.release_us, index, key))
        if rule.audience is not None and not rule.foreseen:
            timers += [(end_us, index, SINGLE) for end_us in _ends_us(rule, found, now_us, zone)]
    return timers


def true_due_us(rule: RuleProgram, found: RuleState, key: str, now_us: int, zone: str) -> int | None:
    """When something of the instance `key` falls due next: the earliest that `timers_of` has for it."""
    one = found.instances.get(key)
    due_us = None if one is None else next_due_us(one)
    if rule.audience is None or rule.foreseen or key != SINGLE:
        return due_us
    ends_us = _ends_us(rule, found, now_us, zone)
    return min(ends_us if due_us is None else [due_us, *ends_us], default=None)


def _ends_us(rule: RuleProgram, found: RuleState, now_us: int, zone: str) -> list[int]:
    """When look-backs of an audience end after now, the next of each."""
    ends_us = []
    for condition, slots in zip(rule.conditions, found.history, strict=True):
        end_us = next_end_us(condition, slots, rule.keep_us, now_us, zone)
        if end_us is not None:
            ends_us.append(end_us)
    return ends_us


def next_due_us(one: Instance) -> int | None:
    """The next instant at which a deadline or a release of the instance falls due."""
    due_us = one.episode.reminders[0].due_us if one.episode and one.episode.reminders else None
    if one.held is None:
        return due_us
    return one.held.release_us if due_us is None else min(due_us, one.held.release_us)
