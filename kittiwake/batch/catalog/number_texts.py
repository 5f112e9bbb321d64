"""Numbers as exports write them: a currency beside them, a decimal comma, digits in groups.

Pure. Called for the columns that an author calls numbers. Nothing is guessed: what a comma is, the author says.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NamedTuple

from kittiwake.values import Number, as_number, is_number

CURRENCY_CHARS_MAX: Final = 4
"""Characters of a currency: `US$`, `€`, `NOK`, `kr.`."""

NUMBER_CHARS_MAX: Final = 400
"""Characters of a text that may be a number: as many digits as a double has, and a currency."""

CURRENCY_WORDS: Final = frozenset({"kr", "kr.", "zł", "Kč", "Ft", "lei", "Fr.", "лв."})
"""Currencies that are neither three capitals nor have a sign of their own."""

_BESIDE: Final = re.compile(r"(?P<before>\D*?)\s*(?P<number>-?[0-9](?:.*[0-9])?)\s*(?P<after>\D*)", re.DOTALL)
_GROUPS: Final = r"[' \u00a0\u2009\u202f\u2019{other}]"
_BY_MARK: Final = {
    mark: re.compile(
        rf"(?P<sign>-?)(?P<whole>[0-9]{{1,3}}(?:(?P<group>{_GROUPS.format(other=other)})[0-9]{{3}}"
        rf"(?:(?P=group)[0-9]{{3}})*)?|[0-9]+)(?:{re.escape(mark)}(?P<rest>[0-9]+))?"
    )
    for mark, other in ((",", "."), (".", ","))
}


class NumberText(NamedTuple):
    """What a text of a number says."""

    number: Number
    currency: str
    """As it is written; empty: none."""


def number_of_text(text: str, decimal: str | None) -> NumberText | None:
    """The number that a text is; None: it is none. `decimal`: "." or ","; None: as in JSON, digits not in groups.

    >>> number_of_text("19.99 EUR", None), number_of_text("1.299,50", ",")
    (NumberText(number=Decimal('19.99'), currency='EUR'), NumberText(number=Decimal('1299.5'), currency=''))
    >>> number_of_text("1,299", None), number_of_text("19.99", ","), number_of_text("7 pieces", None)
    (None, None, None)
    """
    stripped = text.strip()
    found = _BESIDE.fullmatch(stripped) if len(stripped) <= NUMBER_CHARS_MAX else None
    if found is None:
        return None
    currency = found["before"].strip() + found["after"].strip()
    if currency and ((found["before"] and found["after"]) or not _is_currency(currency)):
        return None
    number = as_number(found["number"] if decimal is None else _as_json(found["number"], decimal))
    return NumberText(number, currency) if is_number(number) else None


def _is_currency(text: str) -> bool:
    """Three capitals, a sign with up to three characters more, or one of the known words."""
    if len(text) > CURRENCY_CHARS_MAX:
        return False
    signs = sum(unicodedata.category(char) == "Sc" for char in text)
    if signs:
        return signs == 1 and all(char.isalpha() or unicodedata.category(char) == "Sc" for char in text)
    return text in CURRENCY_WORDS or (len(text) == 3 and text.isascii() and text.isupper() and text.isalpha())


def _as_json(text: str, decimal: str) -> str:
    """A number with this decimal mark, its digits perhaps in groups of three, as JSON writes it; "": it is none."""
    found = _BY_MARK[decimal].fullmatch(text)
    if found is None:
        return ""
    whole = found["whole"].replace(found["group"], "") if found["group"] else found["whole"]
    return found["sign"] + whole + (f".{found['rest']}" if found["rest"] else "")
