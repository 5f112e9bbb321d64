"""Wildcard tables: which of them the times of a run can concern. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from kittiwake.time.instants import DAY_US, BadTimeError, parse_instant

_DAY: Final = re.compile(r"(?:\w*_)?(\d{4})(\d\d)(\d\d)", re.ASCII)

SLACK_US: Final = DAY_US
"""A table of a day holds the day of its own zone, which may begin or end half a day before or after that of UTC."""


def pruned(prefix: str, names: Iterable[str], from_us: int | None, until_us: int | None) -> list[str]:
    """Of tables whose names begin with a prefix, those that may have rows in `[from_us, until_us)`, in order of name.

    A name that ends in no day is kept: its rows are asked for their times.

    >>> days = ["events_20261101", "events_20261103", "events_20261109", "events_all", "other"]
    >>> pruned("events_", days, parse_instant("2026-11-04T00:00:00Z"), None)
    ['events_20261103', 'events_20261109', 'events_all']
    """
    own = (name for name in names if name.startswith(prefix))
    return sorted(name for name in own if _may_have(name[len(prefix) :], from_us, until_us))


def _may_have(suffix: str, from_us: int | None, until_us: int | None) -> bool:
    day = _DAY.fullmatch(suffix)
    if day is None:
        return True
    try:
        begins_us = parse_instant("{}-{}-{}T00:00:00Z".format(*day.groups()))
    except BadTimeError:
        return True
    is_too_early = from_us is not None and begins_us + DAY_US + SLACK_US <= from_us
    return not is_too_early and (until_us is None or begins_us - SLACK_US < until_us)
