"""The simulator can fail: hosts and kernels with one thing wrong are found within a few hundred seeds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from msgspec.structs import replace

from kittiwake.kernel import incremental as advancing
from kittiwake.kernel.late import checkpoint, difference, reevaluation
from tests.simulation.engine import machines, run, shrunk, told_world
from tests.simulation.simulator import TRUTHS
from tests.simulation.worlds import simulated_world

SEEDS = 400
Patch = pytest.MonkeyPatch


def _no_replaces(patch: Patch) -> None:
    told = difference._corrected
    patch.setattr(difference, "_corrected", lambda *given: replace(told(*given), replaces=()))


def _no_debts(patch: Patch) -> None:
    """What is still to come after a correction does not know what it replaces."""
    patch.setattr(difference, "_pending", lambda *_: [])


def _checkpoint_off_by_a_microsecond(patch: Patch) -> None:
    """Inside the horizon begins one microsecond later than it should."""

    def sorted_out(versions: Any, work: Any, events: Any) -> Any:
        edge_us = None if work.evaluated_to_us is None else work.evaluated_to_us - versions.horizon_us
        found = sort_out(versions, work, events)
        lost = [event for event in found.inside if event.time_us == edge_us]
        kept = [event for event in found.inside if event.time_us != edge_us]
        return found._replace(inside=kept, beyond=[*found.beyond, *lost])

    sort_out = advancing._sort_out
    patch.setattr(advancing, "_sort_out", sorted_out)


def _revision_stays(patch: Patch) -> None:
    told = difference._revoked
    patch.setattr(difference, "_revoked", lambda row, front: replace(told(row, front), revision=row.revision))


def _correction_ends_too_early(patch: Patch) -> None:
    """The first mark behind the late events is taken for the end of what they change."""
    _close_marks(patch)
    patch.setattr(reevaluation, "counts_apart", lambda *_: {})


def _correction_begins_too_late(patch: Patch) -> None:
    """The mark behind the first late event is taken for the one before it."""
    _close_marks(patch)
    found = reevaluation.concerned
    patch.setattr(
        reevaluation, "concerned", lambda segments, time_us: min(found(segments, time_us) + 1, len(segments) - 1)
    )


def _close_marks(patch: Patch) -> None:
    patch.setattr(reevaluation, "MARKED_EVENTS", 1)
    patch.setattr(reevaluation, "_is_worth", lambda *_: True)


def _early_wake_fires_early(patch: Patch) -> None:
    """A host that takes any firing for the one it waits for, and settles an hour further."""
    kernel = machines.advance
    patch.setattr(machines, "advance", lambda rules, state, events, upto_us, **rest: kernel(
        rules, state, events, upto_us if not events else upto_us + 3_600_000_000, **rest))  # fmt: skip


def _late_event_lost(patch: Patch) -> None:
    """What lies beyond the horizon does not come out."""
    kernel = machines.advance
    patch.setattr(machines, "advance", lambda *given, **rest: kernel(*given, **rest)._replace(late=()))


def _copies_forgotten(patch: Patch) -> None:
    """The ids of events do not live through bytes."""
    decode = machines.decode
    patch.setattr(machines, "decode", lambda data: replace(decode(data), seen={}, counted={}))


def _stale_ledger(patch: Patch) -> None:
    """What was told last is not written down."""
    chunk_of = checkpoint.chunk_of
    patch.setattr(
        checkpoint, "chunk_of", lambda events, rows, evaluated_to_us: chunk_of(events, list(rows)[:-1], evaluated_to_us)
    )


def _crash_keeps_the_state(patch: Patch) -> None:
    """A bundle that failed has written its state all the same: its outputs are lost."""
    work = machines.Machines._bundle

    def half_done(self: machines.Machines, tasks: Any, *, crash: bool) -> None:
        work(self, tasks, crash=crash)
        if crash:
            self.cells |= self._work

    patch.setattr(machines.Machines, "_bundle", half_done)


def _trace_of_the_deleted_stays(patch: Patch) -> None:
    patch.setattr(advancing, "_trace_ends_us", lambda *_: None)


def _only_the_next_version(patch: Patch) -> None:
    """No wake is asked for because of a version to come."""
    patch.setattr(advancing, "concerned_us", lambda *_: None)


def _later_wake_wins(patch: Patch) -> None:
    """One tag, set blindly: a later event postpones an earlier wake."""
    patch.setattr(machines.Machines, "_set", lambda _, cell, at_us: setattr(cell, "timers", [at_us]))


MUTANTS: tuple[Callable[[Patch], None], ...] = (
    _no_replaces,
    _no_debts,
    _checkpoint_off_by_a_microsecond,
    _revision_stays,
    _correction_ends_too_early,
    _correction_begins_too_late,
    _early_wake_fires_early,
    _late_event_lost,
    _copies_forgotten,
    _stale_ledger,
    _crash_keeps_the_state,
    _trace_of_the_deleted_stays,
    _only_the_next_version,
    _later_wake_wins,
)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda one: one.__name__.strip("_"))
def test_what_is_wrong_is_found(mutant: Callable[[Patch], None], monkeypatch: Patch) -> None:
    mutant(monkeypatch)
    assert next(_failing(), None) is not None, f"not found in {SEEDS} seeds"


def _failing() -> Iterator[int]:
    return (seed for seed in range(SEEDS) if run(simulated_world(seed), TRUTHS).failure is not None)


def test_a_failure_is_told_in_a_few_steps(monkeypatch: Patch) -> None:
    _revision_stays(monkeypatch)
    world = simulated_world(next(_failing()))
    failure = run(world, TRUTHS).failure
    assert failure is not None
    small = shrunk(world, failure.check, TRUTHS)
    again = run(small, TRUTHS).failure
    assert again is not None
    assert again.check == failure.check
    assert len(small.steps) <= 12 < len(world.steps)
    assert f"WRONG, {failure.check}" in told_world(small, TRUTHS)
