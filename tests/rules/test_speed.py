"""Loading is quick: an editor's save, a worker's start, a command's first line wait for it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from kittiwake.rules.recipes import recipe_names

MEASURED = """
import sys, time
started = time.process_time()
from kittiwake.rules import load
load(sys.argv[1])
print(time.process_time() - started)
print(*sorted(name for name in sys.modules if name in {"rich", "typer", "click", "dateutil", "kittiwake.kernel"}))
"""
FLOOR = """
import time
started = time.process_time()
import yaml, msgspec
print(time.process_time() - started)
"""


def run(code: str, *arguments: str) -> list[str]:
    command = [sys.executable, "-c", code, *arguments]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout.split("\n")


@pytest.fixture
def twenty_rules(tmp_path: Path) -> Path:
    names = [name for name in recipe_names() for _ in range(2)][:20]
    text = "account: acme\nrules:\n" + "".join(f"  - {{use: {name}, id: r{i}}}\n" for i, name in enumerate(names))
    (tmp_path / "rules.yaml").write_text(text)
    return tmp_path / "rules.yaml"


def test_loading_imports_no_terminal_no_dateutil_and_no_kernel(twenty_rules: Path) -> None:
    assert run(MEASURED, str(twenty_rules))[1] == ""


def test_twenty_rules_cost_little_beyond_importing_the_libraries_they_are_read_with(twenty_rules: Path) -> None:
    # In proportion to the libraries' own start, so that a slow or busy machine moves both.
    ours = min(float(run(MEASURED, str(twenty_rules))[0]) for _ in range(3))
    floor = min(float(run(FLOOR)[0]) for _ in range(3))
    assert ours < 5 * floor, f"{ours:.3f} s against {floor:.3f} s"
