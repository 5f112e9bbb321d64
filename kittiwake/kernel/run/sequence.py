"""Sequences: in-order chains, the newest start per length (rules.md, section 3).

Made by `run.dispatch`. The same idea as a partial match of Flink CEP, with one partial match per length: the chain with
the latest start wins, so no other can matter.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias

from kittiwake.kernel.evaluate.match import question_of
from kittiwake.kernel.plan.routes import Route
from kittiwake.kernel.plan.sequence import Sequence
from kittiwake.kernel.run.arming import refuse_for_room
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.run.unusable import refusing
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Clause

Completes: TypeAlias = Callable[[Execution, Event, str], bool]
"""Takes an event into the chains of an instance; whether it completes one, which clears them all."""

Prefixes: TypeAlias = list[int | None]

NO_CHAINS: Final[Prefixes] = []
"""Of an instance nothing is remembered of; never changed."""


def completing(route: Route) -> Completes:
    """How the events of a route are taken into chains."""
    index, sequence = route.rule_index, route.rule.sequence
    assert sequence is not None
    extended = _extending(route, sequence)

    def completes(run: Execution, event: Event, key: str) -> bool:
        state = run.rules[index]
        one = None if state is None else state.instances.get(key)
        prefixes = NO_CHAINS if one is None else one.prefixes
        found = extended(prefixes, run, event)
        if found is None:
            return False
        if one is None:
            one = run.instance_or_new(index, key)
            if one is None:
                refuse_for_room(run, index, key, event, "keys")
                return False
        if run.trace is not None:
            _note(run, index, key, one.prefixes, found, event)
        one.prefixes = found
        return not found

    return completes


def _extending(route: Route, sequence: Sequence) -> Callable[[Prefixes, Execution, Event], Prefixes | None]:
    """The prefixes after an event, later steps first: none if it completes a chain; None if it extends none."""
    within_us, last = sequence.within_us, len(sequence.steps) - 1
    index = route.rule_index
    steps = [(k, question_of(matches), refusing(index, Clause.WHEN, matches)) for k, matches in reversed(route.steps)]

    def extended(prefixes: Prefixes, run: Execution, event: Event) -> Prefixes | None:
        now_us = event.time_us
        found: Prefixes | None = None
        for k, asked, refuse in steps:
            if asked is not None and not (answer := asked(event.properties, run.attributes)):
                if answer is None:
                    refuse(run, event)
                continue
            start_us = now_us
            if k > 0:
                before_us = prefixes[k - 1] if len(prefixes) >= k else None
                if before_us is None or now_us - before_us >= within_us:
                    continue
                start_us = before_us
            if k == last:
                return []
            if found is None:
                found = [*prefixes, *[None] * (last - len(prefixes))]
            newest_us = found[k]
            if newest_us is None or start_us > newest_us:
                found[k] = start_us
        return found

    return extended


def _note(run: Execution, index: int, key: str, before: Prefixes, extended: Prefixes, event: Event) -> None:
    """Trace a completed chain, or every prefix that got further."""
    sequence = run.program.rules[index].sequence
    assert sequence is not None
    if not extended:
        run.note(StepKind.COMPLETED, index, key, event_id=event.event_id, started_us=before[len(sequence.steps) - 2])
    for step, start_us in enumerate(extended):
        if start_us is not None and start_us != (before[step] if step < len(before) else None):
            run.note(
                StepKind.PREFIX,
                index,
                key,
                event_id=event.event_id,
                step=step + 1,
                of=len(sequence.steps),
                within_us=sequence.within_us,
                started_us=start_us,
            )
