"""docs/how-to/test-rules.md: what it shows is what happens."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from kittiwake.cli.main import app
from kittiwake.rules.source.validation import keys_of
from kittiwake.scenarios.expect import FIELDS
from kittiwake.scenarios.models import VERBS, CasePart, PublishPart, ScenarioPart, StepPart
from kittiwake.testing import Story
from tests.repo.pages import Fence, fences

PAGE = "docs/how-to/test-rules.md"


@pytest.fixture
def shown(root: Path) -> list[Fence]:
    return list(fences((root / PAGE).read_text()))


@pytest.fixture
def folder(shown: list[Fence], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    rules, *_ = (fence.body for fence in shown if fence.language == "yaml")
    (tmp_path / "rules.yaml").write_text(rules)
    return tmp_path


def run_test(scenario: str) -> tuple[int, str, str]:
    Path("rules.test.yaml").write_text(scenario)
    ran = CliRunner().invoke(app, ["test", "rules.test.yaml"])
    return ran.exit_code, ran.stdout, ran.stderr


def test_the_first_scenario_is_kept_as_the_console_shows(shown: list[Fence], folder: Path) -> None:
    _, scenario, *_ = (fence.body for fence in shown if fence.language == "yaml")
    console = next(fence.body for fence in shown if fence.language == "console")
    code, out, _ = run_test(scenario)
    assert code == 0
    assert [line.strip() for line in console.splitlines()[2:]] == [line.strip() for line in out.splitlines()[1:]]


def test_timelines_late_events_changes_and_freezes_come_to_what_is_shown(shown: list[Fence], folder: Path) -> None:
    _, _, *scenarios, _, _ = (fence.body for fence in shown if fence.language == "yaml")
    assert len(scenarios) == 5
    for scenario in scenarios:
        code, out, err = run_test(scenario)
        assert (code, err) == (0, ""), out + err


def test_the_failure_is_told_as_shown(shown: list[Fence], folder: Path) -> None:
    *_, scenario, _ = (fence.body for fence in shown if fence.language == "yaml")
    expected, *_ = (fence.body for fence in shown if fence.language == "text")
    assert run_test(scenario) == (1, expected, "")


def test_the_mistakes_are_told_as_shown(shown: list[Fence], folder: Path) -> None:
    *_, scenario = (fence.body for fence in shown if fence.language == "yaml")
    _, expected, *_ = (fence.body for fence in shown if fence.language == "text")
    code, _, err = run_test(scenario)
    assert code == 2
    assert [line for line in err.splitlines() if line.startswith("rules")] == expected.splitlines()


def test_the_story_is_kept(shown: list[Fence]) -> None:
    story, _ = (fence.body for fence in shown if fence.language == "python")
    exec(story, {})


@pytest.mark.parametrize("model", [ScenarioPart, CasePart, StepPart, PublishPart])
def test_every_key_is_on_the_page(root: Path, model: type[ScenarioPart]) -> None:
    page = (root / PAGE).read_text()
    assert [key for key in keys_of(model) if f"`{key}`" not in page] == []


def test_every_verb_every_field_and_every_check_of_a_story_is_on_the_page(root: Path) -> None:
    page = (root / PAGE).read_text()
    checks = [name for name in vars(Story) if not name.startswith("_")]
    assert [word for word in (*VERBS, *FIELDS, *checks) if f"`{word}" not in page] == []
