"""In which order recorded events come once more, when each is due, and what the watermark says meanwhile.

Pure, and a function of the records and a seed: whoever works a schedule out again has the same one, so a position in it
is enough to go on from. Called by `kittiwake.transforms.stream.recorded_source`.

    time --disorder--> arrival --pace--> due, by the clock
    watermark = the earliest time among what is still to come; of what is late on purpose, the earliest arrival
"""

from __future__ import annotations

import random
import re
from array import array
from collections.abc import Sequence
from itertools import accumulate
from typing import Final, NamedTuple

from kittiwake.time.instants import SECOND_US

LATE_SHARE: Final = 0.1
"""Of the events, where some are to be late: enough to meet every kind of correction in a few thousand events."""


class Disorder(NamedTuple):
    """How far events come out of order, in event time."""

    within_us: int = 0
    """Each comes up to so much after its time, and the watermark waits for it."""
    late_us: int = 0
    """`LATE_SHARE` of them come up to so much later again, and the watermark does not know of it."""
    seed: int = 0


IN_ORDER: Final = Disorder()


class Pace(NamedTuple):
    """How fast events come; without either: as fast as they are taken."""

    per_second: float | None = None
    """Events a second of the clock."""
    speed: float | None = None
    """Seconds of event time a second of the clock."""


AS_FAST_AS_CAN_BE: Final = Pace()

_PACE: Final = re.compile(r"(\d{1,9}(?:\.\d{1,6})?)(/s|x)", re.ASCII)


def parse_pace(text: str) -> Pace | None:
    """A pace as a person writes it; None if `text` is none.

    >>> parse_pace("500/s"), parse_pace("60x"), parse_pace("0x")
    (Pace(per_second=500.0, speed=None), Pace(per_second=None, speed=60.0), None)
    """
    found = _PACE.fullmatch(text)
    if found is None or not (number := float(found[1])):
        return None
    return Pace(per_second=number) if found[2] == "/s" else Pace(speed=number)


class Schedule(NamedTuple):
    """Recorded events in the order in which they come. Thirty-two bytes an event."""

    offsets: array[int]
    """Where each stands in the record."""
    times_us: array[int]
    """When it happened."""
    arrivals_us: array[int]
    """When it comes, in event time."""
    to_come_us: array[int]
    """What the watermark may say before each comes: it and all after it happened no earlier, or, where they are late on
    purpose, come no earlier."""

    @property
    def size(self) -> int:
        """How many events there are."""
        return len(self.offsets)

    def due_us(self, position: int, began_us: int, pace: Pace) -> int:
        """When the event at a position is due by a clock that said `began_us` at the beginning."""
        if pace.per_second is not None:
            return began_us + int(position * SECOND_US / pace.per_second)
        if pace.speed is not None:
            return began_us + int((self.arrivals_us[position] - self.arrivals_us[0]) / pace.speed)
        return began_us

    def watermark_us(self, position: int, passed_us: int, pace: Pace) -> int | None:
        """What the watermark says before the event at a position, or the end; None: there have never been any.

        With a speed it also runs no further than event time has at that speed, so that a quiet night takes its time.
        After the last event, time alone moves it.
        """
        if not self.offsets:
            return None
        speed = pace.speed or 1.0
        if position == len(self.offsets):
            start_us = self.arrivals_us[-1 if pace.speed is None else 0]
            return start_us + int(passed_us * speed)
        if pace.speed is None:
            return self.to_come_us[position]
        return min(self.to_come_us[position], self.arrivals_us[0] + int(passed_us * speed))


def schedule(times_us: Sequence[int], offsets: Sequence[int], disorder: Disorder = IN_ORDER) -> Schedule:
    """The schedule of events that happened at these times; those that come together keep their order."""
    generator = random.Random(disorder.seed)
    arrivals_us, held_us = array("q"), array("q")
    for time_us in times_us:
        delay_us = int(generator.random() * (disorder.within_us + 1))
        is_late = generator.random() < LATE_SHARE and disorder.late_us > 0
        late_us = 1 + int(generator.random() * disorder.late_us) if is_late else 0
        arrivals_us.append(time_us + delay_us + late_us)
        held_us.append(arrivals_us[-1] if is_late else time_us)
    order = sorted(range(len(arrivals_us)), key=arrivals_us.__getitem__)
    return Schedule(
        array("q", (offsets[number] for number in order)),
        array("q", (times_us[number] for number in order)),
        array("q", (arrivals_us[number] for number in order)),
        array("q", reversed(list(accumulate((held_us[number] for number in reversed(order)), min)))),
    )
