"""What waited and what was held back, from when to when: bars of a timeline."""

from __future__ import annotations

from typing import Any

import pytest

from kittiwake.explain.model import Explanation, SpanKind
from tests.explain.explaining import ADDED, CART, START_US, explained, us


def spans(explanation: Explanation) -> list[tuple[SpanKind, int, int, str]]:
    """Kind, minutes after ten o'clock from which to which, and how it ended."""
    minute = us("1m")
    return [
        (one.kind, (one.from_us - START_US) // minute, (one.to_us - START_US) // minute, one.ended)
        for one in explanation.spans
    ]


@pytest.mark.parametrize(
    ("rule", "then", "expected"),
    [
        ({}, (), [(0, 60, "due")]),
        ({}, (("35m", "order.completed"),), [(0, 35, "unless")]),
        ({}, (("30m", "cart.item_added"),), [(0, 90, "due")]),
        ({"wait": ["1h", "5h"]}, (), [(0, 300, "due")]),
        ({"wait": "3d"}, (), [(0, 2880, "pending")]),
        ({}, (("20m", "contact.deleted"),), [(0, 20, "deleted")]),
    ],
)
def test_a_wait_lasts_from_the_opening_until_it_is_due_or_ended(
    rule: dict[str, Any], then: tuple[tuple[str, str], ...], expected: list[tuple[int, int, str]]
) -> None:
    found = explained({**CART, **rule}, ADDED, *then)
    assert spans(found) == [(SpanKind.WAIT, *one) for one in expected]


@pytest.mark.parametrize(
    ("then", "ended"), [((), (480, "released")), ((("200m", "order.completed"),), (200, "unless"))]
)
def test_what_is_held_for_the_night_lasts_until_it_is_released_or_called_off(
    then: tuple[tuple[str, str], ...], ended: tuple[int, str]
) -> None:
    quiet = {"quiet_hours": {"from": "10:30", "to": "18:00"}}
    found = explained(CART, ADDED, *then, policy=quiet)
    assert spans(found) == [(SpanKind.WAIT, 0, 60, "due"), (SpanKind.HELD, 60, *ended)]
