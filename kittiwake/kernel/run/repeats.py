"""`repeats`: events that bring again the value of one that counted are dropped (semantics.md, section 15).

Works on the execution it is given. Called by `run.preparation` for events, and wherever an execution leaves a state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Any, Final, TypeAlias

from kittiwake.kernel.evaluate.match import question_of, reader, text_of
from kittiwake.kernel.plan.repeats import Repeats
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.state.state import Repeated
from kittiwake.kernel.state.trace import Step, StepKind
from kittiwake.model import Event
from kittiwake.values import is_scalar

VALUE_BYTES_MAX: Final = 256
"""Bytes of a text that is remembered as it is; twice an id. Of longer ones the SHA-256 is."""

Dropping: TypeAlias = Callable[[Execution, Event], bool]
"""Whether an event is dropped; where it is not, what it brings is remembered."""

_NO_ATTRIBUTES: Final[Mapping[str, Any]] = {}
"""Nothing is asked of the contact."""


def dropping(repeats: tuple[Repeats, ...], event_type: str | None) -> Dropping | None:
    """What is asked of events of a type; None: nothing."""
    asked = [
        (one, question_of(covering), reader(one.same))
        for one in repeats
        if (covering := tuple(match for match in one.of if match.covers(event_type)))
    ]
    if not asked:
        return None

    def drops(run: Execution, event: Event) -> bool:
        brought: list[tuple[str, str]] = []
        known = _known(run)
        for one, question, value_at in asked:
            value = value_at(event.properties)
            if not is_scalar(value) or (question is not None and not question(event.properties, _NO_ATTRIBUTES)):
                continue
            text = _remembered_as(value)
            before_us = known.get(one.memory, {}).get(text)
            if before_us is not None and event.time_us - before_us < one.within_us:
                _drop(run, event)
                return True
            brought.append((one.memory, text))
        for memory, text in brought:
            _remember(run, known, memory, text, event.time_us)
        return False

    return drops


def _remembered_as(value: Any) -> str:
    """A value as it is remembered: its canonical JSON; of a long text, its digest behind a #."""
    if isinstance(value, str) and len(found := value.encode()) > VALUE_BYTES_MAX:
        return f"#{sha256(found).hexdigest()}"
    return text_of(value)


def _drop(run: Execution, event: Event) -> None:
    run.outputs.repeats += 1
    if run.trace is not None:
        run.trace.append(
            Step(run.now_us, StepKind.REPEAT, None, None, {"event_id": event.event_id, "type": event.type})
        )


# ---------------------------------------------------------------- memory


def _known(run: Execution) -> dict[str, dict[str, int]]:
    """By entry, when each value was last brought by an event that counted, the oldest first."""
    if run.repeated is None:
        run.repeated = {
            memory: dict(zip(kept.values, kept.times_us, strict=True)) for memory, kept in run.state.repeated.items()
        }
    return run.repeated


def _remember(run: Execution, known: dict[str, dict[str, int]], memory: str, text: str, now_us: int) -> None:
    times_us = known.setdefault(memory, {})
    times_us.pop(text, None)
    times_us[text] = now_us
    if sum(map(len, known.values())) > run.program.limits.repeats:
        _make_room(run, known, now_us)


def _make_room(run: Execution, known: dict[str, dict[str, int]], now_us: int) -> None:
    """Drop what has had its time, and then the oldest of all, which is counted: it may come again unnoticed."""
    entries = [(one, known[one.memory]) for one in run.program.routes.preparation.repeats if one.memory in known]
    for one, times_us in entries:
        _drop_expired(times_us, now_us - one.within_us)
    while sum(len(times_us) for _, times_us in entries) > run.program.limits.repeats:
        oldest = min((found for _, found in entries if found), key=lambda found: next(iter(found.values())))
        del oldest[next(iter(oldest))]
        run.outputs.repeats_forgotten += 1


def _drop_expired(times_us: dict[str, int], edge_us: int) -> None:
    """Drop what was brought at an instant or before it."""
    while times_us and times_us[oldest := next(iter(times_us))] <= edge_us:
        del times_us[oldest]


def forget_repeats(run: Execution) -> None:
    """Know of no value any more that an event has brought."""
    run.state.repeated, run.repeated = {}, None


def forget_old_repeats(run: Execution, now_us: int) -> None:
    """Leave in the state what the version in force remembers at an instant, and nothing else."""
    if not run.state.repeated and not run.repeated:
        return
    known = _known(run)
    run.repeated = {memory: known[memory] for memory in _kept(run, known, now_us)}
    run.state.repeated = {
        memory: Repeated([*times_us], [*times_us.values()]) for memory, times_us in run.repeated.items()
    }


def _kept(run: Execution, known: dict[str, dict[str, int]], now_us: int) -> Iterator[str]:
    for one in run.program.routes.preparation.repeats:
        times_us = known.get(one.memory)
        if times_us is not None:
            _drop_expired(times_us, now_us - one.within_us)
            if times_us:
                yield one.memory
