"""Foreign records: what a record or a file is that is no event, and the command that reads it.

Pure. Asked where records at the beginning of a file are no events (`beginnings`), and for dead letters that are shown
as examples. Names of fields are shown, never values. Nothing here decides what an event is: that is `events` alone.
"""

from __future__ import annotations

import csv
import json
import re
import shlex
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

from kittiwake.input.events import BOM
from kittiwake.input.foreign.remedies import (
    REMEDIES,
    as_shape,
    decoded,
    first_shape,
    jq,
    times_from_epoch,
    utf_8_from,
)
from kittiwake.input.foreign.sources import SOURCES, source_name
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.model import DeadLetter


class Foreign(NamedTuple):
    """What something is that is no event."""

    what: str
    """With its article: `a JSON array`."""
    remedy: str
    """The command that reads it, or what to add to the one that was typed."""


FIELDS_SHOWN: Final = 12
"""Names of fields or columns that are shown: enough to know the source by."""

COLUMN_CHARS_MAX: Final = 64
"""Characters of the name of a column of CSV: a longer one is text."""

_LISTS_FIELDS_MAX: Final = 5
"""Fields of an object that is only the cover of a list: `next`, `count` and the like beside it."""

# ---------------------------------------------------------------- texts


def foreign_text(name: str, text: bytes) -> Foreign | None:
    """What the first bytes of a file are, where they are not a JSON object a line; None: nothing that is known."""
    for recognise in (_utf_16, _json_array, _json_over_lines, _csv):
        found = recognise(name, text)
        if found is not None:
            return found
    return None


_UTF_16: Final = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def _utf_16(name: str, text: bytes) -> Foreign | None:
    encoding = _UTF_16.get(text[:2])
    if encoding is None and len(text) > 3 and text[:64].count(0) * 3 > len(text[:64]):
        encoding = "UTF-16BE" if text[0] == 0 else "UTF-16LE"
    return None if encoding is None else Foreign(f"text in {encoding}", utf_8_from(name, encoding))


_ARRAY: Final = re.compile(rb"\s*\[\s*[{\[]")
_COVER: Final = re.compile(rb'\s*\{\s*"([^"\\]{1,64})"\s*:\s*\[\s*\{')


def _json_array(name: str, text: bytes) -> Foreign | None:
    if not _ARRAY.match(text.removeprefix(BOM)):
        return None
    return Foreign("a JSON array, not one object a line", jq(name, ".[]"))


def _json_over_lines(name: str, text: bytes) -> Foreign | None:
    """An object that goes on over several lines, or that is only the cover of a list."""
    text = text.removeprefix(BOM).lstrip()
    if not text.startswith(b"{"):
        return None
    value, lines = _first_value(text)
    key = _list_in(value) if isinstance(value, dict) else None
    if key is None and value is None and (cover := _COVER.match(text)):
        key, lines = cover[1].decode(errors="replace"), 2
    if key is not None:
        return Foreign(f'an object with the records in its list "{key}"', jq(name, f".[{json.dumps(key)}][]"))
    if lines > 1:
        return Foreign("JSON that goes on over several lines, not one object a line", jq(name, "."))
    return None


def _first_value(text: bytes) -> tuple[Any, int]:
    """The first value of a text of JSON, and over how many lines it goes; None: it is cut off, or none."""
    try:
        whole = text.decode(errors="ignore")
        value, end = json.JSONDecoder().raw_decode(whole)
    except (ValueError, RecursionError):
        first, _, rest = text.partition(b"\n")
        opens = first.strip() == b"{" and rest.lstrip().startswith((b'"', b"}"))
        return None, 2 if opens else 1
    return value, whole.count("\n", 0, end) + 1


def first_object(text: bytes) -> dict[str, Any] | None:
    """The first record of a JSON text: of an array, of the list that an object covers, or the object itself."""
    whole = text.removeprefix(BOM).decode(errors="ignore").lstrip()
    value = _decoded_at(whole, 0)
    if isinstance(value, dict) and (key := _list_in(value)) is not None:
        value = value[key]
    if value is None:  # it is cut off: the first object in its list
        value = _decoded_at(whole, whole.find("{", whole.find("[") + 1))
    value = value[0] if isinstance(value, list) and value else value
    return value if isinstance(value, dict) else None


def _decoded_at(text: str, at: int) -> Any:
    try:
        return json.JSONDecoder().raw_decode(text, at)[0] if at >= 0 else None
    except (ValueError, RecursionError):
        return None


