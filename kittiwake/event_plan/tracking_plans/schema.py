"""From the JSON Schema of an object to the properties of an event plan: flattened, bounded, local references followed.

Pure. A schema is foreign data: whatever is none of what is known here says nothing of a property, and refuses nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

from kittiwake.event_plan.check.wording import type_of
from kittiwake.event_plan.parts import TYPES
from kittiwake.rules.limits import DESCRIPTION_CHARS_MAX, LIST_MAX, PATH_CHARS_MAX, PATH_PARTS_MAX, TEXT_CHARS_MAX

DEPTH_MAX: Final = 24
"""References and nested schemas that are followed from one property; a schema that contains itself ends here."""
LISTS_MAX: Final = 4
"""Lists inside lists: rules look into three."""
SCHEMAS_MAX: Final = 20_000
"""Schemas that are read for one type of events: two references to itself make a schema of billions."""
PROPERTIES_MAX: Final = 1_000
"""Properties of one type of events: a schema of schemas has millions."""

_WORDS: Final = {"string": "text", "integer": "number", "boolean": "bool", "array": "list"}
_FORMATS: Final = {"date-time": "instant", "date": "date"}


Depth: TypeAlias = tuple[int, int]
"""Of objects and references, and of lists."""


class Read(NamedTuple):
    """What a schema of an object says."""

    properties: dict[str, dict[str, Any]]
    """By dotted path, as a plan has them."""
    complete: bool
    """Whether it has no others."""


class SchemaReader:
    """Reads the schemas of one document."""

    def __init__(self, document: Any) -> None:
        self.document = document
        self.unread: list[str] = []
        """References that were not followed, and names that no path of a rule can have."""
        self._left = 0
        self._open: set[str] = set()
        """References that are being followed: what contains itself is read once."""

    def read(self, schema: Any) -> Read:
        """The properties of an object."""
        found: dict[str, dict[str, Any]] = {}
        whole = self.whole(schema)
        self._object(whole, "", found, (0, 0), is_required=True)
        is_open = whole.get("additionalProperties") not in (None, False)
        return Read(found, complete=not is_open and len(found) < PROPERTIES_MAX and self._left > 0)

    def whole(self, schema: Any) -> dict[str, Any]:
        """A schema with its reference followed and its parts put together."""
        self._left = SCHEMAS_MAX
        return self._whole(schema, 0)

    # ------------------------------------------------------------ references and parts

    def _whole(self, schema: Any, depth: int) -> dict[str, Any]:
        """A schema with its reference followed and its parts put together; empty where it says nothing."""
        self._left -= 1
        if not isinstance(schema, Mapping) or depth > DEPTH_MAX or self._left <= 0:
            return {}
        own = {key: value for key, value in schema.items() if key not in ("$ref", "allOf", "anyOf", "oneOf")}
        if isinstance(schema.get("$ref"), str):
            own = _together(self._whole(self._target(schema["$ref"]), depth + 1), own)
        for part in _list(schema.get("allOf")):
            own = _together(own, self._whole(part, depth + 1))
        choices = [self._whole(part, depth + 1) for key in ("anyOf", "oneOf") for part in _list(schema.get(key))]
        return _together(own, _either(choices)) if choices else own

    def _target(self, reference: str) -> Any:
        """What a local reference leads to; None: it leads nowhere, or out of the document."""
        value: Any = self.document
        if not reference.startswith("#"):
            self._not_read(reference)
            return None
        for part in reference[1:].split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if isinstance(value, list):
                value = value[int(key)] if key.isdecimal() and int(key) < len(value) else None
            else:
                value = value.get(key) if isinstance(value, Mapping) else None
        if value is None:
            self._not_read(reference)
        return value

    def _not_read(self, what: str) -> None:
        if what not in self.unread and len(self.unread) < LIST_MAX:
            self.unread.append(what)

    @contextmanager
    def _opened(self, schema: Any) -> Iterator[dict[str, Any]]:
        """A schema put together, while it is read; one inside itself says nothing, and is an object."""
        references = _references(schema, 0)
        if references & self._open:
            yield {"type": "object"}
            return
        self._open |= references
        yield self._whole(schema, 0)
        self._open -= references

    # ------------------------------------------------------------ properties

    def _object(
        self, schema: dict[str, Any], before: str, found: dict[str, dict[str, Any]], deep: Depth, *, is_required: bool
    ) -> None:
        """The properties of an object, flattened into `found` under dotted paths."""
        properties = schema.get("properties")
        if not isinstance(properties, Mapping) or deep[0] > DEPTH_MAX:
            return
        deep = (deep[0] + 1, deep[1])
        required = {name for name in _list(schema.get("required")) if isinstance(name, str)} if is_required else set()
        for name, one in properties.items():
            path = f"{before}{name}"
            if not _is_path(str(name), path):
                self._not_read(path)
            elif len(found) < PROPERTIES_MAX and one is not False:
                needed = name in required
                found[path] = {"required": True} if needed else {}
                with self._opened(one) as whole:
                    found[path] |= self._property(whole, deep)
                    self._object(whole, f"{path}.", found, deep, is_required=needed)

    def _property(self, schema: dict[str, Any], deep: Depth) -> dict[str, Any]:
        types = _types(schema)
        said: dict[str, Any] = {}
        if (description := _description(schema.get("description"))) is not None:
            said["description"] = description
        if types:
            said["type"] = types[0] if len(types) == 1 else types
        if isinstance(schema.get("format"), str) and schema["format"] in _FORMATS:
            said["format"] = _FORMATS[schema["format"]]
        said |= _values(schema)
        least, most = schema.get("minimum"), schema.get("maximum")
        if _is_number(least) and _is_number(most):
            said |= {"min": least, "max": most}
        if "list" in types and isinstance(schema.get("items"), Mapping) and deep[1] < LISTS_MAX:
            with self._opened(schema["items"]) as whole:
                said["elements"] = self._elements(whole, (deep[0] + 1, deep[1] + 1))
        return said

    def _elements(self, schema: dict[str, Any], deep: Depth) -> dict[str, Any]:
        inside: dict[str, dict[str, Any]] = {}
        self._object(schema, "", inside, deep, is_required=True)
        return self._property(schema, deep) | ({"properties": inside} if inside else {})


def _references(schema: Any, depth: int) -> set[str]:
    """The references that a schema is made of, those of its properties left out."""
    if not isinstance(schema, Mapping) or depth > DEPTH_MAX:
        return set()
    own = {schema["$ref"]} if isinstance(schema.get("$ref"), str) else set()
    parts = (part for key in ("allOf", "anyOf", "oneOf") for part in _list(schema.get(key)))
    return own.union(*(_references(part, depth + 1) for part in parts))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, Decimal)) and not isinstance(value, bool)


def _is_path(name: str, path: str) -> bool:
    """Whether a property can be named by a path: a dot inside a name would be read as one between two."""
    fits = 0 < len(path) <= PATH_CHARS_MAX and path.count(".") < PATH_PARTS_MAX
    return fits and path.isprintable() and "." not in name


def _description(value: Any) -> str | None:
    if not isinstance(value, str):
        return None
    lines = ["".join(filter(str.isprintable, line)) for line in value.strip().split("\n")]
    return "\n".join(lines)[:DESCRIPTION_CHARS_MAX].strip() or None


def _types(schema: Mapping[str, Any]) -> list[str]:
    """The types of the values, as a plan names them; those of its values, if it names none."""
    written = schema.get("type")
    named = [written] if isinstance(written, str) else _list(written)
    words = [_WORDS.get(one, one) for one in named if isinstance(one, str)]
    if not words and (values := _enumerated(schema)):
        words = [_word(value) for value in values]
    if not words and isinstance(schema.get("properties"), Mapping):
        words = ["object"]
    return [one for one in dict.fromkeys(words) if one in TYPES]


def _word(value: Any) -> str:
    return "null" if value is None else type_of(value)


def _enumerated(schema: Mapping[str, Any]) -> list[Any]:
    return [schema["const"]] if "const" in schema else _list(schema.get("enum"))


def _values(schema: Mapping[str, Any]) -> dict[str, Any]:
    """All values that a property may have, if they are named."""
    values = [one for one in _enumerated(schema) if one is not None]
    scalars = [one for one in values if isinstance(one, (str, bool, int, Decimal))]
    is_short = all(not isinstance(one, str) or len(one) <= TEXT_CHARS_MAX for one in scalars)
    if not values or len(scalars) < len(values) or len(values) > LIST_MAX or not is_short:
        return {}
    return {"values": scalars}


def _together(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Two schemas both of which hold: what the second says goes before, their properties add up."""
    joined = {**one, **other}
    for key in ("properties",):
        if isinstance(one.get(key), Mapping) and isinstance(other.get(key), Mapping):
            joined[key] = {**one[key], **other[key]}
    if one.get("required") or other.get("required"):
        joined["required"] = [*_list(one.get("required")), *_list(other.get("required"))]
    return joined


def _either(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """Schemas one of which holds: the types, values and properties of all, and nothing needed that one does without."""
    joined: dict[str, Any] = {}
    types = [_types(one) for one in choices]
    if all(types):
        back = {word: name for name, word in _WORDS.items()}
        joined["type"] = [back.get(word, word) for word in dict.fromkeys(word for some in types for word in some)]
    if all(_enumerated(one) or _types(one) == ["null"] for one in choices):
        joined["enum"] = [value for one in choices for value in _enumerated(one)]
    properties: dict[str, Any] = {}
    for one in choices:
        if isinstance(one.get("properties"), Mapping):
            properties |= one["properties"]
    if properties:
        joined["properties"] = properties
        needed = [set(map(str, _list(one.get("required")))) for one in choices]
        joined["required"] = sorted(set.intersection(*needed))
    lists = [one["items"] for one in choices if isinstance(one.get("items"), Mapping)]
    formats = {one["format"] for one in choices if isinstance(one.get("format"), str)}
    joined |= {"items": lists[0]} if len(lists) == 1 else {}
    joined |= {"format": next(iter(formats))} if len(formats) == 1 and len(choices) == 1 + types.count(["null"]) else {}
    return joined
