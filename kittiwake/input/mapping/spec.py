"""What a shape file says, as plain values: hashable, comparable, and all that travels to workers.

Pure. Made by `kittiwake.shape_files`, compiled by `mapping`. What each key means stands in `docs/reference/shapes.md`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, TypeAlias

import msgspec

from kittiwake.values import Scalar

FieldPath: TypeAlias = tuple[str, ...]
"""Keys from the record's top; a key of digits is also an index of a list. Empty: the record itself."""

ELEMENT: Final = "element"
"""The first key of a path that walks an element of the list `each`."""


class Format(StrEnum):
    """How the records of a file are written."""

    JSON_LINES = "json_lines"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


class Encoding(StrEnum):
    """How the characters of a CSV file are written."""

    UTF_8 = "utf-8"
    WINDOWS_1252 = "windows-1252"
    LATIN_1 = "latin-1"


class Unit(StrEnum):
    """In what a number of a time counts."""

    SECONDS = "seconds"
    MILLIS = "millis"
    MICROS = "micros"


class Guests(StrEnum):
    """What becomes of records without a contact."""

    REFUSE = "refuse"
    LEAVE_OUT = "leave_out"
    APART = "apart"


class Others(StrEnum):
    """What becomes of a value that the table of types lacks."""

    KEEP = "keep"
    LEAVE_OUT = "leave_out"


class Convert(StrEnum):
    """What becomes of a value."""

    AS_IT_IS = ""
    NUMBER = "number"
    TEXT = "text"
    MINOR_UNITS = "minor_units"


class Pairs(msgspec.Struct, frozen=True):
    """A list of keys and values that is read as an object."""

    path: FieldPath
    key: FieldPath = ("key",)
    value: FieldPath = ("value",)


class Records(msgspec.Struct, frozen=True):
    """Where records lie and how they are written."""

    format: Format = Format.JSON_LINES
    at: FieldPath = ()
    """Of JSON documents: the list in each; empty: the document itself."""
    delimiter: str = ","
    encoding: Encoding = Encoding.UTF_8
    json: tuple[FieldPath, ...] = ()
    """Texts that hold JSON."""
    pairs: tuple[Pairs, ...] = ()


class ContactSource(msgspec.Struct, frozen=True):
    """Where a contact's id stands."""

    paths: tuple[FieldPath, ...]
    numbers_too: bool = False
    """Whether a number is taken as the text that says it."""
    prefix: str = ""
    absent: tuple[Scalar, ...] = ()


class TypeSource(msgspec.Struct, frozen=True):
    """Where the type stands, and what its values are called."""

    value: str | None = None
    paths: tuple[FieldPath, ...] = ()
    names: tuple[tuple[str, str], ...] = ()
    words: bool = False
    others: Others = Others.KEEP


class TimeSource(msgspec.Struct, frozen=True):
    """Where a time stands, and how it is written."""

    paths: tuple[FieldPath, ...]
    unit: Unit | None = None
    format: str | None = None
    zone: str | None = None


class IdField(msgspec.Struct, frozen=True):
    """A field of which an event's id is made."""

    path: FieldPath
    default: str | None = None


class IdSource(msgspec.Struct, frozen=True):
    """Of what an event's id is made."""

    fields: tuple[IdField, ...] = ()
    digest: bool = False
    ordinal: bool = False


class PropertySource(msgspec.Struct, frozen=True):
    """Where a property stands, or its constant."""

    paths: tuple[FieldPath, ...] = ()
    value: Scalar | None = None
    convert: Convert = Convert.AS_IT_IS
    currency: FieldPath | None = None
    absent: tuple[Scalar, ...] = ()


class Property(msgspec.Struct, frozen=True):
    """A property by its name; the first of its sources that is there counts."""

    name: str
    sources: tuple[PropertySource, ...]


class Test(msgspec.Struct, frozen=True):
    """A comparison of a field."""

    operator: str
    """As in `where`: eq, ne, in, not_in, gt, gte, lt, lte, exists."""
    operands: tuple[Scalar, ...]


class Condition(msgspec.Struct, frozen=True):
    """What a field has to be for its record to be meant."""

    path: FieldPath
    tests: tuple[Test, ...]


class MappingSpec(msgspec.Struct, frozen=True):
    """A shape file."""

    name: str
    """For people: its path, or the name by which it is shipped."""
    event_id: IdSource
    contact: tuple[ContactSource, ...]
    type: TypeSource
    time: tuple[TimeSource, ...]
    records: Records = Records()
    account: str | None = None
    """The account of all records."""
    account_paths: tuple[FieldPath, ...] = ()
    guests: Guests = Guests.REFUSE
    ends_visitors: bool = False
    properties: tuple[FieldPath | Property, ...] = ()
    numbers: tuple[FieldPath, ...] = ()
    """Of the properties, once they are put together; `*` is every element of a list."""
    decimal_comma: bool = False
    each: FieldPath | None = None
    only: tuple[Condition, ...] = ()
