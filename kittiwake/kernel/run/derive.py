"""`derive`: the events derived from one, right behind it (semantics.md, section 15).

What becomes of events of a type is put together once for a program. Called by `run.preparation`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple, Protocol

from kittiwake.kernel.evaluate.cast import Casting, casting
from kittiwake.kernel.evaluate.derive import ELEMENTS_MAX, elements
from kittiwake.kernel.evaluate.match import Question, question_of, reader
from kittiwake.kernel.plan.derive import Derivation
from kittiwake.kernel.plan.preparation import Preparation
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


class _Asked(NamedTuple):
    """A derivation, and what is left to ask of an event of a type."""

    derivation: Derivation
    question: Question | None
    cast: Casting | None
    handlers: tuple[Handler, ...]


def deriving(preparation: Preparation, handlers: Handlers, event_type: str | None) -> Derive | None:
    """What takes events of a type and derives from them; None: nothing is derived of them."""
    asked = [
        _Asked(one, question_of(covering), casting(preparation.casts, one.event), handlers.of(one.event))
        for one in preparation.derivations
        if (covering := tuple(match for match in one.parents if match.covers(event_type)))
    ]
    if not asked:
        return None
    lists = [reader(one.derivation.each) for one in asked]

    def derive(run: Execution, event: Event, own: Sequence[Handler], about: Mapping[str, Any] = NOTHING_MORE) -> None:
        is_alone = run.shared_instant is None
        shared = run.shared_instant = run.shared_instant or SharedInstant()
        shared.family = event.event_id, event.type
        take(run, own, event, about)
        counts: dict[str, int] = {}
        for one, list_in in zip(asked, lists, strict=True):
            if one.question is not None and not one.question(event.properties, run.attributes):
                continue
            found = list_in(event.properties)
            if isinstance(found, list):
                _take_each(run, event, one, found, counts)
        shared.family = None
        if is_alone:
            run.shared_instant = None

    return derive


def _take_each(run: Execution, event: Event, one: _Asked, found: list[Any], counts: dict[str, int]) -> None:
    """Take what is derived of one list; `counts` says how many elements each type has had."""
    derivation = one.derivation
    event_type, first = derivation.event, counts.get(derivation.event, 0)
    counts[event_type] = first + min(len(found), ELEMENTS_MAX)
    prefix = f"{event.event_id}/{event.type}/{event_type}/"
    for index, properties in elements(derivation, found, event.properties):
        seen = properties if one.cast is None else one.cast(properties)
        derived = Event(event.time_us, f"{prefix}{first + index}", event_type, seen, event.account_id, event.contact_id)
        take(run, one.handlers, derived, _about(run, event, properties, seen))
    if len(found) > ELEMENTS_MAX:
        refuse_event(run, DERIVE_RULE + event_type, canonical({"each": ".".join(derivation.each)}), event, "derive")


def _about(run: Execution, event: Event, properties: dict[str, Any], seen: dict[str, Any]) -> Mapping[str, Any]:
    """What a trace says of a derived event beside itself."""
    if run.trace is None:
        return NOTHING_MORE
    return {"parent": event.event_id, **({} if seen is properties else {"as_sent": properties})}
