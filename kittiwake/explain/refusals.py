"""Values that an event brings and that a rule cannot use: said where they stand; the kernel spends no step on them.

Pure over `Facts` and what is armed. Called by `explain` for every event, after the facts have taken it in.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from kittiwake.event_types import GRANTED, WITHDRAWN
from kittiwake.explain.values import NUMBER, SCALAR, found_words, looks_like, misfits, needs_words, type_words
from kittiwake.explain.wording import listed, path_words, value_words
from kittiwake.kernel.evaluate.match import amount, holds
from kittiwake.kernel.plan.history import Condition, Measure, kind_of, kinds_of
from kittiwake.kernel.plan.match import Match, Matches
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.model import Event
from kittiwake.values import is_scalar, lookup, parse_json, same_scalar

Attributes = Mapping[str, Any]


def refused_by_condition(condition: Condition, event: Event, attributes: Attributes, *, matches: bool) -> str | None:
    """Why an event of the right type counts for nothing in a condition; None: it counts, or it is not meant."""
    if not matches:
        return _misfit(condition.of, event, attributes)
    for path in condition.own_same:
        if not is_scalar(lookup(event.properties, path)):
            return needs_words(event.properties, path, SCALAR)
    if condition.path is None:
        return None
    if condition.measure is Measure.LAST:
        wanted = kinds_of(condition)
        if kind_of(lookup(event.properties, condition.path)) in wanted:
            return None
        return needs_words(event.properties, condition.path, listed([f"a {kind}" for kind in sorted(wanted)], "or"))
    if condition.measure is not Measure.DISTINCT:
        return None if amount(condition.path, event.properties) is not None else _no_number(condition.path, event)
    value = lookup(event.properties, condition.path)
    return None if is_scalar(value) else needs_words(event.properties, condition.path, SCALAR)


def refused_by_reaches(rule: RuleProgram, event: Event) -> str | None:
    """Why a match adds nothing to a total; None: it does."""
    if rule.reaches is None or rule.reaches.path is None:
        return None
    return None if amount(rule.reaches.path, event.properties) is not None else _no_number(rule.reaches.path, event)


def _no_number(path: tuple[str, ...], event: Event) -> str:
    return needs_words(event.properties, path, NUMBER)


def _misfit(matches: Matches, event: Event, attributes: Attributes) -> str | None:
    wanted = (match.where for match in matches if match.covers(event.type) and match.where is not None)
    return next((why for where in wanted for why in misfits(where, event.properties, attributes)), None)


# ---------------------------------------------------------------- unless


def not_disarmed(rule: RuleProgram, armed_by: Event, event: Event, attributes: Attributes) -> str | None:
    """Why an event that was meant to disarm does not, for a value of another type; None: it does, or was not meant."""
    about = [match for match in rule.unless if match.covers(event.type)]
    if any(_disarms(match, armed_by, event, attributes) for match in about):
        return None
    return next((why for match in about for why in _whys(match, armed_by, event, attributes)), None)


def _disarms(match: Match, armed_by: Event, event: Event, attributes: Attributes) -> bool:
    if match.where is not None and not holds(match.where, event.properties, attributes):
        return False
    named = zip(match.own_same, match.same, strict=True)
    pairs = ((lookup(event.properties, own), lookup(armed_by.properties, path)) for own, path in named)
    return all(is_scalar(one) and same_scalar(one, other) for one, other in pairs)


def _whys(match: Match, armed_by: Event, event: Event, attributes: Attributes) -> Iterator[str]:
    if match.where is not None and not holds(match.where, event.properties, attributes):
        yield from misfits(match.where, event.properties, attributes)
        return
    for own, path in zip(match.own_same, match.same, strict=True):
        mine, armed = lookup(event.properties, own), lookup(armed_by.properties, path)
        if looks_like(mine, armed):
            yield f"{found_words(event.properties, own)}, and {value_words(armed)}, {type_words(armed)}, when armed"


# ---------------------------------------------------------------- keys


def other_instance(instance: str, known: str) -> str | None:
    """That an instance reads like one that is known and is another; None: it is not so."""
    mine, other = parse_json(instance), parse_json(known)
    if mine.keys() != other.keys():
        return None
    differing = [name for name in mine if looks_like(mine[name], other[name])]
    if not differing or any(not same_scalar(mine[name], other[name]) for name in mine if name not in differing):
        return None
    name = differing[0]
    words = f"there {name} is {type_words(other[name])}, here {type_words(mine[name])}"
    return f"another instance than {known}: {words}"


def other_key(condition: Condition, event: Event, known: str) -> str | None:
    """That a key of `same` values reads like the one that is asked about and is another; None: it is not so."""
    mine, other = [lookup(event.properties, path) for path in condition.same], parse_json(known)
    pairs = [*zip(condition.own_same, mine, other, strict=True)]
    differing = [pair for pair in pairs if looks_like(pair[1], pair[2])]
    if not differing or any(pair[1] != pair[2] for pair in pairs if pair not in differing):
        return None
    path, here, there = differing[0]
    some = f"there is some with {path_words(path)} {value_words(there)}, {type_words(there)}"
    return f"{some}, and {value_words(here)} is {type_words(here)}"


# ---------------------------------------------------------------- consent


def consent_words(event: Event) -> str | None:
    """What becomes of a consent event whose purpose is no text; None: it is one, or there is none."""
    purpose = event.properties.get("purpose")
    if event.type not in (GRANTED, WITHDRAWN) or purpose is None or isinstance(purpose, str):
        return None
    what = "it grants nothing" if event.type == GRANTED else "taken as every purpose"
    return f"{needs_words(event.properties, ('purpose',), 'a text')}: {what}"
