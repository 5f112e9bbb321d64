"""Casts: money sent as text, and times sent as epoch numbers, read as what they are (semantics.md, section 15).

Pure. What is cast of the events of a type is made a function once, and called for each of them by `run.preparation`.
Properties are never changed: what holds a value that is read otherwise is copied.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import ROUND_FLOOR, Decimal
from typing import Any, Final, TypeAlias

from kittiwake.kernel.plan.cast import Cast, Epoch
from kittiwake.time.instants import SECOND_US, format_instant
from kittiwake.values import EXACT, Path, as_number, is_number, lookup

Casting: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]
"""From the properties of an event as it came in to what the rules see: the very same where nothing is cast."""

_YEAR_10000_US: Final = 253_402_300_800 * SECOND_US
_MICROSECONDS: Final[dict[Epoch, int]] = {Epoch.SECONDS: SECOND_US, Epoch.MILLIS: 1_000}


def casting(casts: Iterable[Cast], event_type: str | None) -> Casting | None:
    """What is cast of the events of a type, as one function; None: nothing. Type None: one that nobody names."""
    readings: list[tuple[Path, Callable[[Any], Any]]] = []
    for one in casts:
        if one.covers(event_type):
            readings.extend((path, as_number) for path in one.numbers)
            readings.extend((path, _as_instant(epoch)) for path, epoch in one.instants)
    if not readings:
        return None

    def cast(properties: dict[str, Any]) -> dict[str, Any]:
        found = properties
        for path, read in readings:
            value = lookup(found, path)
            if value is not None and (after := read(value)) is not value:
                found = replaced(found, path, after)
        return found

    return cast


def _as_instant(epoch: Epoch) -> Callable[[Any], Any]:
    unit_us = _MICROSECONDS[epoch]

    def as_instant(value: Any) -> Any:
        number = as_number(value)
        if not is_number(number) or not 0 <= number < _YEAR_10000_US:
            return value
        time_us = int(EXACT.multiply(Decimal(number), unit_us).to_integral_value(ROUND_FLOOR))
        return format_instant(time_us) if time_us < _YEAR_10000_US else value

    return as_instant


def replaced(properties: Mapping[str, Any], path: Path, value: Any) -> dict[str, Any]:
    """A copy with another value at a path that leads to one."""
    found = dict(properties)
    found[path[0]] = value if len(path) == 1 else replaced(found[path[0]], path[1:], value)
    return found
