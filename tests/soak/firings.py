"""How often the timers of each contact fire in a day: what a stream costs while nothing happens."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, NamedTuple

FIRINGS: Final = 48
"""Of a contact in a day, whatever happens: once an hour it is asked whether what is due can be decided, and more often
in the first hour in which it cannot, which there are some of.
"""
FIRINGS_EACH: Final = 4
"""More for each element that comes to it, and for each timer that fires again: its bucket, the one in which it is put
in its place, and what is due after it.
"""
QUIET_FIRINGS: Final = 3
"""Of a contact to which nothing comes, on average: once a day it is asked whether the rules are the same."""


class Quiet(NamedTuple):
    """Contacts to which nothing came on a day, and how often their timers fired, all together."""

    contacts: int
    firings: int


class Firings:
    """Those of a day, by contact."""

    def __init__(self) -> None:
        self._fired, self._came = Counter[bytes](), Counter[bytes]()

    def add(self, fired: Iterable[bytes], came: Iterable[bytes]) -> None:
        """A bundle is done: timers have fired, and elements have come, or timers that had fired before."""
        self._fired.update(fired)
        self._came.update(came)

    def too_many(self) -> list[str]:
        """Which contacts' timers have fired more often than they may, in words."""
        return [
            f"{key.decode()}: its timers fired {number} times in a day, to which {self._came[key]} elements came"
            for key, number in self._fired.items()
            if number > FIRINGS + FIRINGS_EACH * self._came[key]
        ]

    def end_day(self, kept: Iterable[bytes]) -> Quiet:
        """What is kept of whom nothing came, and count anew."""
        quiet = [key for key in kept if not self._came[key]]
        found = Quiet(len(quiet), sum(self._fired[key] for key in quiet))
        self._fired.clear()
        self._came.clear()
        return found
