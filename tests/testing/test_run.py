"""`run`: rules and events in, rows out."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kittiwake.testing import run
from kittiwake.time.instants import parse_instant

CART = {"id": "cart", "when": "cart.item_added", "wait": "1h", "unless": "order.completed", "include": {"t": "total"}}
DOCUMENT = {"account": "acme", "rules": [CART]}
NOON = parse_instant("2026-11-02T12:00:00Z")


def added(time: str = "2026-11-02T10:00:00Z", **more: Any) -> dict[str, Any]:
    return {"type": "cart.item_added", "time": time, **more}


def test_a_decision_has_every_field_of_the_contract() -> None:
    (row,) = run(DOCUMENT, [added(event_id="e", contact_id="c9")], NOON)
    assert row["contact_id"] == "c9"
    assert (row["time"], row["fired_at"]) == ("2026-11-02T11:00:00Z", "2026-11-02T11:00:00Z")
    assert (row["decision"], row["reason"], row["mode"]) == ("fired", None, "replay")
    times = {"first_time": "2026-11-02T10:00:00Z", "last_time": "2026-11-02T10:00:00Z"}
    assert row["events"] == {"first": "e", "last": "e", "count": 1, **times}


def test_numbers_are_as_written_whether_float_or_decimal() -> None:
    for total in (0.1 + 0.2, Decimal("0.300"), 0.3):
        (row,) = run(DOCUMENT, [added(properties={"total": total})], NOON)
        assert row["include"] == {"t": Decimal("0.3")}
    (row,) = run(DOCUMENT, [added(properties={"total": 10**400 // 10**380})], NOON)
    assert row["include"] == {"t": 10**20}


def test_events_come_in_any_order_and_slices_change_nothing() -> None:
    events = [added(), {"type": "order.completed", "time": "2026-11-02T10:30:00Z"}, added("2026-11-02T10:40:00Z")]
    whole = run(DOCUMENT, events, NOON)
    assert [row["time"] for row in whole] == ["2026-11-02T11:40:00Z"]
    named = [{"event_id": f"e{i:04d}", **event} for i, event in enumerate(events, 1)]
    assert run(DOCUMENT, named[::-1], NOON) == whole
    assert run(DOCUMENT, events, NOON, slices=[NOON - 10**9, NOON - 9 * 10**9, NOON + 5]) == whole


def test_without_an_end_it_settles_to_the_newest_event() -> None:
    assert run(DOCUMENT, [added()]) == []
    assert len(run(DOCUMENT, [added(), {"type": "a.b", "time": "2026-11-02T11:00:00Z"}])) == 1
    assert run(DOCUMENT, []) == []


def test_what_is_held_at_the_end_is_deferred() -> None:
    document = {**DOCUMENT, "policy": {"quiet_hours": {"from": "10:30", "to": "13:00"}}}
    assert [row["decision"] for row in run(document, [added()], NOON)] == ["deferred"]


def test_limits_and_lateness_can_be_small() -> None:
    document = {"account": "acme", "rules": [{**CART, "per": "product_id"}]}
    events = [added(properties={"product_id": i}) for i in (1, 2)]
    assert [row["reason"] for row in run(document, events, NOON, limits={"keys": 1})] == ["limit", None]
    copies = [added(event_id="e"), added("2026-11-02T10:50:00Z", event_id="e")]
    assert run(DOCUMENT, copies, NOON)[0]["time"] == "2026-11-02T11:00:00Z"
    assert run(DOCUMENT, copies, NOON, allowed_lateness_us=1)[0]["time"] == "2026-11-02T11:50:00Z"


def test_one_contact_of_several_is_chosen() -> None:
    events = [added(contact_id="a"), added(contact_id="b")]
    assert [row["contact_id"] for row in run(DOCUMENT, events, NOON, contact="b")] == ["b"]
    with pytest.raises(ValueError, match="of several contacts"):
        run(DOCUMENT, events, NOON)
    assert run(DOCUMENT, events, NOON, account="globex", contact="a") == []


def test_a_malformed_event_is_refused() -> None:
    with pytest.raises(ValueError, match="event 1: no_offset: "):
        run(DOCUMENT, [added("2026-11-02T10:00:00")])
