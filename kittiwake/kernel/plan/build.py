"""The building of a program from the rules of one account: which event types concern which rule.

Pure. Called by the compiler and by tests that write programs by hand.
"""

from __future__ import annotations

import copyreg
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from msgspec.structs import replace

from kittiwake.event_types import DELETED, ENDINGS, GRANTED, UNMATCHED_BY_ANY, UPDATED, WITHDRAWN
from kittiwake.kernel.plan.calendar import CalendarWait
from kittiwake.kernel.plan.change import Change
from kittiwake.kernel.plan.conditions import AllHold, AnyHolds, Leaf, NotHolds, OfContact, Tree, of_contact
from kittiwake.kernel.plan.feeds import relies_on
from kittiwake.kernel.plan.gates import asked_of, gates_of
from kittiwake.kernel.plan.history import answer, nothing_of
from kittiwake.kernel.plan.layouts import described, memory_of_repeats
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS, Limits
from kittiwake.kernel.plan.match import AllOf, AnyOf, Comparison, Not, Operator, Other, Predicate, leaves_of
from kittiwake.kernel.plan.policy import Policy, memory_of_cap_us
from kittiwake.kernel.plan.preparation import UNPREPARED, Preparation
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.repeats import Repeats
from kittiwake.kernel.plan.routes import Route, Routes, route_of
from kittiwake.kernel.plan.rule import RuleProgram, texts_of
from kittiwake.kernel.plan.wait import UntilWait
from kittiwake.time.instants import HOUR_US

__all__ = [
    "CONSENT_TYPES",
    "CONTACT_TYPES",
    "DELETED",
    "ENDINGS",
    "GRANTED",
    "UPDATED",
    "WITHDRAWN",
    "attributes_of",
    "attributes_read",
    "build_program",
    "holds_of_nothing",
]

CONTACT_TYPES: Final = ENDINGS | {UPDATED}
CONSENT_TYPES: Final = frozenset({GRANTED, WITHDRAWN})


def build_program(
    account_id: str,
    rules: Sequence[RuleProgram],
    *,
    ruleset_version: str = "",
    policy: Policy | None = None,
    preparation: Preparation = UNPREPARED,
    timezone: str = "UTC",
    allowed_lateness_us: int = HOUR_US,
    limits: Limits = DEFAULT_LIMITS,
    effective_us: int | None = None,
    foreseen_attributes: frozenset[str] = frozenset(),
    foreseen_purposes: tuple[str, ...] = (),
    wanted_later: frozenset[str] | None = frozenset(),
    idle: bool = False,
    is_version: bool = True,
) -> Program:
    """The program of one account, its rules indexed by event type.

    What is `foreseen` is only remembered, for versions to come: rules are marked so themselves. `idle`: there is no
    rule set, so that nothing is needed, nor remembered. `is_version`: all but what is in
    force before the first version.
    """
    policy = policy or Policy()
    rules, preparation = tuple(map(described, rules)), _remembering(preparation)
    purposes = tuple(sorted({*policy.purposes, *foreseen_purposes}))
    own_types = frozenset() if idle else CONTACT_TYPES | (CONSENT_TYPES if purposes else frozenset())
    routes = _routes(rules, own_types, preparation, wanted_later)
    feeds = tuple(relies_on(rule, policy.feeds, routes.preparation.derivations) for rule in rules)
    in_force = (rule for rule in rules if not rule.foreseen)
    return Program(
        account_id=account_id,
        ruleset_version=ruleset_version,
        rules=rules,
        policy=policy,
        timezone=timezone,
        allowed_lateness_us=allowed_lateness_us,
        limits=limits,
        routes=routes,
        texts=tuple(texts_of(rule, ruleset_version) for rule in rules),
        state_keys=tuple(rule.state_key for rule in rules),
        gates=tuple(gates_of(rule, policy, own) for rule, own in zip(rules, feeds, strict=True)),
        asked=tuple(asked_of(rule, policy) for rule in rules),
        feeds=feeds,
        firings_us=max(map(memory_of_cap_us, policy.caps), default=0),
        readied=tuple(i for i, rule in enumerate(rules) if _is_readied(rule)),
        dated=tuple(i for i, rule in enumerate(rules) if _is_dated(rule)),
        attributes=attributes_of(rules, routes.preparation) | foreseen_attributes,
        measured=attributes_of(in_force, routes.preparation) if is_version else frozenset(),
        purposes=purposes,
        effective_us=effective_us,
        wanted_later=wanted_later,
        looks_back=any(rule.look_backs for rule in rules),
        has_digests=any(rule.digest is not None for rule in rules),
    )


