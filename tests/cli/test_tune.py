"""`kittiwake tune`: each value of a setting gives the figures that a simulation of rules with it gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import event, kittiwake, write

RULES = """\
account: acme
policy: {frequency: [{max: 1, per: day}]}
rules:
  - {id: cart, when: cart.item_added, wait: 1h, unless: order.completed}
  - {id: often, when: page.viewed, given: {count: page.viewed, within: 1d, gte: 3}, reentry: 1d}
  - {id: spent, when: order.completed, reaches: {sum: total, at: [50]}}
"""
EVENTS = [
    line
    for number in range(1, 9)
    for line in (
        event("cart.item_added", f"2026-03-0{number}T10:00:00Z", f"c{number}"),
        event("order.completed", f"2026-03-0{number}T{10 + number}:30:00Z", f"c{number}", total=10 * number),
        *(event("page.viewed", f"2026-03-0{number}T08:{at:02}:00Z", f"c{number}") for at in range(number)),
    )
]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "rules.yaml", RULES), write(tmp_path / "events.jsonl", *EVENTS)


def simulated(files: tuple[Path, Path], before: str, after: str, rule: str) -> dict[str, Any]:
    """What a simulation of the edited rules says, as a point of a tuning."""
    assert before in RULES
    edited = write(files[0].with_name("edited.yaml"), RULES.replace(before, after))
    data = kittiwake("simulate", edited, files[1], "--goal", "order.completed", "--json").data
    rules = {one["rule_id"]: one for one in data["rules"]}
    own = rules.pop(rule)
    lost = {loss["reason"]: loss["count"] for loss in own["losses"]}
    caps = lost.pop("frequency_cap", 0)
    goal = own["goal"] or {"did_anyway": 0, "arms": []}
    return {
        "fired": own["fired"]["count"],
        "contacts": own["fired"]["contacts"],
        "did_anyway": goal["did_anyway"],
        "did_after": sum(arm["did_after"] for arm in goal["arms"]),
        "watched": sum(arm["watched"] for arm in goal["arms"]),
        "lost_to_caps": caps,
        "lost_otherwise": sum(lost.values()),
        "pending": own["pending"],
        "others_fired": sum(one["fired"]["count"] for one in rules.values()),
    }


@pytest.mark.parametrize(
    ("rule", "setting", "values", "before", "after"),
    [
        ("cart", "wait=1h..3h", ["1h", "2h", "3h"], "wait: 1h", "wait: {}"),
        pytest.param("often", "given.gte=2..5", [2, 3, 4, 5], "gte: 3", "gte: {}", marks=pytest.mark.nightly),
        ("spent", "reaches.at=20,400", [20, 400], "at: [50]", "at: [{}]"),
        ("cart", "policy.frequency.max=1..3", [1, 2, 3], "max: 1", "max: {}"),
    ],
)
def test_each_value_gives_what_a_simulation_with_it_gives(
    rule: str, setting: str, values: list[Any], before: str, after: str, files: tuple[Path, Path]
) -> None:
    ran = kittiwake("tune", files[0], rule, setting, files[1], "--goal", "order.completed", "--json")
    assert ran.code == 0, ran.out
    points = ran.data["points"]
    assert [one.pop("values") for one in points] == [{setting.split("=", maxsplit=1)[0]: value} for value in values]
    assert points == [simulated(files, before, after.format(value), rule) for value in values]
    assert len({tuple(one.items()) for one in points}) > 1


def test_the_table_has_a_row_for_every_combination(files: tuple[Path, Path]) -> None:
    ran = kittiwake("tune", files[0], "cart", "wait=1h,6h", "policy.frequency.max=1,3", files[1])
    assert ran.code == 0
    assert [line.split()[:2] for line in ran.out.splitlines() if line.startswith("    ")] == [
        ["wait", "policy.frequency.max"], ["1h", "1"], ["1h", "3"], ["6h", "1"], ["6h", "3"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["cart"], "nothing is tried: write, say, wait=30m..12h"),
        (["cart", "wait=1h..1h"], "1h..1h is no range"),
        (["cart", "wait=1h"], "is one value only"),
        (
            ["cart", "wait=1h,2 hours"],
            'with wait=2 hours the rules cannot be used: <RULES>:4:45: "2 hours" is no duration',
        ),
        (["cart", "given.gte=1..3"], "the rules as they are have no given there"),
        (["cart", "policy.quiet_hours.from=20:00,21:00"], "have no quiet_hours there"),
        (["cart", "wait=1m,2m,3m,4m,5m", "priority=1..9"], "45 combinations are more than 24"),
        (["cart", "wait=1h,2h", "wait=3h,4h"], "wait is given twice"),
        (["nobody", "wait=1h,2h"], "there is no rule nobody; there are cart, often, spent"),
        (["cart", "wait=1h,2h", "--account", "globex"], "globex has no rule cart"),
    ],
)
def test_what_cannot_be_tried_is_refused(words: list[str], message: str, files: tuple[Path, Path]) -> None:
    ran = kittiwake("tune", files[0], *words, files[1])
    assert (ran.code, message.replace("<RULES>", str(files[0])) in ran.err) == (2, True), ran.err


def test_of_several_values_one_is_named_and_the_others_stay(files: tuple[Path, Path]) -> None:
    rules = write(files[0], RULES.replace("at: [50]", "at: [20, 50]"))
    ran = kittiwake("tune", rules, "spent", "reaches.at=30,400", files[1])
    assert (ran.code, "reaches.at: there are 2 of them: say which by its number, from 0" in ran.err) == (2, True)
    ran = kittiwake("tune", rules, "spent", "reaches.at.1=30,400", files[1], "--goal", "order.completed", "--json")
    points = [{key: value for key, value in one.items() if key != "values"} for one in ran.data["points"]]
    assert points == [simulated(files, "at: [50]", f"at: [20, {value}]", "spent") for value in (30, 400)]
    assert points[0] != points[1]
