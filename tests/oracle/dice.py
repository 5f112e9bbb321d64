"""The chance worlds are drawn with: one coarse grid of time and small alphabets, so that ties and edges are common."""

import random
from collections.abc import Sequence
from typing import Any, TypeVar

from tests.oracle import clock

T = TypeVar("T")
TYPES = ("shop.viewed", "cart.added", "order.done", "note.sent")
ZONES = ("America/Toronto", "Europe/Berlin", "Asia/Kolkata", "UTC", "Australia/Lord_Howe")
NO_ZONES = ("Mars/Olympus", "", 5, "+02:00")
AMOUNTS: tuple[Any, ...] = (68.74, 96.47, 8.51, 76.28, -20.5, -68.74, 100, 0, 0.1, 31.26, 250)
ODD: tuple[Any, ...] = ("x", None, True, [1], {"a": 1}, "long" * 300)
"""What a property is now and then; the last is too long for a key."""
KEYS: tuple[Any, ...] = ("p1", "p1", "p2", "p2", "p3", 1, 1.0, True, "1")
TAGS = ("red", "green", "redish", "Ünïcode", "")
CENTRES = (
    "2026-01-14T12:00:00Z",
    "2026-03-08T07:00:00Z",  # Toronto skips 02:00
    "2026-11-01T06:00:00Z",  # Toronto shows 01:00 twice
    "2026-03-29T01:00:00Z",  # Berlin skips 02:00
    "2026-10-25T01:00:00Z",  # Berlin shows 02:00 twice
    "2026-04-04T15:00:00Z",  # Lord Howe goes back by half an hour
    "2024-02-29T00:00:00Z",
    "2026-12-31T18:00:00Z",
)
THEMES = ("plain", "plain", "plain", "plain", "plain", "plain", "ties", "keep", "room", "night", "caps", "dates")
_LENGTHS = ((7 * clock.DAY, "w"), (clock.DAY, "d"), (clock.HOUR, "h"), (clock.MINUTE, "m"), (clock.SECOND, "s"))


class Dice(random.Random):
    """A seeded chance with a world's grid: `unit` between instants, `start` of its history.

    Half of the worlds have a theme, in which meetings are common that are rare elsewhere: many events at one instant,
    keys forgotten, tiny limits, long quiet hours, caps, dates that move with the contact.
    """

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.theme = self.pick(THEMES)
        half_hour = 30 * clock.MINUTE
        short, long = (half_hour, half_hour, half_hour, clock.HOUR), (6 * clock.HOUR, clock.DAY)
        self.unit = self.pick(2 * long if self.theme == "dates" else short + long)
        centre = clock.parse_instant(self.pick(CENTRES)) or 0
        self.start = centre - self.randint(0, 16) * self.unit
        self.zone = self.pick(ZONES)

    def beside(self, text: str) -> "Dice":
        """A chance of its own with the grid of this world: what it draws leaves this one as it is."""
        found = Dice(0)
        found.__dict__.update(self.__dict__)
        found.seed(text)
        return found

    def chance(self, percent: float, **themed: float) -> bool:
        """True in so many of a hundred cases; another share where the world's theme names one."""
        return self.random() * 100 < themed.get(self.theme, percent)

    def pick(self, things: Sequence[T]) -> T:
        return things[self.randrange(len(things))]

    def some(self, things: Sequence[T], low: int, high: int) -> list[T]:
        """So many different things, in random order."""
        return self.sample(list(things), min(len(things), self.randint(low, high)))

    def span(self, low: int = 1, high: int = 6) -> str:
        """A duration of so many units, written in one of the language's ways."""
        return self.text(self.randint(low, high) * self.unit)

    def text(self, micros: int) -> str:
        """The duration as an author may write it."""
        size, letter = next(each for each in _LENGTHS if abs(micros) % each[0] == 0)
        number, sign = abs(micros) // size, "-" if micros < 0 else ""
        if not self.chance(15):
            return f"{sign}{number}{letter}"
        return f"{sign}P{number}{letter.upper()}" if letter in "wd" else f"{sign}PT{number}{letter.upper()}"

    def instant(self, low: int, high: int) -> int:
        """An instant so many units after the start, now and then a hair beside the grid."""
        return self.start + self.randint(low, high) * self.unit + (self.pick((-1, 1)) if self.chance(2) else 0)

    def written(self, us: int) -> str:
        """The instant as RFC 3339, in UTC or with an offset, now and then with digits that are cut."""
        offset = self.pick((0, 0, 0, 0, 330, -300, 60))
        text = clock.rfc3339(us + offset * clock.MINUTE).removesuffix("Z")
        if self.chance(5):
            text += "999" if "." in text else ".0000009"
        sign, minutes = "-" if offset < 0 else "+", abs(offset)
        return text + (f"{sign}{minutes // 60:02}:{minutes % 60:02}" if offset else "Z")

    def clock_text(self) -> str:
        """A local time on the half hour, most likely near the nights on which clocks change."""
        return f"{self.pick((0, 1, 2, 2, 3, 8, 9, 12, 21, 22)):02}:{self.pick((0, 30)):02}"

    def date_value(self, at: int) -> Any:
        """What an `until` may find at that time: dates and instants near it, far ones, and useless ones."""
        if self.chance(8):
            return self.pick((None, "soon", 5, "2026-02-30", "2026-03-01T10:00:00", "2026-3-1"))
        if self.chance(45):
            return self.written(at + self.randint(-2, 12) * self.unit)
        day = clock.rfc3339(at + self.randint(-1, 3) * max(self.unit, 8 * clock.HOUR))[:10]
        old = "2019" + day[4:] if day[5:] != "02-29" else "2016-02-29"
        ends = ("2024-01-31", "2024-02-29", "2023-05-31", "2024-08-30", "1899-12-31", "2027-06-30")
        return self.pick((old, *ends) if self.chance(25, dates=50) else (day, day, day, old))