def attributes_of(rules: Iterable[RuleProgram], preparation: Preparation = UNPREPARED) -> frozenset[str]:
    """Top-level attributes of the contact that the rules read, and `derive`, and `timezone`."""
    found = {name for rule in rules for name in attributes_read(rule)}
    of_parents = (_attributes_of(match.where) for match in preparation.parents() if match.where is not None)
    return frozenset({"timezone"} | found).union(*of_parents)


def _remembering(preparation: Preparation) -> Preparation:
    """With the `memory` of what it drops; entries that differ in `within` alone are the longest of them."""
    found: dict[str, Repeats] = {}
    for one in preparation.repeats:
        memory = memory_of_repeats(one)
        within_us = max(one.within_us, found[memory].within_us if memory in found else 0)
        found[memory] = replace(one, memory=memory, within_us=within_us)
    return replace(preparation, repeats=tuple(found.values())) if found else preparation


def _is_readied(rule: RuleProgram) -> bool:
    """Whether an audience may have an instant at which its members enter."""
    return rule.audience is not None and not rule.foreseen and (rule.ready_us is not None or bool(rule.look_backs))


def _is_dated(rule: RuleProgram) -> bool:
    """Whether a changed attribute or zone may move what is pending."""
    return isinstance(rule.wait, (UntilWait, CalendarWait)) and not rule.foreseen


def _packed(program: Program) -> tuple[Callable[..., Program], tuple[Any, ...]]:
    """A program travels as its rules, which are small: what follows from them is computed anew."""
    return _unpacked, (
        program.account_id,
        program.rules,
        {
            "ruleset_version": program.ruleset_version,
            "policy": program.policy,
            "preparation": program.routes.preparation,
            "timezone": program.timezone,
            "allowed_lateness_us": program.allowed_lateness_us,
            "limits": program.limits,
            "effective_us": program.effective_us,
            "foreseen_attributes": program.attributes,
            "foreseen_purposes": program.purposes,
            "wanted_later": program.wanted_later,
            "idle": not program.routes.own_types,
            "is_version": bool(program.measured),
        },
    )


def _unpacked(account_id: str, rules: tuple[RuleProgram, ...], about: dict[str, Any]) -> Program:
    return build_program(account_id, rules, **about)


copyreg.pickle(Program, _packed)


def _takes_unnamed(rule: RuleProgram) -> bool:
    """Whether events of types the rule does not name can concern it: by "*", or as a contact's first event."""
    return any(not match.types for match in rule.matches()) or holds_of_nothing(rule)


def _routes(
    rules: Sequence[RuleProgram],
    own_types: frozenset[str],
    preparation: Preparation,
    wanted_later: frozenset[str] | None,
) -> Routes:
    """By event type, which rules its events concern; one identity of `UNPREPARED`, for which walkers ask."""
    naming: dict[str, set[int]] = {}
    for i, rule in enumerate(rules):
        for match in rule.matches():
            for event_type in match.types:
                naming.setdefault(event_type, set()).add(i)
    for i, rule in enumerate(rules):
        if follows_zone(rule):
            naming.setdefault(UPDATED, set()).add(i)
    unnamed = {i for i, rule in enumerate(rules) if _takes_unnamed(rule)}
    needs_any, needed = bool(_routes_of_type(rules, unnamed, None)), {*naming, *(wanted_later or ())}
    preparation = preparation.needed(lambda one: needs_any or wanted_later is None or one in needed)
    for match in preparation.parents():
        for event_type in match.types:
            naming.setdefault(event_type, set())
    takes_any = needs_any or any(not match.types for match in preparation.parents())
    looking = {i for i, rule in enumerate(rules) if looks_at_contact(rule)}
    if looking:
        unnamed |= looking if takes_any else set()
        naming = {event_type: naming.get(event_type, set()) | looking for event_type in {*naming, *own_types} - ENDINGS}
    return Routes(
        {event_type: _routes_of_type(rules, naming[event_type] | unnamed, event_type) for event_type in sorted(naming)},
        _routes_of_type(rules, unnamed, None),
        _routes_of_type(rules, unnamed, UNMATCHED_BY_ANY[0]),
        own_types,
        UNPREPARED if preparation == UNPREPARED else preparation,
        takes_any,
        tuple(Route(i, rule, (), (), (), ()) for i, rule in enumerate(rules) if rule.catalog is not None),
    )


