"""Properties of many rows: which are sound JSON objects, and their texts, for the rows that are wanted.

Pure. A row that is not known to be sound is left to the line path, which alone says what is wrong. Texts of JSON are
checked joined, by what C does with many of them; those with an escape or a line break one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import compress
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kittiwake.input.arrow_values import encode, is_text, is_utf8, texts, values
from kittiwake.input.bulk import NOTHING, is_plain, is_sound
from kittiwake.input.plain import NOT_DECODED

Mask: TypeAlias = "np.ndarray[Any, np.dtype[np.bool_]]"


class Properties(NamedTuple):
    """The properties of rows."""

    sound: Mask
    """Of each row whether they are known to be sound."""
    texts_of: Callable[[Mask], list[bytes]]
    """The JSON of some rows, of which each is sound."""


_raw: Final = msgspec.json.Decoder(msgspec.Raw)

_FINITE: Final = 1e300
"""Beyond it, and closer to zero than its inverse, a float is left to the parser of its text."""


def properties_of(column: pa.Array) -> Properties:
    """The properties in a column of JSON texts, structs or maps."""
    if is_text(column.type):
        if pa.types.is_null(column.type):
            return Properties(np.ones(len(column), dtype=np.bool_), lambda rows: [NOTHING] * int(rows.sum()))
        return _of_texts(texts(column))
    if _is_ordinary(column):
        return Properties(np.ones(len(column), dtype=np.bool_), lambda rows: _encoded(column.filter(pa.array(rows))))
    return _of_bytes(_encoded(column))


def _encoded(column: pa.Array) -> list[bytes]:
    return [NOTHING if cell is None else encode(cell) for cell in values(column)]


# ---------------------------------------------------------------- texts of JSON


def _of_texts(column: pa.Array) -> Properties:
    """`column` is `large_string`, and its bytes are UTF-8."""
    filled = pc.fill_null(column, NOTHING.decode()) if column.null_count else column
    raws = _decoded(filled)
    if raws is not None:
        return Properties(np.ones(len(column), dtype=np.bool_), lambda rows: list(map(bytes, compress(raws, rows))))
    is_escaped = pc.match_substring_regex(filled, r"[\\\n\r]")
    plain = pc.and_not(pc.starts_with(filled, "{"), is_escaped)
    rows: Mask = plain.to_numpy(zero_copy_only=False)
    sound = rows if rows.any() and _decoded(filled.filter(plain)) is not None else np.zeros(len(column), dtype=np.bool_)
    found: list[bytes] = filled.cast(pa.large_binary()).to_numpy(zero_copy_only=False).tolist()
    checked = np.fromiter(
        (is_one or _is_sound(text) for is_one, text in zip(sound, found, strict=True)), np.bool_, len(found)
    )
    return Properties(checked, lambda rows: list(compress(found, rows)))


def _decoded(column: pa.Array) -> Sequence[msgspec.Raw] | None:
    """The JSON of each row, if nothing can be wrong with any.

    What the decoder finds are the rows themselves if it finds as many, and no row has a line break of its own.
    """
    lists = pa.LargeListArray.from_arrays(pa.array([0, len(column)], pa.int64()), column)
    joined = pc.binary_join(lists, pa.scalar("\n", pa.large_string()))[0].as_buffer().to_pybytes()
    if joined.count(b"\n") != len(column) - 1 or not is_plain(joined, len(column)):
        return None
    try:
        raws: list[msgspec.Raw] = _raw.decode_lines(joined)
    except NOT_DECODED:
        return None
    return raws if len(raws) == len(column) else None


def _of_bytes(found: list[bytes]) -> Properties:
    """Of texts that an encoder wrote."""
    checked = np.fromiter(map(is_sound, found), np.bool_, len(found))
    return Properties(checked, lambda rows: list(compress(found, rows)))


def _is_sound(text: bytes) -> bool:
    """Whether a text is one JSON object in one line."""
    if b"\n" in text or b"\r" in text or not text.endswith(b"}") or not is_sound(text):
        return False
    try:
        _raw.decode(text)
    except NOT_DECODED:
        return False
    return True


# ---------------------------------------------------------------- structs


DEPTH_MAX: Final = 16
"""Structs and lists inside one another that are ordinary: far fewer than a record may nest."""


def _is_ordinary(column: pa.Array, depth: int = 0) -> bool:
    """Whether the JSON of no value of a struct can be refused, so that only that of wanted rows is made.

    A map may have a key twice, or one that is no text of its own: it is never ordinary.
    """
    kind = column.type
    if (
        depth > DEPTH_MAX
        or pa.types.is_dictionary(kind)
        or isinstance(kind, pa.BaseExtensionType)
        or pa.types.is_map(kind)
    ):
        return False
    if pa.types.is_struct(kind):
        return all(_is_ordinary(part, depth + 1) for part in column.flatten())
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _is_ordinary(column.values, depth + 1)
    if is_text(kind):
        return not pa.types.is_string_view(kind) and is_utf8(column)  # of views no rows can be chosen
    if pa.types.is_floating(kind):
        return _are_finite(column)
    return bool(pa.types.is_integer(kind) or pa.types.is_boolean(kind) or pa.types.is_decimal128(kind))


def _are_finite(column: pa.Array) -> bool:
    sizes = np.abs(pc.drop_null(column).to_numpy(zero_copy_only=False).astype(np.float64))
    return bool(((sizes == 0) | ((sizes > 1 / _FINITE) & (sizes < _FINITE))).all())
