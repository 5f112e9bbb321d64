"""Whether an event matches: types, `where`, `per` and `same` values.

Pure leaves, called by every pattern of the kernel. Attributes are the contact's at the event.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from kittiwake.kernel.program import (
    AllOf,
    AnyOf,
    Comparison,
    Match,
    Matches,
    Operator,
    Predicate,
)
from kittiwake.model import Event
from kittiwake.values import Path, canonical, is_number, is_scalar, lookup, present, same_scalar

Attributes = Mapping[str, Any]


def meets(matches: Matches, event: Event, attributes: Attributes) -> bool:
    """Whether one of the alternatives, all of the event's type, holds of the event."""
    for match in matches:  # noqa: SIM110 - a generator would cost more than the question
        if match.where is None or holds(match.where, event.properties, attributes):
            return True
    return False


def matches_any(matches: Matches, event: Event, attributes: Attributes) -> bool:
    """Whether the event is of the type of one of the alternatives and that one holds of it; for explanations."""
    return meets(tuple(match for match in matches if match.covers(event.type)), event, attributes)


def met(matches: Matches, event: Event, attributes: Attributes) -> list[Match]:
    """Those of the alternatives, all of the event's type, that hold of the event."""
    return [m for m in matches if m.where is None or holds(m.where, event.properties, attributes)]


def holds(predicate: Predicate, properties: Mapping[str, Any], attributes: Attributes) -> bool:
    """Whether `where` holds of an event's properties and its contact's attributes."""
    if isinstance(predicate, Comparison):
        return _compares(predicate, attributes if predicate.of_contact else properties)
    if isinstance(predicate, AllOf):
        return all(holds(part, properties, attributes) for part in predicate.parts)
    if isinstance(predicate, AnyOf):
        return any(holds(part, properties, attributes) for part in predicate.parts)
    return not holds(predicate.part, properties, attributes)


def _compares(comparison: Comparison, values: Mapping[str, Any]) -> bool:
    operator, operand = comparison.operator, comparison.operand
    if operator is Operator.EXISTS:
        return present(values, comparison.path) is operand
    value = lookup(values, comparison.path)
    if value is None:
        return False
    match operator:
        case Operator.EQ:
            return is_scalar(value) and same_scalar(value, operand)
        case Operator.IN:
            assert isinstance(operand, tuple)
            return is_scalar(value) and any(same_scalar(value, one) for one in operand)
        case Operator.CONTAINS:
            return _contains(value, operand)
        case Operator.STARTS_WITH:
            return isinstance(value, str) and isinstance(operand, str) and value.startswith(operand)
    return _orders(operator, value, operand)


def _contains(value: Any, operand: Any) -> bool:
    if isinstance(value, str):
        return isinstance(operand, str) and operand in value
    return isinstance(value, list) and any(is_scalar(one) and same_scalar(one, operand) for one in value)


def _orders(operator: Operator, value: Any, operand: Any) -> bool:
    comparable = (is_number(value) and is_number(operand)) or (isinstance(value, str) and isinstance(operand, str))
    if not comparable:
        return False
    match operator:
        case Operator.GT:
            return bool(value > operand)
        case Operator.GTE:
            return bool(value >= operand)
        case Operator.LT:
            return bool(value < operand)
        case Operator.LTE:
            return bool(value <= operand)
    raise AssertionError(operator)


def key_values(paths: tuple[Path, ...], properties: Mapping[str, Any]) -> list[str] | None:
    """Canonical JSON of the values at `paths`; None if one is missing or no scalar."""
    texts = []
    for path in paths:
        value = lookup(properties, path)
        if value is None or not is_scalar(value):
            return None
        texts.append(canonical(value))
    return texts


def missing_paths(paths: tuple[Path, ...], properties: Mapping[str, Any]) -> list[str]:
    """The dotted paths that lack a scalar, for explanations."""
    return [".".join(path) for path in paths if not is_scalar(lookup(properties, path))]


def instance_key(per: tuple[Path, ...], properties: Mapping[str, Any]) -> str | None:
    """Canonical JSON of the instance an event belongs to; None if it lacks a `per` property."""
    if not per:
        return "{}"
    values = key_values(per, properties)
    if values is None:
        return None
    named = sorted(zip((".".join(path) for path in per), values, strict=True))
    return "{" + ",".join(f"{canonical(name)}:{value}" for name, value in named) + "}"


def amount(path: Path, properties: Mapping[str, Any]) -> Decimal | None:
    """The number at `path`, as a Decimal; None if there is none."""
    value = lookup(properties, path)
    return Decimal(value) if is_number(value) else None
