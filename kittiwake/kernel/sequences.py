"""Sequences: in-order chains, the newest start per length (rules.md, section 3).

Pure over an instance's prefixes. The same idea as a partial match of Flink CEP, with one
partial match per length: the chain with the latest start wins, so no other can matter.
"""

from __future__ import annotations

from kittiwake.kernel.arming import refuse_for_room
from kittiwake.kernel.matching import meets
from kittiwake.kernel.program import Sequence
from kittiwake.kernel.roles import Role
from kittiwake.kernel.run import Run
from kittiwake.kernel.state import Instance
from kittiwake.kernel.trace import StepKind
from kittiwake.model import Event


def completes(run: Run, role: Role, key: str, event: Event) -> bool:
    """Take an event into the chains of an instance; whether it completes one, which clears them all."""
    index, sequence = role.rule_index, role.rule.sequence
    assert sequence is not None
    steps = [k for k, step in role.steps if meets(step, event, run.attributes)]
    if not steps:
        return False
    one = run.instance(index, key)
    prefixes = one.prefixes if one is not None else []
    last = len(sequence.steps) - 1
    if last in steps and _start(prefixes, last, sequence, run.now_us) is not None:
        assert one is not None
        if run.trace is not None:
            started_us = prefixes[last - 1]
            run.note(StepKind.COMPLETED, index, key, event_id=event.event_id, started_us=started_us)
        one.prefixes = []
        return True
    extended = _extended(prefixes, steps, sequence, run.now_us)
    if extended is None:
        return False
    one = run.instance_or_new(index, key)
    if one is None:
        refuse_for_room(run, index, key, event, "keys")
        return False
    _keep(run, index, key, one, extended, event)
    return False


def _start(prefixes: list[int | None], length: int, sequence: Sequence, now_us: int) -> int | None:
    """Start of the newest live chain of `length` steps, which the event would extend."""
    start_us = prefixes[length - 1] if len(prefixes) >= length else None
    return start_us if start_us is not None and now_us - start_us < sequence.within_us else None


def _extended(prefixes: list[int | None], steps: list[int], sequence: Sequence, now_us: int) -> list[int | None] | None:
    """The prefixes after the event, later steps first; None if it extends none."""
    found = list(prefixes) + [None] * (len(sequence.steps) - 1 - len(prefixes))
    extended = False
    for step in reversed(steps):
        if step == len(sequence.steps) - 1:
            continue
        start_us = now_us if step == 0 else _start(found, step, sequence, now_us)
        if start_us is not None:
            found[step] = start_us if found[step] is None else max(start_us, found[step] or 0)
            extended = True
    return found if extended else None


def _keep(run: Run, index: int, key: str, one: Instance, extended: list[int | None], event: Event) -> None:
    sequence = run.program.rules[index].sequence
    if run.trace is not None and sequence is not None:
        for step, start_us in enumerate(extended):
            if start_us is not None and start_us != (one.prefixes[step] if step < len(one.prefixes) else None):
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
    one.prefixes = extended
