"""`kittiwake validate` and `kittiwake test` beside event plans."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.cli.command import RULES, kittiwake, write

FITS = "events: {cart.item_added: {}, order.completed: {}}"
FITS_NOT = "events: {cart.item_added: {properties: {price: {type: number}}}, order.complete: {}}"
SCENARIO = """\
tests:
  - name: a cart is reminded of
    steps:
      - {event: cart.item_added, with: {price: "12"}}
      - {after: 1h, expect: {fired: cart}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "rules" / "cart.yaml", RULES)
    return tmp_path / "rules"


def test_the_plan_beside_the_rules_is_read(folder: Path) -> None:
    write(folder / "events.yaml", FITS_NOT)
    for named in (folder, folder / "cart.yaml"):
        ran = kittiwake("validate", named)
        assert ran.code == 1
        assert "cart.yaml:6:13: the event plan has no type order.completed. Did you mean order.complete?" in ran.err
        assert f"event plan {folder / 'events.yaml'}: every account" in ran.out
    write(folder / "events.yaml", FITS)
    assert kittiwake("validate", folder).code == 0


def test_the_plan_may_be_named_by_a_glob_of_its_folder(folder: Path) -> None:
    write(folder / "events.yaml", FITS_NOT)
    assert kittiwake("validate", folder / "cart.yaml", folder / "events.yaml").code == 1
    alone = kittiwake("validate", folder / "events.yaml")
    assert alone.code == 2
    assert "is named as an event plan is: name the rules" in alone.err


def test_another_plan_may_be_named_or_none(folder: Path) -> None:
    write(folder / "events.yaml", FITS_NOT)
    other = write(folder.parent / "other.yaml", FITS)
    assert kittiwake("validate", folder, "--no-events").code == 0
    assert kittiwake("validate", folder, "--events", other).code == 0
    both = kittiwake("validate", folder, "--no-events", "--events", other)
    assert (both.code, both.out) == (2, "")
    assert "give one of them" in both.err


def test_a_plan_that_cannot_be_used_is_refused_where_it_is_wrong(folder: Path) -> None:
    plan = write(folder / "events.yaml", "events: {a.b: {cuont: 3}}")
    ran = kittiwake("validate", folder)
    assert ran.code == 2
    assert f"{plan}:1:16: cuont is no key here. Did you mean count?" in ran.err
    assert kittiwake("validate", folder, "--events", folder / "none.yaml").code == 2


def test_two_plans_of_one_account_are_refused(folder: Path) -> None:
    write(folder / "events.yaml", f"account: acme\n{FITS}")
    write(folder / "more" / "acme.events.yaml", f"account: acme\n{FITS}")
    ran = kittiwake("validate", folder)
    assert ran.code == 2
    assert "is an event plan of account acme too" in ran.err


def test_programs_get_the_plans_with_the_findings(folder: Path) -> None:
    plan = write(folder / "events.yaml", f"account: acme\nmade_at: 2020-01-01T00:00:00Z\n{FITS_NOT}")
    data = kittiwake("validate", folder, "--json").data
    assert [one["code"] for one in data["findings"]] == ["type_never_seen"]
    (one,) = data["event_plans"]
    assert (one["file"], one["account"], one["made_at"]) == (str(plan), "acme", "2020-01-01T00:00:00Z")
    assert one["age_days"] > 2000


@pytest.mark.parametrize(("days", "said"), [(0, "made today"), (1, "made yesterday"), (29, "made 29 days ago")])
def test_the_age_of_a_plan_is_said(folder: Path, days: int, said: str) -> None:
    made = datetime.now(UTC) - timedelta(days=days, minutes=5)
    write(folder / "events.yaml", f"made_at: {made.isoformat()}\n{FITS}")
    assert kittiwake("validate", folder).out.endswith(f"every account, {said}\n")


def test_an_old_plan_is_called_old(folder: Path) -> None:
    made = datetime.now(UTC) - timedelta(days=31)
    write(folder / "events.yaml", f"made_at: {made.isoformat()}\n{FITS}")
    assert "made 31 days ago: what is sent may have changed" in kittiwake("validate", folder).out
    assert "made 31 days ago: what is sent" in kittiwake("test", write(folder / "cart.test.yaml", SCENARIO)).out


def test_a_plan_that_does_not_say_when_it_was_made_is_as_old_as_its_last_event(folder: Path) -> None:
    last = datetime.now(UTC) - timedelta(days=40)
    write(folder / "events.yaml", f"history: {{last: '{last.isoformat()}'}}\n{FITS}")
    assert (
        "every account, its last event 40 days ago: what is sent may have changed" in kittiwake("validate", folder).out
    )
    (one,) = kittiwake("validate", folder, "--json").data["event_plans"]
    assert (one["age_days"], "made_at" in one) == (40, False)


def test_an_account_without_a_plan_is_named(folder: Path) -> None:
    write(folder / "events.yaml", f"account: globex\n{FITS_NOT}")
    ran = kittiwake("validate", folder)
    assert (ran.code, ran.err) == (0, "")
    assert "no event plan holds for acme" in ran.out


def test_scenarios_are_checked_against_the_plan_with_their_rules(folder: Path) -> None:
    scenario = write(folder / "cart.test.yaml", SCENARIO)
    assert kittiwake("test", scenario).code == 0
    write(folder / "events.yaml", FITS_NOT)
    for named in (scenario, folder):
        ran = kittiwake("test", named)
        assert ran.code == 1
        assert "1 passed" in ran.out
        assert "2 lints against the event plan" in ran.out
        assert "cart.yaml:6:13: the event plan has no type order.completed" in ran.err
        assert "price of cart.item_added is a number by the plan. Write it so, not as a text" in ran.err
    data = kittiwake("test", scenario, "--json").data
    assert (data["ok"], [one["code"] for one in data["findings"]]) == (True, ["type_of_value", "type_never_seen"])
    assert kittiwake("test", scenario, "--no-events").code == 0
    assert "findings" not in kittiwake("test", scenario, "--no-events", "--json").data


def test_attributes_of_a_scenario_are_those_of_contacts(folder: Path) -> None:
    write(folder / "events.yaml", f"{FITS}\nattributes: {{tier: {{type: text}}, since: {{type: text}}}}")
    scenario = SCENARIO.replace("    steps", "    contact: {teir: gold, since: 3}\n    steps")
    ran = kittiwake("test", write(folder / "cart.test.yaml", scenario))
    assert ran.code == 1
    assert "no contact has the attribute teir. Did you mean tier?" in ran.err
    assert "the attribute since of contacts is a text by the plan" in ran.err
