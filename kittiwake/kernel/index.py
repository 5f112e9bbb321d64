"""From the rules of one account to its program: which event types concern which rule.

Pure. Called by the compiler and by tests that write programs by hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from kittiwake.kernel.limits import DEFAULT_LIMITS, Limits
from kittiwake.kernel.program import (
    UNMATCHED_BY_ANY,
    AllHold,
    AllOf,
    AnyHolds,
    AnyOf,
    Comparison,
    Condition,
    Leaf,
    Measure,
    Not,
    NotHolds,
    Operator,
    Policy,
    Predicate,
    Program,
    RuleProgram,
    Tree,
    UntilWait,
)
from kittiwake.time.instants import HOUR_US
from kittiwake.values import Number

UPDATED: Final = "contact.updated"
DELETED: Final = "contact.deleted"
GRANTED: Final = "consent.granted"
WITHDRAWN: Final = "consent.withdrawn"
CONTACT_TYPES: Final = frozenset({UPDATED, DELETED})
CONSENT_TYPES: Final = frozenset({GRANTED, WITHDRAWN})


def build_program(
    account_id: str,
    rules: Sequence[RuleProgram],
    *,
    ruleset_version: str = "",
    policy: Policy | None = None,
    timezone: str = "UTC",
    allowed_lateness_us: int = HOUR_US,
    limits: Limits = DEFAULT_LIMITS,
) -> Program:
    """The program of one account, its rules indexed by event type."""
    every_event = tuple(i for i, rule in enumerate(rules) if rule.audience and holds_of_nothing(rule))
    starred = {i for i, rule in enumerate(rules) if any(not match.types for match in rule.matches())}
    return Program(
        account_id=account_id,
        ruleset_version=ruleset_version,
        rules=tuple(rules),
        policy=policy or Policy(),
        timezone=timezone,
        allowed_lateness_us=allowed_lateness_us,
        limits=limits,
        by_type=_by_type(rules, starred, set(every_event)),
        any_type=tuple(sorted(starred | set(every_event))),
        every_event=every_event,
        own_types=CONTACT_TYPES | (CONSENT_TYPES if policy and policy.consent else frozenset()),
        readied=tuple(i for i, rule in enumerate(rules) if rule.audience and rule.ready_us is not None),
        dated=tuple(i for i, rule in enumerate(rules) if isinstance(rule.wait, UntilWait)),
        attributes=frozenset({"timezone"} | {name for rule in rules for name in _attributes(rule)}),
    )


def _by_type(rules: Sequence[RuleProgram], starred: set[int], every_event: set[int]) -> dict[str, tuple[int, ...]]:
    named: dict[str, set[int]] = {}
    for i, rule in enumerate(rules):
        for match in rule.matches():
            for event_type in match.types:
                named.setdefault(event_type, set()).add(i)
    return {
        event_type: tuple(sorted(i | every_event | (set() if event_type.startswith(UNMATCHED_BY_ANY) else starred)))
        for event_type, i in named.items()
    }


def holds_of_nothing(rule: RuleProgram) -> bool:
    """Whether a rule's audience holds of a contact with no history at all."""

    def holds(tree: Tree) -> bool:
        match tree:
            case Leaf(index):
                return _condition_holds_of_nothing(rule.conditions[index])
            case AllHold(parts):
                return all(map(holds, parts))
            case AnyHolds(parts):
                return any(map(holds, parts))
            case NotHolds(part):
                return not holds(part)

    return rule.audience is not None and holds(rule.audience.tree)


def _condition_holds_of_nothing(condition: Condition) -> bool:
    if condition.measure is Measure.ABSENT or condition.measure is Measure.PRESENT:
        return condition.measure is Measure.ABSENT
    return compare(condition.operator, 0, condition.bound)


def compare(operator: Operator | None, value: Number, bound: Number) -> bool:
    """Whether `value operator bound` holds, for the five operators that order numbers."""
    match operator:
        case Operator.GT:
            return value > bound
        case Operator.GTE:
            return value >= bound
        case Operator.LT:
            return value < bound
        case Operator.LTE:
            return value <= bound
        case Operator.EQ:
            return value == bound
    raise AssertionError(operator)


def _attributes(rule: RuleProgram) -> Iterator[str]:
    """Top-level attributes of the contact the rule reads."""
    for match in rule.matches():
        if match.where is not None:
            yield from _attributes_of(match.where)
    if isinstance(rule.wait, UntilWait) and rule.wait.of_contact:
        yield rule.wait.path[0]
    for include in rule.include:
        if include.of_contact:
            yield include.path[0]


def _attributes_of(predicate: Predicate) -> Iterator[str]:
    match predicate:
        case Comparison(path=path, of_contact=True):
            yield path[0]
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from _attributes_of(part)
        case Not(part):
            yield from _attributes_of(part)
