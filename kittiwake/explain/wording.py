"""How an explanation says times, spans, numbers and keys: for people, in the contact's own clock.

Pure. Called by every file of the explanation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from kittiwake.time.instants import DAY_US, EPOCH_ORDINAL, HOUR_US, MINUTE_US, SECOND_US
from kittiwake.time.zones import local_us, offset_us
from kittiwake.values import Path, canonical

_SPANS: Final = (("day", DAY_US), ("hour", HOUR_US), ("minute", MINUTE_US), ("second", SECOND_US))
_PLAIN: Final = re.compile(r"[\w.:$@-]+")
VALUE_MAX: Final = 60
"""Characters of a property value that a line shows."""


def clock_words(time_us: int, zone: str) -> str:
    """The local time of day, seconds and finer only where there are any.

    >>> clock_words(3_600_000_000, "UTC"), clock_words(1, "UTC")
    ('01:00', '00:00:00.000001')
    """
    of_day_us = local_us(zone, time_us) % DAY_US
    whole, fraction = divmod(of_day_us, SECOND_US)
    shown = f"{whole // 3600:02}:{whole // 60 % 60:02}"
    if whole % 60 or fraction:
        shown += f":{whole % 60:02}"
    return f"{shown}.{fraction:06}".rstrip("0") if fraction else shown


def date_words(time_us: int, zone: str) -> str:
    """The local date with its day of the week.

    >>> date_words(0, "UTC")
    'Thu 1970-01-01'
    """
    day = date.fromordinal(local_us(zone, time_us) // DAY_US + EPOCH_ORDINAL)
    return f"{day:%a} {day.isoformat()}"


def moment_words(time_us: int, zone: str, near_us: int | None = None) -> str:
    """An instant; without its date where that is the date of `near_us`, with its offset where the clock has changed.

    >>> moment_words(3_600_000_000, "UTC", 0), moment_words(-1_000_000, "UTC", 0)
    ('01:00', '1969-12-31 23:59:59')
    """
    clock = clock_words(time_us, zone)
    day = date_words(time_us, zone)
    if near_us is None:
        return f"{day[4:]} {clock}"
    if offset_us(zone, near_us) != offset_us(zone, time_us):
        clock = f"{clock} ({offset_words(offset_us(zone, time_us))})"
    return clock if date_words(near_us, zone) == day else f"{day[4:]} {clock}"


def offset_words(offset_us: int) -> str:
    """How far a clock is ahead of UTC.

    >>> offset_words(-12_600_000_000)
    'UTC-03:30'
    """
    hours, minutes = divmod(abs(offset_us) // MINUTE_US, 60)
    return f"UTC{'-' if offset_us < 0 else '+'}{hours:02}:{minutes:02}"


def span_words(span_us: int) -> str:
    """A span in its two largest units, the finer ones cut.

    >>> span_words(1_500_000_000), span_words(90_061_000_000), span_words(40)
    ('25 minutes', '1 day 1 hour', '0.00004 seconds')
    """
    if 0 < span_us < SECOND_US:
        return f"{span_us / SECOND_US:.6f}".rstrip("0") + " seconds"
    words = []
    for name, unit_us in _SPANS:
        number, span_us = divmod(span_us, unit_us)
        if number:
            words.append(counted(number, name))
    return " ".join(words[:2]) or "0 seconds"


def counted(number: int, noun: str) -> str:
    """A number with its noun, in the plural where it is not one.

    >>> counted(1, "event"), counted(0, "event")
    ('1 event', '0 events')
    """
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def listed(words: list[str], last: str = "and") -> str:
    """A list as it is spoken.

    >>> listed(["a", "b", "c"]), listed(["a"], "or")
    ('a, b and c', 'a')
    """
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else "".join(words)


def path_words(path: Path) -> str:
    """A path as the author wrote it."""
    return ".".join(path)


def value_words(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    text = canonical(value)
    return text if len(text) <= VALUE_MAX else text[: VALUE_MAX - 1] + "…"


def properties_words(properties: dict[str, Any]) -> str:
    """`name=value` of every property.

    >>> properties_words({"product_id": "p1", "price": 12})
    'product_id="p1" price=12'
    """
    return " ".join(f"{_name_words(name)}={value_words(value)}" for name, value in properties.items())


def _name_words(name: str) -> str:
    """A property's name, quoted where it could be taken for more than a name."""
    return name if _PLAIN.fullmatch(name) else value_words(name)


def digest_words(details: Mapping[str, Any]) -> str:
    """What a digest lists; nothing of another decision. Details of DECISION."""
    if "digest" not in details:
        return ""
    shown = listed([canonical(one["instance"]) for one in details["digest"]["listed"]])
    return f", a digest of {details['digest']['count']}: {shown}"
