"""From a tree to a model: validation, and every error of the library in the author's words.

Pure. Called by `documents`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Mapping
from typing import Any, Final, Generic, NamedTuple, TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from kittiwake.rules.errors import Code, KeyPath, RuleError
from kittiwake.rules.model.base import TAG, Model, shown
from kittiwake.rules.source.tree import Location, nulls, plain

P = TypeVar("P", bound=Model)

Readers = dict[int, type[Model]]
"""Which model read the object of this identity."""


class Found(NamedTuple, Generic[P]):
    """What could be read of an object: the model, and the keys it had to leave out."""

    model: P
    wrong: frozenset[str]


def read(
    model: type[P], location: Location, errors: list[RuleError], stand_ins: Mapping[str, str] | None = None
) -> Found[P] | None:
    """The model of what is written at `location`, and errors for what is wrong there.

    Keys with errors are left out, so that the others can be checked further; `stand_ins` are
    values for keys that must be there. None if not even that makes a model.
    """
    empty = nulls(location.node)
    errors.extend(_nothing_written(location, path) for path in empty)
    data = plain(location.node)
    readers: Readers = {}
    details: list[ErrorDetails] = []
    try:
        found = model.model_validate(data, context=readers)
        if not empty:
            return Found(found, frozenset())
    except ValidationError as error:
        details = error.errors(include_url=False, include_input=True)
    kept = [detail for detail in details if not (detail["type"] == "missing" and key_path(detail) in empty)]
    said = [(detail, _translate(location, data, readers, detail)) for detail in kept]
    errors.extend(error for detail, error in said if not _is_answered(detail, said))
    if not isinstance(data, dict):
        return None
    wrong = frozenset(str(path[0]) for path in [*map(key_path, details), *empty] if path)
    rest = {key: value for key, value in data.items() if key not in wrong}
    return _rest(model, {**(stand_ins or {}), **rest}, wrong)


def _is_answered(detail: ErrorDetails, said: list[tuple[ErrorDetails, RuleError]]) -> bool:
    """Whether a key is missing in whose place another stands of which it is said what to write."""
    if detail["type"] != "missing":
        return False
    *parent, key = key_path(detail)
    beside = [error.advice for other, error in said if _is_unknown(other) and [*key_path(other)[:-1]] == parent]
    return any(advice.startswith(("A ", "An ")) or re.match(rf"Write {key}\b", advice) for advice in beside)


def _is_unknown(detail: ErrorDetails) -> bool:
    """Whether an error is one of a key that is none."""
    return detail["type"] == "extra_forbidden"


def _rest(model: type[P], data: dict[str, Any], wrong: frozenset[str]) -> Found[P] | None:
    try:
        return Found(model.model_validate(data), wrong)
    except ValidationError:
        return None


def _nothing_written(location: Location, path: KeyPath) -> RuleError:
    what = path[-1] if path and isinstance(path[-1], str) else "this entry"
    message, advice = f"{what} has no value", "Write one, or delete the line"
    if "where" in path:
        advice = "Write one, {exists: false} for what is not there, or delete the line"
    return location.error(path, Code.NOTHING_WRITTEN, message, advice, at_key=True)


def key_path(detail: ErrorDetails) -> KeyPath:
    """The path of an error without the tags of unions."""
    return tuple(
        part for part in detail["loc"] if not (isinstance(part, str) and (part.startswith(TAG) or part == _OF_A_KEY))
    )


_OF_A_KEY: Final = "[key]"
"""How the library ends the path of an error in a key; no path of an author has a bracket."""


def _translate(location: Location, data: Any, readers: Readers, detail: ErrorDetails) -> RuleError:
    from kittiwake.rules.source import other_shapes  # noqa: PLC0415 - only what is wrong needs it

    path, kind, written = key_path(detail), detail["type"], detail["input"]
    if _is_unknown(detail):
        return _unknown_key(location, path, _reader(data, readers, path[:-1]))
    if kind == "missing":
        return _missing_key(location, path, _reader(data, readers, path[:-1]))
    code, message, advice = _said(path, detail)
    return location.error(path, code, message, other_shapes.of_shape(path, written, message) or advice)


def _said(path: KeyPath, detail: ErrorDetails) -> tuple[Code, str, str]:
    """What is wrong with a value, in the author's words, and what is always right to write."""
    kind, written = detail["type"], detail["input"]
    if kind in ("model_type", "dict_type"):
        message = f"{_subject(path)} must be an object, not {shown(written)}"
        return Code.WRONG_SHAPE, message, f"Write {_example(detail, path)}"
    if kind == "list_type":
        advice = "Start each entry with a hyphen" if isinstance(written, dict) else f"Write [{written}]"
        return Code.WRONG_SHAPE, f"{_subject(path)} must be a list, not {shown(written)}", advice
    return Code(kind), detail["ctx"]["message"], detail["ctx"]["advice"]


def _subject(path: KeyPath) -> str:
    return next((str(part) for part in reversed(path) if isinstance(part, str)), "this entry")


def _example(detail: ErrorDetails, path: KeyPath) -> str:
    """What an object looks like where there is none."""
    from kittiwake.rules.source import other_words  # noqa: PLC0415 - only what is wrong needs it

    name = detail.get("ctx", {}).get("class_name")
    model = next((part for part in _kinds_of(Model) if part.__name__ == name), None)
    known = other_words.example(str(name), path)
    if known or model is None or model.model_config.get("extra") == "allow":
        return known or (model or Model).EXAMPLE
    needed = [key for key in keys_of(model) if key not in ("use", "with", "rules")][:2]
    return "{" + ", ".join(f"{key}: …" for key in needed) + "}"


def _kinds_of(model: type[Model]) -> Iterator[type[Model]]:
    for part in model.__subclasses__():
        yield part
        yield from _kinds_of(part)


def _reader(data: Any, readers: Readers, path: KeyPath) -> type[Model] | None:
    """The model that read the object at `path`, passing over what a single entry stands for."""
    for part in path:
        if isinstance(data, dict):
            data = data.get(part, data)
        elif isinstance(data, list) and isinstance(part, int):
            data = data[part]
    return readers.get(id(data))


def keys_of(model: type[Model]) -> list[str]:
    """The keys an author may write in an object of this model."""
    return [info.alias or name for name, info in model.model_fields.items()]


def _unknown_key(location: Location, path: KeyPath, model: type[Model] | None) -> RuleError:
    from kittiwake.rules.source import other_words  # noqa: PLC0415 - only what is wrong needs it

    key, known = str(path[-1]), keys_of(model) if model else []
    close = difflib.get_close_matches(key, known, 1)
    advice = f"Did you mean {close[0]}?" if close else f"Write one of {', '.join(known)}"
    advice = other_words.meant(key, model) or advice
    return location.error(path, Code.UNKNOWN_KEY, f"{key} is no key here", advice, at_key=True)


def _missing_key(location: Location, path: KeyPath, model: type[Model] | None) -> RuleError:
    key = str(path[-1])
    fields = {info.alias or name: info for name, info in model.model_fields.items()} if model else {}
    what = fields[key].description if key in fields else None
    return location.error(path, Code.MISSING_KEY, f"{key} is missing", f"Add {key}: {what}" if what else f"Add {key}")
