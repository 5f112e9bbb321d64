"""Diagnostics: what checks and lints find in a rule or policy, before it is given its location in a file.

Pure. Shared by the checks and the lints; `check.document` and `lint.document` add the locations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Generic, NamedTuple, TypeVar

from kittiwake.rules.errors import Code, KeyPath, LintCode
from kittiwake.time.durations import format_duration, parse_duration
from kittiwake.values import Number

T = TypeVar("T")
C = TypeVar("C", Code, LintCode)
"""The code of an error, or that of a lint."""


class Diagnostic(NamedTuple, Generic[C]):
    """An error or a lint at a path inside a rule or policy."""

    path: KeyPath
    code: C
    message: str
    advice: str
    at_key: bool = False
    """Whether it is the key at the path, not its value."""


def span_us(text: str) -> int:
    """Microseconds of a checked duration or offset."""
    found = parse_duration(text)
    assert found is not None, text
    return found


def numbered(values: Sequence[T], path: KeyPath) -> Iterator[tuple[KeyPath, T]]:
    """Each value of a list with its path."""
    return (((*path, i), value) for i, value in enumerate(values))


def each(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, Any]]:
    """One value, or each of a list, with its path; nothing for None."""
    if isinstance(value, list):
        yield from numbered(value, path)
    elif value is not None:
        yield path, value


def check_span(
    text: str | None, path: KeyPath, most_us: int, what: str, *, zero: bool = False
) -> Iterator[Diagnostic[Code]]:
    """A duration above zero (or at it, if `zero`) and no longer than the guardrail."""
    if text is None:
        return
    found = span_us(text)
    if found == 0 and not zero:
        yield Diagnostic(path, Code.OUT_OF_RANGE, f"{what} must be longer than nothing", "Write, say, 1d")
    if found > most_us:
        message = f"{what} of {text} is longer than {format_duration(most_us)}"
        yield Diagnostic(path, Code.GUARDRAIL, message, f"Write at most {format_duration(most_us)}")


def check_list(entries: object, path: KeyPath, most: int, what: str) -> Iterator[Diagnostic[Code]]:
    """A list with something in it, and not too much."""
    if not isinstance(entries, list):
        return
    if not entries:
        yield Diagnostic(
            path, Code.EMPTY_LIST, f"this list of {what} is empty", "Name at least one, or delete the line"
        )
    if len(entries) > most:
        yield Diagnostic(path, Code.GUARDRAIL, f"there are {len(entries)} {what} here, more than {most}", "Name fewer")


def check_range(value: Number, path: KeyPath, least: int, most: int, what: str) -> Iterator[Diagnostic[Code]]:
    """A number within bounds."""
    if not least <= value <= most:
        yield Diagnostic(path, Code.OUT_OF_RANGE, f"{what} lies outside {least} to {most}", f"Write {least} to {most}")


def check_rising(
    values: list[int] | list[int | Decimal], path: KeyPath, what: str, example: str
) -> Iterator[Diagnostic[Code]]:
    """Each value above the one before."""
    for i in range(1, len(values)):
        if values[i] <= values[i - 1]:
            message = f"{what} must rise: this one is not above the one before"
            yield Diagnostic((*path, i), Code.NOT_RISING, message, f"Write them in rising order: {example}")
