"""What fired for the buyers of CDNOW is what plain Python works out from the same file: every buyer, every rule."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from examples.cdnow.convert import convert
from examples.cdnow.fetch import DEFAULT, fetch
from tests.examples import plain_cdnow as plain
from tests.examples.running import ROOT, Ran, Row, backfill

LIMIT = "limit"
"""The longest wait there is cuts off who bought CDs for more than 400 days: counted apart."""


@pytest.fixture(scope="module")
def purchases() -> Path:
    return fetch(ROOT / DEFAULT)


@pytest.fixture(scope="module")
def everyone(purchases: Path) -> plain.Buyers:
    return plain.buyers(purchases)


@pytest.fixture(scope="module")
def ran(purchases: Path, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    folder = tmp_path_factory.mktemp("cdnow")
    return backfill(ROOT / "examples/cdnow/rules", convert(purchases, folder), folder / "run")


@pytest.fixture(scope="module")
def decisions(ran: Ran) -> list[Row]:
    return ran.rows("decisions")


def _of(decisions: list[Row], rule: str, kind: str = "fired") -> list[Row]:
    return [row for row in decisions if row["rule_id"] == rule and row["kind"] == kind]


def _facts(rows: list[Row]) -> set[plain.Fact]:
    return {(row["contact_id"], row["time"]) for row in rows if row["reason"] != LIMIT}


def test_every_line_of_the_file_is_an_event_with_its_numbers_as_written(purchases: Path, tmp_path: Path) -> None:
    lines = convert(purchases, tmp_path, contacts=2).read_text().splitlines()
    assert [json.loads(line)["properties"]["total"] for line in lines] == [11.77, 12.0, 77.0]
    assert [json.loads(line)["contact_id"] for line in lines] == ["00001", "00002", "00002"]
    assert '"total":12.00,' in lines[1]


def test_all_buyers_and_purchases_are_read(ran: Ran, everyone: plain.Buyers) -> None:
    assert (ran.summary["contacts"], ran.summary["events"]) == (len(everyone), sum(map(len, everyone.values())))
    assert (ran.summary["contacts"], ran.summary["events"]) == (23_570, 69_659)
    assert ran.rows("dead_letters") == []


def test_milestones_are_passed_by_whom_and_with_which_purchase_the_file_says(
    decisions: list[Row], everyone: plain.Buyers
) -> None:
    rows = _of(decisions, "milestone")
    passed = {(row["contact_id"], row["threshold"], int(row["events"]["last"].removeprefix("cdnow-"))) for row in rows}
    assert passed == plain.milestones(everyone)
    assert len(rows) == len(passed)


def test_as_many_buyers_passed_250_dollars_as_a_sum_over_the_file_says(
    decisions: list[Row], everyone: plain.Buyers
) -> None:
    spent = [sum(purchase.cents for purchase in bought) for bought in everyone.values()]
    assert len([cents for cents in spent if cents >= 250_00]) == 2_260
    passed = [row["contact_id"] for row in _of(decisions, "milestone") if row["threshold"] == 250]
    forgotten_first = [bought for bought in everyone.values() if sum(p.cents for p in bought) >= 250_00 > _most(bought)]
    assert len(set(passed)) == 2_260 - len(forgotten_first)
    assert (len(passed), len(forgotten_first)) == (2_254, 6)  # nobody who was forgotten passes them again


def _most(bought: list[plain.Bought]) -> int:
    """The most cents that a buyer spent from one silence as long as the retention to the next."""
    parts, newest = [0], bought[0].at
    for purchase in bought:
        if newest + plain.RETENTION <= purchase.at:
            parts.append(0)
        parts[-1] += purchase.cents
        newest = purchase.at
    return max(parts)


def test_who_was_forgotten_is_counted(ran: Ran, everyone: plain.Buyers) -> None:
    assert ran.summary["forgotten"] == plain.times_forgotten(everyone)
    assert ran.summary["forgotten"] > 0


def test_who_fell_silent_for_60_days_and_when(decisions: list[Row], everyone: plain.Buyers) -> None:
    assert _facts(_of(decisions, "lapsed")) == plain.lapsed(everyone)


def test_who_ran_out_of_new_music_and_when(decisions: list[Row], everyone: plain.Buyers) -> None:
    assert _facts(_of(decisions, "replenishment")) == plain.replenishments(everyone)


def test_who_was_a_vip_from_when_to_when(decisions: list[Row], everyone: plain.Buyers) -> None:
    entered, exited = plain.vip_edges(everyone)
    assert _facts(_of(decisions, "vip", "entered")) == entered
    assert _facts(_of(decisions, "vip", "exited")) == exited


def test_nobody_was_written_to_twice_within_a_week(decisions: list[Row]) -> None:
    sent: dict[str, list[str]] = {}
    for row in _of(decisions, "lapsed") + _of(decisions, "replenishment"):
        if row["decision"] == "fired":
            sent.setdefault(row["contact_id"], []).append(row["fired_at"])
    weeks = [plain.closest(times) for times in sent.values() if len(times) > 1]
    assert min(weeks) >= plain.WEEK


def test_triggers_are_the_decisions_that_fired(ran: Ran, decisions: list[Row]) -> None:
    fired = sorted(row["trigger_id"] for row in decisions if row["decision"] == "fired")
    assert sorted(row["trigger_id"] for row in ran.rows("triggers")) == fired
    assert len(set(fired)) == len(fired)
