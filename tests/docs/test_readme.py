"""README.md and the tutorials: the README's rule is the example's, and commands print what the pages show.

A fence `text output` after a `bash` fence shows parts of what that prints; a line `…` stands for the rest.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from kittiwake.batch.replay import replay
from kittiwake.batch.report import render
from kittiwake.batch.settings import RunSettings
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load, load_files
from tests.docs import examples

README = examples.ROOT / "README.md"
TUTORIAL = examples.ROOT / "docs/tutorial/first-rule.md"
OWN_EXPORT = examples.ROOT / "docs/tutorial/your-own-export.md"
RULES = examples.ROOT / "examples/cdnow/rules"
FENCE = re.compile(r"^```(bash|text output)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CUT = "==== the next commands ===="
START_US = 1_600_000_000_000_000


def test_the_rule_is_the_one_that_the_demo_runs() -> None:
    shown = load_files({"README": next(iter(examples.examples_of(README))).body.encode()}).rules_of("cdnow")
    run = {authored.rule.id: authored.version for authored in load(RULES).rules_of("cdnow")}
    assert [run[authored.rule.id] for authored in shown] == [authored.version for authored in shown]


def _printed(page: Path, folder: Path) -> list[tuple[str, str]]:
    """What each shown output of a page says, and what the commands before it print."""
    fences = FENCE.findall(page.read_text(encoding="utf-8"))
    scripts = [body for kind, body in fences if kind == "bash"]
    outputs = _run(f"\necho '{CUT}'\n".join(scripts), folder).split(f"{CUT}\n")
    found, at = [], -1
    for kind, body in fences:
        if kind == "bash":
            at += 1
        else:
            found.append((body, outputs[at]))
    return found


def _run(script: str, folder: Path) -> str:
    shutil.copytree(examples.ROOT / "examples", folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    if (data := examples.ROOT / "out" / "data").exists():
        shutil.copytree(data, folder / "out" / "data")
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    python_path = os.pathsep.join([str(folder), str(examples.ROOT)])
    environment = {**os.environ, "PATH": path, "PYTHONPATH": python_path, "COLUMNS": "200"}
    ran = subprocess.run(
        ["bash", "-eu", "-c", script],
        cwd=folder, env=environment, text=True, check=False,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
    return ran.stdout


@pytest.mark.parametrize(
    ("page", "number"), [(README, 2), (TUTORIAL, 9), (OWN_EXPORT, 8)], ids=["readme", "tutorial", "own export"]
)
def test_the_output_shown_is_printed(page: Path, number: int, tmp_path: Path) -> None:
    printed = _printed(page, tmp_path)
    assert len(printed) == number
    for shown, real in printed:
        parts = [part.strip("\n") for part in re.split(r"^…$", shown, flags=re.MULTILINE)]
        assert [part for part in parts if part not in real] == []


@pytest.mark.nightly
def test_the_table_of_the_demo_is_that_of_all_purchases(tmp_path: Path) -> None:
    from examples.cdnow.convert import convert
    from examples.cdnow.fetch import DEFAULT, fetch

    events = convert(fetch(examples.ROOT / DEFAULT), tmp_path)
    real = render(replay(Programs(load(RULES)), [str(events)], tmp_path / "run", RunSettings(START_US)))
    demo = README.read_text(encoding="utf-8").split("$ make demo\n", 1)[1].split("\n```", 1)[0]
    shown = [part.strip("\n") for part in re.split(r"^…$", demo, flags=re.MULTILINE)[2:]]
    assert [part for part in shown if part not in real] == []
