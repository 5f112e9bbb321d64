"""Catalogue rules: an interest is remembered, and a change of an item opens, restarts or reverts (semantics.md, 17).

A change of an item reaches the contact as one of its events (ADR 0026): it arms the rule with the item, what it is now,
and what `include` needs of the newest interest. Made by `run.dispatch`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final, TypeAlias

from kittiwake.kernel.evaluate.catalog import (
    ITEM_ID,
    NOW,
    holds_against,
    item_at,
    item_text,
    lasting,
    value_after,
    value_before,
    values_after,
)
from kittiwake.kernel.evaluate.change import Test, test_of
from kittiwake.kernel.evaluate.include import within
from kittiwake.kernel.evaluate.match import asking, key_values, question_of, reader
from kittiwake.kernel.evaluate.unusable import finding, type_of
from kittiwake.kernel.plan.catalog import Catalog
from kittiwake.kernel.plan.catalog_plan import ITEM, shown_of_item
from kittiwake.kernel.plan.limits import Limits
from kittiwake.kernel.plan.routes import Route
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.run.arming import refuse_for_room
from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.run.reactions import Handler, Reaction
from kittiwake.kernel.run.unusable import refuse_keys, refusing
from kittiwake.kernel.state.interest import Interest
from kittiwake.kernel.state.state import Instance, RuleState
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import CUT, Event
from kittiwake.reasons import Clause, Outcome, Reason
from kittiwake.values import canonical, parse_json

ITEMS_KEPT: Final = 8_192
"""Items whose keys are kept at hand: a contact is given many changes of one item. 2 MB at most."""

Fitting: TypeAlias = Callable[[Execution, Event], bool | None]
"""Whether the item is as `where` asks after a change; None: it is not, for the type of one of its values."""

# ---------------------------------------------------------------- interest


def interested(route: Route, limits: Limits) -> Handler:
    """What remembers the interest that an event shows."""
    index, catalog = route.rule_index, _catalog_of(route.rule)
    question, refuse = question_of(route.interest), refusing(index, Clause.INTEREST, route.interest)
    named_at, shown = reader(catalog.item), catalog.shown

    def handle(run: Execution, event: Event) -> None:
        properties = event.properties
        if question is not None and not (answer := question(properties, run.attributes)):
            if answer is None:
                refuse(run, event)
            return
        item = item_text(named_at(properties))
        if item is None:
            refuse_keys(run, index, Clause.INTEREST, (catalog.item,), event)
            return
        state = run.rules[index] or run.rule_state(index)
        if item not in state.interests and not _has_room(state, catalog, limits, run.now_us):
            refuse_for_room(run, index, _key_of(item), event, "interests")
            return
        state.interests[item] = Interest(run.now_us, _shown(shown, properties, limits))
        if run.trace is not None:
            run.note(StepKind.INTERESTED, index, _key_of(item), event_id=event.event_id)

    return handle


def _has_room(state: RuleState, catalog: Catalog, limits: Limits, now_us: int) -> bool:
    if len(state.interests) >= limits.interests:
        state.interests = lasting(state.interests, catalog.within_us, now_us)
    return len(state.interests) < limits.interests


def _shown(names: tuple[str, ...], properties: dict[str, Any], limits: Limits) -> str:
    if not names:
        return "{}"
    return within({name: properties[name] for name in names if name in properties}, limits.interest_bytes)


# ---------------------------------------------------------------- changes of items


def changing(route: Route, react: Reaction) -> Handler:
    """What a change of an item does: it reverts what it takes back, and arms if it is one that is asked about."""
    index, rule = route.rule_index, route.rule
    catalog, paths = _catalog_of(rule), tuple(shown_of_item(rule))
    path, passes, since_interest = ".".join(catalog.change.path), test_of(catalog.change), catalog.since_interest
    read, fits = frozenset((path, *catalog.asked_of_item())), _fitting(catalog)

    def handle(run: Execution, event: Event) -> None:
        now, state = event.properties[NOW], run.rules[index]
        if state is None or read.isdisjoint(now):
            return
        item = event.properties[ITEM_ID]
        one = state.instances.get(_key_of(item)) if state.instances else None
        if one is not None and (one.episode is not None or one.held is not None):
            value = value_after(event.properties, path) if fits(run, event) else None
            _revert(run, index, _key_of(item), one, passes, value, event)
        interest = state.interests.get(item)
        if path not in now or interest is None or event.time_us - interest.newest_us >= catalog.within_us:
            return
        before, value = value_before(event.properties, path), now[path]
        reference = _reference(interest, before) if since_interest else before
        if rule.foreseen:
            return
        answer = passes(before, value)
        if answer is None:
            run.count_unusable(index, Clause.WHEN, f"{ITEM}.{path}", type_of(value))
        is_so = holds_against(passes, reference, value) if since_interest else before is not None and bool(answer)
        stood = since_interest and is_so and holds_against(passes, reference, before)
        if run.trace is not None:
            details = {"event_id": event.event_id, "reference": reference, "value": value}
            details |= {"is_so": is_so, "stood": stood}
            run.note(StepKind.CHANGED, index, _key_of(item), **details, fits=bool(fits(run, event)))
        if not is_so or stood:
            return
        if not (fit := fits(run, event)):
            if fit is None:
                _refuse_values(run, index, catalog, event)
            return
        arming = _arming(event, item, item_at(event.properties, paths), interest.shown)
        _react(run, index, _key_of(item), rule, react, arming, canonical(reference))

    return handle


def _anything(_: Execution, __: Event) -> bool:
    return True


def _fitting(catalog: Catalog) -> Fitting:
    if catalog.where is None:
        return _anything
    question, names = asking(catalog.where), catalog.asked_of_item()

    def fits(run: Execution, event: Event) -> bool | None:
        return question(values_after(event.properties, names), run.attributes)

    return fits


def _refuse_values(run: Execution, index: int, catalog: Catalog, event: Event) -> None:
    """Count the values of the item of which `where` never holds, for their type."""
    assert catalog.where is not None, "it has refused"
    values = values_after(event.properties, catalog.asked_of_item())
    for path, found in dict.fromkeys(finding([catalog.where])(values, run.attributes)):
        run.count_unusable(index, Clause.WHEN, f"{ITEM}.{path}", found)


def _reference(interest: Interest, before: Any) -> Any:
    """The value at the newest interest, which is the value before its first change since."""
    if not interest.is_known:
        interest.is_known = True
        interest.reference = None if before is None else canonical(before)
    return None if interest.reference is None else parse_json(interest.reference)


def _arming(event: Event, item: str, values: dict[str, Any], shown: str) -> Event:
    """The event that arms: with what the newest interest shows, the item's id, and the item."""
    of_interest = {} if shown == "{}" else {name: one for name, one in parse_json(shown).items() if name != CUT}
    properties = {**of_interest, ITEM_ID: item, ITEM: values}
    return Event(event.time_us, event.event_id, event.type, properties, event.account_id, event.contact_id, item)


