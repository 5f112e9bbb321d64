"""Histories that may make a rule fire, built of what the compiled rule asks for.

Pure. Called by `searching`, which lets the kernel decide each: what is built here is a guess, simple ones first.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import islice, product
from typing import Any, Final

from kittiwake.event_types import GRANTED, UPDATED
from kittiwake.kernel.plan.catalog import Catalog
from kittiwake.kernel.plan.conditions import AllHold, AnyHolds, Leaf, NotHolds, OfContact, Tree
from kittiwake.kernel.plan.history import VALUES, Condition, Measure, answer
from kittiwake.kernel.plan.match import Match, Matches, Not
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.wait import Delays, FieldWait, UntilWait
from kittiwake.time.instants import DAY_US, MINUTE_US, SECOND_US, format_instant
from kittiwake.values import Path, present
from kittiwake.witness.model import Happening
from kittiwake.witness.values import Asked, assignments, old_and_new, put

OPTIONS_MAX: Final = 24
"""Ways to meet a tree of conditions, or a `where`, that are tried."""
EVENTS_MAX: Final = 500
"""Events of one history: a condition that counts to more is not met."""
ANY_TYPE: Final = "something.happened"
ITEM: Final = "item-1"
BEFORE_US: Final = MINUTE_US

Events = tuple[Happening, ...]


def histories(program: Program, rule: RuleProgram, zero_us: int, *, still: bool = True) -> Iterator[Events]:
    """Histories for a rule, the simplest first, that are to arm it at 0; `still` False: its `still` is not to hold."""
    trees: list[list[Events]] = [list(islice(_met(program, rule, rule.given, 0, holds=True), OPTIONS_MAX))]
    due_us = _due_us(rule) - 1
    trees.append(list(islice(_met(program, rule, rule.still, due_us, holds=still), OPTIONS_MAX)))
    if rule.audience is not None:
        trees.append(list(islice(_met(program, rule, rule.audience.tree, 0, holds=True), OPTIONS_MAX)))
    armings = list(islice(_armings(program, rule, zero_us), OPTIONS_MAX))
    found = [_joined((*conditions, arming)) for arming, *conditions in product(armings, *trees)]
    consent = _consents(program, rule)
    yield from (_joined((consent, one)) for one in sorted(found, key=len) if len(one) <= EVENTS_MAX)


def _due_us(rule: RuleProgram) -> int:
    """When it falls due after it was armed, where the rule alone says."""
    if isinstance(rule.wait, Delays):
        return rule.wait.delays_us[0]
    return rule.wait.unit_us if isinstance(rule.wait, FieldWait) else 0


def _joined(parts: Iterable[Events]) -> Events:
    return in_order(one for part in parts for one in part)


def in_order(events: Iterable[Happening]) -> Events:
    """Events rising in time; those of one instant stay as they came."""
    return tuple(sorted(events, key=lambda one: one.at_us))


def _consents(program: Program, rule: RuleProgram) -> Events:
    consent = program.asked[program.rules.index(rule)].consent
    if consent is None or consent.default_granted:
        return ()
    return (Happening(-400 * DAY_US, GRANTED, {"purpose": consent.purpose}),)


# ---------------------------------------------------------------- what arms


def _armings(program: Program, rule: RuleProgram, zero_us: int) -> Iterator[Events]:
    """Events of `when`, of a sequence or of an item; none of an audience, whose conditions have their own."""
    if rule.audience is not None:
        yield ()
        return
    if rule.catalog is not None:
        yield from _item_changes(program, rule, rule.catalog)
        return
    for own in _own_properties(rule, zero_us):
        if rule.sequence is not None:
            steps, number = rule.sequence.steps, len(rule.sequence.steps)
            apart_us = min(MINUTE_US, rule.sequence.within_us // (number + 1))
            ways = (
                list(islice(_events(program, step, own, (at + 1 - number) * apart_us), 4))
                for at, step in enumerate(steps)
            )
            yield from (_joined(one) for one in product(*ways))
            continue
        for count in _times(rule):
            for one in islice(_arming(program, rule, own), OPTIONS_MAX):
                yield _joined(
                    [tuple(event._replace(at_us=event.at_us - at * SECOND_US) for event in one) for at in range(count)]
                )


def _arming(program: Program, rule: RuleProgram, own: Mapping[Path, Any]) -> Iterator[Events]:
    """Events of `when`, after the attribute that says until when, if it is one."""
    if not isinstance(rule.wait, UntilWait) or not rule.wait.of_contact:
        yield from _events(program, rule.when, own, 0)
        return
    date: dict[str, Any] = {}
    put(date, rule.wait.path, own[rule.wait.path])
    for one in _events(program, rule.when, own, 0):
        yield (Happening(-3 * BEFORE_US, UPDATED, date), *one)


def _times(rule: RuleProgram) -> tuple[int, ...]:
    """How often `when` has to come."""
    if rule.reaches is None or rule.reaches.path is not None:
        return (1,)
    return (min(int(rule.reaches.at[0]), EVENTS_MAX),)


def _own_properties(rule: RuleProgram, zero_us: int) -> Iterator[Mapping[Path, Any]]:
    """Values of the properties that a rule reads of what arms it, beside its `where`."""
    own: dict[Path, Any] = dict.fromkeys((*rule.per, *rule.same), "a")
    for condition in rule.conditions:
        own |= dict.fromkeys(condition.same, "a")
    if rule.reaches is not None and rule.reaches.path is not None:
        own[rule.reaches.path] = rule.reaches.at[0]
    wait = rule.wait
    if isinstance(wait, FieldWait):
        yield own | {wait.path: 1}
    elif isinstance(wait, UntilWait):
        for date in _dates(wait, zero_us):
            yield own | {wait.path: date}
    else:
        yield own


def _dates(wait: UntilWait, zero_us: int) -> Iterator[str]:
    """Dates that lie so far ahead that what is asked for before them is still to come; and some days past ones."""
    earliest = min([wait.offset_us, *(one.offset_us for one in wait.later)])
    days = min([0 if one.local_day is None else one.local_day.days for one in (wait, *wait.later)])
    for ahead_us in (2 * DAY_US, 9 * DAY_US, 40 * DAY_US, -3 * DAY_US):
        at_us = zero_us + ahead_us + max(0, -earliest) + max(0, -days) * DAY_US
        yield format_instant(at_us)[:10]
        yield format_instant(at_us)


def _events(program: Program, matches: Matches, own: Mapping[Path, Any], at_us: int) -> Iterator[Events]:
    """Events that match, at a time, with what has to be so before them."""
    for match in matches:
        for asked in islice(assignments(match.where), OPTIONS_MAX):
            for event_type in sorted(match.types) or [ANY_TYPE]:
                properties = _copied(asked.properties)
                for path, value in own.items():
                    if not present(properties, path):
                        put(properties, path, value)
                yield (*_attributes(asked, at_us), *_sent(program, event_type, properties, at_us))


def _attributes(asked: Asked, at_us: int) -> Iterator[Happening]:
    attributes = {**asked.attributes, **asked.before}
    if attributes:
        yield Happening(at_us - 2 * BEFORE_US, UPDATED, attributes)


def _sent(program: Program, event_type: str, properties: dict[str, Any], at_us: int) -> Events:
    """An event as it is sent: what is derived stands in a list of another."""
    derivation = next((one for one in program.routes.preparation.derivations if one.event == event_type), None)
    if derivation is None:
        return (Happening(at_us, event_type, properties),)
    for asked in islice(assignments(derivation.parents[0].where), 1):
        parent = _copied(asked.properties)
        element = properties if derivation.name is None else properties.get(derivation.name, properties)
        put(parent, derivation.each, [element])
        return (Happening(at_us, min(derivation.parents[0].types, default=ANY_TYPE), parent),)
    return ()


def _copied(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: dict(value) if isinstance(value, dict) else value for name, value in properties.items()}


def _item_changes(program: Program, rule: RuleProgram, catalog: Catalog) -> Iterator[Events]:
    """An item as it was, interest in it, and its change."""
    old, new = old_and_new(catalog.change)
    for asked in islice(assignments(catalog.where), OPTIONS_MAX):
        values = [_of_item({**asked.properties, ".".join(catalog.change.path): value}) for value in (old, new)]
        changed = f"{catalog.change.path[0]}.changed"
        own = {catalog.item: ITEM, **dict.fromkeys((*rule.per, *rule.same), "a")}
        for interest in islice(_events(program, catalog.interest, own, -BEFORE_US), 4):
            items = (Happening(-3 * BEFORE_US, changed, values[0], ITEM), Happening(0, changed, values[1], ITEM))
            yield _joined((items, interest))


def _of_item(values: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of an item's event, of values by dotted path."""
    found: dict[str, Any] = {}
    for path, value in values.items():
        put(found, tuple(path.split(".")), value)
    return found


