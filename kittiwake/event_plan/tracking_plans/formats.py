"""The formats of tracking plans: which events a document describes, and where the schema of each stands.

Pure. Recognised by what a document holds, never by its name:

- Segment Protocols, as its two APIs give it: `rules.events`, or a list of rules with `jsonSchema`;
- Snowplow's self-describing schemas, one or a list of them, Iglu's and those of the data structures API;
- bundles of schemas under `events`, `$defs` or `definitions`, as Avo writes them, and `kittiwake events export`;
- the JSON Schema of one event.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any, Final, NamedTuple


class Call(Enum):
    """What kind of call an entry describes."""

    EVENT = "event"
    PAGE = "page"
    SCREEN = "screen"
    IDENTIFY = "identify"
    GROUP = "group"
    COMMON = "common"
    """What all events have."""


class Entry(NamedTuple):
    """The schema of one kind of event, in a document."""

    name: str
    schema: Any
    call: Call = Call.EVENT
    version: tuple[int, ...] = ()
    description: str | None = None
    is_segment: bool = False


class UnknownFormatError(Exception):
    """A document that is no tracking plan."""


SEGMENT_CALLS: Final = {
    "TRACK": Call.EVENT,
    "PAGE": Call.PAGE,
    "SCREEN": Call.SCREEN,
    "IDENTIFY": Call.IDENTIFY,
    "GROUP": Call.GROUP,
    "COMMON": Call.COMMON,
}
_OLD_KEYS: Final = {
    "identify_traits": Call.IDENTIFY,
    "identify": Call.IDENTIFY,
    "group_traits": Call.GROUP,
    "group": Call.GROUP,
    "page": Call.PAGE,
    "screen": Call.SCREEN,
    "global": Call.COMMON,
}
_BUNDLES: Final = ("events", "$defs", "definitions")


def entries_of(document: Any, stem: str) -> list[Entry]:
    """The events of a document; `stem` is the name of its file, for a schema that has none of its own.

    Raises:
        UnknownFormatError: it is of no known format.
    """
    found = list(_entries(document, stem))
    if not found:
        raise UnknownFormatError
    return found


def _entries(document: Any, stem: str) -> Iterator[Entry]:
    if isinstance(document, list):
        for i, one in enumerate(document):
            yield from _entries(one, f"{stem}-{i + 1}")
        return
    if not isinstance(document, Mapping):
        return
    rules = _rules_of(document)
    if isinstance(rules, list):
        yield from (found for one in rules if (found := _of_public_api(one)) is not None)
    elif isinstance(rules, Mapping):
        yield from _of_config_api(rules)
    elif isinstance(document.get("self"), Mapping):
        yield _of_iglu(document["self"], document)
    elif isinstance(document.get("data"), Mapping) and isinstance(document["data"].get("self"), Mapping):
        yield _of_iglu(document["data"]["self"], document["data"])
    else:
        yield from _of_schemas(document, stem)


# ---------------------------------------------------------------- Segment


def _rules_of(document: Mapping[str, Any]) -> Any:
    """The rules of Segment's tracking plan, wherever an API puts them."""
    for around in (document, document.get("data"), document.get("trackingPlan"), document.get("tracking_plan")):
        rules = around.get("rules") if isinstance(around, Mapping) else None
        if isinstance(rules, list) and any(isinstance(one, Mapping) and "jsonSchema" in one for one in rules):
            return rules
        if isinstance(rules, Mapping) and isinstance(rules.get("events"), list):
            return rules
    return None


def _of_public_api(rule: Any) -> Entry | None:
    call = SEGMENT_CALLS.get(str(rule.get("type", "TRACK")).upper()) if isinstance(rule, Mapping) else None
    if call is None:
        return None
    name = rule.get("key") if isinstance(rule.get("key"), str) else ""
    return Entry(name, rule.get("jsonSchema"), call, _version(rule.get("version")), None, is_segment=True)


