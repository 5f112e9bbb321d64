"""The kernel: what is true of a contact at a time, and whether it may be sent.

One pure contract, called by every host (batch, stream, scenarios, explanations, tests):

    advance(rules, state, events, upto_us) -> Advanced(state, decisions, late, next_timer_us, trace, ...)

and, for hosts that have a contact's full history, `decide_history`, which answers the same. No Beam, clock, chance, IO
or logging is below this line; time is a parameter. The packages stack: `plan` and `state`, then `evaluate`, `run`,
`late`, and the two entrances `incremental` and `batch` on top.

The names below are what hosts call. Importing this package imports none of it: a name is imported when it is first
asked for, since commands that only read rules need the plan alone.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kittiwake.kernel.batch import DecidedHistory, decide_history, decide_sorted_history
    from kittiwake.kernel.evaluate.decisions import unfinished
    from kittiwake.kernel.evaluate.pending import pending_in
    from kittiwake.kernel.incremental import Advanced, advance
    from kittiwake.kernel.plan.program import Program
    from kittiwake.kernel.plan.versions import Versions
    from kittiwake.kernel.state.state import State, new_state

__all__ = [
    # what is done
    "advance",
    "decide_history",
    "decide_sorted_history",
    "pending_in",
    "unfinished",
    "new_state",
    # what goes in and comes out
    "Program",
    "Versions",
    "State",
    "Advanced",
    "DecidedHistory",
]

_HOMES: Final = {
    "advance": "kittiwake.kernel.incremental",
    "decide_history": "kittiwake.kernel.batch",
    "decide_sorted_history": "kittiwake.kernel.batch",
    "pending_in": "kittiwake.kernel.evaluate.pending",
    "unfinished": "kittiwake.kernel.evaluate.decisions",
    "new_state": "kittiwake.kernel.state.state",
    "Program": "kittiwake.kernel.plan.program",
    "Versions": "kittiwake.kernel.plan.versions",
    "State": "kittiwake.kernel.state.state",
    "Advanced": "kittiwake.kernel.incremental",
    "DecidedHistory": "kittiwake.kernel.batch",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(_HOMES[name]), name)  # which is not asked for again
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