def _routes_of_type(rules: Sequence[RuleProgram], indices: set[int], event_type: str | None) -> tuple[Route, ...]:
    """The routes of events of a type; in an audience that holds of an empty history every event has one."""
    routes = (route_of(i, rules[i], event_type) for i in sorted(indices))
    return tuple(
        route
        for route in routes
        if route.when
        or route.steps
        or route.unless
        or route.conditions
        or route.interest
        or _is_looked_at(route.rule, event_type)
    )


def _is_looked_at(rule: RuleProgram, event_type: str | None) -> bool:
    """Whether an event that the rule does not name may change a membership: as the first, or by what it says."""
    if holds_of_nothing(rule) or looks_at_contact(rule):
        return True
    return event_type == UPDATED and follows_zone(rule)


def follows_zone(rule: RuleProgram) -> bool:
    """Whether an audience changes with the contact's zone: it asks about a calendar period."""
    return rule.audience is not None and any(condition.period is not None for condition in rule.conditions)


def looks_at_contact(rule: RuleProgram) -> bool:
    """Whether an audience asks for attributes: of a forgotten contact they stay, so that its next event, of whatever
    type that is needed, may make it a member.
    """
    return rule.audience is not None and bool(of_contact(rule.audience.tree))


def holds_of_nothing(rule: RuleProgram) -> bool:
    """Whether a rule's audience holds of a contact with no history at all."""

    def holds(tree: Tree) -> bool:
        match tree:
            case Leaf(index):
                return answer(rule.conditions[index], nothing_of(rule.conditions[index]))
            case AllHold(parts):
                return all(map(holds, parts))
            case AnyHolds(parts):
                return any(map(holds, parts))
            case NotHolds(part):
                return not holds(part)
            case OfContact(where):
                return _holds_of_no_values(where)

    return rule.audience is not None and holds(rule.audience.tree)


def _holds_of_no_values(predicate: Predicate) -> bool:
    """Whether a predicate holds where every value is missing."""
    match predicate:
        case Comparison(operator=operator, operand=operand):
            return operator is Operator.EXISTS and operand is False
        case Change():
            return False
        case AllOf(parts):
            return all(map(_holds_of_no_values, parts))
        case AnyOf(parts):
            return any(map(_holds_of_no_values, parts))
        case Not(part):
            return not _holds_of_no_values(part)


def attributes_read(rule: RuleProgram) -> Iterator[str]:
    """Top-level attributes of the contact the rule reads."""
    for match in rule.matches():
        if match.where is not None:
            yield from _attributes_of(match.where)
    if isinstance(rule.wait, UntilWait) and rule.wait.of_contact:
        yield rule.wait.path[0]
    for tree in rule.trees():
        for question in of_contact(tree):
            yield from _attributes_of(question.where)
    if rule.catalog is not None and rule.catalog.where is not None:
        yield from _attributes_of(rule.catalog.where)
    for include in rule.include:
        if include.of_contact:
            yield include.path[0]


def _attributes_of(predicate: Predicate) -> Iterator[str]:
    for one in leaves_of(predicate):
        if isinstance(one, Change) or one.of_contact:
            yield one.path[0]
        if isinstance(one, Comparison) and isinstance(one.operand, Other) and one.operand.of_contact:
            yield one.operand.path[0]
