"""`kittiwake simulate`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import RULES, event, kittiwake, write

CARTS = [event("cart.item_added", f"2025-03-0{day}T10:00:00Z", f"c{day}", "acme") for day in range(1, 6)]
BOUGHT = [event("order.completed", "2025-03-02T15:00:00Z", "c2"), event("page.viewed", "2025-03-20T10:00:00Z", "c9")]


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    return write(tmp_path / "rules.yaml", RULES), write(tmp_path / "events.jsonl", *CARTS, *BOUGHT)


def test_tables_say_reach_load_days_and_the_goal(files: tuple[Path, Path]) -> None:
    ran = kittiwake("simulate", *files, "--goal", "order.completed", "--within", "2d")
    assert ran.code == 0
    for line in (
        "    rule  candidates  fired  contacts  per day  busiest day  pending",
        "    cart           5      5         5      1.0            1        0",
        "           1              5  100.0 %",
        "    cart  fired              5               0                   5          1  20.0 %",
    ):
        assert line in ran.out.splitlines()


def test_json_has_the_same_and_the_summary_of_the_replay(files: tuple[Path, Path]) -> None:
    data = kittiwake("simulate", *files, "--goal", "order.completed", "--sample", "100%", "--json").data
    (rule,) = data["rules"]
    assert (rule["fired"]["count"], len(rule["days"]), rule["goal"]["arms"][0]["did_after"]) == (5, 5, 1)
    assert (data["ok"], data["replay"]["triggers"], data["replay"]["until"]) == (True, 5, "2025-03-20T10:00:00.000001Z")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--sample", "5"], "--sample: '5' is no sample: write a percentage, such as 5%"),
        (["--sample", "0%"], "--sample: '0%' is no sample"),
        (["--goal", "buy it"], "--goal: 'buy it' is no type of event"),
        (["--goal", "order.completed", "--within", "0s"], "--within: '0s' leaves no time"),
        (["--goal", "order.item_purchased"], "order.item_purchased is derived from order.completed"),
    ],
)
def test_what_cannot_be_asked_is_refused(files: tuple[Path, Path], arguments: list[str], message: str) -> None:
    rules, events = files
    bought = "  - {id: bought, when: order.item_purchased}\n"
    rules.write_text(
        RULES + bought + "derive: [{event: order.item_purchased, from: order.completed, each: products}]\n"
    )
    ran = kittiwake("simulate", rules, events, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err


def test_no_input_and_a_goal_that_never_came_are_said(files: tuple[Path, Path]) -> None:
    nothing = kittiwake("simulate", files[0])
    assert (nothing.code, nothing.err) == (
        2,
        "no input: name files of events, such as 'events/*.jsonl', or a query with --query\n",
    )
    never = kittiwake("simulate", *files, "--goal", "order.complete")
    assert (never.code, "FINDING: no event of the goal came: order.complete\n" in never.out) == (1, True)


def test_what_a_feed_and_a_breaker_in_shadow_would_have_held_is_said(tmp_path: Path) -> None:
    policy = "policy: {feeds: {order.completed: {every: 1d}}, breaker: {cart.item_added: {max: 1, per: 1h}}}\n"
    rules = write(tmp_path / "rules.yaml", RULES + policy)
    both = event("cart.item_added", "2025-03-01T10:01:00Z", "c7")
    order = event("order.completed", "2025-03-01T09:00:00Z", "c8")
    ran = kittiwake("simulate", rules, write(tmp_path / "events.jsonl", order, *CARTS, both))
    assert ran.code == 0
    assert {"1 feed silent at times", "1 type flooded at times", "  1 candidate due that a flood had armed"} <= {
        *ran.out.splitlines()
    }
    assert "  3 candidates due while a feed was silent that its rule relies on\n" in ran.out