# ---------------------------------------------------------------- conditions


def _met(program: Program, rule: RuleProgram, tree: Tree | None, at_us: int, *, holds: bool) -> Iterator[Events]:
    """Events before an instant by which a tree of conditions holds, or does not."""
    match tree:
        case None:
            yield ()
        case NotHolds(part):
            yield from _met(program, rule, part, at_us, holds=not holds)
        case AllHold(parts) | AnyHolds(parts):
            ways = [list(islice(_met(program, rule, part, at_us, holds=holds), OPTIONS_MAX)) for part in parts]
            if isinstance(tree, AllHold) is holds:
                yield from map(_joined, islice(product(*ways), OPTIONS_MAX * OPTIONS_MAX))
            else:
                yield from (one for way in ways for one in way)
        case OfContact(where):
            for asked in islice(assignments(where if holds else Not(where)), OPTIONS_MAX):
                yield tuple(_attributes(asked, at_us))
        case Leaf(index):
            yield from sorted(_answered(program, rule, rule.conditions[index], at_us, holds=holds), key=len)


def _answered(
    program: Program, rule: RuleProgram, condition: Condition, at_us: int, *, holds: bool
) -> Iterator[Events]:
    own = dict.fromkeys(condition.own_same, "a")
    for values in _recorded(condition):
        is_known = rule.audience is None and condition.measure not in (Measure.COUNT, Measure.DISTINCT, Measure.SUM)
        if is_known and _is_so(condition, values) is not holds:
            continue  # of the others the event that asks may count too, or it may hold later: the kernel decides
        spots = [at_us - _ago_us(condition) - number * SECOND_US for number in range(len(values))]
        first = [
            next(
                _events(program, condition.of, own if value is None else {**own, condition.path or (): value}, spot),
                None,
            )
            for value, spot in zip(values, spots, strict=True)
        ]
        if None not in first:
            yield _joined(one for one in first if one is not None)


