"""The Pythons that the project takes are the same wherever they are named, and a venv is of the one asked for."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ONE = re.compile(r"3\.1\d")


def project(root: Path) -> dict[str, object]:
    return dict(tomllib.loads((root / "pyproject.toml").read_text())["project"])


@pytest.fixture(scope="module")
def taken(root: Path) -> list[str]:
    """Oldest first, as `requires-python` says."""
    oldest, above = map(int, re.findall(r"3\.(\d+)", str(project(root)["requires-python"])))
    return [f"3.{minor}" for minor in range(oldest, above)]


def test_every_python_that_is_taken_is_tested_and_told(taken: list[str], root: Path) -> None:
    workflow = yaml.safe_load((root / ".github/workflows/test.yaml").read_text())
    assert workflow["jobs"]["test"]["strategy"]["matrix"]["python"] == taken
    assert workflow["jobs"]["test"]["steps"][-1]["run"] == "bash .ci/run"
    assert ONE.findall(str(project(root)["classifiers"])) == taken
    for name, start in (
        ("README.md", "You need Python"),
        ("docs/tutorial/first-rule.md", "You need Python"),
        ("Makefile", "Kittiwake needs Python"),
        ("CONTRIBUTING.md", "`make test PYTHON="),
    ):
        (line,) = (line for line in (root / name).read_text().splitlines() if start in line)
        assert ONE.findall(line.replace("PYTHON=python3.12", "").replace(".venv3.12", "")) == taken, name


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
@pytest.mark.parametrize(("has", "code"), [("3.9", 2), (f"3.{sys.version_info.minor}", 0)])
def test_a_venv_of_another_python_than_asked_for_is_refused(has: str, code: int, tmp_path: Path, root: Path) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\necho {has}\n")
    python.chmod(0o755)
    command = ["make", "python-asked-for", f"PYTHON={sys.executable}", f"VENV={tmp_path / 'venv'}"]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    asked = f"3.{sys.version_info.minor}"
    words = f"is of Python {has}, asked for is {asked}: say VENV=.venv{asked} too, or make clean first"
    assert (ran.returncode, words in ran.stdout) == (code, code != 0), ran.stdout + ran.stderr
