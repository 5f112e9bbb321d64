"""Durations as authors write them: `90s 15m 1h 2d 1w`, or ISO 8601 (`PT1H30M`).

Pure. Called by the loader of rules. A day is exactly 24 hours; months and years have no
exact length and are refused.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US

UNITS_US: Final = {"s": SECOND_US, "m": MINUTE_US, "h": HOUR_US, "d": DAY_US, "w": 7 * DAY_US}
WORDS_US: Final = {
    "second": SECOND_US,
    "minute": MINUTE_US,
    "hour": HOUR_US,
    "day": DAY_US,
    "week": 7 * DAY_US,
}

_SHORT: Final = re.compile(r"([+-]?)(\d{1,9})([smhdw])", re.ASCII)
_NUMBER: Final = r"(\d{1,9}(?:\.\d{1,6})?)"
_ISO: Final = (
    rf"([+-]?)P(?=[\dT])(?:{_NUMBER}W)?(?:{_NUMBER}D)?(?:T(?=\d)(?:{_NUMBER}H)?(?:{_NUMBER}M)?(?:{_NUMBER}S)?)?"
)
_ISO_UNITS: Final = (7 * DAY_US, DAY_US, HOUR_US, MINUTE_US, SECOND_US)

ADVICE: Final = "write 90s, 15m, 1h, 2d, 1w or ISO 8601 such as PT1H"


def parse_duration(text: str) -> int | None:
    """Microseconds, signed; None if `text` is no duration.

    >>> parse_duration("15m"), parse_duration("-PT1H"), parse_duration("1 hour")
    (900000000, -3600000000, None)
    """
    short = _SHORT.fullmatch(text)
    if short:
        sign, digits, unit = short.groups()
        return (-1 if sign == "-" else 1) * int(digits) * UNITS_US[unit]
    iso = re.fullmatch(_ISO, text, re.ASCII)
    if iso is None:
        return None
    parts = zip(iso.groups()[1:], _ISO_UNITS, strict=True)
    total = sum(int(Decimal(digits) * unit_us) for digits, unit_us in parts if digits)
    return -total if iso.group(1) == "-" else total


def format_duration(duration_us: int) -> str:
    """The shortest way an author would write it.

    >>> format_duration(5_400_000_000), format_duration(1_209_600_000_000)
    ('90m', '2w')
    """
    for unit in "wdhms":
        if duration_us % UNITS_US[unit] == 0:
            return f"{duration_us // UNITS_US[unit]}{unit}"
    return f"PT{Decimal(duration_us) / SECOND_US:f}S"