def _ago_us(condition: Condition) -> int:
    """How far back an event counts."""
    if condition.within_us is None or condition.period is not None:
        return BEFORE_US
    return condition.near_us + min(BEFORE_US, (condition.within_us - condition.near_us) // 2)


def _recorded(condition: Condition) -> Iterator[Sequence[Any]]:
    """What may be recorded of a condition: of each event the value of its path, if it has one."""
    bound = condition.bound
    match condition.measure:
        case Measure.COUNT:
            yield from ([None] * number for number in _about(bound))
        case Measure.DISTINCT:
            yield from ([f"v{at}" for at in range(number)] for number in _about(bound))
        case Measure.PRESENT | Measure.ABSENT:
            yield from ([], [None])
        case Measure.LAST:
            operand = condition.operand
            values = list(operand) if isinstance(operand, tuple) else [operand]
            more = [one + 1 for one in values if isinstance(one, (int, Decimal)) and not isinstance(one, bool)]
            yield from ([], *([one] for one in (*values, *more, *(one - 2 for one in more))))
        case _:
            yield from ([], [bound], [bound + 1], [bound - 1])


def _about(bound: Any) -> list[int]:
    numbers = {0, int(bound) - 1, int(bound), int(bound) + 1}
    return sorted(number for number in numbers if 0 <= number <= EVENTS_MAX)


def _is_so(condition: Condition, values: Sequence[Any]) -> bool:
    if condition.measure in (Measure.PRESENT, Measure.ABSENT):
        return bool(values) is (condition.measure is Measure.PRESENT)
    if condition.measure is Measure.AVG:
        return True
    measured = values[0] if values else None if condition.measure in VALUES else 0
    return answer(condition, measured)


def matches_of(rule: RuleProgram) -> Iterator[Match]:
    """The matches one of which has to be met for the rule to begin."""
    yield from rule.when
    if rule.sequence is not None:
        yield from rule.sequence.steps[-1]
    if rule.catalog is not None:
        yield from rule.catalog.interest
