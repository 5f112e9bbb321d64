"""Checked numbers, exact as written, and the values that properties are compared with.

Pure.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, TypeAlias

from kittiwake import values
from kittiwake.rules.errors import Code
from kittiwake.rules.limits import TEXT_CHARS_MAX
from kittiwake.rules.model.base import Checked, problem, shown
from kittiwake.values import Number, Scalar


def _exact(value: Decimal | float) -> Number:
    try:
        return value if isinstance(value, int) else values.number(str(value))
    except (values.BadNumberError, ArithmeticError):
        raise problem(
            Code.BAD_NUMBER, f"{shown(value)} is no number", "Write a number between 1e-324 and 1e308"
        ) from None


def exact_number(value: object) -> Number:
    if isinstance(value, (int, Decimal, float)) and not isinstance(value, bool):
        return _exact(value)
    digits = str(value).strip().removesuffix("%").lstrip("0").replace("_", "").replace(",", "")
    advice = (
        f"Write {digits}"
        if isinstance(value, str) and re.fullmatch(r"\d+(\.\d+)?", digits)
        else "Write, say, 3 or 99.95"
    )
    raise problem(Code.BAD_NUMBER, f"{shown(value)} is no number", advice)


def _whole(value: object) -> int:
    found = exact_number(value)
    if isinstance(found, int):
        return found
    raise problem(Code.BAD_NUMBER, f"{shown(value)} is no whole number", f"Write {round(found)}")


ExactNumber: TypeAlias = Annotated[Number, Checked(exact_number, {"type": "number"})]
Whole: TypeAlias = Annotated[int, Checked(_whole, {"type": "integer"})]


def _scalar(value: object) -> Scalar:
    if isinstance(value, bool):
        return value
    if isinstance(value, (int, Decimal, float)):
        return _exact(value)
    if isinstance(value, str) and len(value) <= TEXT_CHARS_MAX:
        return value
    if isinstance(value, str):
        message = f"a text to compare with may have {TEXT_CHARS_MAX} characters"
        raise problem(Code.OUT_OF_RANGE, message, "Compare with a shorter one")
    message = f"a text, a number, true or false is needed here, not {shown(value)}"
    raise problem(Code.WRONG_SHAPE, message, "Write one value; for one of several write in: [gold, silver]")


def _orderable(value: object) -> Scalar:
    found = _scalar(value)
    if isinstance(found, bool):
        raise problem(Code.WRONG_SHAPE, "true and false have no order", "Compare with a number or a text, or use eq")
    return found


def _word(value: object) -> str:
    if isinstance(value, str):
        return str(_scalar(value))
    advice = "Write one text" if isinstance(value, (dict, list)) else f'Write "{shown(value)}" in quotes'
    raise problem(Code.WRONG_SHAPE, f"a text is needed here, not {shown(value)}", advice)


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    meant = {"yes": "true", "on": "true", "no": "false", "off": "false"}.get(str(value).lower(), "true or false")
    raise problem(Code.NOT_A_CHOICE, f"{shown(value)} is neither true nor false", f"Write {meant}")


ScalarValue: TypeAlias = Annotated[
    Scalar,
    Checked(_scalar, {"type": ["string", "number", "boolean"], "maxLength": TEXT_CHARS_MAX}),
]
Orderable: TypeAlias = Annotated[Scalar, Checked(_orderable, {"type": ["string", "number"]})]
Word: TypeAlias = Annotated[str, Checked(_word, {"type": "string"})]
Flag: TypeAlias = Annotated[bool, Checked(_flag, {"type": "boolean"})]
