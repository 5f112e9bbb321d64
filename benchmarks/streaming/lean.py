"""The least that can run a stateful DoFn: dictionaries for cells, bags and timers, in this process, without bundles.

What a DoFn costs here is its own Python. Bytes that go into state and come out of it are counted: a runner moves them.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import Any, Final, NamedTuple

from apache_beam import DoFn
from apache_beam.transforms.userstate import BagStateSpec, ReadModifyWriteStateSpec, TimerSpec
from apache_beam.utils.timestamp import Timestamp


class Timer(NamedTuple):
    """In the order in which timers fire."""

    at_us: int
    number: int
    key: bytes
    family: str
    tag: str


@dataclass(slots=True)
class Counts:
    """What went through."""

    fired: int = 0
    outputs: int = 0
    elements_read: int = 0
    bytes_read: int = 0
    bytes_written: int = 0
    cells: int = 0
    cell_bytes: int = 0
    cell_bytes_max: int = 0


class Cell:
    """A value of a key."""

    __slots__ = ("counts", "value")

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self.value: Any = None

    def read(self) -> Any:
        self.counts.bytes_read += 0 if self.value is None else len(self.value)
        return self.value

    def write(self, value: Any) -> None:
        size, counts = len(value), self.counts
        counts.bytes_written += size
        counts.cells += 1
        counts.cell_bytes += size
        counts.cell_bytes_max = max(counts.cell_bytes_max, size)
        self.value = value

    def clear(self) -> None:
        self.value = None

    def size(self) -> int:
        """Bytes, of one that holds bytes."""
        return 0 if self.value is None else len(self.value)


class Bag:
    """Elements of a key."""

    __slots__ = ("counts", "elements")

    def __init__(self, counts: Counts) -> None:
        self.counts = counts
        self.elements: list[bytes] = []

    def read(self) -> list[bytes]:
        self.counts.elements_read += len(self.elements)
        self.counts.bytes_read += sum(map(len, self.elements))
        return self.elements[:]

    def add(self, value: bytes) -> None:
        self.counts.bytes_written += len(value)
        self.elements.append(value)

    def clear(self) -> None:
        self.elements = []

    def size(self) -> int:
        """Bytes of what is in it."""
        return sum(map(len, self.elements))


@dataclass(slots=True)
class Family:
    """A key's timers of one name."""

    lean: Lean
    key: bytes
    name: str
    set_us: dict[str, int] = field(default_factory=dict)
    """By tag."""

    def set(self, at: Timestamp, dynamic_timer_tag: str = "") -> None:
        at_us = at.micros
        if self.set_us.get(dynamic_timer_tag) != at_us:
            self.set_us[dynamic_timer_tag] = at_us
            self.lean.push(Timer(at_us, self.lean.next_number(), self.key, self.name, dynamic_timer_tag))

    def clear(self, dynamic_timer_tag: str = "") -> None:
        self.set_us.pop(dynamic_timer_tag, None)


_MAKERS: Final = {ReadModifyWriteStateSpec: Cell, BagStateSpec: Bag}


class _Method:
    """A method of a DoFn, and what Beam would give it."""

    def __init__(self, call: Callable[..., Any]) -> None:
        wanted = {name: one.default for name, one in inspect.signature(call).parameters.items()}
        self.call = call
        self.states = [(name, of.state_spec) for name, of in wanted.items() if isinstance(of, DoFn.StateParam)]
        self.timers = [(name, of.timer_spec) for name, of in wanted.items() if isinstance(of, DoFn.TimerParam)]
        self.key = next((name for name, of in wanted.items() if of is DoFn.KeyParam), None)
        self.time = next((name for name, of in wanted.items() if of is DoFn.TimestampParam), None)


def _fires(dofn: DoFn) -> dict[str, _Method]:
    """What to call for timers of each name."""
    names = {name for of in type(dofn).__mro__ for name, spec in vars(of).items() if isinstance(spec, TimerSpec)}
    specs = [getattr(dofn, name) for name in names]
    return {spec.name: _Method(getattr(dofn, spec._attached_callback.__name__)) for spec in specs}


class Lean:
    """Runs one DoFn."""

    def __init__(self, dofn: DoFn, keep: Callable[[Any], None] | None = None) -> None:
        """`keep` is given what the DoFn puts out; None: it is counted only."""
        self.counts = Counts()
        self._keep = keep
        self._dofn = dofn
        self._process = _Method(dofn.process)
        self._fires = _fires(dofn)
        self._state: dict[tuple[bytes, str], Any] = {}
        self._given: dict[tuple[bytes, str], dict[str, Any]] = {}
        self._heap: list[Timer] = []
        self._number = 0

    def next_number(self) -> int:
        self._number += 1
        return self._number

    def push(self, timer: Timer) -> None:
        heappush(self._heap, timer)

    def give(self, elements: Iterable[tuple[bytes, bytes]]) -> None:
        """A bundle of elements."""
        self._dofn.start_bundle()
        for element in elements:
            self._took(self._process.call(element, **self._of("", element[0], self._process)))
        self._dofn.finish_bundle()

    def pass_to(self, watermark_us: int) -> None:
        """Fire what is due, the earliest first."""
        self._dofn.start_bundle()
        while self._is_due(watermark_us):
            self._fire(heappop(self._heap))
        self._dofn.finish_bundle()

    def pass_in_rounds(self, watermark_us: int) -> None:
        """Fire what is due, and then, in the next bundle, what that has set."""
        while self._is_due(watermark_us):
            due: list[Timer] = []
            while self._is_due(watermark_us):
                due.append(heappop(self._heap))
            self._dofn.start_bundle()
            for timer in due:
                self._fire(timer)
            self._dofn.finish_bundle()

    def _is_due(self, watermark_us: int) -> bool:
        return bool(self._heap) and self._heap[0].at_us <= watermark_us

    def _fire(self, timer: Timer) -> None:
        family: Family = self._kept(timer.key, timer.family, lambda: None)
        if family.set_us.get(timer.tag) == timer.at_us:
            del family.set_us[timer.tag]
            self._fired(timer)

    def kept_bytes(self) -> dict[bytes, int]:
        """What is kept of each key of which anything is kept, cells and bags together."""
        found: dict[bytes, int] = {}
        for (key, _), one in self._state.items():
            size = one.size() if isinstance(one, Cell | Bag) else 0
            if size:
                found[key] = found.get(key, 0) + size
        return found

    def _fired(self, timer: Timer) -> None:
        self.counts.fired += 1
        method = self._fires[timer.family]
        given = self._of(timer.family, timer.key, method)
        if method.key:
            given[method.key] = timer.key
        if method.time:
            given[method.time] = Timestamp(micros=timer.at_us)
        self._took(method.call(**given))

    def _took(self, outputs: Iterable[Any] | None) -> None:
        for output in outputs or ():
            self.counts.outputs += 1
            if self._keep is not None:
                self._keep(output)

    def _of(self, name: str, key: bytes, method: _Method) -> dict[str, Any]:
        given = self._given.get((key, name))
        if given is None:
            given = {arg: self._kept(key, spec.name, _maker(spec, self.counts)) for arg, spec in method.states}
            for arg, spec in method.timers:
                given[arg] = self._kept(key, spec.name, lambda spec=spec: Family(self, key, spec.name))
            self._given[key, name] = given
        return given

    def _kept(self, key: bytes, name: str, make: Callable[[], Any]) -> Any:
        found = self._state.get((key, name))
        if found is None:
            found = self._state[key, name] = make()
        return found


def _maker(spec: Any, counts: Counts) -> Callable[[], Any]:
    return lambda: _MAKERS[type(spec)](counts)
