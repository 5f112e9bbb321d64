"""Values of events: exact numbers, canonical JSON, paths (`semantics.md`, section 1).

Pure. Called by the kernel, the parser of events and the compiler. A *value* is what JSON
can say, with integers as `int` and every other number as a `Decimal` that is not integral,
so that Python's `==` agrees with the language, bools apart (`True == 1`): compare scalars
through `same_scalar` or their `canonical` text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal, DecimalException, InvalidOperation, Overflow, Underflow
from typing import Any, Final, TypeAlias

import msgspec

Number: TypeAlias = int | Decimal
Scalar: TypeAlias = str | int | Decimal | bool
Path: TypeAlias = tuple[str, ...]

SIGNIFICANT_DIGITS: Final = 15
"""Digits kept of a number that is not an integer literal: what any double carries unharmed."""

EXPONENT_MAX: Final = 308
EXPONENT_MIN: Final = -324
"""Decimal exponents of the doubles; beyond them a number is refused, for its plain digits would grow without bound."""

_AS_WRITTEN: Final = Context(
    prec=SIGNIFICANT_DIGITS,
    rounding=ROUND_HALF_EVEN,
    Emax=400,
    Emin=-400,
    traps=[Overflow, Underflow, InvalidOperation],
)
"""Raises where a literal lies far outside, instead of answering infinity or 0; `exact` draws the line itself."""
EXACT: Final = Context(prec=1_400)
"""Wide enough for every sum and product of two admissible numbers: nothing is ever rounded."""

KEY_CHARS_MAX: Final = 1_024
"""Characters of a text that may be a key: eight times an id. Keys are repeated in every row and a thousand times in a
state: five of them take 31 KB of a row at most, 10,000 of them less than a state may have."""

MISSING: Final = None
"""What `lookup` returns for a path that leads nowhere, or to null."""


class BadNumberError(ValueError):
    """A number beyond the range of a double."""


def number(text: str) -> Number:
    """The number a JSON literal with a fraction or an exponent stands for.

    >>> number("1.0"), number("68.74"), number("1e3"), number("0.1234567890123456")
    (1, Decimal('68.74'), 1000, Decimal('0.123456789012346'))

    Raises:
        BadNumberError: its decimal exponent lies outside that of a double.
    """
    try:
        return exact(_AS_WRITTEN.create_decimal(text))
    except DecimalException:
        raise BadNumberError("a number is beyond the range of a double (1e-324 to 1e308)") from None


_CHARS_MAX_OF_EXACT: Final = SIGNIFICANT_DIGITS + 1
"""Of a number with a point and no sign whose digits are all kept."""


def literal_number(text: str) -> Number:
    """`number`, of a text that a decoder of JSON knows to be a literal: two decimals, as of a price, are read at once.

    >>> literal_number("68.74"), literal_number("68.70"), literal_number("1e3")
    (Decimal('68.74'), Decimal('68.7'), 1000)

    Raises:
        BadNumberError: its decimal exponent lies outside that of a double.
    """
    if text[-3] == "." and text[-1] != "0" and len(text) <= _CHARS_MAX_OF_EXACT:
        return Decimal(text)
    return number(text)


def exact(value: Decimal) -> Number:
    """`value` as an `int` if it is whole, else without trailing zeros.

    Raises:
        BadNumberError: not finite, or beyond the range of a double.
    """
    if not value:
        return 0
    if not value.is_finite() or not EXPONENT_MIN <= value.adjusted() <= EXPONENT_MAX:
        raise BadNumberError(f"the number {value} is beyond the range of a double (1e-324 to 1e308)")
    whole = int(value)
    return whole if whole == value else value.normalize(EXACT)


def add(left: Number, right: Number) -> Number:
    """The exact sum.

    >>> add(Decimal("68.74"), Decimal("1.26"))
    70
    """
    if isinstance(left, int) and isinstance(right, int):
        return left + right
    total = EXACT.add(Decimal(left), Decimal(right))
    whole = int(total)
    return whole if whole == total else total.normalize(EXACT)


_JSON_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?", re.ASCII)


def as_number(value: Any) -> Any:
    """The number that a text stands for as JSON; anything else as it is, a number beyond all bounds too.

    >>> as_number("12.50"), as_number(" 12"), as_number("1e999"), as_number(True)
    (Decimal('12.5'), ' 12', '1e999', True)
    """
    if not isinstance(value, str) or not _JSON_NUMBER.fullmatch(value):
        return value
    try:
        return parse_json(value)
    except (ValueError, ArithmeticError):
        return value


def is_number(value: object) -> bool:
    """Whether `value` is a number of the language (a bool is not)."""
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def is_scalar(value: object) -> bool:
    """Whether `value` is a string, a number or a bool."""
    return isinstance(value, (str, int, Decimal))


def is_key(value: object) -> bool:
    """Whether `value` may be a key (`per`, `same`, `distinct`): a scalar, and no text that is too long."""
    return is_scalar(value) and not (isinstance(value, str) and len(value) > KEY_CHARS_MAX)


def same_scalar(left: object, right: object) -> bool:
    """Equality of scalars by value and type: `1` is `1.0`, and not `true`.

    >>> same_scalar(1, True), same_scalar(1, 1), same_scalar("1", 1)
    (False, True, False)
    """
    return left == right and isinstance(left, bool) == isinstance(right, bool)


def lookup(properties: Mapping[str, Any], path: Path) -> Any:
    """The value at `path`, or None where it is missing or null."""
    value: Any = properties
    for segment in path:
        if not isinstance(value, dict):
            return None
        value = value.get(segment)
        if value is None:
            return None
    return value


def present(properties: Mapping[str, Any], path: Path) -> bool:
    """Whether `path` leads to a value, null included (operator `exists`)."""
    holder = lookup(properties, path[:-1]) if len(path) > 1 else properties
    return isinstance(holder, dict) and path[-1] in holder


_encoder: Final = msgspec.json.Encoder(order="sorted", decimal_format="number")


def canonical(value: Any) -> str:
    """Canonical JSON: sorted keys, no spaces, raw UTF-8, shortest numbers.

    >>> canonical({"b": Decimal("0.00000012"), "a": [1, True, None, "é"]})
    '{"a":[1,true,null,"é"],"b":0.00000012}'
    """
    try:
        text = _encoder.encode(value).decode()
    except OverflowError:  # an integer beyond 64 bits
        return _canonical_slowly(value)
    return _canonical_slowly(value) if "E-" in text else text


def canonical_bytes(value: Any) -> bytes:
    """The bytes of `canonical`."""
    try:
        text = _encoder.encode(value)
    except OverflowError:
        return _canonical_slowly(value).encode()
    return _canonical_slowly(value).encode() if b"E-" in text else text


def _canonical_slowly(value: Any) -> str:
    """`canonical` for the rare values whose numbers the fast encoder does not write plainly."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{canonical(k)}:{_canonical_slowly(value[k])}" for k in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_canonical_slowly, value)) + "]"
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return _encoder.encode(value).decode()


