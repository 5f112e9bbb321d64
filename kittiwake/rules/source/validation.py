"""From a tree to a model: validation, and every error of the library in the author's words.

Pure. Called by `documents`.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from kittiwake.rules.errors import Code, KeyPath, RuleError
from kittiwake.rules.model.base import Model, shown
from kittiwake.rules.model.reading import Fault, Findings, Readers, Wrong
from kittiwake.rules.source.tree import Location, nulls, plain

P = TypeVar("P", bound=Model)


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
    found = Findings()
    whole = model.read_at(data, (), found)
    if whole is not None and not found.wrong and not empty:
        return Found(whole, frozenset())
    kept = [wrong for wrong in found.wrong if not (wrong.fault is Fault.MISSING_KEY and wrong.path in empty)]
    said = [(wrong, _translate(location, data, found.readers, wrong)) for wrong in kept]
    errors.extend(error for wrong, error in said if not _is_answered(wrong, said))
    if not isinstance(data, dict):
        return None
    left_out = frozenset(str(path[0]) for path in [*(wrong.path for wrong in found.wrong), *empty] if path)
    rest = {key: value for key, value in data.items() if key not in left_out}
    return _rest(model, {**(stand_ins or {}), **rest}, left_out)


def _is_answered(wrong: Wrong, said: list[tuple[Wrong, RuleError]]) -> bool:
    """Whether a key is missing in whose place another stands of which it is said what to write."""
    if wrong.fault is not Fault.MISSING_KEY:
        return False
    *parent, key = wrong.path
    unknown = [(other.path, error) for other, error in said if other.fault is Fault.UNKNOWN_KEY]
    beside = [error.advice for path, error in unknown if [*path[:-1]] == parent]
    return any(advice.startswith(("A ", "An ")) or re.match(rf"Write {key}\b", advice) for advice in beside)


def _rest(model: type[P], data: dict[str, Any], left_out: frozenset[str]) -> Found[P] | None:
    found = Findings()
    rest = model.read_at(data, (), found)
    return None if rest is None or found.wrong else Found(rest, left_out)


def _nothing_written(location: Location, path: KeyPath) -> RuleError:
    what = path[-1] if path and isinstance(path[-1], str) else "this entry"
    message, advice = f"{what} has no value", "Write one, or delete the line"
    if "where" in path:
        advice = "Write one, {exists: false} for what is not there, or delete the line"
    return location.error(path, Code.NOTHING_WRITTEN, message, advice, at_key=True)


def _translate(location: Location, data: Any, readers: Readers, wrong: Wrong) -> RuleError:
    from kittiwake.rules.source import other_shapes  # noqa: PLC0415 - only what is wrong needs it

    if wrong.fault is Fault.UNKNOWN_KEY:
        return _unknown_key(location, wrong.path, _reader(data, readers, wrong.path[:-1]))
    if wrong.fault is Fault.MISSING_KEY:
        return _missing_key(location, wrong.path, _reader(data, readers, wrong.path[:-1]))
    code, message, advice = _said(wrong)
    advice = other_shapes.of_shape(wrong.path, wrong.written, message) or advice
    return location.error(wrong.path, code, message, advice)


def _said(wrong: Wrong) -> tuple[Code, str, str]:
    """What is wrong with a value, in the author's words, and what is always right to write."""
    if wrong.said is not None:
        return wrong.said.code, wrong.said.message, wrong.said.advice
    path, written = wrong.path, wrong.written
    if wrong.fault is Fault.NO_LIST:
        advice = "Start each entry with a hyphen" if isinstance(written, dict) else f"Write [{written}]"
        return Code.WRONG_SHAPE, f"{_subject(path)} must be a list, not {shown(written)}", advice
    message = f"{_subject(path)} must be an object, not {shown(written)}"
    return Code.WRONG_SHAPE, message, f"Write {_example(wrong.model, path)}"


def _subject(path: KeyPath) -> str:
    return next((str(part) for part in reversed(path) if isinstance(part, str)), "this entry")


def _example(model: type[Model] | None, path: KeyPath) -> str:
    """What an object looks like where there is none."""
    from kittiwake.rules.source import other_words  # noqa: PLC0415 - only what is wrong needs it

    known = other_words.example(model.__name__ if model else "None", path)
    if known or model is None or model.takes_any_key:
        return known or (model or Model).EXAMPLE
    needed = [key for key in keys_of(model) if key not in ("use", "with", "rules")][:2]
    return "{" + ", ".join(f"{key}: …" for key in needed) + "}"


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
    return [info.key for info in model.model_fields.values()]


def _unknown_key(location: Location, path: KeyPath, model: type[Model] | None) -> RuleError:
    from kittiwake.rules.source import other_words  # noqa: PLC0415 - only what is wrong needs it

    key, known = str(path[-1]), keys_of(model) if model else []
    close = difflib.get_close_matches(key, known, 1)
    advice = f"Did you mean {close[0]}?" if close else f"Write one of {', '.join(known)}"
    advice = other_words.meant(key, model) or advice
    return location.error(path, Code.UNKNOWN_KEY, f"{key} is no key here", advice, at_key=True)


def _missing_key(location: Location, path: KeyPath, model: type[Model] | None) -> RuleError:
    key = str(path[-1])
    fields = {info.key: info for info in model.model_fields.values()} if model else {}
    what = fields[key].description if key in fields else None
    return location.error(path, Code.MISSING_KEY, f"{key} is missing", f"Add {key}: {what}" if what else f"Add {key}")
