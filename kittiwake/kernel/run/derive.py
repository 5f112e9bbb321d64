"""`derive`: the events derived from one, right behind it (semantics.md, section 15).

What becomes of events of a type is put together once for a program. Called by `run.preparation`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

import msgspec

from kittiwake.event_types import derived_prefix
from kittiwake.kernel.evaluate.cast import Casting, casting
from kittiwake.kernel.evaluate.derive import ELEMENTS_MAX, elements
from kittiwake.kernel.evaluate.match import Properties, Question, question_of, reader
from kittiwake.kernel.plan.derive import Derivation
from kittiwake.kernel.plan.routes import Routes
from kittiwake.kernel.run.arming import refuse_event
from kittiwake.kernel.run.dispatch import Handlers
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.run.reactions import Handler
from kittiwake.kernel.run.shared_instant import SharedInstant
from kittiwake.kernel.run.taking import NOTHING_MORE, take
from kittiwake.model import Event
from kittiwake.values import canonical

DERIVE_RULE: Final = "derive:"
"""What the `rule_id` of the row begins with that a list leaves whose elements do not all count."""


class Derive(Protocol):
    """Takes an event and then all that is derived from it."""

    def __call__(
        self, run: Execution, event: Event, own: Sequence[Handler], about: Mapping[str, Any] = NOTHING_MORE
    ) -> None:
        """`own` are the handlers of the event itself, `about` what a trace says of it."""


class _Asked(msgspec.Struct, frozen=True):
    """A derivation, and what is left to ask of an event of a type."""

    derivation: Derivation
    question: Question | None
    list_in: Callable[[Properties], Any]
    needed: tuple[str, ...]
    """Of what it keeps, what rules may read; a trace shows all."""
    cast: Casting | None
    handlers: tuple[Handler, ...]


def deriving(routes: Routes, handlers: Handlers, event_type: str | None) -> Derive | None:
    """What takes events of a type and derives from them; None: nothing is derived of them."""
    asked = list(_asked(routes, handlers, event_type))
    if not asked:
        return None
    own_routes = routes.of_any if event_type is None else routes.of(event_type)
    derived_routes = (route for one in asked for route in routes.of(one.derivation.event))
    disarms = any(route.unless for route in (*own_routes, *derived_routes))

    def derive(run: Execution, event: Event, own: Sequence[Handler], about: Mapping[str, Any] = NOTHING_MORE) -> None:
        is_alone = run.shared_instant is None
        if disarms and is_alone:
            run.shared_instant = SharedInstant()
        shared = run.shared_instant
        if shared is not None:
            shared.family = event.event_id, event.type
        take(run, own, event, about)
        counts: dict[str, int] = {}
        cut: tuple[str, ...] = ()
        for one in asked:
            if one.question is not None and not one.question(event.properties, run.attributes):
                continue
            found = one.list_in(event.properties)
            if isinstance(found, list):
                _take_each(run, event, one, found, counts)
                if len(found) > ELEMENTS_MAX:
                    cut = _cut(run, event, one.derivation, cut)
        if shared is not None:
            shared.family = None
            if is_alone:
                run.shared_instant = None

    return derive


def _asked(routes: Routes, handlers: Handlers, event_type: str | None) -> Iterator[_Asked]:
    for one in routes.preparation.derivations:
        covering = tuple(match for match in one.parents if match.covers(event_type))
        if covering:
            read = routes.names_read(one.event)
            needed = tuple(name for name in one.keep if name in read)
            cast = casting(routes.preparation.casts, one.event)
            yield _Asked(one, question_of(covering), reader(one.each), needed, cast, handlers.of(one.event))


def _take_each(run: Execution, event: Event, one: _Asked, found: list[Any], counts: dict[str, int]) -> None:
    """Take what is derived of one list; `counts` says how many elements each type has had."""
    derivation, cast, is_traced = one.derivation, one.cast, run.trace is not None
    event_type, first = derivation.event, counts.get(derivation.event, 0)
    counts[event_type] = first + min(len(found), ELEMENTS_MAX)
    prefix = derived_prefix(event.event_id, event.type, event_type)
    names = derivation.keep if is_traced else one.needed
    kept = {name: event.properties[name] for name in names if name in event.properties}
    for index, properties in elements(derivation.name, found, kept, first):
        seen = properties if cast is None else cast(properties)
        derived = Event(event.time_us, f"{prefix}{index}", event_type, seen)
        if is_traced or run.newest_us is None:  # a contact ends with the event that ends it
            take(run, one.handlers, derived, _about(run, event, properties, seen))
        else:
            for handle in one.handlers:
                handle(run, derived)


def _cut(run: Execution, event: Event, derivation: Derivation, cut: tuple[str, ...]) -> tuple[str, ...]:
    """Say that a list was cut, once for each type: those of which it has been said are in `cut`."""
    rule_id, key = DERIVE_RULE + derivation.event, canonical({"each": ".".join(derivation.each)})
    if rule_id + key not in cut:
        refuse_event(run, rule_id, key, event, "derive")
    return (*cut, rule_id + key)


def _about(run: Execution, event: Event, properties: dict[str, Any], seen: dict[str, Any]) -> Mapping[str, Any]:
    """What a trace says of a derived event beside itself."""
    if run.trace is None:
        return NOTHING_MORE
    return {"parent": event.event_id, **({} if seen is properties else {"as_sent": properties})}
