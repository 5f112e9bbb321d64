"""Which columns of a snapshot count: the item's id, those that are compared, and those that hold numbers.

Pure. Called by the readers of snapshots. A product is checked here: its id, the size of its values.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from kittiwake.input.errors import InputError, shown
from kittiwake.input.events import EVENT_BYTES_MAX
from kittiwake.input.fields import ID_CHARS_MAX
from kittiwake.values import as_number, canonical, canonical_bytes, has_half_a_pair, is_number

VALUES_BYTES_MAX: Final = EVENT_BYTES_MAX // 2 - 4 * 1024
"""Bytes of a product's values: an event that names the columns of two products, and their ids, has to hold them."""

NAMES_SHOWN_MAX: Final = 20
"""Columns that a message lists: more of them say no more."""


class Product(NamedTuple):
    """One product of a snapshot. Sorted by item, and then by where it stands."""

    item_id: str
    line: int
    """Where it begins, from 1."""
    values: bytes
    """Canonical JSON of an object: the compared columns, empty ones as null."""


class Columns(NamedTuple):
    """What an author says of the columns."""

    item: str
    """The column of the item's id."""
    compared: frozenset[str] | None
    """None: all but `item`."""
    numbers: frozenset[str]
    """Those of which a text is read as a number, where it is not empty."""

    def named(self) -> list[str]:
        """Every column that the author has named."""
        return sorted({self.item, *(self.compared or ()), *self.numbers})

    def product(self, row: Mapping[str, Any], file: str, line: int) -> Product:
        """The product that a row is.

        Raises:
            InputError: it has no id, a text is no number, or it is too large; the message has file and line.
        """
        compared = self.compared
        values = {
            name: self._value(name, value, file, line)
            for name, value in row.items()
            if name != self.item and (compared is None or name in compared)
        }
        encoded = canonical_bytes(values)
        if len(encoded) > VALUES_BYTES_MAX:
            advice = f"more than {VALUES_BYTES_MAX:,}: name fewer with --columns"
            raise wrong(file, line, f"the columns take {len(encoded):,} bytes, {advice}")
        return Product(self._item_id(row, file, line), line, encoded)

    def _item_id(self, row: Mapping[str, Any], file: str, line: int) -> str:
        found = row.get(self.item)
        if self.item not in row:
            raise wrong(file, line, _no_column(self.item, "--id", row))
        if is_number(found):
            found = canonical(found)
        if not isinstance(found, str) or not 1 <= len(found) <= ID_CHARS_MAX or has_half_a_pair(found):
            raise wrong(file, line, f"{self.item} names no item: a text of 1 to {ID_CHARS_MAX} characters, or a number")
        return found

    def _value(self, name: str, value: Any, file: str, line: int) -> Any:
        if name not in self.numbers or not isinstance(value, str):
            return value
        text = value.strip()
        number = as_number(text) if text else None
        if isinstance(number, str):
            raise wrong(file, line, f"{name} is no number: {value[:40]!r}; write it as in JSON, say 1299.50")
        return number


def refuse_unknown(columns: Columns, known: Iterable[str], file: str, line: int) -> None:
    """Refuse named columns that a snapshot does not have.

    Raises:
        InputError: there is one; the message has file and line, and the column that may have been meant.
    """
    names = list(known)
    for name in columns.named():
        if name not in names:
            option = "--id" if name == columns.item else "--numbers" if name in columns.numbers else "--columns"
            raise wrong(file, line, _no_column(name, option, names))


def _no_column(name: str, option: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(name, names, 1)
    if close:
        return f"there is no column {name} ({option}); did you mean {close[0]}?"
    listed = ", ".join(names[:NAMES_SHOWN_MAX]) + (", …" if len(names) > NAMES_SHOWN_MAX else "")
    return f"there is no column {name} ({option}); there are: {listed}"


def wrong(file: str, line: int, message: str) -> InputError:
    """An error of one line of a snapshot."""
    return InputError(f"{shown(file)}:{line}: {message}")
