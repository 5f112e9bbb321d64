"""From a tree to a model: validation, and every complaint of pydantic in the author's words.

Pure. Called by `documents`.
"""

from __future__ import annotations

import difflib
from typing import Any, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kittiwake.rules.errors import Code, KeyPath, RuleError
from kittiwake.rules.nodes import Place, nulls, plain
from kittiwake.rules.parts import ADVICE_AFTER, TAG, Part, shown

P = TypeVar("P", bound=Part)

Readers = dict[int, type[Part]]
"""Which model read the object of this identity."""


def read(model: type[P], place: Place, errors: list[RuleError]) -> P | None:
    """The model of what is written at `place`; None, and errors added, if it cannot be read."""
    empty = nulls(place.node)
    errors.extend(_nothing_written(place, path) for path in empty)
    data = plain(place.node)
    readers: Readers = {}
    try:
        found = model.model_validate(data, context=readers)
    except ValidationError as error:
        errors.extend(_translate(place, data, readers, detail) for detail in _relevant(error, empty))
        return None
    return None if empty else found


def _nothing_written(place: Place, path: KeyPath) -> RuleError:
    what = path[-1] if path and isinstance(path[-1], str) else "this entry"
    message = f"{what} has no value"
    return place.error(path, Code.NOTHING_WRITTEN, message, "Write one, or delete the line", at_key=True)


def _relevant(error: ValidationError, empty: list[KeyPath]) -> list[ErrorDetails]:
    """All but what only says that an entry without a value is missing."""
    details = error.errors(include_url=False, include_input=True)
    return [detail for detail in details if not (detail["type"] == "missing" and key_path(detail) in empty)]


def key_path(detail: ErrorDetails) -> KeyPath:
    """The place of a complaint without the tags of unions."""
    return tuple(part for part in detail["loc"] if not (isinstance(part, str) and part.startswith(TAG)))


def _translate(place: Place, data: Any, readers: Readers, detail: ErrorDetails) -> RuleError:
    path, kind = key_path(detail), detail["type"]
    if kind == "extra_forbidden":
        return _unknown_key(place, path, _reader(data, readers, path[:-1]))
    if kind == "missing":
        return _missing_key(place, path, _reader(data, readers, path[:-1]))
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        message = f"{_subject(path)} must be an object, not {shown(detail['input'])}"
        return place.error(path, Code.WRONG_SHAPE, message, "Write {key: value, …}")
    if kind == "list_type":
        message = f"{_subject(path)} must be a list, not {shown(detail['input'])}"
        return place.error(path, Code.WRONG_SHAPE, message, f"Write [{shown(detail['input'])}]")
    context = detail.get("ctx", {})
    if "advice" in context:
        return place.error(path, Code(kind), context["message"], context["advice"])
    message, _, advice = detail["msg"].partition(ADVICE_AFTER)
    return place.error(path, Code(kind), message, advice)


def _subject(path: KeyPath) -> str:
    return next((str(part) for part in reversed(path) if isinstance(part, str)), "this")


def _reader(data: Any, readers: Readers, path: KeyPath) -> type[Part] | None:
    """The model that read the object at `path`, passing over what a single entry stands for."""
    for part in path:
        if isinstance(data, dict):
            data = data.get(part, data)
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part]
    return readers.get(id(data))


def keys_of(model: type[Part]) -> list[str]:
    """The keys an author may write in an object of this model."""
    return [info.alias or name for name, info in model.model_fields.items()]


def _unknown_key(place: Place, path: KeyPath, model: type[Part] | None) -> RuleError:
    key, known = str(path[-1]), keys_of(model) if model else []
    close = difflib.get_close_matches(key, known, 1)
    advice = f"Did you mean {close[0]}?" if close else f"Write one of {', '.join(known)}"
    return place.error(path, Code.UNKNOWN_KEY, f"{key} is no key here", advice, at_key=True)


def _missing_key(place: Place, path: KeyPath, model: type[Part] | None) -> RuleError:
    key = str(path[-1])
    fields = {info.alias or name: info for name, info in model.model_fields.items()} if model else {}
    what = fields[key].description if key in fields else None
    return place.error(path, Code.MISSING_KEY, f"{key} is missing", f"Add {key}: {what}" if what else f"Add {key}")
