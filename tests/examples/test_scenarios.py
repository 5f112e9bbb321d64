"""The rules of the examples do what their scenario files say, and the files leave no rule untold."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from kittiwake.cli.main import app
from kittiwake.rules.loader import load
from kittiwake.scenarios.cases import Case
from kittiwake.scenarios.files import find, load_cases
from kittiwake.scenarios.run import play
from tests.examples.running import ROOT

EXAMPLES = ROOT / "examples"
FOLDERS = [EXAMPLES / name / "rules" for name in ("cdnow", "everyday", "recipes", "shop", "stream")]
CASES = [(path, case) for path in find([EXAMPLES]) for case in load_cases(path)]


@pytest.mark.parametrize(("path", "case"), CASES, ids=[f"{path.stem}: {case.name}" for path, case in CASES])
def test_a_scenario_holds(path: Path, case: Case) -> None:
    result = play(case)
    assert result.passed, "\n".join(map(str, result.surprises))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_every_rule_is_told_in_a_scenario(folder: Path) -> None:
    rules = {(account, authored.rule.id) for account, of in load(folder).accounts.items() for authored in of.rules}
    told = {
        (case.book.account_id, expectation.rule_id)
        for path, case in CASES
        if path.parent == folder
        for step in case.steps
        for expectation in step.expected or ()
    }
    assert told == rules


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_the_command_accepts_the_rules_and_passes_the_scenarios(folder: Path) -> None:
    validated = CliRunner().invoke(app, ["validate", str(folder)])
    assert validated.exit_code == 0, validated.output
    tested = CliRunner().invoke(app, ["test", str(folder)])
    assert tested.exit_code == 0, tested.output
