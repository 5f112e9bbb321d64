"""The walls that `make lint` holds up do stop what they are there to stop."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

FORBIDDEN = {
    "the clock": "import time\n",
    "the wall clock": "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n",
    "chance": "import random\n\nX = random.random()\n",
    "random ids": "import uuid\n\nX = uuid.uuid4()\n",
    "the environment": "import os\n\nX = os.environ\n",
    "a log": "import logging\n",
    "Beam": "import apache_beam\n",
}
PLACES = ("kittiwake/kernel/planted.py", "kittiwake/rules/planted.py", "kittiwake/batch/planted.py")


def _codes(source: str, place: str, root: Path) -> str:
    command = [sys.executable, "-m", "ruff", "check", "--output-format=concise", "--stdin-filename", place, "-"]
    return subprocess.run(command, cwd=root, input=source, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("source", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_below_the_pipelines_it_is_refused(source: str, place: str, root: Path) -> None:
    assert "TID251" in _codes(source, place, root)


def test_a_seeded_generator_and_the_products_own_time_are_not(root: Path) -> None:
    source = "import random\n\nfrom kittiwake.time import instants\n\nX = random.Random(1), instants\n"
    assert "TID251" not in _codes(source, PLACES[0], root)


@pytest.mark.parametrize(
    ("container", "low", "high"), [("kittiwake", "kernel", "rules"), ("kittiwake.kernel", "plan", "run")]
)
def test_an_import_upwards_breaks_a_contract(container: str, low: str, high: str, root: Path, tmp_path: Path) -> None:
    """A small code base with the contract's own layers, of which a low one imports a high one."""
    contracts = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract.get("containers") == [container])
    packages = [f"{container}.{name.strip('()')}" for layer in layers for name in layer.split(" | ")]
    for package in ("kittiwake", container, *packages):
        folder = tmp_path.joinpath(*package.split("."))
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "__init__.py").write_text("")
    config = "[importlinter]\nroot_package = kittiwake\n[importlinter:contract:1]\nname = down\ntype = layers\n" + (
        f"containers = {container}\nlayers =\n" + "".join(f"    {layer}\n" for layer in layers)
    )
    (tmp_path / ".importlinter").write_text(config)
    assert _contracts_hold(tmp_path)
    tmp_path.joinpath(*container.split("."), low, "__init__.py").write_text(f"import {container}.{high}\n")
    assert not _contracts_hold(tmp_path)


def _contracts_hold(folder: Path) -> bool:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "Contracts:" in ran.stdout, ran.stdout + ran.stderr
    return ran.returncode == 0
