"""Targets in memory that fail, hang and count as they are asked to, and a pool that works where it is asked."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from threading import Event, Lock
from typing import Any

from kittiwake.rules.publishing.bounds import MIN_LEAD_US, POLL_INTERVAL_US
from kittiwake.rules.publishing.errors import ConflictError, ExistsError, TargetError
from kittiwake.rules.publishing.layout import POINTER
from kittiwake.rules.publishing.target import Held, Target
from kittiwake.stream.rules_source.poller import Poll, Terms
from kittiwake.stream.rules_source.view import RulesView
from kittiwake.time.instants import HOUR_US


class Memory:
    """A target of this process."""

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.reads: list[str] = []
        self._lock = Lock()

    @property
    def location(self) -> str:
        return "memory"

    def read(self, name: str) -> Held | None:
        with self._lock:
            self.reads.append(name)
            data = self.objects.get(name)
        return None if data is None else Held(data, str(hash(data)))

    def create(self, name: str, data: bytes) -> None:
        if name in self.objects:
            raise ExistsError(name)
        self.objects[name] = data

    def swap(self, name: str, data: bytes, expected_generation: str | None) -> None:
        held = self.read(name)
        if expected_generation != (held and held.generation):
            raise ConflictError(name)
        self.objects[name] = data


class Faulty:
    """Another target, read through what can fail."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.error: Exception | None = None
        self.open = Event()
        """While it is not set, reads hang."""
        self.open.set()
        self.pointers = 0
        """Reads of the pointer, those that failed too."""

    @property
    def location(self) -> str:
        return self._target.location

    def read(self, name: str) -> Held | None:
        self.pointers += name == POINTER
        assert self.open.wait(60), "a test has forgotten to let it go on"
        if self.error is not None:
            raise self.error.with_traceback(None)  # or each time more of what held it before would be kept
        return self._target.read(name)

    def create(self, name: str, data: bytes) -> None:
        self._target.create(name, data)

    def swap(self, name: str, data: bytes, expected_generation: str | None) -> None:
        self._target.swap(name, data, expected_generation)


REFUSED = TargetError("memory: no permission")


class Inline(Executor):
    """Works at once."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        found: Future[Any] = Future()
        try:
            found.set_result(fn(*args, **kwargs))
        except Exception as error:  # noqa: BLE001
            found.set_exception(error)
        return found


def polled(
    target: Target,
    *,
    pool: Executor | None = None,
    lateness_us: int = HOUR_US,
    interval_us: int = POLL_INTERVAL_US,
    lead_us: int = MIN_LEAD_US,
) -> Poll:
    """A process that looks at a target."""
    return Poll(Terms("memory", lateness_us, interval_us, lead_us), lambda _: target, pool)


def known(poll: Poll, clock_us: int) -> RulesView:
    """What is known once the look that this asks for has come back."""
    poll.view(clock_us)
    return poll.view(clock_us)


def numbers(one: RulesView) -> int:
    return len(one.programs.used.versions)
