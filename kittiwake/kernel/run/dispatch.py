"""Handlers: what one event does, in the order `(time, event_id, type)` (semantics.md, section 3).

First the contact's own events, then each rule: `unless`, history, `when`; then audiences.
Everything about a rule that no event can change is computed once for all contacts: what is left
is a function for each rule and type. Asked for by `run.timeline`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeAlias
from weakref import ref

import msgspec

from kittiwake.event_types import (
    DELETED,
    ENDINGS,
    GRANTED,
    MERGED,
    UNMATCHED_BY_ANY,
    UPDATED,
    WITHDRAWN,
    is_item_change,
)
from kittiwake.kernel.evaluate.change import Updated
from kittiwake.kernel.evaluate.history import recorder
from kittiwake.kernel.evaluate.match import SINGLE, Attributes, instance_key, instance_keys_of, key_values, question_of
from kittiwake.kernel.evaluate.retention import size_of_attributes
from kittiwake.kernel.plan.build import holds_of_nothing, looks_at_contact
from kittiwake.kernel.plan.conditions import of_contact, of_history
from kittiwake.kernel.plan.limits import Limits
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.routes import Route, Routes
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.run.arming import candidate_of_event, cause, lacks, refuse_for_room, refuse_update
from kittiwake.kernel.run.audience import evaluate_membership
from kittiwake.kernel.run.conditions import admitting
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.run.gating import cancel_all
from kittiwake.kernel.run.reactions import NO_VALUES, Handler, Reaction
from kittiwake.kernel.run.retention import forget_all
from kittiwake.kernel.run.sequence import Completes, completing
from kittiwake.kernel.run.thresholds import reaching
from kittiwake.kernel.run.unless import disarming
from kittiwake.kernel.run.until import move_dates
from kittiwake.kernel.run.unusable import refuse_attributes, refuse_in_condition, refuse_keys, refusing
from kittiwake.kernel.run.wait import waiting
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Clause, Kind, Reason


class Handlers(msgspec.Struct, frozen=True):
    """What handles the events of a program, in order: a function for each rule and type."""

    by_type: dict[str, tuple[Handler, ...]]
    """Of every type a rule names and the kernel's own; see `of` for the others."""
    of_any: tuple[Handler, ...]
    """As of `Routes`."""
    of_contact: tuple[Handler, ...]
    """As of `Routes`."""
    of_item: tuple[Handler, ...]
    """As of `Routes`."""

    def of(self, event_type: str) -> tuple[Handler, ...]:
        """What handles an event of this type, in order."""
        found = self.by_type.get(event_type)
        if found is not None:
            return found
        if is_item_change(event_type):
            return self.of_item
        return self.of_contact if event_type.startswith(UNMATCHED_BY_ANY) else self.of_any


_made: Final[dict[int, tuple[ref[Routes], Handlers]]] = {}
"""By the identity of their routes, for as long as those are there: a lookup costs a tenth of a microsecond."""


def handlers_of(program: Program) -> Handlers:
    """The handlers of a program, made when they are first asked for; programs that share their routes share them."""
    found = _made.get(id(program.routes))
    return _make(program.routes, program.limits) if found is None else found[1]


def _make(routes: Routes, limits: Limits) -> Handlers:
    handlers = Handlers(
        {
            event_type: _of_type(routes, event_type, limits)
            for event_type in sorted({*routes.by_type, *routes.own_types})
        },
        _of_routes(routes.of_any, limits),
        _of_routes(routes.of_contact, limits),
        tuple(_of_item(route, limits) for route in routes.of_item),
    )
    key = id(routes)
    _made[key] = ref(routes, lambda _: _made.pop(key, None)), handlers
    return handlers


def _of_type(routes: Routes, event_type: str, limits: Limits) -> tuple[Handler, ...]:
    """The contact's own data first, then rules; after its end there are none."""
    own = (OWN_HANDLERS[event_type],) if event_type in routes.own_types else ()
    if event_type == UPDATED and any(route.asks_of_change() for route in routes.of(UPDATED)):
        own = (_update_keeping_both,)
    return own if event_type in ENDINGS else own + _of_routes(routes.of(event_type), limits)


def _of_routes(routes: Sequence[Route], limits: Limits) -> tuple[Handler, ...]:
    return tuple(handler for route in routes for handler in _handlers_of_route(route, limits))


# ---------------------------------------------------------------- the contact's own events


def _update(run: Execution, event: Event) -> None:
    """Set attributes key by key; null removes. Only those that rules read are kept, as long as there is room."""
    before, zone_before = run.attributes, run.zone
    named = {name: value for name, value in event.properties.items() if name in run.program.attributes}
    after = {name: value for name, value in (before | named).items() if value is not None}
    if not _has_room(run, before, after):
        refuse_update(run, event)
        return
    run.attributes = after
    run.find_zone()
    if run.program.dated and after != before:
        move_dates(run, before, zone_before)


