"""From columns of Arrow to values that JSON can say, exactly; types that JSON has no word for are refused.

Pure. Called by `kittiwake.input.parquet`; needs pyarrow.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from kittiwake.input.errors import UnsoundError

NO_NUMBER: Final = Decimal("1E+999")
"""Stands for NaN and the infinities, for which JSON has no word: the record becomes a dead letter, `bad_number`."""

encode: Final = msgspec.json.Encoder(decimal_format="number").encode
"""Of values to JSON."""

_Is = Callable[[pa.DataType], bool]
_TEXTS: Final[tuple[_Is, ...]] = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
_PLAIN: Final[tuple[_Is, ...]] = (pa.types.is_null, pa.types.is_boolean, pa.types.is_integer, pa.types.is_decimal)
_LISTS: Final[tuple[_Is, ...]] = (pa.types.is_list, pa.types.is_large_list)


def is_text(kind: pa.DataType) -> bool:
    """Whether a column holds texts, or nothing at all."""
    inner = _storage(kind)
    return pa.types.is_null(inner) or any(is_one(inner) for is_one in _TEXTS)


def is_utf8(column: pa.Array) -> bool:
    """Whether texts are sound: no writer of Parquet checks their bytes."""
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def refuse_type(name: str, kind: pa.DataType) -> None:
    """Refuse a column, or a part of one, that `values` cannot give.

    Raises:
        UnsoundError: JSON has no word for its type, or it is a time without a zone.
    """
    inner = _storage(kind)
    if pa.types.is_struct(inner):
        for field in inner:
            refuse_type(f"{name}.{field.name}", field.type)
    elif any(is_one(inner) for is_one in _LISTS):
        refuse_type(name, inner.value_type)
    elif pa.types.is_map(inner) and is_text(inner.key_type):
        refuse_type(name, inner.item_type)
    elif pa.types.is_timestamp(inner):
        if inner.tz is None:
            advice = "adjust it to UTC where the file is written, or write text with offset"
            raise UnsoundError(f"its column {name} has times without a zone: {advice}")
    elif not (is_text(inner) or any(is_one(inner) for is_one in (*_PLAIN, pa.types.is_floating, pa.types.is_date))):
        raise UnsoundError(f"its column {name} is {kind}, for which JSON has no word: write it as text")


def values(array: pa.Array) -> list[Any]:
    """The values of a column whose type was not refused; fields of a struct that are null are left out."""
    kind = array.type
    if pa.types.is_struct(kind):
        return _objects(array)
    if any(is_one(kind) for is_one in _LISTS):
        return _spans(array, values(array.values))
    if pa.types.is_map(kind):
        pairs = list(zip(values(array.keys), values(array.items), strict=True))
        return [None if span is None else _object(span) for span in _spans(array, pairs)]
    if pa.types.is_timestamp(kind):
        return values(instants(array))
    if pa.types.is_dictionary(kind):
        return values(array.dictionary_decode())
    if isinstance(kind, pa.BaseExtensionType):
        return values(array.storage)
    if pa.types.is_date(kind):
        return values(array.cast(pa.string()))  # a year that no calendar of Python has included
    if is_text(kind):
        return _strings(array)
    found: list[Any] = array.to_pylist()
    if pa.types.is_floating(kind):
        return [NO_NUMBER if value is not None and not math.isfinite(value) else value for value in found]
    return found


def texts(array: pa.Array) -> pa.Array:
    """A column of texts, plainly."""
    if pa.types.is_dictionary(array.type):
        return texts(array.dictionary_decode())
    return texts(array.storage) if isinstance(array.type, pa.BaseExtensionType) else array.cast(pa.large_string())


def instants(array: pa.Array) -> pa.Array:
    """RFC 3339 in UTC, digits finer than microseconds cut. A year that no calendar has comes out as no RFC 3339."""
    unit, counted = array.type.unit, array.cast(pa.int64())
    if unit == "ns":
        unit, counted = "us", _thousands(counted)
    in_utc = counted.cast(pa.timestamp(unit))
    with_space = in_utc.cast(pa.string())  # a fifth of the time of `strftime`, and no overflow makes a year of it
    return pc.binary_join_element_wise(pc.binary_replace_slice(with_space, 10, 11, "T"), "Z", "")


def _storage(kind: pa.DataType) -> pa.DataType:
    """What a type is beneath its dictionary or its extension."""
    if pa.types.is_dictionary(kind):
        return _storage(kind.value_type)
    return _storage(kind.storage_type) if isinstance(kind, pa.BaseExtensionType) else kind


def _objects(array: pa.Array) -> list[Any]:
    names = [field.name for field in array.type]
    columns = [values(column) for column in array.flatten()]
    rows = zip(*columns, strict=True) if columns else [()] * len(array)
    return [
        {name: value for name, value in zip(names, row, strict=True) if value is not None} if is_there else None
        for is_there, row in zip(array.is_valid().to_pylist(), rows, strict=True)
    ]


def _spans(array: pa.Array, inner: list[Any]) -> list[Any]:
    ends = array.offsets.to_pylist()
    there = array.is_valid().to_pylist()
    return [inner[start:end] if is_there else None for is_there, start, end in zip(there, ends, ends[1:], strict=False)]


def _thousands(counted: pa.Array) -> pa.Array:
    """Integers by a thousand, rounded down: `floor_temporal` refuses the first ones of their range."""
    towards_zero = pc.divide(counted, 1_000)
    return pc.subtract(towards_zero, pc.less(counted, pc.multiply(towards_zero, 1_000)).cast(pa.int64()))


# ---------------------------------------------------------------- texts that are not UTF-8


def _strings(array: pa.Array) -> list[Any]:
    """Texts; one that is not UTF-8, which no writer checks, is JSON with its bytes: so only its row is refused."""
    try:
        found: list[Any] = array.to_pylist()
    except UnicodeDecodeError:
        return [None if raw is None else _string(raw) for raw in array.cast(pa.large_binary()).to_pylist()]
    return found


def _string(raw: bytes) -> str | msgspec.Raw:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        text = json.dumps(raw.decode("utf-8", "surrogateescape"), ensure_ascii=False)
        return msgspec.Raw(text.encode("utf-8", "surrogateescape"))


def _object(pairs: list[tuple[Any, Any]]) -> dict[str, Any] | msgspec.Raw:
    """The object of a map's pairs."""
    if all(isinstance(key, str) for key, _ in pairs):
        return dict(pairs)
    return msgspec.Raw(b"{" + b",".join([encode(key) + b":" + encode(value) for key, value in pairs]) + b"}")