def _react(
    run: Execution, index: int, key: str, rule: RuleProgram, react: Reaction, arming: Event, reference: str
) -> None:
    """Let the change do what a `when` match does; what it opens knows by what it was measured."""
    same = key_values(rule.same, arming.properties)
    assert same is not None, "only the item's id is asked for"
    before = len(run.caused)
    react(run, arming, key, same)
    for caused in run.caused[before:]:
        caused.candidate.reference = reference
    one = run.instance(index, key)
    if one is not None and one.episode is not None and one.episode.reference is None:
        one.episode.reference = reference


def _revert(run: Execution, index: int, key: str, one: Instance, passes: Test, value: Any, event: Event) -> None:
    """End what is pending or deferred of an item whose change holds no more; no value: it is not as `where` asks."""
    held, episode = one.held, one.episode
    if held is not None and not _still_holds(passes, held.candidate.reference, value):
        run.decide(index, key, held.candidate, Outcome.CANCELLED, Reason.REVERTED)
        one.held = None
    if episode is not None and not _still_holds(passes, episode.reference, value):
        if run.trace is not None:
            dues_us = [reminder.due_us for reminder in episode.reminders]
            run.note(StepKind.DISARMED, index, key, why="reverted", event_id=event.event_id, dues_us=dues_us)
        one.episode = None


def _still_holds(passes: Test, reference: str | None, value: Any) -> bool:
    if value is None or reference is None:
        return False
    return holds_against(passes, parse_json(reference), value)


def _catalog_of(rule: RuleProgram) -> Catalog:
    assert rule.catalog is not None
    return rule.catalog


@lru_cache(maxsize=ITEMS_KEPT)
def _key_of(item: str) -> str:
    """The instance of an item, as if `per` named its id."""
    return f'{{"{ITEM_ID}":{canonical(item)}}}'
