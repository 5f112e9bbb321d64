"""What the models are made of: parts that know their keys, and unions chosen by shape.

Pure. Unions are chosen by the shape of what is written, never tried one by one, so that no
message of another branch appears.
"""

from __future__ import annotations

from inspect import get_annotations
from typing import Annotated, Any, ClassVar, Literal, NoReturn, Self, TypeAlias, get_type_hints

from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.model.fields import (
    After,
    Before,
    Checked,
    Chosen,
    Field,
    FieldInfo,
    JsonSchema,
    RefusedError,
    Schema,
    Tag,
    chosen,
    problem,
)
from kittiwake.rules.model.reading import ANY_KEY, Fault, FieldReaders, Findings, Wrong

__all__ = [
    "After",
    "Before",
    "Checked",
    "Chosen",
    "Field",
    "FieldInfo",
    "JsonSchema",
    "Model",
    "Only",
    "RefusedError",
    "Schema",
    "Tag",
    "WrittenWrongError",
    "chosen",
    "problem",
    "shape",
    "shown",
]


class WrittenWrongError(ValueError):
    """A value is not what its model is made of: everything that is wrong with it."""

    def __init__(self, wrong: list[Wrong]) -> None:
        where = "; ".join(f"{'.'.join(map(str, one.path))}: {one.said or one.fault.value}" for one in wrong)
        super().__init__(where)
        self.wrong = wrong


