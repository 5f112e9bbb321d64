"""Derived events: what an element of a list is as an event (semantics.md, section 15).

Pure. Called by `run.derive`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from kittiwake.values import is_scalar

ELEMENTS_MAX: Final = 1_000
"""Places of a list that count: an order of a thousand lines is a restocking. Each is as dear as an event."""


def elements(
    name: str | None, found: list[Any], kept: dict[str, Any], first: int
) -> Iterator[tuple[int, dict[str, Any]]]:
    """By index, from `first` on, the properties of what is derived from a list.

    Of objects, and of plain values if they get a `name`. `kept` are properties that all have; an element has its own
    instead. An element itself where nothing is kept: who takes it changes nothing.
    """
    for index, element in enumerate(found[:ELEMENTS_MAX], first):
        if isinstance(element, dict):
            yield index, kept | element if kept else element
        elif name is not None and is_scalar(element):
            yield index, kept | {name: element}
