"""Which values a profile shows: they may be personal data.

Pure. By default nothing is shown of a property that looks personal or is nearly unique, nor a value that came once.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Final

from kittiwake.profile.measure.hashes import hash_of, text_of_value
from kittiwake.profile.measure.personal import is_personal_name
from kittiwake.profile.measure.properties import Stats
from kittiwake.values import Scalar, canonical

PERSONAL_RATIO: Final = 100
"""One text in so many that looks personal makes all of a property so: people write addresses into other fields too."""

SEEN_MIN: Final = 2
"""How often a value came that is shown by default."""


class Shown(StrEnum):
    """Which values are shown."""

    SAFE = "safe"
    """Those that came more than once, of properties that neither look personal nor are nearly unique."""
    SHOWN = "shown"
    """All of them."""
    HASHED = "hashed"
    """A hash of each. Whoever can guess a value can find its hash."""
    NONE = "none"
    """None."""


def is_personal(stats: Stats, path: tuple[str, ...], event_type: str) -> bool:
    """Whether a property looks personal, by its name or by its values."""
    texts = stats.texts
    seems_so = texts is not None and texts.personal * PERSONAL_RATIO >= max(texts.count, 1)
    return seems_so or is_personal_name(path, of_contact=event_type.startswith("contact."))


NUMBERS_MAX: Final = 20
"""Different numbers of a property of which all are named; of more only the ten commonest: they are no choices."""
_NUMBERS_NAMED: Final = 10


def values_of(stats: Stats, shown: Shown, most: int, *, personal: bool) -> list[dict[str, Any]]:
    """The commonest values of a property that may be shown, each with its number; those that are equally common in the
    order of their JSON.
    """
    if shown is Shown.NONE or (shown is Shown.SAFE and (personal or _is_nearly_unique(stats))):
        return []
    least = SEEN_MIN if shown is Shown.SAFE else 1
    if stats.numbers is not None and stats.distinct > NUMBERS_MAX:
        most = min(most, _NUMBERS_NAMED)
    ordered = sorted(_counted(stats), key=lambda found: (-found[1], canonical(found[0])))
    chosen = [(value, number) for value, number in ordered if number >= least][:most]
    if shown is Shown.HASHED:
        return [{"value": hashed(value), "count": number} for value, number in chosen]
    return [{"value": value, "count": number} for value, number in chosen]


def hashed(value: Scalar) -> str:
    """What is shown of a value in its place: the same for the same value, in every profile."""
    return f"{hash_of(text_of_value(value)):016x}"


def _is_nearly_unique(stats: Stats) -> bool:
    return stats.distinct * 2 > stats.present


def _counted(stats: Stats) -> list[tuple[Scalar, int]]:
    """The values that are known one by one; a text that is too long is not among them."""
    known = (stats.counted.numbers or {}).items()
    bools = [(value, number) for value, number in ((True, stats.true), (False, stats.false)) if number]
    return [*((value, number) for value, number in known if not isinstance(value, bytes)), *bools]
