"""Catalogue rules: how a value of an item changed, and who is interested in it (semantics.md, section 17).

Pure. Called by `run.catalog`, by `run.retention`, and by whoever reads an item change: its fields are named here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from kittiwake.kernel.evaluate.change import Test
from kittiwake.kernel.state.interest import Interest
from kittiwake.values import KEY_CHARS_MAX, Path, canonical, is_number

ITEM_ID: Final = "item_id"
"""The item's id, as text."""
NOW: Final = "now"
"""Values of the item that the event sets, by dotted path."""
BEFORE: Final = "before"
"""What each value was before, by dotted path: `[time_us, event_id, type, value]` of the event that set it."""
VALUE: Final = 3
"""Where in such an entry the value stands."""


def item_text(value: object) -> str | None:
    """The id of the item that a property names: a text, or a number as its shortest JSON; None: it names none.

    >>> item_text("p-1"), item_text(7), item_text(True), item_text("")
    ('p-1', '7', None, None)
    """
    if isinstance(value, str):
        return value if 0 < len(value) <= KEY_CHARS_MAX else None
    return canonical(value) if is_number(value) else None


def holds_against(passes: Test, reference: Any, value: Any) -> bool:
    """Whether a value differs from a reference as asked; the first value ever seen matches nothing."""
    return reference is not None and bool(passes(reference, value))


def value_before(properties: Mapping[str, Any], path: str) -> Any:
    """What a value of the item was before an item change; None: it had none."""
    found = properties[BEFORE].get(path)
    return None if found is None else found[VALUE]


def value_after(properties: Mapping[str, Any], path: str) -> Any:
    """What a value of the item is after an item change; None: it has none."""
    found = properties[NOW].get(path)
    return value_before(properties, path) if found is None else found


def item_at(properties: Mapping[str, Any], paths: tuple[Path, ...]) -> dict[str, Any]:
    """The item after an item change: an object of the values at `paths`."""
    found: dict[str, Any] = {}
    for path in paths:
        value, holder = value_after(properties, ".".join(path)), found
        for name in path[:-1]:
            inner = holder.get(name)
            if not isinstance(inner, dict):
                inner = holder[name] = {}
            holder = inner
        if value is not None:
            holder[path[-1]] = value
    return found


def values_after(properties: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Values of the item after an item change, by dotted path; without those that it has not."""
    return {name: value for name in names if (value := value_after(properties, name)) is not None}


def lasting(interests: dict[str, Interest], within_us: int, now_us: int) -> dict[str, Interest]:
    """The interests that are not over at an instant."""
    if all(now_us - one.newest_us < within_us for one in interests.values()):
        return interests
    return {item: one for item, one in interests.items() if now_us - one.newest_us < within_us}