class Model:
    """An object of the language, as its author wrote it, defaults filled in; it never changes.

    A subclass annotates its keys and gives each a `Field`. One that annotates `own_keys` takes keys of the author's
    own beside them; every other refuses those that it does not know.
    """

    EXAMPLE: ClassVar[str] = "{name: property}"
    """What one looks like, where its keys are the author's."""
    SCHEMA: ClassVar[JsonSchema] = {}
    """What its JSON Schema says beside its keys."""
    TITLE: ClassVar[str | None] = None
    """That of its JSON Schema, if it is not the name of the class."""
    model_fields: ClassVar[dict[str, FieldInfo]] = {}
    """Its keys, by the name of the attribute, those of its parents first."""
    takes_any_key: ClassVar[bool] = False
    _names: ClassVar[dict[str, str]] = {}
    _readers: ClassVar[FieldReaders | None] = None

    model_fields_set: frozenset[str]
    """The attributes whose keys were written."""

    def __init_subclass__(cls) -> None:
        fields = dict(cls.model_fields)
        for name, annotation in get_annotations(cls).items():
            if name == ANY_KEY:
                cls.takes_any_key = True
            elif not annotation.startswith("ClassVar"):
                fields[name] = _field_of(cls, name)
                delattr(cls, name)
        cls.model_fields = fields
        cls._names = {info.key: name for name, info in fields.items()}
        cls._readers = None

    @classmethod
    def model_validate(cls, written: Any) -> Self:
        """The model of values.

        Raises:
            WrittenWrongError: with all that is wrong with them.
        """
        found = Findings()
        model = cls.read_at(written, (), found)
        if found.wrong:
            raise WrittenWrongError(found.wrong)
        return model  # type: ignore[return-value]  # there is one if nothing is wrong

    @classmethod
    def model_construct(cls, **values: Any) -> Self:
        """The model of values that have been checked."""
        defaults = {name: info.default for name, info in cls.model_fields.items() if name not in values}
        return cls._made({**defaults, **values}, frozenset(values))

    @classmethod
    def read_at(cls, written: Any, path: KeyPath, found: Findings) -> Self | None:
        """The model of what is written at a path; `found` grows by what is wrong."""
        # An unknown key is reported together with the keys there are: which model read the object it stands in?
        found.readers[id(written)] = cls
        if isinstance(written, cls):
            return written
        if not isinstance(written, dict):
            found.wrong.append(Wrong(path, Fault.NO_OBJECT, written, model=cls))
            return None
        values = cls._read_fields(written, path, found)
        own_keys = cls._read_own_keys(written, path, found)
        if cls.takes_any_key:
            values[ANY_KEY] = own_keys
        return cls._made(values, frozenset(cls._names[key] for key in written if key in cls._names))

    @classmethod
    def readers(cls) -> FieldReaders:
        """What reads its keys."""
        if cls._readers is None:
            cls._readers = FieldReaders(get_type_hints(cls, include_extras=True))
        return cls._readers

    @classmethod
    def _read_fields(cls, written: dict[str, Any], path: KeyPath, found: Findings) -> dict[str, Any]:
        values: dict[str, Any] = {}
        readers = cls.readers()
        for name, info in cls.model_fields.items():
            if info.key in written:
                values[name] = readers.of(name)(written[info.key], (*path, info.key), found)
            elif info.needed:
                found.wrong.append(Wrong((*path, info.key), Fault.MISSING_KEY, written))
            else:
                values[name] = info.default
        return values

    @classmethod
    def _read_own_keys(cls, written: dict[str, Any], path: KeyPath, found: Findings) -> dict[str, Any]:
        others = {key: value for key, value in written.items() if key not in cls._names}
        if not cls.takes_any_key:
            found.wrong.extend(Wrong((*path, key), Fault.UNKNOWN_KEY, value) for key, value in others.items())
            return {}
        reader = cls.readers().of(ANY_KEY)
        return {key: reader(value, (*path, key), found) for key, value in others.items()}

    @classmethod
    def _made(cls, values: dict[str, Any], written: frozenset[str]) -> Self:
        made = object.__new__(cls)
        made.__dict__.update(values, model_fields_set=written)
        return made

    def model_copy(self, *, update: dict[str, Any]) -> Self:
        """The same object with other values in some attributes, which count as written."""
        values = {name: value for name, value in self.__dict__.items() if name != "model_fields_set"}
        return self._made({**values, **update}, self.model_fields_set | update.keys())

    def keys_of_its_own(self) -> dict[str, Any]:
        """What stands under keys of the author's own; nothing, if it takes none."""
        found: dict[str, Any] = self.__dict__.get(ANY_KEY, {})
        return found

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} never changes")

    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} never changes")

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and _said(self) == _said(other)

    def __hash__(self) -> int:
        return hash(tuple(self.__dict__[name] for name in self.model_fields))

    def __repr__(self) -> str:
        said = {name: getattr(self, name) for name in self.__dict__ if name in self.model_fields_set}
        words = ", ".join(f"{name}={value!r}" for name, value in {**said, **self.keys_of_its_own()}.items())
        return f"{type(self).__name__}({words})"


def _field_of(model: type[Model], name: str) -> FieldInfo:
    info = model.__dict__.get(name)
    if not isinstance(info, FieldInfo):
        raise TypeError(f"{model.__name__}.{name} has no Field of {Field.__module__}")
    info.key = info.alias or name
    return info


def _said(model: Any) -> dict[str, Any]:
    """All that it says, whether written or filled in."""
    return {name: value for name, value in model.__dict__.items() if name != "model_fields_set"}


def shape(value: Any) -> str | None:
    """The tag of what is written: text, list or object."""
    if isinstance(value, str):
        return "|text"
    if isinstance(value, list):
        return "|list"
    return "|object" if isinstance(value, dict) else None


def shown(value: object) -> str:
    """A value as a message quotes it: short, and as the author would write it."""
    if isinstance(value, str):
        return f'"{value[:40]}…"' if len(value) > 40 else f'"{value}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "an object"
    return "a list" if isinstance(value, list) else str(value)[:40]


def _true(value: object) -> Literal[True]:
    if value is True:
        return True
    raise problem(
        Code.NOT_A_CHOICE, f"true or nothing stands here, not {shown(value)}", "Write true, or delete the line"
    )


Only: TypeAlias = Annotated[Literal[True], Checked(_true, {"const": True})]
