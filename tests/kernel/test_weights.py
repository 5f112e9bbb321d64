"""What a row may weigh: `include` is cut where it is too long, and what is too long for a key is none."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.model import Decision, Event
from kittiwake.output.rows import Mode, decision_line
from kittiwake.time.instants import HOUR_US, MINUTE_US
from kittiwake.values import KEY_CHARS_MAX, canonical
from tests.kernel.execution_modes import decided_in_every_mode
from tests.kernel.programs import START, at, exact, program

T = at(START)
INCLUDE_BYTES = DEFAULT_LIMITS.include_bytes
ROW_BYTES = 2 * INCLUDE_BYTES
"""Far below what any service takes: 7 MB of a message on Dataflow, 10 MB of a row."""
SHORT = {"sku": "m-1", "total": Decimal("68.74")}


def decided(rule: str, *events: tuple[str, dict[str, Any]], limits: dict[str, int] | None = None) -> list[Decision]:
    """What is decided of events a minute apart, and of an hour of silence."""
    given = [Event(T + i * MINUTE_US, f"{i}", name, exact(of)) for i, (name, of) in enumerate(events)]
    return decided_in_every_mode(program(rule, limits=limits), given, T + HOUR_US)


def included(rule: str, **properties: object) -> dict[str, object]:
    (fired,) = decided(f"{{when: a, include: {rule}}}", ("a", properties))
    assert len(fired.include.encode()) <= INCLUDE_BYTES
    assert len(decision_line(fired, Mode.STREAM)) <= ROW_BYTES
    found: dict[str, object] = json.loads(fired.include, parse_float=Decimal)
    assert canonical(found) == fired.include
    return found


def test_fifty_fields_over_one_long_property_fire_one_light_row() -> None:
    fields = ", ".join(f"f{number:02}: d" for number in range(50))
    found = included(f"{{{fields}}}", d="x" * 240_000)
    names = [f"f{number:02}" for number in range(50)]
    assert found == {**dict.fromkeys(names), "~cut": names}


def test_the_longest_goes_first_and_what_is_short_stays() -> None:
    long, longer = "é" * 20_000, [["y" * 1_000] * 50]
    found = included(
        "{sku: sku, total: total, text: long, list: longer, none: nothing}", **SHORT, long=long, longer=longer
    )
    assert found == {**SHORT, "text": long, "list": None, "none": None, "~cut": ["list"]}


def test_of_equally_long_ones_the_first_by_name_goes_first() -> None:
    half = "x" * (INCLUDE_BYTES // 2)
    assert included("{b: p, a: p}", p=half) == {"a": None, "b": half, "~cut": ["a"]}


def test_what_just_fits_stays_whole() -> None:
    text = "x" * (INCLUDE_BYTES - len('{"p":""}'))
    assert included("{p: p}", p=text) == {"p": text}
    assert included("{p: p}", p=text + "x") == {"p": None, "~cut": ["p"]}


def test_a_reminder_and_an_edge_are_cut_as_well() -> None:
    (fired,) = decided("{when: a, wait: 30m, include: {p: p}}", ("a", {"p": "x" * 100_000}))
    assert fired.include == '{"p":null,"~cut":["p"]}'
    (entered,) = decided(
        "{audience: {present: a}, include: {bio: contact.bio}}",
        ("contact.updated", {"bio": "x" * 10_000}),
        ("a", {}),
        limits={"include_bytes": 1_000},
    )
    assert entered.include == '{"bio":null,"~cut":["bio"]}'


# ---------------------------------------------------------------- keys

LONG = "k" * (KEY_CHARS_MAX + 1)
LONGEST = "k" * KEY_CHARS_MAX


def test_a_text_too_long_for_a_key_counts_as_missing() -> None:
    (fired,) = decided("{when: a, per: k}", ("a", {"k": LONG}), ("a", {"k": LONGEST}), ("c", {}))
    assert fired.instance == canonical({"k": LONGEST})
    assert decided("{when: a, wait: 30m, unless: {event: b, same: k}}", ("a", {"k": LONG})) == []
    (fired,) = decided("{when: [a, b], wait: 30m, per: [k, p]}", ("a", {"k": LONG, "p": 1}), ("b", {"k": 1, "p": 1}))
    assert fired.instance == '{"k":1,"p":1}'


@pytest.mark.parametrize(("second", "fires"), [("l" * KEY_CHARS_MAX, 1), ("l" + LONGEST, 0)], ids=["at most", "longer"])
def test_distinct_values_are_counted_as_far_as_they_are_keys(second: str, fires: int) -> None:
    rule = "{when: b, given: {distinct: k, of: a, gte: 2, within: 1d}}"
    assert len(decided(rule, ("a", {"k": LONGEST}), ("a", {"k": second}), ("b", {}))) == fires


@pytest.mark.parametrize(("key", "fires"), [(LONGEST, 1), (LONG, 0)], ids=["at most", "longer"])
def test_same_keys_of_a_look_back_are_no_longer_than_that(key: str, fires: int) -> None:
    rule = "{when: b, given: {count: a, same: k, gte: 1, within: 1d}}"
    assert len(decided(rule, ("a", {"k": key}), ("b", {"k": key}))) == fires
