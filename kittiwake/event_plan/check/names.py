"""Checks of names: types of events and properties that never occur.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from kittiwake.event_plan.check.wording import closest, events_words, listed, number, span_of
from kittiwake.event_plan.known import Known, types_seen
from kittiwake.event_plan.uses import Need, TypeUse, Use
from kittiwake.rules.diagnostics import Diagnostic
from kittiwake.rules.errors import LintCode


def check_types(uses: Iterable[TypeUse], known: Known) -> Iterator[Diagnostic[LintCode]]:
    """Types of which no event came."""
    for use in uses:
        if known.occurs(use.name):
            continue
        history = known.plan.history
        if history is None or history.events is None:
            message = f"the event plan has no type {use.name}"
        else:
            seen = f"{number(history.events)} events{span_of(history)}"
            message = f"no {use.name} is among {seen}"
        meant = closest(use.name, known.events)
        advice = f"Did you mean {meant}?" if meant else f"The types are {listed(known.events)}"
        yield Diagnostic(use.at, LintCode.TYPE_NEVER_SEEN, message, advice)


def check_properties(uses: Iterable[Use], known: Known) -> Iterator[Diagnostic[LintCode]]:
    """Properties and attributes that no event and no contact has."""
    for use in uses:
        answer = known.answer(use)
        if not answer.never or (use.at_key and use.path[-1] not in use.at):
            continue  # or it is named once more, beside what it is compared with
        if len(use.path) > 1 and not _has_lists(use, known):
            continue  # that there is no such list is reported by itself
        names = list(_beside(use, known))
        meant = closest(use.path[-1], names)
        if use.negated and meant is None:
            continue  # that something is not so may be asked to be safe
        message = _never(use, known, answer.without)
        at_key = use.at_key or use.need is Need.LIST
        advice = f"Did you mean {meant}?" if meant else f"It has {listed(names)}" if names else "It has no properties"
        yield Diagnostic(_at_name(use), LintCode.PROPERTY_NEVER_SEEN, message, advice, at_key=at_key)


def _has_lists(use: Use, known: Known) -> bool:
    """Whether there are lists into whose elements the property leads."""
    lists = known.property_of(use.types, use.path[:-1]).found
    return any("list" in types_seen(one.property, otherwise=("list",)) for one in lists)


def _at_name(use: Use) -> tuple[str | int, ...]:
    """Where the name stands: of a test of a `where` it is the key above its operator."""
    names = [i for i, part in enumerate(use.at) if part == use.path[-1]]
    return use.at[: names[-1] + 1] if use.at_key and names else use.at


def _never(use: Use, known: Known, without: tuple[str, ...]) -> str:
    if use.of_contact:
        return f"no contact has the attribute {use.path[0]}"
    if len(use.path) > 1:
        *lists, name = use.path
        return f"no element of {'.'.join(lists)} has {name}, in {events_words(known, without)}"
    seen = events_words(known, without, of_items=use.of_item)
    return f"{'none of' if seen[0].isdigit() else 'no'} {seen} has {use.path[0]}"


def _beside(use: Use, known: Known) -> Iterator[str]:
    """The names that could have been written."""
    if use.of_contact:
        yield from known.attributes or ()
        return
    if use.of_item:
        yield from (name for one in (known.items or {}).values() for name in one.properties or ())
        return
    *lists, _ = use.path
    for event_type in known.types(use.types):
        properties = known.events[event_type].properties
        for name in lists:
            one = (properties or {}).get(name)
            properties = one.elements.properties if one is not None and one.elements is not None else None
        yield from properties or ()
