"""The kernel's second entrance: decide the full history of a contact at once, with the answer that `advance` gives.

Called by batch hosts for every contact, with all of its events. No state is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from kittiwake.kernel.evaluate.decisions import unfinished
from kittiwake.kernel.evaluate.pending import NOTHING_PENDING, Pending, pending_by_timers
from kittiwake.kernel.late.deduplication import are_distinct, ids_forgotten, in_order, order_key, without_duplicates
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.versions import Versions, as_versions
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.run.outputs import NOTHING_SILENT, NOTHING_UNUSABLE, Silent, Unusable
from kittiwake.kernel.run.sweep import SweepPlan, sweep
from kittiwake.kernel.run.timeline import pass_through, start
from kittiwake.kernel.state.state import State
from kittiwake.model import Decision, Event


class DecidedHistory(NamedTuple):
    """What became of a contact: every candidate's final decision, those still deferred included."""

    decisions: list[Decision]
    duplicates: int
    forgotten: int = 0
    """How often the contact was forgotten, by `retention`."""
    unusable: Mapping[Unusable, int] = NOTHING_UNUSABLE
    """Values that rules in force could not use, and how often."""
    ids_forgotten: int = 0
    """Ids of events that had to make room (`Limits.ids`) while duplicates of them could still come."""
    repeats: int = 0
    repeats_forgotten: int = 0
    """Both as of `Advanced`."""
    pending: Mapping[str, Pending] = NOTHING_PENDING
    """What still waits in the end, by rule id."""
    silent: Mapping[Silent, int] = NOTHING_SILENT
    """As of `Advanced`."""


def decide_history(
    rules: Program | Versions,
    contact_id: str,
    events: Sequence[Event],
    until_us: int,
    sweep_plan: SweepPlan | None = None,
) -> DecidedHistory:
    """Decide all of a contact's events before `until_us`, and what is due up to and at it.

    The events may come in any order, with duplicates. `sweep_plan` is `sweep_plan_of` the program, made once by
    the host; None asks for the long way.
    """
    versions = as_versions(rules)
    needed = versions.needed(events)
    if are_distinct(needed):
        due = [event for event in sorted(needed, key=order_key) if event.time_us < until_us]
        return decide_sorted_history(rules, contact_id, due, until_us, sweep_plan)
    ordered = in_order(needed)
    due = [event for event in ordered if event.time_us < until_us]
    run = _begun(versions, contact_id, due, until_us)
    counted = without_duplicates(run, due)
    duplicates, lost = len(needed) - len(ordered) + run.outputs.duplicates, run.outputs.ids_forgotten
    return _ended(versions, pass_through(versions, run, counted, until_us), until_us, duplicates, lost)


def decide_sorted_history(
    rules: Program | Versions,
    contact_id: str,
    events: Sequence[Event],
    until_us: int,
    sweep_plan: SweepPlan | None = None,
) -> DecidedHistory:
    """As `decide_history`, of events that are ready to be taken.

    They are sorted by `(time_us, event_id, type)`, without duplicates, all before `until_us`, and of types that the
    version in force wants. Of types it does not read (`Program.reads`) the properties may be left out.
    """
    versions = as_versions(rules)
    lost = ids_forgotten(events, versions.newest.limits.ids, versions.horizon_us)
    pending: dict[str, Pending] = {}
    found = (
        None if sweep_plan is None else sweep(versions.programs[-1], sweep_plan, contact_id, events, until_us, pending)
    )
    if found is not None:
        return DecidedHistory(found, 0, ids_forgotten=lost, pending=pending)
    run = _begun(versions, contact_id, events, until_us)
    return _ended(versions, pass_through(versions, run, events, until_us), until_us, 0, lost)


def _begun(versions: Versions, contact_id: str, due: Sequence[Event], until_us: int) -> Execution:
    state = State(contact_id)
    return start(versions, state, due[0].time_us if due else until_us)


def _ended(versions: Versions, run: Execution, until_us: int, duplicates: int, lost: int) -> DecidedHistory:
    """Everything decided, what is still deferred then included; no state is left."""
    run.state.evaluated_to_us = until_us
    outputs = run.outputs
    decisions = [*outputs.decisions, *unfinished(versions, run.state)] if outputs.deferred else outputs.decisions
    timers = run.timers.heap
    pending = pending_by_timers(timers, run.program.rules, run.rules) if timers else NOTHING_PENDING
    return DecidedHistory(
        decisions,
        duplicates,
        outputs.forgotten,
        outputs.unusable,
        lost,
        outputs.repeats,
        outputs.repeats_forgotten,
        pending,
        outputs.silent,
    )
