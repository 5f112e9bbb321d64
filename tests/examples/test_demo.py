"""`make demo`, small: it ends well, shows what fired, and leaves what it says it leaves."""

from __future__ import annotations

import csv
import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from examples.cdnow.fetch import DEFAULT, SHA256, FetchError, checked, fetch
from kittiwake.cli.main import app
from tests.examples.running import ROOT, Ran, python

SMALL = ("--contacts", "60", "--buyers", "300")


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> str:
    output = tmp_path_factory.mktemp("demo") / "out"
    return python("-m", "examples.demo", "--output", output, "--purchases", fetch(ROOT / DEFAULT), *SMALL)


@pytest.fixture(scope="module")
def left(said: str) -> dict[str, Path]:
    """The files and folders its last lines name, by example and name."""
    named = [Path(found) for found in re.findall(r"^  (\S+) {4}", said.partition("Open:\n")[2], re.MULTILINE)]
    return {f"{path.parts[path.parts.index('out') + 1]} {path.name}": path for path in named}


def test_it_shows_which_rules_fired_how_often(said: str) -> None:
    for rule in ("milestone", "replenishment", "lapsed", "cart-abandonment", "birthday"):
        assert re.search(rf"^  \w+ +{rule} +[1-9]", said.partition("== What fired\n")[2], re.MULTILINE), rule


def test_everything_it_names_is_there_and_holds_something(left: dict[str, Path]) -> None:
    assert {f"{example} triggers.csv" for example in ("cdnow", "shop")} < set(left)
    for path in left.values():
        assert path.stat().st_size if path.is_file() else any(path.iterdir())


@pytest.mark.parametrize("example", ["cdnow", "shop"])
def test_the_spreadsheet_holds_every_trigger_in_the_order_of_time(left: dict[str, Path], example: str) -> None:
    with left[f"{example} triggers.csv"].open(encoding="utf-8", newline="") as sheet:
        rows = list(csv.DictReader(sheet))
    triggers = Ran(left[f"{example} summary.json"].parent, "").rows("triggers")
    assert rows
    assert sorted(row["trigger_id"] for row in rows) == sorted(row["trigger_id"] for row in triggers)
    assert [row["fired_at"] for row in rows] == sorted(row["fired_at"] for row in rows)


def test_a_second_demo_replaces_the_first(left: dict[str, Path], said: str) -> None:
    output = left["shop summary.json"].parents[2]
    again = python("-m", "examples.demo", "--output", output, "--purchases", ROOT / DEFAULT, *SMALL)
    fired, fired_again = (words.partition("== What fired\n")[2].partition("\nDone")[0] for words in (said, again))
    assert fired
    assert fired_again == fired


def test_the_question_it_ends_with_has_an_answer(said: str) -> None:
    command, *arguments = said.partition("For one of the buyers:\n")[2].splitlines()[0].split()
    assert Path(ROOT, command).samefile(Path(sys.executable).with_name("kittiwake"))
    answer = CliRunner().invoke(app, arguments)
    assert answer.exit_code == 0, answer.output
    assert "replenishment: FIRED" in answer.output


def test_purchases_that_are_not_those_of_the_example_are_refused() -> None:
    with pytest.raises(FetchError, match=f"not {SHA256}"):
        checked(b"customer_id date number_of_cds dollar_value\n")
