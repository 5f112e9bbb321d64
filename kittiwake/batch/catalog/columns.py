"""Which columns of a snapshot count: the item's id, those that are compared, and those that hold numbers.

Changes what it remembers of currencies and of rows without an id; otherwise pure. Called by the readers of snapshots.
A product is checked here: its id, its numbers, the size of its values.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from kittiwake.batch.catalog.number_texts import number_of_text
from kittiwake.input.errors import InputError, shown
from kittiwake.input.events import EVENT_BYTES_MAX
from kittiwake.input.fields import ID_CHARS_MAX
from kittiwake.values import Number, canonical, canonical_bytes, has_half_a_pair, is_number, lookup

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
    compared: Mapping[str, str] | None
    """By the name under which it is sent, each column, or dotted path to a value of a JSON object; None: all but
    `item`, as they are called."""
    numbers: frozenset[str]
    """Names as they are sent, of which a text is read as a number, where it is not empty."""
    decimal: str | None = None
    """The decimal mark of numbers in texts, "." or ","; None: they are written as in JSON."""
    skip_without_id: bool = False
    """Whether rows without an id are passed over: they are no products, as the further images of an export."""

    def named(self) -> Iterator[tuple[str, str]]:
        """Every column that the author has named, and the option that names it."""
        yield self.item, "--id"
        compared = self.compared or {}
        yield from ((name, "--numbers") for name in sorted(self.numbers.difference(compared)))
        yield from ((column, "--columns") for column in sorted(set(compared.values())))


class ProductReader:
    """Makes products of the rows of both snapshots."""

    def __init__(self, columns: Columns) -> None:
        self.columns = columns
        self.without_id = 0
        """Rows that were passed over."""
        self._currencies: dict[str, tuple[str, str]] = {}
        """By name the currency of its numbers, and where it stands first."""

    def product(self, row: Mapping[str, Any], file: str, line: int) -> Product | None:
        """The product that a row is; None: it is none, for it has no id.

        Raises:
            InputError: it has no id, a text is no number, or it is too large; the message has file and line.
        """
        item_id = self._item_id(row, file, line)
        if item_id is None:
            self.without_id += 1
            return None
        values = {name: self._value(name, value, file, line) for name, value in self._compared(row)}
        encoded = canonical_bytes(values)
        if len(encoded) > VALUES_BYTES_MAX:
            advice = f"more than {VALUES_BYTES_MAX:,}: name fewer with --columns"
            raise wrong(file, line, f"the columns take {len(encoded):,} bytes, {advice}")
        return Product(item_id, line, encoded)

    def _item_id(self, row: Mapping[str, Any], file: str, line: int) -> str | None:
        name, skips = self.columns.item, self.columns.skip_without_id
        found = row.get(name)
        if name not in row and not skips:
            raise wrong(file, line, _of_a_list(row) or _no_column(name, "--id", row))
        if skips and found in (None, ""):
            return None
        if is_number(found):
            found = canonical(found)
        if not isinstance(found, str) or not 1 <= len(found) <= ID_CHARS_MAX or has_half_a_pair(found):
            advice = "; --skip-without-id passes over rows without one" if not found else ""
            text = f"a text of 1 to {ID_CHARS_MAX} characters, or a number"
            raise wrong(file, line, f"{name} names no item: {text}{advice}")
        return found

    def _compared(self, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        """What is compared, by the names under which it is sent."""
        item, compared = self.columns.item, self.columns.compared
        if compared is None:
            yield from ((name, value) for name, value in row.items() if name != item)
            return
        for name, column in compared.items():
            if column in row:
                yield name, row[column]
            elif "." in column and (value := lookup(row, tuple(column.split(".")))) is not None:
                yield name, value

    def _value(self, name: str, value: Any, file: str, line: int) -> Any:
        if name not in self.columns.numbers or not isinstance(value, str):
            return value
        return self._number(name, value, file, line) if value.strip() else None

    def _number(self, name: str, text: str, file: str, line: int) -> Number:
        found = number_of_text(text, self.columns.decimal)
        if found is None:
            raise wrong(file, line, f"{name} is no number: {text[:40]!r}; {self._remedy(text)}")
        if found.currency:
            where = f"{shown(file)}:{line}"
            currency, first = self._currencies.setdefault(name, (found.currency, where))
            if currency != found.currency:
                advice = "a column has one currency: compare one feed for each"
                raise wrong(file, line, f"{name} is in {found.currency}, at {first} in {currency}; {advice}")
        return found.number

    def _remedy(self, text: str) -> str:
        for mark in (",", "."):
            if mark != self.columns.decimal and number_of_text(text, mark) is not None:
                return f"if {mark!r} is its decimal mark, say --decimal {mark!r}"
        return "write it as in JSON, say 1299.50, a currency may stand beside it"


def refuse_unknown(columns: Columns, known: Iterable[str], file: str, line: int) -> None:
    """Refuse named columns that a snapshot does not have.

    Raises:
        InputError: there is one; the message has file and line, and the column that may have been meant.
    """
    names = list(known)
    for name, option in columns.named():
        if name not in names:
            raise wrong(file, line, _no_column(name, option, names))


def _no_column(name: str, option: str, known: Iterable[str]) -> str:
    names = list(known)
    close = difflib.get_close_matches(name, names, 1)
    if close:
        return f"there is no column {name} ({option}); did you mean {close[0]}?"
    listed = ", ".join(names[:NAMES_SHOWN_MAX]) + (", …" if len(names) > NAMES_SHOWN_MAX else "")
    return f"there is no column {name} ({option}); there are: {listed}"


def _of_a_list(row: Mapping[str, Any]) -> str:
    """What to do with a row that holds the products instead of being one."""
    for name, value in row.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return f"{name} is a list of objects: write one product a line, as `jq -c '.{name}[]'` does"
    return ""


def wrong(file: str, line: int, message: str) -> InputError:
    """An error of one line of a snapshot."""
    return InputError(f"{shown(file)}:{line}: {message}")
