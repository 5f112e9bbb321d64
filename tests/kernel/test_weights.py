"""What a row may weigh: `include` is cut where it is too long, and what is too long for a key is none."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.output.rows import Mode, decision_line
from kittiwake.values import KEY_CHARS_MAX, canonical
from tests.kernel.timeline import timeline

INCLUDE_BYTES = DEFAULT_LIMITS.include_bytes
ROW_BYTES = 2 * INCLUDE_BYTES
"""Far below what any service takes: 7 MB of a message on Dataflow, 10 MB of a row."""
SHORT = {"sku": "m-1", "total": Decimal("68.74")}


def included(rule: str, **properties: object) -> dict[str, object]:
    (fired,) = timeline(f"{{when: a, include: {rule}}}", "does A.\nr    !.", A=properties)
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
    (fired,) = timeline("{when: a, wait: 30m, include: {p: p}}", "does A...\nr    ..!.", A={"p": "x" * 100_000})
    assert fired.include == '{"p":null,"~cut":["p"]}'
    (entered,) = timeline(
        "{audience: {present: a}, include: {bio: contact.bio}}",
        "does UA..\nr    .>..",
        U={"type": "contact.updated", "bio": "x" * 10_000},
        limits={"include_bytes": 1_000},
    )
    assert entered.include == '{"bio":null,"~cut":["bio"]}'


# ---------------------------------------------------------------- keys

LONG = "k" * (KEY_CHARS_MAX + 1)
LONGEST = "k" * KEY_CHARS_MAX


def test_a_text_too_long_for_a_key_counts_as_missing() -> None:
    (fired,) = timeline("{when: a, per: k}", "does ABC\nr    .!.", A={"k": LONG}, B={"type": "a", "k": LONGEST})
    assert fired.instance == canonical({"k": LONGEST})
    timeline("{when: a, wait: 30m, unless: {event: b, same: k}}", "does A...\nr    ....", A={"k": LONG})
    timeline(
        "{when: [a, b], wait: 30m, per: [k, p]}", "does AB..\nr    ...!", A={"k": LONG, "p": 1}, B={"k": 1, "p": 1}
    )


@pytest.mark.parametrize(("second", "row"), [("l" * KEY_CHARS_MAX, "..!"), ("l" + LONGEST, "...")])
def test_distinct_values_are_counted_as_far_as_they_are_keys(second: str, row: str) -> None:
    timeline(
        "{when: b, given: {distinct: k, of: a, gte: 2, within: 1d}}",
        f"does ACB\nr    {row}",
        A={"k": LONGEST},
        C={"type": "a", "k": second},
    )


def test_same_keys_of_a_look_back_are_no_longer_than_that() -> None:
    rule = "{when: b, given: {count: a, same: k, gte: 1, within: 1d}}"
    timeline(rule, "does AB\nr    .!", A={"k": LONGEST}, B={"k": LONGEST})
    timeline(rule, "does AB\nr    ..", A={"k": LONG}, B={"k": LONG})
