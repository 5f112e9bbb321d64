"""`wait`: silence after an event, reminders, restarts, what the episode tells."""

from __future__ import annotations

from kittiwake.model import EventIds
from tests.kernel.timeline import timeline


def test_an_episode_falls_due_after_its_wait_and_fires() -> None:
    (fired,) = timeline(
        "{when: a, wait: 1h}",
        """
        hours  0   1   2
        does   A........
        r      ....!....
    """,
    )
    assert (fired.time_us, fired.events) == (fired.fired_at_us, EventIds("0-000", "0-000", 1))
