"""Texts to numbers, numbers to texts, cents to amounts: all exact.

Pure. Called by what compiles a mapping.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

from kittiwake.values import BadNumberError, Number, exact, number

_DIGITS: Final = r"(?:\d+|\d{1,3}(?:%s\d{3})+)"
_NUMBER: Final = r"[+-]?(?:%s(?:%s\d*)?|%s\d+)(?:[eE][+-]?\d+)?"

TEXT_CHARS_MAX: Final = 400
"""Characters of a text that may say a number: beyond them lies no double."""


def number_reader(*, decimal_comma: bool) -> Callable[[str], Number | None]:
    """The function from a text to the number that it says; None: it says none.

    >>> read = number_reader(decimal_comma=False)
    >>> read(" 1,234.50 "), read("12"), read("$12"), read("1,2")
    (Decimal('1234.5'), 12, None, None)
    >>> number_reader(decimal_comma=True)("1.234,50")
    Decimal('1234.5')
    """
    decimal, thousands = (",", ".") if decimal_comma else (".", ",")
    escaped = re.escape(decimal)
    pattern = re.compile(_NUMBER % (_DIGITS % re.escape(thousands), escaped, escaped), re.ASCII)

    def read(text: str) -> Number | None:
        stripped = text.strip()
        if len(stripped) > TEXT_CHARS_MAX or not pattern.fullmatch(stripped):
            return None
        plain = stripped.replace(thousands, "").replace(decimal, ".")
        try:
            return int(plain) if plain.isdecimal() else number(plain)
        except (BadNumberError, ArithmeticError):
            return None

    return read


def number_text(value: Number) -> str:
    """The text that says a number, without an exponent."""
    return str(value) if isinstance(value, int) else f"{value:f}"


MINOR_DIGITS: Final = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
"""How many digits the minor unit of a currency has (ISO 4217); of all others 2."""


def amount(value: Number, currency: Any) -> Number:
    """The amount of so many minor units of a currency; 2 digits if it is not named.

    >>> amount(1999, "usd"), amount(1999, "JPY"), amount(1999, None)
    (Decimal('19.99'), 1999, Decimal('19.99'))
    """
    digits = MINOR_DIGITS.get(currency.upper(), 2) if isinstance(currency, str) else 2
    return exact(Decimal(value).scaleb(-digits)) if digits else value
