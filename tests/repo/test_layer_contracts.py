"""The contracts that `make lint` checks do refuse what they are there to refuse."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.repo import sources

FORBIDDEN = {
    "the clock": "import time\n",
    "the wall clock": "from datetime import UTC, datetime\n\nNOW = datetime.now(UTC)\n",
    "chance": "import random\n\nX = random.random()\n",
    "random ids": "import uuid\n\nX = uuid.uuid4()\n",
    "the environment": "import os\n\nX = os.environ\n",
    "a log": "import logging\n",
    "Beam": "import apache_beam\n",
}
PATHS = ("kittiwake/kernel/planted.py", "kittiwake/rules/planted.py", "kittiwake/batch/planted.py")


def _codes(source: str, path: str, root: Path) -> str:
    command = [sys.executable, "-m", "ruff", "check", "--output-format=concise", "--stdin-filename", path, "-"]
    return subprocess.run(command, cwd=root, input=source, capture_output=True, text=True, check=False).stdout


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("source", FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_below_the_pipelines_it_is_refused(source: str, path: str, root: Path) -> None:
    assert "TID251" in _codes(source, path, root)


@pytest.mark.parametrize("path", [*PATHS, "pipelines/planted.py", "transforms/planted.py", "tests/planted.py"])
@pytest.mark.parametrize("name", sources.LINKED)
def test_jobs_and_steps_are_imported_from_kittiwake_only(name: str, path: str, root: Path) -> None:
    assert "TID253" in _codes(f"import {name}.planted\n", path, root)
    assert "TID25" not in _codes(f"import kittiwake.{name}.planted\n", path, root)


def test_a_seeded_generator_and_the_products_own_time_are_not(root: Path) -> None:
    source = "import random\n\nfrom kittiwake.time import instants\n\nX = random.Random(1), instants\n"
    assert "TID251" not in _codes(source, PATHS[0], root)


def _layer_contracts() -> dict[str, list[list[str]]]:
    """By container the layers below it, from the top down, each with its packages."""
    contracts = tomllib.loads((sources.ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    return {
        container: [[name.strip("()") for name in layer.split(" | ")] for layer in contract["layers"]]
        for contract in contracts
        for container in contract.get("containers", ())
    }


@pytest.mark.parametrize("container", _layer_contracts())
def test_an_import_upwards_breaks_a_contract(container: str, tmp_path: Path) -> None:
    """A small code base with the contract's own layers, whose lowest package imports the highest."""
    layers = _layer_contracts()[container]
    folder = tmp_path.joinpath(*container.split("."))
    for package in [name for layer in layers for name in layer]:
        (folder / package).mkdir(parents=True)
    for made in [*tmp_path.rglob("*")]:
        (made / "__init__.py").write_text("")
    root = container.partition(".")[0]
    config = f"[importlinter]\nroot_package = {root}\n[importlinter:contract:1]\nname = down\ntype = layers\n" + (
        f"containers = {container}\nlayers =\n" + "".join(f"    {' | '.join(layer)}\n" for layer in layers)
    )
    (tmp_path / ".importlinter").write_text(config)
    assert _contracts_hold(tmp_path)
    (folder / layers[-1][0] / "__init__.py").write_text(f"import {container}.{layers[0][0]}\n")
    assert not _contracts_hold(tmp_path)


def _contracts_hold(folder: Path) -> bool:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as c; c()", "--no-cache"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert "Contracts:" in ran.stdout, ran.stdout + ran.stderr
    return ran.returncode == 0
