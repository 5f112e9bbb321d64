"""What a stream keeps of a contact, in bytes: its cell and its bag, while the events of a history come.

The step of the job on the least that can run it (`benchmarks.streaming.lean`), so that an engine's own packing is not
in it. Events come in order, ten minutes at a time, with the watermark behind them; after each time all is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.streaming.lean import Lean
from kittiwake.input.shapes.base import CANONICAL
from kittiwake.input.single import event_from
from kittiwake.model import Event
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.stream.contact.timer_grid import USUAL
from kittiwake.stream.intake import Brought, IntakeSettings, Message, Needed, take
from kittiwake.stream.records import encode
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import HOUR_US, MINUTE_US
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.stream.evaluate import EvaluateDoFn

STEP_US: Final = 10 * MINUTE_US


class Kept(NamedTuple):
    """Bytes of contacts, rising."""

    events: int
    contacts: int
    """Of which an event was needed."""
    at_the_end: list[int]
    """Of those of which anything is kept when the last event has been settled."""
    at_most: list[int]
    """The most that was ever seen of each."""


def kept(rules: Path, events: Path, allowed_lateness_us: int = HOUR_US) -> Kept:
    """Play events under rules of a folder."""
    known = StaticRules(load_rules(rules), allowed_lateness_us)
    clock_us = now_us()
    lean = Lean(EvaluateDoFn(known, USUAL, CANONICAL, None, lambda: clock_us))
    most: dict[bytes, int] = {}
    number = 0
    for step, group in groupby(_arrivals(known, events, clock_us), lambda one: one.arrival.time_us // STEP_US):
        given = [(one.key, encode(one.arrival)) for one in group]
        number += len(given)
        lean.give(given)
        _most(most, lean)
        lean.pass_to((step + 1) * STEP_US)
        _most(most, lean)
    return Kept(number, len(most), sorted(lean.kept_bytes().values()), sorted(most.values()))


def _arrivals(known: StaticRules, events: Path, clock_us: int) -> Iterator[Needed]:
    """Those that are needed, in order of their times."""
    lines = events.read_bytes().splitlines()
    times_us = {line: one.time_us for line in lines if isinstance(one := event_from(line, clock_us, CANONICAL), Event)}
    for line in sorted(filter(times_us.__contains__, lines), key=times_us.__getitem__):
        found = take(Message(line), clock_us, known.view(clock_us), IntakeSettings())
        if isinstance(found, Brought):
            yield from found.needed


def _most(most: dict[bytes, int], lean: Lean) -> None:
    for key, size in lean.kept_bytes().items():
        most[key] = max(size, most.get(key, 0))
