"""`kittiwake init`: the project that it writes works at once, its Makefile and its workflow included."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
import yaml

from tests.cli.command import kittiwake


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "new" / "shop"
    ran = kittiwake("init", folder)
    assert (ran.code, ran.out.splitlines()[-1]) == (0, f"next: cd {folder} && make")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.skipif(shutil.which("make") is None, reason="no make")
def test_make_checks_the_rules(project: Path) -> None:
    environment = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    ran = subprocess.run(["make"], cwd=project, env=environment, capture_output=True, text=True, check=False)
    assert (ran.returncode, "3 passed" in ran.stdout) == (0, True), ran.stdout + ran.stderr


def test_every_command_of_the_makefile_and_of_the_workflow_ends_well(project: Path) -> None:
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-qm", "one"], ["branch", "origin/main"]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@b.c", *arguments], check=True)
    makefile = (project / "Makefile").read_text()
    lines = [line.strip() for line in makefile.splitlines() if line.startswith("\t$(KITTIWAKE) ")]
    for name, value in (("KITTIWAKE", "kittiwake"), ("EVENTS", "events/*.jsonl"), ("BASE", "HEAD")):
        lines = [line.replace(f"$({name})", value) for line in lines]
    workflow = yaml.safe_load((project / ".github/workflows/rules.yaml").read_text())
    runs = [step["run"] for step in workflow["jobs"]["check"]["steps"] if "run" in step]
    assert runs.pop(0) == "pip install kittiwake"
    lines += [run.partition(" >> ")[0].replace("${{ github.base_ref }}", "main") for run in runs]
    assert len(lines) == 9
    for line in lines:
        command, *arguments = shlex.split(line)
        ran = kittiwake(*arguments)
        assert (command, ran.code) == ("kittiwake", 0), line + ran.out + ran.err


def test_its_files_fit_the_schemas_that_its_editor_settings_name(project: Path) -> None:
    named = json.loads((project / ".vscode/settings.json").read_text())["yaml.schemas"]
    for schema, file in zip(named, ("rules/shop.yaml", "rules/shop.test.yaml"), strict=True):
        text = (project / file).read_text()
        as_json = json.loads(json.dumps(yaml.safe_load(text), default=lambda moment: moment.isoformat()))
        jsonschema.validate(as_json, json.loads((project / schema).read_text()))
        assert f"$schema=../{schema.removeprefix('./')}" in text


def test_nothing_that_is_there_is_replaced(project: Path) -> None:
    (project / "Makefile").write_text("mine")
    ran = kittiwake("init")
    assert (ran.code, ran.err) == (
        2, "README.md and 10 more files is there already: name another folder, or move it away\n"
    )  # fmt: skip
    assert (project / "Makefile").read_text() == "mine"
