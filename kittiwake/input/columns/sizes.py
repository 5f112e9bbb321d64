"""How many bytes the line of a row has at most, without making it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from kittiwake.input.arrow_values import is_text, texts

Sizes: TypeAlias = "np.ndarray[Any, np.dtype[np.int64]]"

ESCAPED_BYTES: Final = 6
"""Bytes of JSON that a byte of text may become: `\\u0000`."""

SCALAR_BYTES: Final = 100
"""Bytes of a number, a bool, a time or a date: the longest has 76 digits."""

MEMBER_BYTES: Final = 8
"""Bytes around a value besides its name: quotes, colon, comma, brackets."""


def bytes_most(batch: pa.RecordBatch, names: Sequence[str]) -> Sizes:
    """Of each row how many bytes its line has at most."""
    total = np.full(len(batch), MEMBER_BYTES, dtype=np.int64)
    for name in names:
        total += _most(batch.column(name)) + len(name) + MEMBER_BYTES
    return total


def _most(column: pa.Array) -> Sizes:
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _lengths(column) * ESCAPED_BYTES
    if is_text(kind):
        return _lengths(texts(column)) * ESCAPED_BYTES
    if pa.types.is_dictionary(kind):
        return _most(column.dictionary_decode())
    if isinstance(kind, pa.BaseExtensionType):
        return _most(column.storage)
    if pa.types.is_struct(kind):
        parts = [
            _most(part) + ESCAPED_BYTES * len(field.name.encode()) + MEMBER_BYTES
            for field, part in zip(kind, column.flatten(), strict=True)
        ]
        return sum(parts, np.full(len(column), MEMBER_BYTES, dtype=np.int64))
    if pa.types.is_map(kind):
        return _of_spans(column, _most(column.keys) + _most(column.items))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _of_spans(column, _most(column.values))
    return np.full(len(column), SCALAR_BYTES, dtype=np.int64)


def _of_spans(column: pa.Array, inner: Sizes) -> Sizes:
    """Of lists the sums of their elements' sizes."""
    ends = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(inner + MEMBER_BYTES)])
    offsets = column.offsets.to_numpy(zero_copy_only=False)
    found: Sizes = ends[offsets[1:]] - ends[offsets[:-1]] + MEMBER_BYTES
    return found


def _lengths(column: pa.Array) -> Sizes:
    found: Sizes = pc.fill_null(pc.binary_length(column), 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return found
