"""Compiled: the properties of an event, and which records are meant.

Pure. Called by `mapping`. Each function raises `RefusedError` where a value cannot be what it has to be.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, TypeAlias

from kittiwake.input.fields import RefusedError, wrong_type
from kittiwake.input.mapping.numbers import amount, number_reader, number_text
from kittiwake.input.mapping.paths import Get, Lookup, View, first_of, path_text
from kittiwake.input.mapping.spec import Condition, Convert, FieldPath, MappingSpec, Property, PropertySource, Test
from kittiwake.input.mapping.subjects import names_of, said, said_all
from kittiwake.reasons import DeadLetterReason
from kittiwake.values import BadNumberError, Number, exact, is_number

Properties: TypeAlias = dict[str, Any]
PropertiesOf: TypeAlias = Callable[[View], Properties]
Read: TypeAlias = Callable[[str], Number | None]
"""From a text to the number that it says."""

EVERY: Final = "*"
"""In a path of `numbers`: every element of a list."""


def properties_source(spec: MappingSpec, lookup: Lookup) -> PropertiesOf:
    """The function for all properties."""
    read = number_reader(decimal_comma=spec.decimal_comma)
    parts = list(_parts(spec, lookup, read))
    found = parts[0] if len(parts) == 1 else _joined(parts)
    return _with_numbers(found, spec.numbers, read) if spec.numbers else found


def _parts(spec: MappingSpec, lookup: Lookup, read: Read) -> Iterator[PropertiesOf]:
    """A function for each object that is taken whole, and for what is named between them."""
    named: list[Property] = []
    for part in spec.properties:
        if isinstance(part, Property):
            named.append(part)
            continue
        if named:
            yield _named(named, lookup, read)
            named = []
        yield _members(part, lookup)
    if named:
        yield _named(named, lookup, read)


def _joined(parts: Sequence[PropertiesOf]) -> PropertiesOf:
    def properties(view: View) -> Properties:
        found: Properties = {}
        for part in parts:
            found.update(part(view))
        return found

    return properties


def _members(path: FieldPath, lookup: Lookup) -> PropertiesOf:
    """The function for the members of an object."""
    get, name = lookup(path), path_text(path)

    def members(view: View) -> Properties:
        value = get(view)
        if type(value) is dict:
            return value
        if value is None or value == "":
            return {}
        raise wrong_type(name, "an object", value)

    return members


def _named(named: Sequence[Property], lookup: Lookup, read: Read) -> PropertiesOf:
    """The function for properties that are named one by one."""
    gets = named_gets(named, lookup, read)

    def properties(view: View) -> Properties:
        found = {}
        for name, get in gets:
            value = get(view)
            if value is not None and value != "":
                found[name] = value
        return found

    return properties


def named_gets(named: Sequence[Property], lookup: Lookup, read: Read) -> list[tuple[str, Get]]:
    """Names of properties, each with the function for its value."""
    return [(one.name, first_of([_source(source, lookup, read) for source in one.sources])) for one in named]


def _source(source: PropertySource, lookup: Lookup, read: Read) -> Get:
    constant = source.value
    if constant is not None:
        return lambda _: constant
    get = first_of([lookup(path) for path in source.paths])
    if source.absent:
        get = _without(get, said_all(source.absent))
    name = names_of(source.paths)
    if source.convert is Convert.NUMBER:
        return lambda view: _number(get(view), name, read)
    if source.convert is Convert.TEXT:
        return lambda view: _text(get(view), name)
    if source.convert is Convert.MINOR_UNITS:
        currency = lookup(source.currency) if source.currency else lambda _: None
        return lambda view: _amount(_number(get(view), name, read), currency(view), name)
    return get


def _without(get: Get, absent: frozenset[str]) -> Get:
    def found(view: View) -> Any:
        value = get(view)
        return None if said(value) in absent else value

    return found


def _number(value: Any, name: str, read: Read) -> Any:
    if value is None or value == "" or is_number(value):
        return value
    number = read(value) if isinstance(value, str) else None
    if number is None:
        raise wrong_type(name, "a number", value)
    return number


def _text(value: Any, name: str) -> Any:
    if is_number(value):
        return number_text(value)
    if value is None or isinstance(value, str):
        return value
    raise wrong_type(name, "a string", value)


def _amount(value: Any, currency: Any, name: str) -> Any:
    if value is None or value == "":
        return value
    try:
        return amount(value, currency)
    except BadNumberError:
        raise RefusedError(DeadLetterReason.BAD_NUMBER, f"{name} is beyond the range of a double") from None


# ---------------------------------------------------------------- numbers


def _with_numbers(found: PropertiesOf, paths: Sequence[FieldPath], read: Read) -> PropertiesOf:
    named = [(path, path_text(path)) for path in paths]

    def properties(view: View) -> Properties:
        value: Any = found(view)
        for path, name in named:
            value = _converted(value, path, name, read)
        return value  # type: ignore[no-any-return]

    return properties


def _converted(value: Any, path: FieldPath, name: str, read: Read) -> Any:
    """The value with a number at the path; what is shared with the record is left as it is."""
    if not path:
        return _number(value, name, read)
    key, rest = path[0], path[1:]
    if key == EVERY and isinstance(value, list):
        return [_converted(one, rest, name, read) for one in value]
    if isinstance(value, dict) and key in value:
        return {**value, key: _converted(value[key], rest, name, read)}
    return value


# ---------------------------------------------------------------- only


def condition(spec: Condition, lookup: Lookup, read: Read) -> Callable[[View], bool]:
    """The function that says whether a record is meant."""
    get, tests = lookup(spec.path), [_test(test, read) for test in spec.tests]
    if len(tests) == 1:
        (alone,) = tests
        return lambda view: alone(get(view))

    def holds(view: View) -> bool:
        value = get(view)
        return all(test(value) for test in tests)

    return holds


_ORDER: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "gt": lambda value, operand: value > operand,
    "gte": lambda value, operand: value >= operand,
    "lt": lambda value, operand: value < operand,
    "lte": lambda value, operand: value <= operand,
}


def _test(test: Test, read: Read) -> Callable[[Any], bool]:
    if test.operator == "exists":
        wanted = test.operands == (True,)
        return lambda value: (value is not None and value != "") is wanted
    if test.operator in _ORDER:
        (operand,) = test.operands
        return _ordered(_ORDER[test.operator], operand, read)
    return _equal(test.operands, read, is_wanted=test.operator in ("eq", "in"))


def _equal(operands: Sequence[Any], read: Read, *, is_wanted: bool) -> Callable[[Any], bool]:
    """Equality with one of several. A text equals the number or bool that it says: cells of a CSV file are texts."""
    texts = said_all(operands)
    numbers = {exact(Decimal(one)) for one in operands if is_number(one)}

    def holds(value: Any) -> bool:
        found = said(value) in texts if value is not None else False
        if not found and numbers and isinstance(value, str):
            found = read(value) in numbers
        return found is is_wanted

    return holds


def _ordered(compare: Callable[[Any, Any], bool], operand: Any, read: Read) -> Callable[[Any], bool]:
    def holds(value: Any) -> bool:
        number = read(value) if isinstance(value, str) else value
        return is_number(number) and compare(number, operand)

    return holds
