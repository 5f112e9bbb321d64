"""`repeat`: one occurrence pending at a time, its local date part of its identity."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

import pytest

from kittiwake.kernel.evaluate import recurrence
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.wait import Repeat
from kittiwake.kernel.state.codec import decode, encode
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from tests.kernel.execution_modes import CONTACT
from tests.kernel.programs import at, program


def test_a_state_of_the_release_before_keeps_its_pending_date_and_goes_on_from_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It had 1 March pending for a series of the 31st: that falls due, and the next is 31 March."""
    of_series = program("{when: a, wait: {until: date, at: '00:00', repeat: monthly}}", "retention: 1830d")
    armed = Event(at("2026-01-31T00:00:00Z"), "1", "a", {"date": "2026-01-31"})
    with monkeypatch.context() as before:
        before.setattr(recurrence, "_day_of_month", _first_of_the_next_month)
        old = advance(of_series, new_state(CONTACT), [armed], at("2026-02-15T00:00:00Z")).state
    found = advance(of_series, decode(encode(old)), [], at("2026-05-01T00:00:00Z")).decisions
    assert [str(one.occurrence) for one in found] == ["2026-03-01", "2026-03-31", "2026-04-30"]


def _first_of_the_next_month(_: Repeat, year: int, month: int, day: int) -> date:
    return date(year, month, day) if day <= monthrange(year, month)[1] else date(year, month + 1, 1)
