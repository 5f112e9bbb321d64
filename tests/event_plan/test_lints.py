"""Every lint beside an event plan has a pair of rules files: what it finds, word for word, and what it lets be."""

from __future__ import annotations

from pathlib import Path

import pytest

from kittiwake.event_plan.check.document import check_rules
from kittiwake.event_plan.reading import load_plan
from kittiwake.rules import load_files
from tests.rules.goldens import assert_golden

PAIRS = Path(__file__).parent / "lints"
LINTED = sorted(PAIRS.glob("*.linted.yaml"))
CLEAN = sorted(PAIRS.glob("*.clean.yaml"))


def lints_of(path: Path) -> list[str]:
    plan = path.with_name(path.name.split(".")[0] + ".events.yaml")
    plans = [load_plan(plan if plan.exists() else PAIRS / "seen.events.yaml")]
    return [f"{one}  [{one.code}]" for one in check_rules(load_files({path.name: path.read_bytes()}), plans)]


@pytest.mark.parametrize("path", LINTED, ids=lambda path: path.name)
def test_rules_that_do_not_fit_the_plan_are_reported_in_exactly_these_words(path: Path) -> None:
    found = lints_of(path)
    assert found
    assert_golden(path.with_name(path.name.split(".")[0] + ".lints.txt"), "\n".join(found) + "\n")


@pytest.mark.parametrize("path", CLEAN, ids=lambda path: path.name)
def test_rules_that_fit_the_plan_are_left_alone(path: Path) -> None:
    assert lints_of(path) == []
