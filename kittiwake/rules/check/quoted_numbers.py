"""The check that no number in quotes is compared by code point, over all of a file together.

Pure. Called by `documents` for every file: whether a property holds texts shows only in what else it is compared with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final, TypeAlias

import msgspec

from kittiwake.rules.diagnostics import each
from kittiwake.rules.errors import Code, KeyPath, RuleError
from kittiwake.rules.model.base import Model, shown
from kittiwake.rules.model.change import AttributeChanges
from kittiwake.rules.model.match import Operators, Where
from kittiwake.rules.source.tree import Location

_CURRENCY: Final = r"([A-Za-z]{3}|[€$£¥%])"
_POINT: Final = r"(\d{1,3}(,\d{3})+|\d+)(\.\d+)?([eE][+-]?\d+)?"
_COMMA: Final = r"(\d{1,3}(\.\d{3})+|\d+),\d+|\d{1,3}(\.\d{3}){2,}"
_NUMBER: Final = rf"\s*{_CURRENCY}?\s*(?P<digits>[+-]?((?P<point>{_POINT})|(?P<comma>{_COMMA})))\s*{_CURRENCY}?\s*"
"""A number, with a point or a comma before its decimals, and an amount's currency or percent sign before or behind.

`re` compiles and keeps it when a text is first asked about: hardly a rule has one, and it takes a millisecond."""

_ORDERS: Final = ("gt", "gte", "lt", "lte")
_EQUALS: Final = ("eq", "ne", "in_", "not_in", *_ORDERS)

Field: TypeAlias = tuple[str, ...]
"""A property, an attribute or a property of an element: the keys below which it stands, and its path."""


class Asked(msgspec.Struct, frozen=True):
    """What a property or an attribute is compared with."""

    field: Field
    test: Any
    path: KeyPath


def errors_of_quoted_numbers(parts: Iterable[tuple[Model, Location]]) -> Iterator[RuleError]:
    """Numbers in quotes beside an operator of order, but for fields that the file compares with real texts too."""
    asked = [(location, one) for part, location in parts for one in comparisons_in(part)]
    texts = {one.field for _, one in asked if _is_text(one.test)}
    for location, one in asked:
        if isinstance(one.test, Operators) and one.field not in texts:
            for operator in _ORDERS:
                digits = digits_in(getattr(one.test, operator))
                if digits is not None:
                    written = shown(getattr(one.test, operator))
                    message = f'{written} is a text here, and texts are compared by code point: "9" is above "50"'
                    advice = f"Write {operator}: {digits}; texts in events can be cast: cast: [{{event: …, number: …}}]"
                    yield location.error((*one.path, operator), Code.QUOTED_NUMBER, message, advice)


def digits_in(value: object) -> str | None:
    """The number in a text that stands for one; None if it is no text, or another.

    >>> digits_in("50"), digits_in("1,250.50 EUR"), digits_in("1.250,50"), digits_in(50), digits_in("2026-11-01")
    ('50', '1250.50', '1250.50', None, None)
    """
    found = re.fullmatch(_NUMBER, value, re.ASCII) if isinstance(value, str) else None
    if found is None:
        return None
    digits = found["digits"].removeprefix("+")
    return digits.replace(".", "").replace(",", ".") if found["comma"] else digits.replace(",", "")


def _is_text(test: Any) -> bool:
    """Whether a test is one of a text that is no number."""
    if not isinstance(test, Operators):
        return any(_is_word(value) for _, value in each(test, ()))
    operands = [getattr(test, name) for name in _EQUALS]
    return (
        any(_is_word(value) for operand in operands for _, value in each(operand, ()))
        or test.starts_with is not None
        or isinstance(test.contains, str)
    )


def _is_word(value: object) -> bool:
    return isinstance(value, str) and digits_in(value) is None


def comparisons_in(written: Any, path: KeyPath = (), below: Field = ()) -> Iterator[Asked]:
    """What properties and attributes are compared with, anywhere in a part of a rule."""
    if isinstance(written, list):
        for where, entry in each(written, path):
            yield from comparisons_in(entry, where, below)
    elif isinstance(written, AttributeChanges):
        for name, change in written.changes().items():
            yield Asked(("contact", name), change.becomes, (*path, name, "becomes"))
            yield Asked(("contact", name), change.from_, (*path, name, "from"))
    elif isinstance(written, Model):
        for name, info in type(written).model_fields.items():
            key = info.key
            inside = ("contact",) if key == "contact" else below
            yield from comparisons_in(getattr(written, name), (*path, key), inside)
        if isinstance(written, Where):
            yield from _of_where(written, path, below)


def _of_where(where: Where, path: KeyPath, below: Field) -> Iterator[Asked]:
    for name, test in where.tests().items():
        yield Asked((*below, name), test, (*path, name))
        if isinstance(test, Operators):
            yield from comparisons_in(test.contains, (*path, name, "contains"), (*below, name, "contains"))