def _update_keeping_both(run: Execution, event: Event) -> None:
    """As `_update`, for rules that ask for a change: at this event the attributes know what they were before it."""
    before = run.attributes
    _update(run, event)
    run.attributes = Updated(run.attributes, before)


def _has_room(run: Execution, before: Attributes, after: Attributes) -> bool:
    """Whether the attributes that the rules in force read are not too much, or at least not more than they were."""
    measured, room = run.program.measured, run.program.limits.attribute_bytes
    size = size_of_attributes(after, measured)
    return size <= room or size <= size_of_attributes(before, measured)


def _consent(run: Execution, event: Event) -> None:
    """Keep the newest word on each purpose a policy asks about; without a purpose it is about every one."""
    purpose, granted = event.properties.get("purpose"), event.type == GRANTED
    for asked in run.program.purposes:
        if purpose is None or purpose == asked:
            run.state.consents[asked] = granted
        elif not isinstance(purpose, str) and not granted:
            run.state.consents[asked] = False


def _end(run: Execution, event: Event, reason: Reason) -> None:
    """Empty the state; what is deferred, or caused earlier at this instant, leaves `cancelled` for that reason."""
    cancel_all(run, [(one.rule_index, one.key, one.candidate) for one in run.caused], reason)
    for index, found in enumerate(run.rules):
        instances = {} if found is None else found.instances
        held = [(index, key, one.held.candidate) for key, one in sorted(instances.items()) if one.held is not None]
        cancel_all(run, held, reason)
    state, was_known = run.state, run.first is not event or run.state.profile is not None
    forget_all(run)
    if was_known:
        state.ended_times = 1 + (state.ended_times if state.ended_us == event.time_us else 0)
        state.ended_us = event.time_us


def _delete(run: Execution, event: Event) -> None:
    _end(run, event, Reason.DELETED)


def _merge(run: Execution, event: Event) -> None:
    """The contact goes on under another id, of whom nothing is known by this: histories are not joined."""
    _end(run, event, Reason.MERGED)


OWN_HANDLERS: Final[dict[str, Handler]] = {
    UPDATED: _update,
    GRANTED: _consent,
    WITHDRAWN: _consent,
    DELETED: _delete,
    MERGED: _merge,
}
"""Handle the contact's own events, before the rules do; after the contact's end nothing is left to handle."""


# ---------------------------------------------------------------- rules


def _of_item(route: Route, limits: Limits) -> Handler:
    from kittiwake.kernel.run.catalog import changing  # noqa: PLC0415 - for catalogue rules only

    return changing(route, _reaction(route.rule_index, route.rule, limits))


def _handlers_of_route(route: Route, limits: Limits) -> Iterator[Handler]:
    """What an event does in one rule: `unless`, history, `when`."""
    if route.rule.audience is not None:
        yield _looking(route, limits)
        return
    if route.unless and not route.rule.foreseen:
        yield disarming(route)
    if route.interest:
        from kittiwake.kernel.run.catalog import interested  # noqa: PLC0415 - for catalogue rules only

        yield interested(route, limits)
    records = _recording(route, limits) if route.conditions else None
    when = _arriving(route, limits) if route.when or route.steps else None
    if records is not None:
        yield _remembering(route, records, when)
    elif when is not None:
        yield when


Records: TypeAlias = Callable[[Execution, Event], bool]
"""Remembers an event for the history conditions it matches; False if one had no room."""


def _recording(route: Route, limits: Limits) -> Records:
    index, rule = route.rule_index, route.rule
    elsewhere, of_still = Clause.GIVEN if rule.audience is None else Clause.AUDIENCE, of_history(rule.still)
    clauses = [Clause.STILL if i in of_still else elsewhere for i, _ in route.conditions]
    asked = [
        (
            i,
            clause,
            question_of(matches),
            refusing(index, clause, matches),
            recorder(rule.conditions[i], rule.keep_us, limits),
        )
        for (i, matches), clause in zip(route.conditions, clauses, strict=True)
    ]

    def records(run: Execution, event: Event) -> bool:
        has_room = True
        for i, clause, question, refuse, record in asked:
            if question is not None and not (answer := question(event.properties, run.attributes)):
                if answer is None:
                    refuse(run, event)
                continue
            state = run.rules[index] or run.rule_state(index)
            recorded = record(state.history[i], event)
            if recorded is None:
                refuse_in_condition(run, index, clause, rule.conditions[i], event)
            elif not recorded:
                has_room = False
            elif run.trace is not None:
                run.note(StepKind.RECORDED, index, None, event_id=event.event_id, condition=i)
        return has_room

    return records


