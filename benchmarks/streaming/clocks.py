"""The host with clocks around the kernel's own work, to tell what is its and what is the host's.

The kernel's own: from the bytes of a state to a state (`cells.state_of`), from those of a message to its event
(`arrivals.event_of`), `advance`, the new state's bytes (`cells.new_cell`), and the rows of what was decided
(`timers.decision_record`). All else is the host: keys, cells, bags, timers, when to come again, counting, output.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from kittiwake.stream.contact import poison_events, timers
from kittiwake.transforms.stream.evaluate import EvaluateDoFn

_WORK: Final = (
    (poison_events, "advance"),
    (poison_events, "event_of"),
    (timers, "state_of"),
    (timers, "new_cell"),
    (timers, "decision_record"),
)


class _Spent:
    """By this process, since it was written last."""

    kernel_ns = 0
    wakes = 0


class Silent:
    """A timer that is never set."""

    def set(self, *_: Any, **__: Any) -> None:
        """Nothing."""

    def clear(self) -> None:
        """Nothing."""


class Host(EvaluateDoFn):
    """The host; `is_deaf`: without the timers by which a contact wakes of itself."""

    def __init__(self, is_deaf: bool, *settings: Any) -> None:
        super().__init__(*settings)
        self._is_deaf = is_deaf

    def _fire(self, key: bytes, at: Any, store: Any) -> Any:
        return super()._fire(key, at, store._replace(own=Silent()) if self._is_deaf else store)


class Clocked(Host):
    """Adds what the kernel took to a file, after every bundle, and how often contacts woke."""

    def __init__(self, clocked_to: Path, is_deaf: bool, *settings: Any) -> None:
        super().__init__(is_deaf, *settings)
        self._clocked_to = clocked_to

    def setup(self) -> None:
        """Put the clocks in, once a process."""
        for module, name in _WORK:
            work = getattr(module, name)
            if work.__name__ != "clocked":
                setattr(module, name, _clocked(work))

    def finish_bundle(self) -> None:
        """End it as the host does, and write what the clocks say."""
        super().finish_bundle()
        with self._clocked_to.open("a", encoding="utf-8") as file:
            file.write(f"{_Spent.kernel_ns} {_Spent.wakes}\n")
        _Spent.kernel_ns = _Spent.wakes = 0

    def _fire(self, key: bytes, at: Any, store: Any) -> Any:
        _Spent.wakes += 1
        return super()._fire(key, at, store)


def _clocked(work: Callable[..., Any]) -> Callable[..., Any]:
    def clocked(*arguments: Any, **named: Any) -> Any:
        began_ns = time.thread_time_ns()
        try:
            return work(*arguments, **named)
        finally:
            _Spent.kernel_ns += time.thread_time_ns() - began_ns

    return clocked


class KernelCost(NamedTuple):
    """What the kernel took, over all processes."""

    kernel_us: float
    """Of CPU."""
    wakes: int


def kernel_cost(bundles: Iterable[Sequence[str]]) -> KernelCost:
    """Of the words of lines that `Clocked` has written, one a bundle."""
    spent = [(int(ns), int(wakes)) for ns, wakes in bundles]
    return KernelCost(sum(ns for ns, _ in spent) / 1_000, sum(wakes for _, wakes in spent))


def words_of(clocked_to: Path) -> list[list[str]]:
    """The words of each line of such a file."""
    return [line.split() for line in clocked_to.read_text(encoding="utf-8").splitlines()]