_decoder: Final = msgspec.json.Decoder(float_hook=literal_number)
_LONG_DIGITS: Final = re.compile(rb"[0-9]{%d}" % (EXPONENT_MAX + 2))


def parse_json(text: bytes | str) -> Any:
    """The value a JSON text stands for, its numbers exact.

    Raises:
        BadNumberError: a number is beyond the range of a double.
        UnicodeDecodeError: `text` is not UTF-8.
        msgspec.DecodeError: it is not JSON.
        RecursionError: it is nested too deep.
    """
    raw = text.encode() if isinstance(text, str) else text
    if has_long_digits(raw):
        _refuse_long_integers(msgspec.json.Decoder(float_hook=str).decode(raw))
    try:
        return _decoder.decode(raw)
    except msgspec.ValidationError as error:  # how the decoder passes on what `number` raises
        raise BadNumberError(str(error)) from None


def has_long_digits(text: bytes) -> bool:
    """Whether a JSON text may hold an integer that only `parse_json` finds to be too long."""
    return _LONG_DIGITS.search(text) is not None


def parse_sound(text: bytes) -> Any:
    """The value of a JSON text that `parse_json` is known to take, without asking again.

    Only of texts that were checked before: of others it may give numbers that are none of the language.
    """
    return _decoder.decode(text)


def _refuse_long_integers(value: Any) -> None:
    """Raise BadNumberError if an integer of `value` has more digits than a double's range."""
    if isinstance(value, dict):
        for part in value.values():
            _refuse_long_integers(part)
    elif isinstance(value, list):
        for part in value:
            _refuse_long_integers(part)
    elif isinstance(value, int) and abs(value) >= 10 ** (EXPONENT_MAX + 1):
        raise BadNumberError(f"an integer has more than {EXPONENT_MAX + 1} digits")


def has_half_a_pair(text: str) -> bool:
    """Whether half of a surrogate pair stands in a text, which no UTF-8 can hold."""
    return not text.isascii() and _HALF.search(text) is not None


_HALF: Final = re.compile("[\ud800-\udfff]")
