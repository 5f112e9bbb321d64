"""What the arbitration benchmark counts as lost to a lower priority."""

from __future__ import annotations

from typing import Any

from benchmarks.arbitrated import read
from kittiwake.time.instants import HOUR_US, format_instant

PRIORITY = {"low": 40, "middle": 50, "high": 60}


def row(rule_id: str, hour: int, outcome: str, contact_id: str = "c") -> dict[str, Any]:
    decision, _, reason = outcome.partition(": ")
    time = format_instant(1_800_000_000_000_000 + hour * HOUR_US)
    about = {"account_id": "acme", "contact_id": contact_id, "rule_id": rule_id, "time": time}
    return {**about, "decision": decision, "reason": reason or None}


def test_a_refusal_is_lost_to_what_fired_of_a_lower_priority_up_to_a_day_earlier_for_the_same_contact() -> None:
    capped = "suppressed: frequency_cap"
    cases = {
        "lower": [row("low", 0, "fired")],
        "a day": [row("low", -4, "fired")],
        "longer ago": [row("low", -5, "fired")],
        "later": [row("low", 21, "fired")],
        "not lower": [row("high", 19, "fired"), row("middle", 19, "fired")],
        "not fired": [row("low", 19, "suppressed: no_consent"), row("low", 19, "suppressed: outranked")],
        "another contact's": [row("low", 19, "fired", "d")],
        "not asked": [row("thanks", 19, "fired")],
    }
    found = {name: read(iter([*rows, row("middle", 20, capped)]), PRIORITY) for name, rows in cases.items()}
    assert [name for name, one in found.items() if one.lost_to_lower] == ["lower", "a day"]
    assert {one.capped for one in found.values()} == {1}
    assert found["not fired"].outranked == 1
    assert found["not asked"].fired.total() == 0
