"""What an explanation says of events that are not seen as they came in."""

from __future__ import annotations

from tests.explain.explaining import explained

BIG = {"id": "big", "when": {"event": "paid", "where": {"total": {"gte": 50}}}, "include": {"sku": "sku"}}


def test_what_is_cast_is_shown_beside_what_came_in() -> None:
    found = explained(
        BIG, ("0m", "paid", {"total": "68.74", "sku": "7"}), beside={"cast": [{"event": "paid", "number": "total"}]}
    )
    assert found.lines[0].text == 'paid (e1) sku="7" total=68.74; cast from total="68.74"'