def _looking(route: Route, limits: Limits) -> Handler:
    """An audience remembers the event and evaluates membership anew."""
    index, records = route.rule_index, _recording(route, limits)

    def handle(run: Execution, event: Event) -> None:
        if not records(run, event):
            refuse_for_room(run, index, SINGLE, event, "history")
        evaluate_membership(run, index, event)

    def foresee(run: Execution, event: Event) -> None:
        records(run, event)

    if route.rule.foreseen:
        return foresee
    return _looking_at_contact(route, handle) if looks_at_contact(route.rule) else handle


def _looking_at_contact(route: Route, look: Handler) -> Handler:
    """An audience that asks for attributes looks when they may have changed, and when the contact begins anew."""
    index, rule = route.rule_index, route.rule
    assert rule.audience is not None
    asked, always = of_contact(rule.audience.tree), bool(route.conditions) or holds_of_nothing(rule)

    def handle(run: Execution, event: Event) -> None:
        if event.type == UPDATED:
            for question in asked:
                refuse_attributes(run, index, Clause.AUDIENCE, question)
        if always or event.type == UPDATED or run.first is event:
            look(run, event)

    return handle


def _remembering(route: Route, records: Records, when: Handler | None) -> Handler:
    """History first, then `when`; an event it had no room for arms nothing, but is a step all the same."""
    index, rule = route.rule_index, route.rule
    question = question_of(route.when)
    completes = completing(route) if route.steps else None

    def handle(run: Execution, event: Event) -> None:
        if records(run, event):
            if when is not None:
                when(run, event)
            return
        key = instance_key(rule.per, event.properties)
        refuse_for_room(run, index, key or SINGLE, event, "history")
        if completes is not None:
            if key is not None:
                completes(run, event, key)
        elif key is None and route.when and (question is None or question(event.properties, run.attributes)):
            lacks(run, index, None, event, "per")

    return handle


def _arriving(route: Route, limits: Limits) -> Handler:
    """A `when` match finds its instance and its `same` values, and does there what its rule is about."""
    index, rule = route.rule_index, route.rule
    react = _reaction(index, rule, limits)
    keys_in = instance_keys_of(rule.per, rule.same)
    if route.steps:
        return _stepping(route, react, completing(route))
    question, refuse = question_of(route.when), refusing(index, Clause.WHEN, route.when)
    if question is None and keys_in is None:
        return react

    def handle(run: Execution, event: Event) -> None:
        if question is not None and not (answer := question(event.properties, run.attributes)):
            if answer is None:
                refuse(run, event)
            return
        key, same = (SINGLE, NO_VALUES) if keys_in is None else keys_in(event.properties)
        if key is None:
            lacks(run, index, None, event, "per")
        elif same is None:
            lacks(run, index, key, event, "same")
        else:
            react(run, event, key, same)

    return handle


def _stepping(route: Route, react: Reaction, completes: Completes) -> Handler:
    """A step of a sequence is a `when` match if it is the last of a chain."""
    index, rule = route.rule_index, route.rule
    asked = [question_of(matches) for _, matches in route.steps]

    def handle(run: Execution, event: Event) -> None:
        key = instance_key(rule.per, event.properties) if rule.per else SINGLE
        if key is None:
            if any(question is None or question(event.properties, run.attributes) for question in asked):
                refuse_keys(run, index, Clause.PER, rule.per, event)
            return
        if not completes(run, event, key):
            return
        same = key_values(rule.same, event.properties)
        if same is None:
            lacks(run, index, key, event, "same")
        else:
            react(run, event, key, same)

    return handle


def _reaction(index: int, rule: RuleProgram, limits: Limits) -> Reaction:
    given = admitting(index, rule)
    if rule.reaches is not None:
        return reaching(index, rule, given)
    if rule.foreseen:
        return _nothing
    if rule.wait is not None:
        return waiting(index, rule, limits, given)

    def cause_at_once(run: Execution, event: Event, key: str = SINGLE, same: list[str] = NO_VALUES) -> None:
        """Without `wait`: a candidate due now, if there is room to remember what may become of it."""
        if given is not None and not given(run, event, key, same):
            return
        if run.reserve(index, key):
            cause(run, index, key, candidate_of_event(run, rule, event, same, Kind.FIRED))
        else:
            refuse_for_room(run, index, key, event, "keys")

    return cause_at_once


def _nothing(run: Execution, event: Event, key: str = SINGLE, same: list[str] = NO_VALUES) -> None:
    """The reaction of a rule that is not in force yet."""
