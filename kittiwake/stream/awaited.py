"""Which types and accounts of the rules have not come yet: watched for an hour from reading them, logged once.

Pure. Kept by the step that takes messages in, for each version of the rules that it reads; after the hour nothing is
asked of an event. A misspelt type in a rule decides nothing, and nobody would hear of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final, NamedTuple

from kittiwake.model import Event
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.ruleset import EVERY_ACCOUNT
from kittiwake.time.instants import HOUR_US

WATCHED_US: Final = HOUR_US
"""How long is waited: what a rule needs comes within an hour, or somebody has to find out why."""

OTHERS_MAX: Final = 1_000
"""Types of events remembered that no rule names, to say which one is meant: more of them are ids."""

NAMES_SHOWN: Final = 20
"""Types in one line of the log: enough to see what is wrong."""


class Missing(NamedTuple):
    """What has not come."""

    types: list[str]
    """As rules name them; the first by name."""
    number: int
    """How many types."""
    nearest: list[str]
    """Types that came, no rule names, and that are nearly one of `types`: so near to a rule that they are no data."""
    accounts: int
    """How many accounts that have rules of their own."""


class Awaited:
    """Types and accounts of which nothing has come so far."""

    def __init__(self, programs: Programs, since_us: int) -> None:
        """Begins to wait at an instant."""
        needs = programs.needs()
        self._known = frozenset[str]().union(*(one.types for one in needs))
        self._types = set(self._known)
        self._accounts = {one.account_id for one in needs} - {EVERY_ACCOUNT}
        self._others: set[str] = set()
        self._until_us = since_us + WATCHED_US

    def note(self, events: Iterable[Event]) -> None:
        """Note events that came."""
        for event in events:
            self._types.discard(event.type)
            self._accounts.discard(event.account_id)
            if event.type not in self._known and len(self._others) < OTHERS_MAX:
                self._others.add(event.type)

    def is_over(self, clock_us: int) -> bool:
        """Whether the hour is over."""
        return clock_us >= self._until_us

    def missing(self) -> Missing | None:
        """What has not come; None: all has."""
        if not self._types and not self._accounts:
            return None
        types, others = sorted(self._types)[:NAMES_SHOWN], sorted(self._others)
        nearest = {near for name in types for near in get_close_matches(name, others, 1, 0.8)}
        return Missing(types, len(self._types), sorted(nearest), len(self._accounts))
