"""pytest collects scenario files by itself: the plugin, in sessions of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import kittiwake.testing.collecting  # noqa: F401 - else each session imports all of it anew

pytest_plugins = ["pytester"]

RULES = "account: acme\nrules: [{id: cart, when: cart.item_added, wait: 1h}]\n"
KEPT = "- {name: it fires, steps: [{event: cart.item_added}, {after: 1h, expect: {fired: cart}}]}"
BROKEN = "- {name: it does not, steps: [{event: cart.item_added}, {after: 1h, expect: nothing}]}"
PLUGIN = ("-p", "no:kittiwake", "-p", "kittiwake.testing.plugin", "-p", "no:cacheprovider")
"""Loaded by its name, whether or not its entry point is installed here."""


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    (pytester.path / "rules").mkdir()
    (pytester.path / "rules" / "shop.yaml").write_text(RULES)
    (pytester.path / "rules" / "shop.test.yaml").write_text(f"tests:\n  {KEPT}\n  {BROKEN}\n")
    (pytester.path / "test_own.py").write_text("def test_own(): pass\n")
    return pytester


def run(project: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return project.runpytest_inprocess(*PLUGIN, *arguments)


def test_every_case_is_a_test_with_an_id_of_its_own(project: pytest.Pytester) -> None:
    ran = run(project, "--collect-only", "-q")
    assert ran.outlines[:3] == [
        "rules/shop.test.yaml::it fires", "rules/shop.test.yaml::it does not", "test_own.py::test_own",
    ]  # fmt: skip
    run(project, "rules/shop.test.yaml::it fires").assert_outcomes(passed=1)
    run(project, "-k", "fires or own").assert_outcomes(passed=2, deselected=1)


def test_a_case_that_is_not_kept_fails_with_what_the_command_prints(project: pytest.Pytester) -> None:
    ran = run(project)
    ran.assert_outcomes(passed=2, failed=1)
    ran.stdout.fnmatch_lines(
        [
            "*it does not*",
            "rules/shop.test.yaml:3: it does not",
            "rules/shop.test.yaml:3: expected nothing from *",
            "  + unexpected: fired cart at *",
            "*cart fired once*",
        ]
    )
    assert "Traceback" not in ran.stdout.str()


def test_files_that_cannot_be_used_are_errors_with_their_lines(project: pytest.Pytester) -> None:
    (project.path / "rules" / "shop.test.yaml").write_text("tests:\n  - {name: it, setps: []}\n")
    ran = run(project)
    ran.assert_outcomes(errors=1)
    ran.stdout.fnmatch_lines(["rules/shop.test.yaml:2:16: setps is no key here. Did you mean steps?"])


def test_a_file_of_another_tool_is_left_alone_unless_it_is_named(project: pytest.Pytester) -> None:
    (project.path / "other.test.yaml").write_text("suite: deployment\n")
    (project.path / "template.test.yaml").write_text("{{- if .Values.tests }}\nkind: Pod\n{{- end }}\n")
    (project.path / "data.test.yaml").write_text('{"suite": "deployment"}\n')
    run(project, "--deselect", "rules").assert_outcomes(passed=1, deselected=2)
    run(project, "other.test.yaml").assert_outcomes(errors=1)


@pytest.mark.parametrize("is_option", [True, False])
def test_the_folders_that_are_meant_can_be_named(project: pytest.Pytester, is_option: bool) -> None:
    for folder in ("mine", "theirs"):
        (project.path / folder).mkdir()
        (project.path / folder / "a.test.yaml").write_text(f"rules: ../rules/shop.yaml\ntests:\n  {KEPT}\n")
    if not is_option:
        project.makeini("[pytest]\nkittiwake_rules = mine\n")
    run(project, *(["--kittiwake-rules=mine"] if is_option else [])).assert_outcomes(passed=2)
    refused = run(project, "--kittiwake-rules", "gone")
    assert refused.ret == pytest.ExitCode.USAGE_ERROR
    refused.stderr.fnmatch_lines(["*--kittiwake-rules: */gone is not there*"])


@pytest.mark.nightly  # three interpreters
def test_it_works_with_xdist(project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    ran = project.runpytest_subprocess("-p", "xdist", *PLUGIN, "-n2", "rules")
    ran.assert_outcomes(passed=1, failed=1)


IMPORTED = """
import sys, pytest
pytest.main(["-q", "-p", "no:cacheprovider", "-p", "kittiwake.testing.plugin", sys.argv[1]])
print(*sorted(name for name in sys.modules if name.startswith("kittiwake")))
"""


def test_a_session_without_scenario_files_imports_nothing_but_the_plugin(tmp_path: Path, root: Path) -> None:
    (tmp_path / "test_own.py").write_text("def test_own(): pass\n")
    command = [sys.executable, "-c", IMPORTED, str(tmp_path)]
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": str(root)}
    ran = subprocess.run(command, cwd=tmp_path, env=alone, capture_output=True, text=True, check=False)
    assert ran.stdout.splitlines()[-1].split() == ["kittiwake", "kittiwake.testing", "kittiwake.testing.plugin"]


def test_names_of_the_kit_are_those_of_the_kit_whatever_was_imported_before() -> None:
    from kittiwake.testing import check, scenarios

    assert callable(scenarios)
    assert callable(check)


def test_pytest_finds_it_by_its_entry_point(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"kittiwake": "kittiwake.testing.plugin"}
