"""Why a wait is due when it is: the words about local days."""

from __future__ import annotations

from typing import Any

import pytest

from tests.explain.explaining import ADDED, CART, explained, lines


def waiting(wait: Any) -> dict[str, Any]:
    """The cart's rule, waiting so."""
    return {**CART, "wait": wait}


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        ({"days": 1}, "armed, due 2026-11-03 10:00 (1 day later)"),
        ({"at": "18:00"}, "armed, due 18:00 (the same day at 18:00)"),
        (
            {"days": 2, "at": "09:30", "on": ["thu", "mon"]},
            "armed, due 2026-11-05 09:30 (2 days later, moved on to Mon or Thu, at 09:30)",
        ),
        (
            [{"at": "11:00"}, {"days": 1, "at": "11:00"}],
            "armed, due 11:00 (the same day at 11:00) and 2026-11-03 11:00 (1 day later at 11:00)",
        ),
    ],
)
def test_a_local_day_says_how_it_was_counted(wait: Any, said: str) -> None:
    assert said in lines(explained(waiting(wait), ADDED))


@pytest.mark.parametrize(
    ("wait", "said"),
    [
        ({"days": -3}, "armed, due 2026-11-09 15:00 (3 days before ends)"),
        ({"days": 1, "at": "08:00"}, "armed, due 2026-11-13 08:00 (1 day after ends at 08:00)"),
        ({"at": "08:00", "offset": "-2h"}, "armed, due 2026-11-12 06:00 (the day of ends at 08:00, less 2h)"),
        ({"on": "fri", "offset": "1h"}, "armed, due 2026-11-13 16:00 (the day of ends, moved on to Fri, plus 1h)"),
        ({}, "armed, due 2026-11-12 15:00"),
    ],
)
def test_days_round_a_date_name_the_date(wait: dict[str, Any], said: str) -> None:
    event = ("0m", "cart.item_added", {"ends": "2026-11-12T15:00:00Z"})
    assert said in lines(explained(waiting({"until": "ends", **wait}), event))


def test_reminders_of_a_date_tell_which_of_them_are_past() -> None:
    event = ("0m", "cart.item_added", {"ends": "2026-11-05T15:00:00Z"})
    wait = [{"until": "ends", "days": -7}, {"until": "ends", "days": -1}, {"until": "ends", "offset": "-2h"}]
    said = "armed, due 2026-11-04 15:00 (1 day before ends) and 2026-11-05 13:00 (passed over: reminder 0)"
    assert said in lines(explained(waiting(wait), event))


def test_a_restart_tells_of_the_reminders_that_are_left() -> None:
    wait = [{"days": 1, "at": "11:00"}, {"days": 2, "at": "12:00"}]
    told = lines(explained(waiting(wait), ADDED, ("26h", "cart.item_added")))
    assert "restarted (2 events so far), due 2026-11-05 12:00 (2 days later at 12:00)" in told


def test_a_change_of_the_zone_tells_where_all_that_is_pending_has_moved() -> None:
    wait = [{"days": 1, "at": "11:00"}, {"days": 2, "at": "12:00"}]
    told = lines(explained(waiting(wait), ADDED, ("1h", "contact.updated", {"timezone": "America/Toronto"})))
    moved = "deadline moved to 2026-11-03 11:00 (1 day later at 11:00) and 2026-11-04 12:00 (2 days later at 12:00)"
    assert moved in told
