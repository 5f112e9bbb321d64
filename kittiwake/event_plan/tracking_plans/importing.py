"""From tracking plans to an event plan: the events of all documents, named as the input's shape names them.

Pure. Called by `kittiwake events import`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from kittiwake.errors import UnusableError
from kittiwake.event_plan.model import PlanObject
from kittiwake.event_plan.tracking_plans.formats import Call, Entry, UnknownFormatError, entries_of
from kittiwake.event_plan.tracking_plans.schema import Read, SchemaReader
from kittiwake.input.shapes import segment
from kittiwake.rules.limits import NAME_CHARS_MAX
from kittiwake.values import BadNumberError, number

PLAN_BYTES_MAX: Final = 50_000_000
"""A tracking plan: thousands of events with the schema of each written out."""
TYPES_MAX: Final = 2_000
"""Types of events of a plan: more than anybody keeps apart."""

_INSIDE: Final = {Call.IDENTIFY: ("traits",), Call.GROUP: ("traits",)}
_OF_EVENTS: Final = ("properties", "eventProperties")
_FIXED: Final = {Call.IDENTIFY: "identify", Call.GROUP: "group", Call.PAGE: "page", Call.SCREEN: "screen"}


class Imported(NamedTuple):
    """A plan, and what of the documents did not go into it."""

    plan: PlanObject
    unread: tuple[str, ...]
    """References that lead elsewhere, and names that rules cannot use."""


class Document(NamedTuple):
    """A file that was read: what it is called, without its ending, and what it holds."""

    file: str
    stem: str
    data: Any


def parse_document(file: str, stem: str, content: bytes) -> Document:
    """A file of JSON.

    Raises:
        UnusableError: it is none, or too large or too deep.
    """
    if len(content) > PLAN_BYTES_MAX:
        raise UnusableError(f"{file} is larger than {PLAN_BYTES_MAX:,} bytes: import its parts one by one")
    try:
        data = json.loads(content.decode("utf-8-sig"), parse_float=_decimal, parse_int=_whole, parse_constant=_none)
    except UnicodeDecodeError:
        raise UnusableError(f"{file} is not UTF-8: save it as UTF-8") from None
    except RecursionError:
        raise UnusableError(f"{file} is nested too deep to be a tracking plan") from None
    except json.JSONDecodeError as error:
        advice = "a tracking plan is JSON, as its tool exports it"
        raise UnusableError(f"{file}:{error.lineno}:{error.colno}: this is no JSON ({error.msg}): {advice}") from None
    return Document(file, stem, data)


def _decimal(text: str) -> Any:
    try:
        return number(text)
    except (BadNumberError, ArithmeticError):
        return None


def _whole(text: str) -> Any:
    return int(text) if len(text) <= 310 else None


def _none(_: str) -> None:
    return None


def import_plans(documents: Iterable[Document], account_id: str | None, *, as_segment: bool) -> Imported:
    """The event plan of tracking plans; `as_segment`: events are read with the shape `segment`, whatever the format.

    Raises:
        UnusableError: a document is no tracking plan, or has too many events.
    """
    events: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {}
    attributes: dict[str, dict[str, Any]] = {}
    common: dict[str, dict[str, Any]] = {}
    unread: list[str] = []
    is_segment = as_segment
    for document in documents:
        reader = SchemaReader(document.data)
        for entry in _entries(document):
            is_segment = is_segment or entry.is_segment
            read, description = _read(reader, entry)
            if entry.call is Call.COMMON:
                common |= read.properties
            elif entry.call is Call.IDENTIFY:
                attributes |= read.properties
            elif (name := _type_of(entry, as_segment=as_segment)) is None:
                unread.append(entry.name)
            elif name not in events or events[name][0] <= entry.version:
                said = _event(name, read, description, as_segment=as_segment or entry.is_segment)
                events[name] = (entry.version, said)
        unread.extend(reader.unread)
    if len(events) > TYPES_MAX:
        raise UnusableError(f"there are {len(events):,} types of events, more than {TYPES_MAX:,}: import fewer files")
    listed = {name: _with_common(said, common) for name, (_, said) in sorted(events.items())}
    data: dict[str, Any] = {"events": listed | (_lines_of(listed) if is_segment else {})}
    data |= {"account": account_id} if account_id else {}
    data |= {"attributes": _without_required(attributes)} if attributes else {}
    return Imported(PlanObject.model_validate(data), tuple(dict.fromkeys(unread)))


def _entries(document: Document) -> list[Entry]:
    try:
        return entries_of(document.data, document.stem)
    except UnknownFormatError:
        known = "Segment Protocols, Snowplow's self-describing schemas, a bundle of JSON Schemas, or one JSON Schema"
        raise UnusableError(f"{document.file} describes no events: a tracking plan is of {known}") from None


def _read(reader: SchemaReader, entry: Entry) -> tuple[Read, str | None]:
    """The properties of an event: of its whole call, if the schema is of that, those inside."""
    whole = reader.whole(entry.schema)
    said = whole.get("description")
    description = entry.description or (said if isinstance(said, str) else None)
    parts = whole.get("properties")
    if isinstance(parts, Mapping):
        names = _INSIDE.get(entry.call, _OF_EVENTS)
        inside = next((parts[name] for name in names if isinstance(parts.get(name), Mapping)), None)
        is_call = entry.is_segment or any(key in parts for key in ("type", "event", "context", "traits", "messageId"))
        if inside is not None and (is_call or "properties" in reader.whole(inside)):
            return reader.read(inside), description
    if entry.is_segment and isinstance(parts, Mapping) and {"context", "traits"} & {*parts}:
        return Read({}, complete=False), description
    return reader.read(whole), description


def _type_of(entry: Entry, *, as_segment: bool) -> str | None:
    """The type of the events as rules name it; None: no event can have it."""
    if entry.call in _FIXED:
        return segment.CALLS[_FIXED[entry.call]].type
    name = segment.type_of(entry.name) if as_segment or entry.is_segment else entry.name
    is_usable = 0 < len(name) <= NAME_CHARS_MAX and name.isprintable() and name.strip() == name and "*" not in name
    return name if is_usable else None


def _event(name: str, read: Read, description: str | None, *, as_segment: bool) -> dict[str, Any]:
    properties = _with_numbers(read.properties) if as_segment and name in segment.COMMERCE else read.properties
    said: dict[str, Any] = {"properties": properties}
    if description and (text := "".join(filter(str.isprintable, description))[:1_000].strip()):
        said = {"description": text, **said}
    return said if read.complete else {**said, "complete": False}


def _with_numbers(properties: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """With numbers for what the shape reads as numbers, in the products too."""
    found = {}
    for name, one in properties.items():
        found[name] = one
        if name in segment.NUMBERS and one.get("type") == "text":
            found[name] = {**one, "type": "number"}
        elif name == segment.PRODUCTS and isinstance(one.get("elements"), dict):
            inside = one["elements"].get("properties")
            if inside:
                found[name] = {**one, "elements": {**one["elements"], "properties": _with_numbers(inside)}}
    return found


def _with_common(said: dict[str, Any], common: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {**said, "properties": {**common, **said["properties"]}}


def _lines_of(events: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The events that the shape makes of each product of an order."""
    found = {}
    for parent, name in segment.LINES.items():
        properties = events.get(parent, {}).get("properties", {})
        elements = properties.get(segment.PRODUCTS, {}).get("elements", {})
        if elements.get("properties") and name not in events:
            kept = {key: properties[key] for key in segment.KEPT if key in properties}
            found[name] = {"properties": {**kept, **elements["properties"]}}
    return found


def _without_required(attributes: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """No call has to bring every attribute."""
    return {name: {key: value for key, value in one.items() if key != "required"} for name, one in attributes.items()}
