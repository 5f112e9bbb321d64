"""What the records of a sample hold: each field with how often it is there, of which kinds, and with which values.

Pure. Bounded: fields, values of a field and the depth of objects are limited.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import Any, Final

from kittiwake.input.mapping.spec import FieldPath
from kittiwake.inspect.values import TimeForm, form_of, is_number_text

SAMPLE: Final = 5_000
"""Records by which fields are judged. All of them are read with the shape that comes of it."""

FIELDS_MAX: Final = 300
"""Fields that are judged; a record of more has keys that are ids."""

DEPTH_MAX: Final = 4
"""Objects inside one another that are walked."""

TEXT_MAX: Final = 200
"""Characters of a value that is kept: no id and no time has more."""


class Field:
    """A field of the sample."""

    def __init__(self, path: FieldPath) -> None:
        self.path = path
        self.present = 0
        """In how many records it is there: neither null nor an empty text."""
        self.texts = self.numbers = self.flags = self.others = 0
        self.values: Counter[Any] = Counter()
        """Its scalars, with their numbers."""
        self.lists: list[list[Any]] = []
        """The first lists of it."""

    @property
    def name(self) -> str:
        """Its last key."""
        return self.path[-1]

    @property
    def is_scalar(self) -> bool:
        """Whether it is a text or a number wherever it is there."""
        return self.present > 0 and not self.others

    @property
    def is_unique(self) -> bool:
        """Whether no value of it comes twice."""
        return self.is_scalar and len(self.values) == self.present

    @property
    def number_texts(self) -> int:
        """How many of its values are texts that say numbers."""
        return sum(number for value, number in self.values.items() if isinstance(value, str) and is_number_text(value))

    def time_form(self) -> TimeForm | None:
        """How it says times; None: it says none."""
        return form_of(self.values, self.name) if self.is_scalar else None

    def add(self, value: Any) -> None:
        """Take the value of one record into account."""
        self.present += 1
        if isinstance(value, str):
            self.texts += 1
            self.values[value[:TEXT_MAX]] += 1
        elif isinstance(value, (int, Decimal, float)) and not isinstance(value, bool):
            self.numbers += 1
            self.values[value] += 1
        else:
            self.others += 1
            self.flags += isinstance(value, bool)
            if isinstance(value, list) and len(self.lists) < 100:
                self.lists.append(value)


def fields_of(records: Iterable[Mapping[str, Any]]) -> dict[FieldPath, Field]:
    """The fields of records, in the order in which they come."""
    found: dict[FieldPath, Field] = {}
    for record in records:
        for path, value in _flat(record, ()):
            field = found.get(path)
            if field is None:
                if len(found) >= FIELDS_MAX:
                    continue
                field = found[path] = Field(path)
            field.add(value)
    return found


def _flat(record: Mapping[str, Any], above: FieldPath) -> Iterator[tuple[FieldPath, Any]]:
    for name, value in record.items():
        path = (*above, name)
        if value is None or value == "" or not name:
            continue
        if isinstance(value, dict) and len(path) < DEPTH_MAX:
            yield from _flat(value, path)
        else:
            yield path, value


def value_at(record: Any, path: FieldPath) -> Any:
    """A record's value at a path; None: it has none."""
    for key in path:
        record = record.get(key) if isinstance(record, dict) else None
    return None if record == "" else record
