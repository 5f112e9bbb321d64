"""`kittiwake test`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import RULES, kittiwake, write

GOOD = """\
tests:
  - name: silence fires
    steps:
      - event: cart.item_added
      - {after: 1h, expect: {fired: cart}}
"""
WRONG = (
    GOOD
    + """\
  - name: a purchase does not matter
    steps:
      - event: cart.item_added
      - {after: 35m, event: order.completed}
      - {after: 1h, expect: {fired: cart}}
"""
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write(tmp_path / "rules.yaml", RULES)
    return tmp_path


def test_kept_scenarios_are_fine(folder: Path) -> None:
    path = write(folder / "rules.test.yaml", GOOD)
    assert kittiwake("test", folder) == (0, f"{path}\n  ✓ silence fires\n1 passed\n", "")


def test_a_scenario_that_is_not_kept_is_a_finding_with_a_difference_and_a_story(folder: Path) -> None:
    path = write(folder / "rules.test.yaml", WRONG)
    ran = kittiwake("test", path)
    assert (ran.code, ran.err) == (1, "")
    lines = ran.out.splitlines()
    assert lines[1:6] == [
        "  ✓ silence fires",
        "  ✗ a purchase does not matter",
        f"    {path}:10: expected 1 decision from 2026-01-05 12:00 to 2026-01-05 13:35",
        "      - missing:    fired cart",
        "",
    ]
    assert "               cart: disarmed by order.completed (e0002), 25 minutes before its deadline 13:00" in lines
    assert "        it would have taken: no order.completed before 13:00" in lines
    assert lines[-1] == "1 passed, 1 failed"


def test_results_are_data_for_programs(folder: Path) -> None:
    path = write(folder / "rules.test.yaml", WRONG)
    ran = kittiwake("test", path, "--json")
    assert ran.code == 1
    assert (ran.data["ok"], ran.data["passed"], ran.data["failed"]) == (False, 1, 1)
    kept, broken = ran.data["tests"]
    assert kept == {"file": str(path), "line": 2, "name": "silence fires", "passed": True}
    assert broken["surprises"][0]["line"] == 10
    assert broken["surprises"][0]["told"][1] == "- missing:    fired cart"
    assert broken["explanation"]["rules"][0]["nearest"][0]["stage"] == "stopped"


def test_some_tests_can_be_chosen_by_name(folder: Path) -> None:
    path = write(folder / "rules.test.yaml", WRONG)
    assert kittiwake("test", path, "--only", "silence").out.endswith("1 passed\n")
    ran = kittiwake("test", path, "--only", "nonsense")
    assert ran.code == 2
    assert "no test has 'nonsense' in its name" in ran.err


def test_bad_scenarios_and_bad_rules_are_told_together_and_each_once(folder: Path) -> None:
    write(folder / "rules.yaml", RULES.replace("1h", "1 hour"))
    for name in ("a", "b"):
        write(folder / f"{name}.test.yaml", GOOD)
    write(folder / "c.test.yaml", "tests: 3")
    ran = kittiwake("test", folder)
    assert ran.code == 2
    assert [line for line in ran.err.splitlines() if line.startswith(str(folder))] == [
        f"{folder}/c.test.yaml:1:8: tests must be a list, not 3. Write [3].",
        f'{folder}/rules.yaml:5:11: "1 hour" is no duration. Write 1h.',
    ]
    assert len(kittiwake("test", folder, "--json").data["errors"]) == 2


def test_a_folder_without_scenarios_is_unusable(folder: Path) -> None:
    assert kittiwake("test", folder).code == 2
