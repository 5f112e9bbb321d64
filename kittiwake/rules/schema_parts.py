"""The JSON Schema of models: what an editor reads of the same annotations by which what is written is read.

Pure. Used by the schemas of rules, scenarios, event plans and shape files.
"""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from inspect import cleandoc
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints

from kittiwake.rules.model.base import Checked, Chosen, FieldInfo, JsonSchema, Model, Schema
from kittiwake.rules.model.reading import ANY_KEY


def schemas_of(models: Iterable[type[Model]]) -> dict[str, JsonSchema]:
    """The schema of each model and of every other that it leads to, by name, as `$defs` hold them."""
    found: dict[str, JsonSchema] = {}
    for model in models:
        _define(model, found)
    return {name: _sorted(part) for name, part in sorted(found.items())}


def schema_of(model: type[Model]) -> JsonSchema:
    """The schema of one model that no other leads to, with those of all others that it leads to in `$defs`."""
    definitions = schemas_of([model])
    whole = definitions.pop(model.__name__)
    return {"$defs": definitions, **whole} if definitions else whole


def _define(model: type[Model], found: dict[str, JsonSchema]) -> None:
    if model.__name__ in found:
        return
    found[model.__name__] = {}  # so that one that leads to itself ends
    hints = get_type_hints(model, include_extras=True)
    properties = {info.key: _of_field(info, hints[name], found) for name, info in model.model_fields.items()}
    needed = [info.key for info in model.model_fields.values() if info.needed]
    found[model.__name__] = {
        "title": model.TITLE or model.__name__,
        "type": "object",
        **({"description": cleandoc(model.__doc__)} if model.__doc__ else {}),
        "properties": properties,
        **({"required": needed} if needed else {}),
        "additionalProperties": _of(get_args(hints[ANY_KEY])[1], found) if model.takes_any_key else False,
        **deepcopy(model.SCHEMA),
    }


def _of_field(info: FieldInfo, hint: Any, found: dict[str, JsonSchema]) -> JsonSchema:
    said: JsonSchema = _of(hint, found)
    if not info.needed:
        said["default"] = info.default
    if info.description is not None:
        said["description"] = info.description
    if info.examples is not None:
        said["examples"] = info.examples
    if not _is_model(hint):
        said["title"] = info.key.replace("_", " ").title().strip()
    return {**said, **deepcopy(info.json_schema_extra)}


def _is_model(hint: Any) -> bool:
    """Whether it is an object with a name of its own, or nothing."""
    if get_origin(hint) is Annotated:
        source, *marks = get_args(hint)
        return _is_model(source) and not any(isinstance(mark, (Checked, Chosen)) for mark in marks)
    if get_origin(hint) in (Union, UnionType):
        return all(_is_model(branch) for branch in get_args(hint) if branch is not NoneType)
    return isinstance(hint, type) and issubclass(hint, Model)


def _of(hint: Any, found: dict[str, JsonSchema]) -> JsonSchema:
    origin = get_origin(hint)
    if origin is Annotated:
        return _of_annotated(*get_args(hint), found=found)
    if origin in (Union, UnionType):
        parts = [_of(branch, found) for branch in get_args(hint)]
        return {"anyOf": [one for part in parts for one in (part["anyOf"] if [*part] == ["anyOf"] else [part])]}
    if origin is list:
        return {"type": "array", "items": _of(get_args(hint)[0], found)}
    if origin is dict:
        return _of_dict(*get_args(hint), found=found)
    if hint in (None, NoneType):
        return {"type": "null"}
    if isinstance(hint, type) and issubclass(hint, Model):
        _define(hint, found)
        return {"$ref": f"#/$defs/{hint.__name__}"}
    return {}


def _of_annotated(source: Any, *marks: Any, found: dict[str, JsonSchema]) -> JsonSchema:
    said: JsonSchema | None = None
    for mark in marks:
        if isinstance(mark, (Checked, Schema)):
            said = deepcopy(mark.schema)
        elif isinstance(mark, Chosen):
            said = {"oneOf": [_of(branch, found) for branch in get_args(source)]}
        elif isinstance(mark, FieldInfo):
            said = {**(_of(source, found) if said is None else said), **deepcopy(mark.json_schema_extra)}
    return _of(source, found) if said is None else said


def _of_dict(of_keys: Any, of_values: Any, *, found: dict[str, JsonSchema]) -> JsonSchema:
    keys = _of(of_keys, found)
    said: JsonSchema = {"type": "object", "additionalProperties": _of(of_values, found)}
    if keys.pop("type", None) and keys:  # every key is a text
        said["propertyNames"] = keys
    return said


def _sorted(schema: Any, *, is_of_keys: bool = False) -> Any:
    """Keys in order, so that the text of a schema changes where its meaning does; an author's in theirs."""
    if isinstance(schema, list):
        return [_sorted(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = schema.items() if is_of_keys else sorted(schema.items())
    return {key: _sorted(part, is_of_keys=key in ("properties", "default")) for key, part in parts}
