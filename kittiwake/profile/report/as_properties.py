"""The properties of a type of events, as an event plan says them.

Pure. Plain data, in the order of the keys of a plan, which `as_plan` hands to the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import ROUND_DOWN, Decimal
from typing import Any, Final, NamedTuple

from kittiwake.profile.measure.hashes import Distinct
from kittiwake.profile.measure.paths import ELEMENT
from kittiwake.profile.measure.properties import Stats
from kittiwake.profile.measure.values import Numbers, Texts
from kittiwake.profile.report.shown import Shown, is_personal, values_of
from kittiwake.rules.limits import PATH_CHARS_MAX
from kittiwake.time.instants import format_instant

ALSO_IN_DISTINCT_MIN: Final = 10
"""Different values of a property from which on they are compared with those of other types: fewer are no key."""

_PARTS: Final = Decimal("0.0001")


class Wanted(NamedTuple):
    """What is to be said of properties."""

    shown: Shown
    values: int
    """The most values of each."""
    also_in: bool
    """Whether values are compared with those of other types."""


Others = Mapping[tuple[str, ...], Mapping[str, Distinct]]
"""By path, and by type of events: the values there."""


def share(part: int, whole: int) -> Decimal:
    """A part of the whole, 0 to 1; it is 1 only where it is all, and 0 only where it is none.

    >>> share(3, 3), share(999_999, 1_000_000), share(1, 1_000_000)
    (Decimal('1'), Decimal('0.9999'), Decimal('0.0001'))
    """
    if not part or part == whole:
        return Decimal(part // max(whole, 1))
    return max((Decimal(part) / whole).quantize(_PARTS, ROUND_DOWN), _PARTS).normalize()


def properties(stats: Stats, events: int, event_type: str, wanted: Wanted, others: Others) -> dict[str, dict[str, Any]]:
    """What is known of each property of a type, by its dotted path, in the order of these."""
    found: dict[str, dict[str, Any]] = {}
    for path, child in sorted(walk(stats)):
        name = ".".join(path)
        if len(name) <= PATH_CHARS_MAX:
            found[name] = _property(child, path, events, event_type, wanted)
            found[name] |= _also_in(path, event_type, others)
    return found


def walk(stats: Stats, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Stats]]:
    """Every path of objects inside a property, none that goes through a list."""
    for key, child in stats.children.items():
        yield (*path, key), child
        yield from walk(child, (*path, key))


def _property(
    stats: Stats, path: tuple[str, ...], whole: int, event_type: str, wanted: Wanted, inner: tuple[str, ...] = ()
) -> dict[str, Any]:
    """`whole`: of how many events, or elements of a list at `inner`."""
    personal = is_personal(stats, (*inner, *path), event_type)
    hidden = personal and wanted.shown is not Shown.SHOWN
    found: dict[str, Any] = {"present": share(stats.present, whole), "types": _types(stats)}
    found |= _formats(stats)
    if not hidden:
        found |= _range(stats)
    found |= _values(stats, wanted, personal=personal)
    if hidden:
        found["personal"] = True
    found |= _lists(stats, (*inner, *path), event_type, wanted)
    return found


def _types(stats: Stats) -> dict[str, int]:
    texts, numbers, lists = stats.texts, stats.numbers, stats.lists
    counts = {
        "text": texts.count if texts else 0,
        "number": numbers.count if numbers else 0,
        "bool": stats.true + stats.false,
        "list": lists.count if lists else 0,
        "object": stats.objects,
        "null": stats.nulls,
    }
    return {word: number for word, number in counts.items() if number}


def _formats(stats: Stats) -> dict[str, Any]:
    texts, numbers = stats.texts or Texts(), stats.numbers or Numbers()
    counts = {
        "number": texts.numbers,
        "instant": texts.instants,
        "date": texts.dates,
        # a price may be as great as a time: only where all of them are
        "epoch_seconds": numbers.epoch_seconds if numbers.epoch_seconds == numbers.count else 0,
        "epoch_millis": numbers.epoch_millis if numbers.epoch_millis == numbers.count else 0,
    }
    counts = {word: number for word, number in counts.items() if number}
    return {"formats": counts} if counts else {}


def _range(stats: Stats) -> dict[str, Any]:
    numbers, texts = stats.numbers, stats.texts
    found: dict[str, Any] = {}
    if numbers is not None:
        found |= {"min": numbers.min, "max": numbers.max}
    elif texts is not None and texts.numbers == stats.present:
        found |= {"min": texts.min, "max": texts.max}
    if texts is not None and texts.first_us is not None and texts.last_us is not None:
        found |= {"earliest": format_instant(texts.first_us), "latest": format_instant(texts.last_us)}
    return found


def _values(stats: Stats, wanted: Wanted, *, personal: bool) -> dict[str, Any]:
    found: dict[str, Any] = {}
    values = values_of(stats, wanted.shown, wanted.values, personal=personal)
    if values:
        found["values"] = values
        if wanted.shown is Shown.HASHED:
            found["hashed"] = True
    if stats.distinct:
        found["distinct"] = stats.distinct
    texts = stats.texts or Texts()
    details = {"blank": texts.blank, "offsets": dict(sorted(texts.offsets.items())), "without_offset": texts.local}
    return found | {key: value for key, value in details.items() if value}


def _lists(stats: Stats, path: tuple[str, ...], event_type: str, wanted: Wanted) -> dict[str, Any]:
    if stats.lists is None:
        return {}
    element = stats.element.get(ELEMENT)
    if element is None:
        return {"elements_max": stats.lists.longest}
    whole = element.present + element.nulls
    found = _property(element, (), whole, event_type, wanted, path)
    inner = {
        name: _property(child, keys, element.objects, event_type, wanted, path)
        for keys, child in sorted(walk(element))
        if len(name := ".".join(keys)) <= PATH_CHARS_MAX
    }
    if inner:
        found["properties"] = inner
    return {"elements_max": stats.lists.longest, "elements": found}


def _also_in(path: tuple[str, ...], event_type: str, others: Others) -> dict[str, Any]:
    """Which share of the values came under the same name in other types."""
    by_type = others.get(path, {})
    own = by_type.get(event_type)
    if own is None or own.number < ALSO_IN_DISTINCT_MIN:
        return {}
    shares = {name: own.share_in(by_type[name]) for name in sorted(by_type) if name != event_type}
    if None in shares.values():
        return {}  # of a type that is not named it would be said that it shares none
    return {"also_in": {name: share(*found) for name, found in shares.items() if found and found[0]}}
