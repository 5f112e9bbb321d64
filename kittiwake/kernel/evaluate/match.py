"""Event matches: types, `where`, `per` and `same` values of an event.

Pure. What a rule asks of events is made a function once and called for each event by every construct. Attributes are
the contact's at the event.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypeAlias

from kittiwake.kernel.evaluate.change import changing
from kittiwake.kernel.plan.change import Change
from kittiwake.kernel.plan.match import (
    AllOf,
    AnyOf,
    Comparison,
    Matches,
    Not,
    Operator,
    Other,
    Predicate,
)
from kittiwake.model import Event
from kittiwake.values import Path, Scalar, canonical, is_key, is_number, is_scalar, lookup, present, same_scalar

Properties: TypeAlias = Mapping[str, Any]
Attributes: TypeAlias = Mapping[str, Any]

Question: TypeAlias = Callable[[Properties, Attributes], bool | None]
"""Whether a `where` holds of an event's properties and its contact's attributes.

None: it does not, and met a value of a type of which its comparison never holds, so that whoever asks may count it.
To say so costs nothing where a value can be used.
"""

Test: TypeAlias = Callable[[Any], bool | None]
"""Whether a value, which is not null, passes a comparison; None: it never does, for its type."""

InstanceKeys: TypeAlias = tuple[str | None, list[str] | None]
"""The instance an event belongs to and its `same` values; None for those it lacks a property of."""

KEPT_CHARS_MAX: Final = 128
"""Of texts whose canonical JSON is kept at hand: what is kept stays below 4 MB, whatever events bring."""

SINGLE: Final = "{}"
"""The instance of a rule without `per`."""


def matches_any(matches: Matches, event: Event, attributes: Attributes) -> bool:
    """Whether the event is of the type of one of the alternatives and that one holds of it; for explanations."""
    covering = tuple(match for match in matches if match.covers(event.type))
    asked = question_of(covering)
    return bool(covering) and (asked is None or bool(asked(event.properties, attributes)))


def holds(predicate: Predicate, properties: Properties, attributes: Attributes) -> bool:
    """Whether `where` holds of an event's properties and its contact's attributes; for explanations."""
    return bool(asking(predicate)(properties, attributes))


# ---------------------------------------------------------------- where


def question_of(matches: Matches) -> Question | None:
    """What is left to ask of an event of the type of all these alternatives; None: nothing, it matches."""
    if any(match.where is None for match in matches):
        return None
    return _one_of([asking(match.where) for match in matches if match.where is not None])


def asking(predicate: Predicate) -> Question:
    """`where` as a function, so that what it is made of is asked once and not at each event."""
    if isinstance(predicate, Comparison):
        return _comparing(predicate)
    if isinstance(predicate, Change):
        return changing(predicate)
    if isinstance(predicate, AllOf):
        return _each_of([asking(part) for part in predicate.parts])
    if isinstance(predicate, AnyOf):
        return _one_of([asking(part) for part in predicate.parts])
    asked = asking(predicate.part)
    return lambda properties, attributes: not asked(properties, attributes)


def _one_of(questions: list[Question]) -> Question:
    if len(questions) == 1:
        return questions[0]

    def one_of(properties: Properties, attributes: Attributes) -> bool | None:
        none: bool | None = False
        for asked in questions:
            answer = asked(properties, attributes)
            if answer:
                return True
            if answer is None:
                none = None
        return none

    return one_of


def _each_of(questions: list[Question]) -> Question:
    def each_of(properties: Properties, attributes: Attributes) -> bool | None:
        for asked in questions:
            answer = asked(properties, attributes)
            if not answer:
                return answer
        return True

    return each_of


def _comparing(comparison: Comparison) -> Question:
    path, operand = comparison.path, comparison.operand
    if comparison.operator is Operator.EXISTS:
        exists = operand is True
        if comparison.of_contact:
            return lambda _, attributes: present(attributes, path) is exists
        return lambda properties, _: present(properties, path) is exists
    if isinstance(operand, Other):
        return _comparing_two(comparison, operand)
    passes, value_at = TESTS[comparison.operator](operand), reader(path)
    if len(path) > 1:
        return _comparing_inside(comparison, passes)
    if comparison.of_contact:
        return lambda _, attributes: (value := value_at(attributes)) is not None and passes(value)
    return lambda properties, _: (value := value_at(properties)) is not None and passes(value)


def _comparing_inside(comparison: Comparison, passes: Test) -> Question:
    """A comparison of a value inside others: where the path ends in a list or a text, it never holds."""
    path, of_contact = comparison.path, comparison.of_contact

    def compare(properties: Properties, attributes: Attributes) -> bool | None:
        values = attributes if of_contact else properties
        value = lookup(values, path)
        if value is not None:
            return passes(value)
        holder = next((one for k in range(1, len(path)) if not isinstance(one := lookup(values, path[:k]), dict)), None)
        return False if holder is None else None

    return compare


def _comparing_two(comparison: Comparison, other: Other) -> Question:
    """A comparison of two values of an event, or of its contact: where their types do not go together, it is false."""
    order = _ORDERS.get(comparison.operator)

    def compare(properties: Properties, attributes: Attributes) -> bool | None:
        value = lookup(attributes if comparison.of_contact else properties, comparison.path)
        bound = lookup(attributes if other.of_contact else properties, other.path)
        if value is None or bound is None:
            return False
        if order is None:
            return bool(value == bound) if have_order(value, bound) or are_bools(value, bound) else None
        return order(value, bound) if have_order(value, bound) else None

    return compare


def have_order(value: object, other: object) -> bool:
    """Whether two values can be less and greater than each other: two numbers, or two texts."""
    return (is_number(value) and is_number(other)) or (isinstance(value, str) and isinstance(other, str))


def are_bools(value: object, other: object) -> bool:
    """Whether two values can only be equal, or not."""
    return isinstance(value, bool) and isinstance(other, bool)


_NUMBERS: Final = frozenset({int, Decimal})


def types_like(operands: Iterable[Scalar]) -> frozenset[type]:
    """The types of the values that may equal one of these."""
    found = [_NUMBERS if is_number(one) else frozenset({type(one)}) for one in operands]
    return frozenset[type]().union(*found)


def _equals(operand: Any) -> Test:
    if isinstance(operand, str):
        return lambda value: value == operand or (False if isinstance(value, str) else None)
    types = types_like([operand])
    return lambda value: value == operand if type(value) in types else None


def _is_in(operand: Any) -> Test:
    types = types_like(operand)

    def is_in(value: Any) -> bool | None:
        if type(value) not in types:
            return None
        return any(same_scalar(value, one) for one in operand)

    return is_in


def _contains(operand: Any) -> Test:
    if isinstance(operand, (Comparison, AllOf, AnyOf, Not)):
        return _has_element(asking(operand))

    def contains(value: Any) -> bool | None:
        if isinstance(value, str):
            return operand in value if isinstance(operand, str) else None
        if not isinstance(value, list):
            return None
        return any(is_scalar(one) and same_scalar(one, operand) for one in value)

    return contains


NO_ATTRIBUTES: Final[Attributes] = {}
"""Of an element of a list, which has no contact; never changed."""


def _has_element(asked: Question) -> Test:
    """Whether one element of a list is an object of which something holds."""

    def has_element(value: Any) -> bool | None:
        if not isinstance(value, list):
            return None
        none: bool | None = False
        for one in value:
            if isinstance(one, dict):
                answer = asked(one, NO_ATTRIBUTES)
                if answer:
                    return True
                if answer is None:
                    none = None
        return none

    return has_element


def _is_empty(operand: Any) -> Test:
    return lambda value: (not value) is operand if isinstance(value, (str, list, dict)) else None


def _starts_with(operand: Any) -> Test:
    return lambda value: value.startswith(operand) if isinstance(value, str) and isinstance(operand, str) else None


_ORDERS: Final[dict[Operator, Callable[[Any, Any], bool]]] = {
    Operator.GT: operator.gt,
    Operator.GTE: operator.ge,
    Operator.LT: operator.lt,
    Operator.LTE: operator.le,
}


def _ordering(order: Callable[[Any, Any], bool]) -> Callable[[Any], Test]:
    """Numbers compare with numbers and strings with strings; anything else does not."""

    def test(operand: Any) -> Test:
        if isinstance(operand, str):
            return lambda value: order(value, operand) if isinstance(value, str) else None
        if not is_number(operand):
            return lambda _: None
        return lambda value: order(value, operand) if is_number(value) else None

    return test


TESTS: Final[dict[Operator, Callable[[Any], Test]]] = {
    Operator.EQ: _equals,
    Operator.IN: _is_in,
    Operator.EMPTY: _is_empty,
    Operator.CONTAINS: _contains,
    Operator.STARTS_WITH: _starts_with,
    **{name: _ordering(order) for name, order in _ORDERS.items()},
}
"""From the operand to the test of a value that is there."""


# ---------------------------------------------------------------- values at paths


def reader(path: Path) -> Callable[[Properties], Any]:
    """What `lookup` finds at `path`, as a function."""
    if len(path) > 1:
        return lambda values: lookup(values, path)
    (name,) = path
    return lambda values: values.get(name)


def text_of(value: Scalar) -> str:
    """The canonical JSON of a key: of short text it is at hand, since several rules ask for that of one event."""
    if isinstance(value, str) and len(value) <= KEPT_CHARS_MAX:
        return _quoted(value)
    return canonical(value)


@lru_cache(maxsize=8_192)
def _quoted(text: str) -> str:
    return canonical(text)


def key_values(paths: tuple[Path, ...], properties: Properties) -> list[str] | None:
    """Canonical JSON of the values at `paths`; None if one is missing or no key."""
    texts = []
    for path in paths:
        value = lookup(properties, path)
        if not is_key(value):
            return None
        texts.append(text_of(value))
    return texts


def keying(paths: tuple[Path, ...]) -> Callable[[Properties], str | None]:
    """Canonical JSON of the list of the values at `paths`, as a function; it answers None if one is missing."""
    if len(paths) != 1:
        return lambda properties: None if (values := key_values(paths, properties)) is None else f"[{','.join(values)}]"
    value_at = reader(paths[0])

    def key_in(properties: Properties) -> str | None:
        value = value_at(properties)
        return f"[{text_of(value)}]" if is_key(value) else None

    return key_in


def missing_paths(paths: tuple[Path, ...], properties: Properties) -> list[str]:
    """The dotted paths that lack a key, for explanations."""
    return [".".join(path) for path in paths if not is_key(lookup(properties, path))]


def instance_keys_of(per: tuple[Path, ...], same: tuple[Path, ...]) -> Callable[[Properties], InstanceKeys] | None:
    """Where in its rule an event belongs, as a function; None: always at `SINGLE`, without `same` values."""
    if not per and not same:
        return None
    if len(per) == 1 and same in (per, ()):
        return _placing_by_one(per[0], wants_same=bool(same))

    def keys_in(properties: Properties) -> InstanceKeys:
        return instance_key(per, properties), key_values(same, properties)

    return keys_in


def _placing_by_one(path: Path, *, wants_same: bool) -> Callable[[Properties], InstanceKeys]:
    """`place_of` where `per` is one property, and `same` the same one or none."""
    value_at, opening = reader(path), f"{{{canonical('.'.join(path))}:"

    def keys_in(properties: Properties) -> InstanceKeys:
        value = value_at(properties)
        if not is_key(value):
            return None, (None if wants_same else [])
        text = text_of(value)
        return f"{opening}{text}}}", ([text] if wants_same else [])

    return keys_in


def instance_key(per: tuple[Path, ...], properties: Properties) -> str | None:
    """Canonical JSON of the instance an event belongs to; None if it lacks a `per` property."""
    if not per:
        return SINGLE
    values = key_values(per, properties)
    if values is None:
        return None
    named = sorted(zip((".".join(path) for path in per), values, strict=True))
    return "{" + ",".join(f"{canonical(name)}:{value}" for name, value in named) + "}"


def amount(path: Path, properties: Properties) -> Decimal | None:
    """The number at `path`, as a Decimal; None if there is none."""
    value = lookup(properties, path)
    return Decimal(value) if is_number(value) else None
