"""What stands in the annotations of a model: keys, checks, choices, and what a JSON Schema says of each.

Pure. `reading` follows them to read what is written, `rules.schema_parts` to say it to editors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeAlias

from kittiwake.rules.errors import Code

JsonSchema: TypeAlias = dict[str, Any]


class RefusedError(ValueError):
    """What is wrong with a value, and what to write instead, in the author's words."""

    def __init__(self, code: Code, message: str, advice: str) -> None:
        super().__init__(message)
        self.code, self.message, self.advice = code, message, advice


def problem(code: Code, message: str, advice: str) -> RefusedError:
    """An error of a check, in the author's words."""
    return RefusedError(code, message, advice)


_NEEDED: Final[Any] = object()
"""The default of a key that has to be there."""


class FieldInfo:
    """A key that an author may write in an object."""

    __slots__ = ("alias", "default", "description", "examples", "json_schema_extra", "key", "needed")

    def __init__(
        self, default: Any, alias: str | None, description: str | None, examples: list[Any] | None, extra: JsonSchema
    ) -> None:
        self.needed = default is _NEEDED
        self.default = None if self.needed else default
        self.alias = alias
        self.description = description
        self.examples = examples
        self.json_schema_extra = extra
        self.key = alias or ""
        """What the author writes; named by its model where it has no alias."""


def Field(  # noqa: N802 - read as the class that it makes
    default: Any = _NEEDED,
    *,
    alias: str | None = None,
    description: str | None = None,
    examples: list[Any] | None = None,
    json_schema_extra: JsonSchema | None = None,
) -> Any:
    """A key of a model: what holds where it is not written (it has to be, without), and what it means.

    `alias` is what the author writes where that is no name in Python; the rest is for the JSON Schema.
    """
    return FieldInfo(default, alias, description, examples, json_schema_extra or {})


class Checked:
    """The annotation of a value that a function checks, whatever else its type says."""

    __slots__ = ("check", "schema")

    def __init__(self, check: Callable[[Any], Any], schema: JsonSchema) -> None:
        self.check = check
        self.schema = schema


class Before:
    """The annotation of a value that a function sees before it is read."""

    __slots__ = ("change",)

    def __init__(self, change: Callable[[Any], Any]) -> None:
        self.change = change


class After:
    """The annotation of a value that a function changes once it has been read."""

    __slots__ = ("change",)

    def __init__(self, change: Callable[[Any], Any]) -> None:
        self.change = change


class Schema:
    """The annotation of a value of which editors see something else than how it is read."""

    __slots__ = ("schema",)

    def __init__(self, schema: JsonSchema) -> None:
        self.schema = schema


class Tag:
    """The annotation of a branch of a union, by which it is chosen."""

    __slots__ = ("tag",)

    def __init__(self, tag: str) -> None:
        self.tag = tag


class Chosen:
    """The annotation of a union whose branch is chosen by the shape of what is written, never by trying."""

    __slots__ = ("advice", "choose", "message")

    def __init__(self, choose: Callable[[Any], str | None], message: str, advice: str) -> None:
        self.choose = choose
        self.message, self.advice = message, advice


def chosen(choose: Callable[[Any], str | None], message: str, advice: str) -> Chosen:
    """Chooses the branch of a union by its tag; where `choose` finds none, says so."""
    return Chosen(choose, message, advice)
