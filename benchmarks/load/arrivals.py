"""When each message is due: a rate that follows the hours of a day, and bursts. Pure.

The n-th message is due when as many have come by the curve. Within a step of a tenth of a second the rate is constant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from benchmarks.load.settings import LoadSettings
from kittiwake.time.instants import DAY_US, SECOND_US

STEP_US: Final = SECOND_US // 10
STEPS: Final = 10_000
"""Steps that are made at once."""
PEAK: Final = 20 / 24
"""The hour of a day (UTC) at which most happens."""


def due_us(settings: LoadSettings) -> Iterator[int]:
    """Offsets from the start, rising, without end."""
    before, first = 0.0, 0
    while True:
        edges = np.arange(first, first + STEPS + 1) * STEP_US
        came = np.concatenate([[before], before + np.cumsum(_rates(settings, edges[:-1]) * (STEP_US / SECOND_US))])
        numbers = np.arange(np.ceil(before), np.ceil(came[-1]))
        yield from np.interp(numbers, came, edges).astype(np.int64).tolist()
        before, first = float(came[-1]), first + STEPS


def _rates(settings: LoadSettings, at_us: Any) -> Any:
    """Messages a second, at offsets from the start."""
    hour_us = settings.start_us % DAY_US * (settings.day_us / DAY_US)
    part_of_day = (hour_us + at_us) / settings.day_us
    rates = settings.rate * (1.0 + settings.swing * np.cos(2 * np.pi * (part_of_day - PEAK)))
    in_burst = (at_us >= settings.burst_every_us) & (at_us % settings.burst_every_us < settings.burst_lasts_us)
    return np.where(in_burst, rates * settings.burst, rates)