def _of_config_api(rules: Mapping[str, Any]) -> Iterator[Entry]:
    for one in rules["events"]:
        if isinstance(one, Mapping) and isinstance(one.get("name"), str):
            said = one.get("description")
            description = said if isinstance(said, str) else None
            yield Entry(one["name"], one.get("rules"), Call.EVENT, _version(one.get("version")), description, True)
    for key, call in _OLD_KEYS.items():
        part = rules.get(key)
        if isinstance(part, Mapping) and part:
            yield Entry(key, part, call, is_segment=True)
        elif isinstance(part, list):
            traits = {one["name"]: one.get("rules", one) for one in part if isinstance(one, Mapping) and "name" in one}
            if traits:
                yield Entry(key, {"properties": {"traits": {"properties": traits}}}, call, is_segment=True)


def _version(value: Any) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", str(value)))


# ---------------------------------------------------------------- Snowplow


def _of_iglu(about: Mapping[str, Any], schema: Any) -> Entry:
    name = about.get("name") if isinstance(about.get("name"), str) else ""
    return Entry(str(name), schema, Call.EVENT, _version(about.get("version")), None)


# ---------------------------------------------------------------- bundles and single schemas


def _of_schemas(document: Mapping[str, Any], stem: str) -> Iterator[Entry]:
    for key in _BUNDLES:
        part = document.get(key)
        is_own = key == "events" or not _is_of_one_event(document)  # else they are parts of the document's own schema
        if is_own and isinstance(part, Mapping) and part:
            for name, one in part.items():
                if _is_object_schema(one) or _has_schema(one):
                    yield _named(one, str(name), is_name=key == "events")
            return
        if is_own and isinstance(part, list):
            yield from (_named(one, f"{stem}-{i + 1}") for i, one in enumerate(part) if isinstance(one, Mapping))
            return
    if _is_object_schema(document):
        yield _named(document, stem)


def _is_of_one_event(document: Mapping[str, Any]) -> bool:
    """Whether a schema has properties of its own, and does not only choose among those of several events."""
    parts = document.get("allOf")
    chosen = not isinstance(parts, list) or any(isinstance(one, Mapping) and "if" in one for one in parts)
    return "properties" in document or "$ref" in document or not chosen


def _is_object_schema(value: Any) -> bool:
    return isinstance(value, Mapping) and any(key in value for key in ("properties", "allOf", "$ref"))


def _has_schema(value: Any) -> bool:
    return isinstance(value, Mapping) and any(isinstance(value.get(key), Mapping) for key in _AROUND)


_AROUND: Final = ("jsonSchema", "schema", "rules")
"""Keys under which an entry has its schema."""


def _named(entry: Mapping[str, Any], otherwise: str, *, is_name: bool = False) -> Entry:
    """A schema, or what holds one, with its name: that of its event, its title, or that under which it stands.

    `is_name`: what it stands under is the name of the event, and its title is about it.
    """
    schema = next((entry[key] for key in _AROUND if isinstance(entry.get(key), Mapping)), entry)
    said = entry.get("description")
    description = said if isinstance(said, str) else None
    names = (constant_name(schema), entry.get("name"), None if is_name else entry.get("title"))
    name = next((one for one in names if isinstance(one, str) and one), otherwise)
    return Entry(name, schema, Call.EVENT, _version(entry.get("version", "")), description)


_NAMED_BY: Final = ("type", "event", "event_name", "eventName", "name")


def constant_name(schema: Any) -> str | None:
    """The name that a schema of a whole event demands of it: `event: {const: Order Completed}`."""
    properties = schema.get("properties") if isinstance(schema, Mapping) else None
    for key in _NAMED_BY if isinstance(properties, Mapping) and _holds_properties(properties) else ():
        one = properties.get(key) if isinstance(properties, Mapping) else None
        values = [one["const"]] if isinstance(one, Mapping) and "const" in one else []
        if isinstance(one, Mapping) and isinstance(one.get("enum"), list) and len(one["enum"]) == 1:
            values = one["enum"]
        if values and isinstance(values[0], str):
            return values[0]
    return None


def _holds_properties(properties: Mapping[str, Any]) -> bool:
    return any(isinstance(properties.get(key), Mapping) for key in ("properties", "eventProperties"))
