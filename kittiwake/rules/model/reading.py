"""Reading what is written into models, and everything that is wrong with it: all of it at once, each with its path.

Pure. What reads a value is made of its annotation when the first one comes: a command reads a handful of the keys that
there are. Values that hold no key of ours are checked by the functions in their annotations.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from types import NoneType, UnionType
from typing import Annotated, Any, Final, TypeAlias, Union, get_args, get_origin

import msgspec

from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.model.fields import After, Before, Checked, Chosen, RefusedError, Tag

Readers: TypeAlias = dict[int, type[Any]]
"""Which model read the object of this identity."""


class Fault(Enum):
    """In which way a value is wrong."""

    UNKNOWN_KEY = "unknown key"
    MISSING_KEY = "missing key"
    NO_OBJECT = "no object"
    NO_LIST = "no list"
    REFUSED = "refused"
    """A check says in its own words what is wrong."""


class Wrong(msgspec.Struct, frozen=True):
    """Something that is wrong: where, in which way, and what is written there."""

    path: KeyPath
    fault: Fault
    written: Any
    said: RefusedError | None = None
    """What a check says of it."""
    model: type[Any] | None = None
    """Which object was expected, where one was."""


class Findings:
    """What came up while one document was read."""

    __slots__ = ("readers", "wrong")

    def __init__(self) -> None:
        self.wrong: list[Wrong] = []
        self.readers: Readers = {}


Reader: TypeAlias = Callable[[Any, KeyPath, Findings], Any]
"""From what is written at a path to what a model holds; whatever it gives where `Findings` grew is of no use."""


def reader_of(annotation: Any) -> Reader:
    """What reads a value of an annotation.

    Raises:
        TypeError: nothing reads such a value.
    """
    origin = get_origin(annotation)
    if origin is Annotated:
        return _of_annotated(*get_args(annotation))
    if origin in (Union, UnionType):
        return _of_optional(get_args(annotation))
    if origin is list:
        return _of_list(reader_of(get_args(annotation)[0]))
    if origin is dict:
        return _of_dict(*get_args(annotation))
    if annotation in (Any, None, NoneType):
        return _as_it_is
    if hasattr(annotation, "read_at"):
        return annotation.read_at  # type: ignore[no-any-return]
    raise TypeError(f"nothing reads {annotation}")


def _as_it_is(written: Any, path: KeyPath, found: Findings) -> Any:  # noqa: ARG001 (a reader's signature)
    return written


def _of_annotated(source: Any, *marks: Any) -> Reader:
    reader: Reader | None = None
    for mark in marks:
        if isinstance(mark, Checked):
            reader = _checked(mark.check)
        elif isinstance(mark, Chosen):
            reader = _of_branches(source, mark)
        elif isinstance(mark, Before):
            reader = _in_turn(_checked(mark.change), reader or reader_of(source))
        elif isinstance(mark, After):
            reader = _in_turn(reader or reader_of(source), _checked(mark.change))
    return reader or reader_of(source)


def _of_optional(branches: tuple[Any, ...]) -> Reader:
    """A value or None; every other union says how its branch is chosen."""
    rest = [branch for branch in branches if branch is not NoneType]
    if len(rest) != 1 or len(rest) == len(branches):
        raise TypeError(f"nothing chooses one of {branches}")
    inner = reader_of(rest[0])
    return lambda written, path, found: None if written is None else inner(written, path, found)


def _checked(check: Callable[[Any], Any]) -> Reader:
    def read(written: Any, path: KeyPath, found: Findings) -> Any:
        try:
            return check(written)
        except RefusedError as said:
            found.wrong.append(Wrong(path, Fault.REFUSED, written, said))
            return None

    return read


def _in_turn(first: Reader, second: Reader) -> Reader:
    """The second reads what the first has made, if that found nothing wrong."""

    def read(written: Any, path: KeyPath, found: Findings) -> Any:
        before = len(found.wrong)
        value = first(written, path, found)
        return second(value, path, found) if len(found.wrong) == before else None

    return read


def _of_branches(source: Any, mark: Chosen) -> Reader:
    branches = {_tag(branch): branch for branch in get_args(source)}
    readers: dict[str, Reader] = {}

    def read(written: Any, path: KeyPath, found: Findings) -> Any:
        tag = mark.choose(written)
        if tag is None or tag not in branches:
            said = RefusedError(Code.WRONG_SHAPE, mark.message, mark.advice)
            found.wrong.append(Wrong(path, Fault.REFUSED, written, said))
            return None
        if tag not in readers:
            readers[tag] = reader_of(branches[tag])
        return readers[tag](written, path, found)

    return read


def _tag(branch: Any) -> str:
    return next(mark.tag for mark in branch.__metadata__ if isinstance(mark, Tag))


def _of_list(inner: Reader) -> Reader:
    def read(written: Any, path: KeyPath, found: Findings) -> Any:
        if not isinstance(written, (list, tuple)):
            found.wrong.append(Wrong(path, Fault.NO_LIST, written))
            return None
        return [inner(one, (*path, i), found) for i, one in enumerate(written)]

    return read


def _of_dict(of_keys: Any, of_values: Any) -> Reader:
    key_reader = _as_it_is if of_keys is str else reader_of(of_keys)
    inner = reader_of(of_values)

    def read(written: Any, path: KeyPath, found: Findings) -> Any:
        if not isinstance(written, dict):
            found.wrong.append(Wrong(path, Fault.NO_OBJECT, written))
            return None
        return {key_reader(key, (*path, key), found): inner(one, (*path, key), found) for key, one in written.items()}

    return read


ANY_KEY: Final = "own_keys"
"""The attribute of a model that holds what stands under keys of the author's own."""


class FieldReaders:
    """What reads the keys of a model; made when the first object of it comes."""

    __slots__ = ("_hints", "_readers")

    def __init__(self, hints: dict[str, Any]) -> None:
        self._hints = hints
        self._readers: dict[str, Reader] = {}

    def of(self, name: str) -> Reader:
        """What reads the attribute of this name."""
        reader = self._readers.get(name)
        if reader is None:
            hint = self._hints[name]
            reader = self._readers[name] = reader_of(get_args(hint)[1] if name == ANY_KEY else hint)
        return reader
