"""Preparation: what becomes of an event before the rules see it, and then what it does (semantics.md, section 15).

What is done with the events of a type is put together once for a program. Called by `run.timeline`, for programs that
prepare anything; all others never come here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeAlias
from weakref import ref

from msgspec.structs import replace

from kittiwake.event_types import UNMATCHED_BY_ANY, is_item_change
from kittiwake.kernel.evaluate.cast import Casting, casting
from kittiwake.kernel.evaluate.catalog import NOW
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.routes import Routes
from kittiwake.kernel.run.derive import deriving
from kittiwake.kernel.run.dispatch import Handlers, handlers_of
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.run.repeats import dropping
from kittiwake.kernel.run.taking import NOTHING_MORE, take
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event

Prepared: TypeAlias = Callable[[Execution, Event], None]
"""Prepares an event of a type as it came in, and lets it do all it does."""


class PreparedHandlers:
    """What takes the events of a program, by their types."""

    __slots__ = ("_by_type", "_of_any", "_of_contact", "_of_item")

    def __init__(self, routes: Routes, handlers: Handlers) -> None:
        """Of every type that rules or the preparation name, and of the others together."""
        named = {*routes.by_type, *routes.own_types, *routes.preparation.named()}
        self._by_type = {name: _prepared(routes, handlers, name) for name in sorted(named)}
        self._of_any = _prepared(routes, handlers, None)
        self._of_contact = _prepared(routes, handlers, UNMATCHED_BY_ANY[0])
        self._of_item = _changed(handlers)

    def of(self, event_type: str) -> Prepared:
        """What takes an event of this type."""
        found = self._by_type.get(event_type)
        if found is not None:
            return found
        if is_item_change(event_type):
            return self._of_item
        return self._of_contact if event_type.startswith(UNMATCHED_BY_ANY) else self._of_any


_made: Final[dict[int, tuple[ref[Routes], PreparedHandlers]]] = {}
"""As of `dispatch.handlers_of`."""


def prepared_handlers_of(program: Program) -> PreparedHandlers:
    """What takes the events of a program, made when it is first asked for; programs that share routes share it."""
    routes = program.routes
    found = _made.get(id(routes))
    if found is not None:
        return found[1]
    key, prepared = id(routes), PreparedHandlers(routes, handlers_of(program))
    _made[key] = ref(routes, lambda _: _made.pop(key, None)), prepared
    return prepared


def _prepared(routes: Routes, handlers: Handlers, event_type: str | None) -> Prepared:
    """What takes events of a type; None: of a type nobody names, and "*" covers."""
    own = handlers.of_any if event_type is None else handlers.of(event_type)
    preparation = routes.preparation
    cast, drops = casting(preparation.casts, event_type), dropping(preparation.repeats, event_type)
    derive = deriving(routes, handlers, event_type)

    def handle(run: Execution, event: Event) -> None:
        seen, about = event, NOTHING_MORE
        if cast is not None:
            seen = _cast(cast, event)
            if run.trace is not None and seen is not event:
                about = {"as_sent": dict(event.properties)}
        if drops is not None and drops(run, seen):
            return
        if derive is not None:
            derive(run, seen, own, about)
        else:
            take(run, own, seen, about)

    return handle if cast or drops or derive else lambda run, event: take(run, own, event)


def _changed(handlers: Handlers) -> Prepared:
    """What takes changes of items: no act of the contact, and nothing to one of whom nothing is known."""

    def handle(run: Execution, event: Event) -> None:
        if run.newest_us is None or not event.properties[NOW]:
            return  # of whom nothing is known; of an event that turned out to be a duplicate
        if run.trace is not None:
            shown = {"event_id": event.event_id, "type": event.type, "properties": dict(event.properties)}
            run.note(StepKind.EVENT, None, None, **shown)
        for change in handlers.of_item:
            change(run, event)

    return handle


def _cast(cast: Casting, event: Event) -> Event:
    properties = cast(event.properties)
    return event if properties is event.properties else replace(event, properties=properties)
