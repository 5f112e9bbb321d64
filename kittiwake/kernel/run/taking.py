"""Taking an event: it happens, and every handler of its type does what it does.

Called by `run.timeline` and `run.preparation`, event by event in their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.run.reactions import Handler
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event

NOTHING_MORE: Final[Mapping[str, Any]] = {}
"""Never changed."""


def take(run: Execution, handlers: Sequence[Handler], event: Event, about: Mapping[str, Any] = NOTHING_MORE) -> None:
    """Let one event do all it does; a trace shows it first, with what is said `about` it."""
    if run.trace is not None:
        shown = {"event_id": event.event_id, "type": event.type, "properties": dict(event.properties), **about}
        run.note(StepKind.EVENT, None, None, **shown)
    if run.newest_us is None:
        run.state.first_us, run.first = event.time_us, event
    run.newest_us = event.time_us
    for handle in handlers:
        handle(run, event)
