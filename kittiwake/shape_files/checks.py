"""What the models of a shape file cannot say: keys that belong together or contradict each other, and bounds.

Pure. Yields what is wrong at paths inside the file; `reading` adds the locations.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kittiwake.input.mapping.paths import parse_path
from kittiwake.input.mapping.spec import ELEMENT, Convert, Format
from kittiwake.rules.diagnostics import Diagnostic, check_list, numbered
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.model.base import Model
from kittiwake.shape_files.models import (
    ABSENT_MAX,
    CONDITIONS_MAX,
    FIELDS_MAX,
    NAMES_MAX,
    NUMBERS_MAX,
    PROPERTIES_MAX,
    SOURCES_MAX,
    ContactObject,
    IdObject,
    OnlyOperators,
    PairsObject,
    PropertiesObject,
    PropertyObject,
    RecordsObject,
    ShapeFile,
    TimeObject,
    TypeObject,
)

Found = Iterator[Diagnostic[Code]]


def errors_of(written: ShapeFile) -> Found:
    """Everything that is wrong with a shape file whose keys and values are well formed."""
    yield from _lists(written)
    if written.records is not None:
        yield from _records(written.records, written.each)
    if isinstance(written.type, TypeObject):
        yield from _type(written.type)
    for path, entry in _entries(written.time, ("time",)):
        if isinstance(entry, TimeObject):
            yield from _time(entry, path)
    yield from _contacts(written)
    if isinstance(written.event_id, IdObject) and not written.event_id.fields_ and not written.event_id.digest:
        yield _missing(("event_id",), "an id needs fields", "Add fields: [order_id], or digest: true")
    yield from _properties(written)
    yield from _only(written)
    if written.each is not None and not parse_path(written.each):
        yield Diagnostic(("each",), Code.BAD_PATH, "the record itself is no list", "Name the list: line_items")


def _entries(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """The entries of a list, or what stands for a list of one."""
    yield from numbered(value, path) if isinstance(value, list) else [(path, value)]


def _missing(path: KeyPath, message: str, advice: str) -> Diagnostic[Code]:
    return Diagnostic(path, Code.MISSING_KEY, message, advice, at_key=True)


def _clash(path: KeyPath, message: str, advice: str) -> Diagnostic[Code]:
    return Diagnostic(path, Code.CLAUSE, message, advice, at_key=True)


# ---------------------------------------------------------------- bounds


def _lists(written: ShapeFile) -> Found:
    """Every list has something in it, and not too much."""
    for path, value in _lists_of(written, ()):
        key = next(part for part in reversed(path) if isinstance(part, str))
        most = {"absent": ABSENT_MAX, "numbers": NUMBERS_MAX, "json": FIELDS_MAX, "pairs": FIELDS_MAX}.get(key)
        is_of_values = path[0] == "only"
        yield from check_list(value, path, NAMES_MAX if is_of_values else most or SOURCES_MAX, "values")


def _lists_of(part: Any, path: KeyPath) -> Iterator[tuple[KeyPath, list[Any]]]:
    if isinstance(part, list):
        yield path, part
        for inner, entry in numbered(part, path):
            yield from _lists_of(entry, inner)
    elif isinstance(part, Model):
        for name, info in type(part).model_fields.items():
            yield from _lists_of(getattr(part, name), (*path, info.key))
        for name, value in part.keys_of_its_own().items():
            yield from _lists_of(value, (*path, name))


def _bounded(number: int, path: KeyPath, most: int, what: str) -> Found:
    if number > most:
        message = f"there are {number} {what} here, more than {most}"
        yield Diagnostic(path, Code.GUARDRAIL, message, "Name fewer")


# ---------------------------------------------------------------- records


def _records(records: RecordsObject, each: str | None) -> Found:
    for key, value, of in (
        ("at", records.at, Format.JSON),
        ("delimiter", records.delimiter, Format.CSV),
        ("encoding", records.encoding, Format.CSV),
    ):
        if value is not None and records.format != of:
            yield _clash(("records", key), f"{key} is for format: {of}", f"Write format: {of}, or delete the line")
    for path, text in _entries(records.json_ or [], ("records", "json")):
        yield from _of_record(text, path, each)
    for path, entry in _entries(records.pairs or [], ("records", "pairs")):
        at = entry.at if isinstance(entry, PairsObject) else entry
        yield from _of_record(at, (*path, "at") if isinstance(entry, PairsObject) else path, each)


def _of_record(text: str, path: KeyPath, each: str | None) -> Found:
    keys = parse_path(text)
    if not keys:
        yield Diagnostic(path, Code.BAD_PATH, "the record itself is no field of it", "Name a field: payload")
    elif each is not None and keys[0] == ELEMENT:
        message = "what is read before each: is no part of an element"
        yield Diagnostic(path, Code.BAD_PATH, message, "Name a field of the record: payload")


# ---------------------------------------------------------------- type and time


def _type(written: TypeObject) -> Found:
    if (written.path is None) == (written.value is None):
        message = "a type needs path or value, and one of them only"
        yield _clash(("type",), message, "Write {path: event}, or {value: order.completed}")
    elif written.value is not None:
        for key in ("names", "words", "others"):
            if key in written.model_fields_set:
                yield _clash(("type", key), f"{key} is for a type with a path", "Delete the line, or write path:")
    yield from _bounded(len(written.names or ()), ("type", "names"), NAMES_MAX, "names")


def _time(entry: TimeObject, path: KeyPath) -> Found:
    if entry.unit is not None:
        for key in ("format", "zone"):
            if key in entry.model_fields_set:
                yield _clash((*path, key), f"{key} is for texts, unit for numbers", "Delete one of them")


# ---------------------------------------------------------------- contact


def _contacts(written: ShapeFile) -> Found:
    entries = list(_entries(written.contact, ("contact",)))
    if written.visitors is not None and not any(
        isinstance(entry, ContactObject) and entry.prefix for _, entry in entries[1:]
    ):
        message = "no contact is a visitor's: none but the first has a prefix"
        yield _clash(("visitors",), message, 'Write contact: [user_id, {path: anonymous_id, prefix: "anonymous:"}]')


# ---------------------------------------------------------------- properties


def _properties(written: ShapeFile) -> Found:
    for path, entry in _entries(written.properties, ("properties",)):
        if isinstance(entry, PropertiesObject):
            yield from _bounded(len(entry.named()), path, PROPERTIES_MAX, "properties")
            for name, value in entry.named().items():
                yield from _property(name, value, (*path, name))
    for path, text in _entries(written.numbers or [], ("numbers",)):
        if not parse_path(text):
            advice = "Name keys with dots between: price, or items.*.price"
            yield Diagnostic(path, Code.BAD_PATH, f"{text!r} is no path of a property", advice)


def _property(name: str, value: Any, path: KeyPath) -> Found:
    if not name or "." in name:
        advice = "Name it without dots: cart_total"
        yield Diagnostic(path, Code.BAD_NAME, "the name of a property has no dots", advice, at_key=True)
    for at, entry in _entries(value, path):
        if isinstance(entry, PropertyObject):
            yield from _source(entry, at)


def _source(entry: PropertyObject, path: KeyPath) -> Found:
    if (entry.path is None) == (entry.value is None):
        message = "a property needs path or value, and one of them only"
        yield _clash(path, message, "Write {path: total_price}, or {value: web}")
    elif entry.value is not None:
        for key, value in (("as", entry.as_), ("absent", entry.absent)):
            if value is not None:
                yield _clash((*path, key), f"{key} is for a property with a path", "Delete the line, or write path:")
    if entry.currency is not None and entry.as_ != Convert.MINOR_UNITS:
        yield _clash((*path, "currency"), "currency is for as: minor_units", "Write it, or delete the line")


# ---------------------------------------------------------------- only


def _only(written: ShapeFile) -> Found:
    tests = {} if written.only is None else written.only.tests()
    yield from _bounded(len(tests), ("only",), CONDITIONS_MAX, "fields")
    if written.only is not None and not tests:
        yield Diagnostic(("only",), Code.EMPTY_LIST, "nothing is named here", "Name a field, or delete the line")
    for name, test in tests.items():
        if parse_path(name) is None:
            yield Diagnostic(("only", name), Code.BAD_PATH, f"{name!r} is no path", "Write customer.email", at_key=True)
        if isinstance(test, OnlyOperators) and not test.model_fields_set:
            yield Diagnostic(("only", name), Code.EMPTY_LIST, "no comparison is named here", "Write {gt: 0}")
