"""From an arrival to its event, after the shuffle."""

from __future__ import annotations

from kittiwake.kernel.program import NEVER_US
from kittiwake.model import DeadLetter, Event
from kittiwake.replay.events import parse_event
from kittiwake.replay.shapes.shape import InputShape
from kittiwake.stream.messages import Arrival


def event_of(arrival: Arrival, shape: InputShape) -> Event | DeadLetter:
    """The event of an arrival."""
    return parse_event(arrival.data, "", NEVER_US, shape)