def _list_in(value: dict[str, Any]) -> str | None:
    """The key of the list of objects that is all there is in an object."""
    lists = [key for key, one in value.items() if isinstance(one, list) and one and isinstance(one[0], dict)]
    others = [one for key, one in value.items() if key not in lists]
    is_cover = len(value) <= _LISTS_FIELDS_MAX and not any(isinstance(one, (dict, list)) and one for one in others)
    return lists[0] if len(lists) == 1 and is_cover and not EVENT_IDS & value.keys() else None


_DELIMITERS: Final = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}


def _csv(name: str, text: bytes) -> Foreign | None:
    lines = text.removeprefix(BOM).decode(errors="replace").splitlines()[:2]
    if not lines or lines[0].lstrip().startswith(("{", "[")):
        return None
    delimiter = max(_DELIMITERS, key=lines[0].count)
    try:
        rows = list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return None
    columns = [column.strip() for column in rows[0]] if rows else []
    if len(columns) < 2 or len(rows) < 2 or len(rows[1]) != len(columns):
        return None
    if not all(0 < len(column) <= COLUMN_CHARS_MAX for column in columns) or len(set(columns)) != len(columns):
        between = f"rows of {len(columns)} columns with {_DELIMITERS[delimiter]} between, and no header"
        return Foreign(between, f"kittiwake inspect {shlex.quote(name)} says how") if len(columns) > 2 else None
    what = f"CSV (columns between {_DELIMITERS[delimiter]}): {names_of(columns)}"
    return Foreign(what, first_shape(name))


# ---------------------------------------------------------------- records

EVENT_IDS: Final = frozenset({"event_id", "account_id", "contact_id", "item_id"})
_SUBJECTS: Final = frozenset({"contact_id", "item_id"})


def names_of(names: Sequence[str]) -> str:
    """Names of fields for people; the first of many."""
    return ", ".join(names[:FIELDS_SHOWN]) + (", …" if len(names) > FIELDS_SHOWN else "")


def foreign_record(name: str, record: dict[str, Any], shape: InputShape) -> Foreign | None:
    """What a JSON object is that is no event in `shape`; None: nothing that is known by its fields."""
    if shape.shape is not Shape.CANONICAL:
        if {"event_id", "account_id", "time"} <= record.keys():
            return Foreign("canonical events", "leave out --input_shape and --input_account")
        return None
    known = source_of(record)
    if known is not None:
        return known
    if EVENT_IDS & record.keys():
        return _with_epoch_time(name, record)
    return Foreign(
        f"JSON objects without {_lacking(record)}; they have {names_of(list(record)) or 'no field at all'}",
        first_shape(name),
    )


def source_of(record: dict[str, Any] | None) -> Foreign | None:
    """The source whose record an object is, and its shape; None: it is of none that is known."""
    name = None if record is None else source_name(record)
    return None if name is None else Foreign(SOURCES[name].what, as_shape(name))


def _lacking(record: dict[str, Any]) -> str:
    fields = [field for field in ("event_id", "account_id", "contact_id", "type", "time") if field not in record]
    return ", ".join(fields[:-1]) + f" and {fields[-1]}"


class _Unit(NamedTuple):
    words: str
    per_second: int


_UNITS: Final = {10: _Unit("seconds", 1), 13: _Unit("milliseconds", 1_000), 16: _Unit("microseconds", 1_000_000)}
"""By the digits of an instant from 2001 to 2286."""


def _with_epoch_time(name: str, record: dict[str, Any]) -> Foreign | None:
    time = record.get("time")
    text = str(time) if isinstance(time, (int, str)) and not isinstance(time, bool) else ""
    unit = _UNITS.get(len(text)) if text.isdigit() else None
    if unit is None:
        return None
    what = f"events whose time is a number of {unit.words} since 1970, not text such as 2026-11-01T09:30:00Z"
    return Foreign(what, times_from_epoch(name, unit.per_second))


def records_in(lines: Sequence[bytes]) -> Iterator[dict[str, Any]]:
    """The lines that are JSON objects."""
    for line in lines:
        value = decoded(line)
        if isinstance(value, dict):
            yield value


# ---------------------------------------------------------------- dead letters


def remedy_of(dead: DeadLetter, shape: InputShape) -> str:
    """What reads such a record, or mends it."""
    name = dead.source.rpartition(":")[0] or dead.source
    record = decoded(dead.raw)
    if isinstance(record, dict):
        found = foreign_record(name, record, shape)
    else:
        found = foreign_text(name, dead.raw)
    return REMEDIES[dead.reason] if found is None else f"{found.what}: {found.remedy}"
