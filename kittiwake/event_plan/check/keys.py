"""Checks of keys: properties of `per` and `same` that are often missing, or that no two events share.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from kittiwake.event_plan.check.wording import events_words, number, one_of_types, share_words, types_words
from kittiwake.event_plan.known import Found, Known, types_seen
from kittiwake.event_plan.uses import Need, Types, Use, arming_types, is_narrowed, types_of_match
from kittiwake.rules.check.conditions import histories
from kittiwake.rules.check.history import comparisons, measured
from kittiwake.rules.diagnostics import Diagnostic, each
from kittiwake.rules.errors import KeyPath, LintCode
from kittiwake.rules.lint.queries import clauses_of
from kittiwake.rules.model.history import Count, HistoryCondition
from kittiwake.rules.model.match import ChangeMatch, MatchObject
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.model.sequence import SequenceObject
from kittiwake.rules.model.text import same_pairs

OFTEN_MISSING: Final = 0.2
"""From this share on a key that is missing takes more out of a rule than an accident would."""
ENOUGH: Final = 20
"""So many events, or contacts, have to have been seen before it means something that all of them differ."""


def check_missing(uses: Iterable[Use], known: Known) -> Iterator[Diagnostic[LintCode]]:
    """Keys that many events lack: those take no part."""
    for use in uses:
        if use.need is not Need.KEY or use.narrowed or use.of_contact:
            continue
        answer = known.property_of(use.types, use.path)
        advice = "Those take no part in this: name a property that all have, or mend what the producer sends"
        if answer.found and answer.without:
            message = f"{use.path[-1]} is in no {one_of_types(answer.without)}"
            yield Diagnostic(use.at, LintCode.KEY_OFTEN_MISSING, message, advice)
        for one in answer.found:
            present = one.property.present
            if present is not None and 1 - present >= OFTEN_MISSING:
                seen = events_words(known, [one.event_type])
                message = f"{use.path[-1]} is missing in {share_words(float(1 - present))} of {seen}"
                yield Diagnostic(use.at, LintCode.KEY_OFTEN_MISSING, message, advice)


def check_unique(rule: Rule, known: Known) -> Iterator[Diagnostic[LintCode]]:
    """Keys of which every event has another, where several events would have to have one."""
    for written, path in clauses_of(rule):
        for where, condition in histories(written, path):
            if _needs_two(condition):
                types = types_of_match(measured(condition)[1])
                yield from _unique(types, [name for _, name in same_pairs(condition.same)], (*where, "same"), known)
    arming = arming_types(rule)
    several = rule.reaches is not None and rule.reaches.count is not None and rule.reaches.at[-1] > 1
    if several or _repeats_a_type(rule):
        yield from _unique(arming, [name for _, name in each(rule.per, ())], ("per",), known)


def _needs_two(condition: HistoryCondition) -> bool:
    """Whether a condition holds only of several events with one key."""
    if not isinstance(condition, Count) or condition.same is None:
        return False
    return any(
        (op in ("gte", "eq") and bound > 1) or (op == "gt" and bound >= 1) for op, bound in comparisons(condition)
    )


def _repeats_a_type(rule: Rule) -> bool:
    """Whether a sequence has steps that only events of one type can be."""
    if not isinstance(rule.when, SequenceObject):
        return False
    steps = [types_of_match(step) for step in rule.when.sequence]
    return len(set(steps)) == 1 and len(steps[0]) == 1 and "*" not in steps[0]


def _unique(types: Types, names: list[str], path: KeyPath, known: Known) -> Iterator[Diagnostic[LintCode]]:
    """Of several names one is enough that every event has another of."""
    for name in names:
        answer = known.property_of(types, (name,))
        if answer.unknown or not answer.found or len(answer.found) > 1:
            continue  # events of two types may share it
        one = answer.found[0]
        values = _values(one)
        if values is not None and one.property.distinct is not None and one.property.distinct >= values:
            seen = events_words(known, [one.event_type])
            message = f"every one of {seen} has another {name} ({number(one.property.distinct)} of them)"
            advice = "No two events share it: name a property that they do"
            yield Diagnostic(path, LintCode.KEY_UNIQUE, message, advice)


def _values(found: Found) -> int | None:
    """How many events have a value; None if that is not known, or too few do to say anything."""
    if found.property.types is None:
        return None
    values = sum(count for name, count in found.property.types.items() if name != "null")
    return values if values >= ENOUGH else None


class _Pairs(NamedTuple):
    """The properties that a `same` compares, of the event that arms or asks and of the other one."""

    at: KeyPath
    arming: Types
    others: Types
    pairs: list[tuple[str, str]]
    narrowed: bool
    """Whether only some of the other events are compared."""


def _compared(rule: Rule) -> Iterator[_Pairs]:
    arming = arming_types(rule)
    for path, entry in each(rule.unless, ("unless",)):
        if isinstance(entry, (MatchObject, ChangeMatch)):
            yield _Pairs((*path, "same"), arming, types_of_match(entry), same_pairs(entry.same), narrowed=False)
    for written, path in clauses_of(rule):
        for where, condition in histories(written, path):
            _, match = measured(condition)
            pairs, narrowed = same_pairs(condition.same), is_narrowed(match)
            yield _Pairs((*where, "same"), arming, types_of_match(match), pairs, narrowed)


def check_shared(rule: Rule, known: Known) -> Iterator[Diagnostic[LintCode]]:
    """Keys whose values never come in the events that they are compared with, or come as another type there."""
    for one in _compared(rule):
        of_types = list(_of_types(one, known))
        yield from of_types
        if not of_types and not one.narrowed:
            yield from _shared(one.arming, one.others, one.pairs, one.at, known)


def _of_types(one: _Pairs, known: Known) -> Iterator[Diagnostic[LintCode]]:
    """Values of one type that are compared with values of another: `12` is not `"12"`."""
    for ours, theirs in one.pairs:
        here, there = known.property_of(one.arming, (ours,)), known.property_of(one.others, (theirs,))
        types = [
            frozenset[str]().union(*(types_seen(found.property) for found in answer_.found))
            for answer_ in (here, there)
        ]
        if here.unknown or there.unknown or not all(types) or types[0] & types[1]:
            continue
        events = [one_of_types([found.event_type for found in answer_.found]) for answer_ in (here, there)]
        message = f"{ours} of {events[0]} is {types_words(types[0])}, {theirs} of {events[1]} {types_words(types[1])}"
        advice = "They never are the same: read texts as numbers with cast, or mend what the producer sends"
        yield Diagnostic(one.at, LintCode.TYPE_OF_VALUE, message, advice)


def _shared(
    arming: Types, others: Types, pairs: list[tuple[str, str]], path: KeyPath, known: Known
) -> Iterator[Diagnostic[LintCode]]:
    for name in (ours for ours, theirs in pairs if ours == theirs):
        answer = known.property_of(arming, (name,))
        there = known.property_of(others, (name,))
        seen = [known.events[one.event_type] for one in there.found]
        if answer.unknown or there.unknown or not answer.found or not seen:
            continue
        if any(one.property.also_in is None or (_values(one) is None) for one in answer.found):
            continue
        types = [one.event_type for one in there.found]
        if {one.event_type for one in answer.found} & {*types}:
            continue  # among events of one type it is shared
        if not any((one.property.also_in or {}).get(name_of) for one in answer.found for name_of in types):
            ours = events_words(known, [one.event_type for one in answer.found])
            message = f"no {name} of {ours} ever came in {one_of_types(types)}"
            advice = "They never are the same: map the names, same: {checkout_id: order_id}, or name another property"
            yield Diagnostic(path, LintCode.KEY_NEVER_SHARED, message, advice)
