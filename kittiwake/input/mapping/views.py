"""From the bytes of a record to what a mapping sees of it: the fields that its paths begin with, and no others.

Pure. Called by `mapping`. A field that no path begins with is passed over by the decoder: nothing is made of it, and a
number in it may be anything. Texts of JSON and lists of pairs have become objects by the time that paths walk.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import msgspec

from kittiwake.input.events import readable, value_error
from kittiwake.input.fields import NO_CONTEXT, RefusedError, RowContext, kind_of, wrong_type
from kittiwake.input.mapping.paths import View, is_absent, path_text, walk
from kittiwake.input.mapping.spec import FieldPath, Format, Pairs, Records
from kittiwake.reasons import DeadLetterReason
from kittiwake.values import has_long_digits, literal_number, parse_json

_OURS: Final = "\ue000"
"""Begins the names of what no record says: a field of that name is written over."""


class Views:
    """Makes views of the records of one mapping."""

    def __init__(self, records: Records, fields: Sequence[str], *, whole: bool, has_element: bool) -> None:
        """`fields` are the first keys of paths, `whole` says whether the record itself is asked for."""
        self._records = records
        self._whole = whole
        self._names = tuple(fields)
        kept = [f"f{at}" for at in range(len(fields))]
        self.element = f"f{len(fields)}"
        """The attribute at which an element is shown, while its turn lasts."""
        more = [*["whole"] * whole, "ordinal", *[self.element] * has_element]
        self._type: Any = msgspec.defstruct(
            "View",
            [(name, Any, None) for name in (*kept, *more)],
            rename=dict(zip(kept, fields, strict=True)) | {name: f"{_OURS}{name}" for name in more},
            gc=False,
        )
        kind = dict[str, Any] if whole else self._type
        self._decode = msgspec.json.Decoder(kind, float_hook=literal_number).decode
        changes = [self._change(path, _parsed) for path in records.json]
        changes += [self._change(pairs.path, _object_of(pairs)) for pairs in records.pairs]
        self._changes: tuple[Callable[[View], None], ...] = tuple(changes)

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that a view has."""
        return self._names

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The columns of a row that are read; None: all."""
        return None if self._whole else self._names

    # ------------------------------------------------------------ one record

    def of(self, raw: bytes, size: int, context: RowContext = NO_CONTEXT) -> View:
        """The view of one record.

        Raises:
            RefusedError: the bytes are none of this format.
        """
        text = readable(raw, size)
        view = self._of_row(text, context) if self._records.format is Format.CSV else self._of_json(text)
        view.ordinal = context.ordinal
        for change in self._changes:
            change(view)
        return view

    def _of_json(self, text: bytes) -> View:
        try:
            if has_long_digits(text):
                parse_json(text)
            found: Any = self._decode(text)
        except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError):
            raise self._why_not(text) from None
        return self._of_object(found) if self._whole else found

    def _why_not(self, text: bytes) -> RefusedError:
        """Why a text is no record: said by the decoder of whole values, since the one of views names its own types."""
        try:
            value = parse_json(text)
        except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError) as error:
            return value_error(error, text)
        if isinstance(value, dict):
            return RefusedError(DeadLetterReason.NOT_JSON, "Input data is malformed")
        return RefusedError(DeadLetterReason.NOT_AN_OBJECT, f"the record is {kind_of(value)}, not a JSON object")

    def _of_object(self, record: dict[str, Any]) -> View:
        return self._type(*map(record.get, self._names), record)

    def _of_row(self, text: bytes, context: RowContext) -> View:
        try:
            cells = next(csv.reader([text.decode()], delimiter=self._records.delimiter), [])
        except csv.Error as error:
            raise RefusedError(DeadLetterReason.WRONG_TYPE, f"the row is no CSV ({error})") from None
        return self.of_cells(cells, context.header)

    def of_cells(self, cells: Sequence[str], header: Sequence[str]) -> View:
        """The view of a row.

        Raises:
            RefusedError: it has more or fewer cells than the header.
        """
        if len(cells) != len(header):
            detail = f"the row has {len(cells)} cells, the header has {len(header)}"
            raise RefusedError(DeadLetterReason.WRONG_TYPE, detail)
        return self._of_object({name: cell for name, cell in zip(header, cells, strict=True) if cell})

    # ------------------------------------------------------------ changes

    def _change(self, path: FieldPath, function: Callable[[Any, str], Any]) -> Callable[[View], None]:
        """Put in place of what stands at a path what the function makes of it."""
        attribute, name = f"f{self._names.index(path[0])}", path_text(path)
        whole, field = self._whole, path[0]

        def change(view: View) -> None:
            top = getattr(view, attribute)
            found = walk(top, path[1:])
            if is_absent(found):
                return
            made = function(found, name)
            if len(path) > 1:
                walk(top, path[1:-1])[path[-1]] = made
                return
            setattr(view, attribute, made)
            if whole:
                view.whole[field] = made

        return change


def _parsed(value: Any, name: str) -> Any:
    """What a text of JSON says; what is no text is there already."""
    if not isinstance(value, str):
        return value
    try:
        return parse_json(value)
    except (msgspec.DecodeError, ValueError, ArithmeticError, RecursionError):
        raise RefusedError(DeadLetterReason.NOT_JSON, f"{name} is no JSON") from None


def _object_of(pairs: Pairs) -> Callable[[Any, str], Any]:
    def read(value: Any, name: str) -> Any:
        if isinstance(value, dict):
            return value
        if not isinstance(value, list):
            raise wrong_type(name, "a list of keys and values", value)
        return dict(_pairs_of(value, pairs))

    return read


def _pairs_of(entries: Iterable[Any], pairs: Pairs) -> Iterable[tuple[str, Any]]:
    for entry in entries:
        key, value = walk(entry, pairs.key), walk(entry, pairs.value)
        if isinstance(key, str):
            yield key, _member(value)


def _member(value: Any) -> Any:
    """A value; of an object, of whose members one is there, that one."""
    if isinstance(value, dict):
        return next((one for one in value.values() if one is not None), None)
    return value
