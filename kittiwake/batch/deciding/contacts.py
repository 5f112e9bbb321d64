"""One contact's rows to all of its decisions, in the accelerator, where nothing can be in doubt.

Called by `batch.contacts`, which gives to the kernel whatever is left here. `KITTIWAKE_NATIVE=0` turns it off.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from weakref import ref

from kittiwake.batch.deciding.decider import Decider, is_alike, new_decider
from kittiwake.batch.event_rows import Row
from kittiwake.input.native import blocks
from kittiwake.kernel import DecidedHistory
from kittiwake.kernel.evaluate.pending import NOTHING_PENDING, Pending
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.routes import Routes
from kittiwake.kernel.plan.versions import Versions

_made: Final[dict[int, tuple[ref[Routes], Program, Decider | None]]] = {}
"""By the identity of their routes, for as long as those are there, as `run.dispatch` keeps handlers."""


def decide(versions: Versions, contact_id: str, rows: list[Row], until_us: int) -> DecidedHistory | None:
    """As `decide_sorted_history`, of rows; None: it is left to that."""
    accelerator = blocks.installed()
    if accelerator is None or accelerator.why_not or len(versions.programs) != 1 or not rows:
        return None
    program = versions.programs[0]
    decider = _decider_of(program, accelerator)
    found = None if decider is None else decider.decide(program.account_id, contact_id, rows, until_us)
    if found is None:
        return None
    decisions, pending = found
    return DecidedHistory(decisions, 0, pending=_pending(program, pending))


def _pending(program: Program, found: list[tuple[int, int, int]]) -> Mapping[str, Pending]:
    if not found:
        return NOTHING_PENDING
    return {program.rules[index].rule_id: Pending(number, due_us) for index, number, due_us in found}


def _decider_of(program: Program, accelerator: blocks.Accelerator) -> Decider | None:
    found = _made.get(id(program.routes))
    if found is not None and is_alike(found[1], program):
        return found[2]
    decider, key = new_decider(program, accelerator.module), id(program.routes)
    forget = _made.pop  # at the end of Python the module is emptied before the routes are
    _made[key] = ref(program.routes, lambda _: forget(key, None)), program, decider
    return decider
