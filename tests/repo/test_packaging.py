"""What is shipped, by both ways it is built: `pyproject.toml`, and the `setup.py` shim, as Beam's stager does."""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tomllib
from pathlib import Path, PurePosixPath
from zipfile import ZipFile

import pytest

import kittiwake
from tests.repo import sources

BUILD = ["-m", "build", "--no-isolation"]
# pip and setuptools reach no registry: a build that wanted one fails.
OFFLINE = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "no_proxy": "", "https_proxy": "http://127.0.0.1:9"}

# Run with the folder of the installation and the command's own arguments.
USE_INSTALLED = """
import sys
folder = sys.argv.pop(1)
sys.path.insert(0, folder)
import kittiwake.cli.main
assert kittiwake.__file__.startswith(folder), kittiwake.__file__
kittiwake.cli.main.app()
"""

# Run with the folder of the installation.
KNOWS_BUCKETS = """
import sys
folder = sys.argv.pop(1)
sys.path.insert(0, folder)
from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.opening import open_target
try:
    open_target("gs:///")
except TargetError as error:
    assert "names no bucket" in str(error), error
assert sys.modules["kittiwake.pipelines.google.gcs_rules"].__file__.startswith(folder)
"""


def _run(*arguments: str, cwd: Path) -> None:
    environment = {**os.environ, **OFFLINE}
    ran = subprocess.run(
        [sys.executable, *arguments], cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, since a build writes beside its sources."""
    copy = tmp_path_factory.mktemp("packaging") / "checkout"
    sources.copy_checkout(copy)
    return copy


@pytest.fixture(scope="module")
def built(checkout: Path) -> Path:
    """The folder with the wheel and the sdist that `pyproject.toml` makes."""
    _run(*BUILD, "--wheel", "--sdist", "--outdir", "built", cwd=checkout)
    return checkout / "built"


@pytest.fixture(scope="module")
def wheel(built: Path) -> ZipFile:
    return ZipFile(next(built.glob("*.whl")))


def _package_files() -> set[str]:
    """What of the packages git tracks or would track, by its path below `kittiwake`."""
    kinds = {".py", ".yaml", ".json", ".typed", ".txt"}
    names = (
        sources.name_of(path) for path in sources.repository_files() if path.suffix in kinds or path.name == "py.typed"
    )
    linked = tuple(f"{folder}/" for folder in sources.LINKED)
    names = (f"kittiwake/{name}" if name.startswith(linked) else name for name in names)
    return {name for name in names if name.startswith("kittiwake/")}


def test_the_wheel_installs_no_other_name_than_kittiwake(wheel: ZipFile) -> None:
    top = {PurePosixPath(name).parts[0] for name in wheel.namelist()}
    assert top == {"kittiwake", f"kittiwake-{kittiwake.__version__}.dist-info"}


def test_the_wheel_holds_every_module_recipe_and_schema_of_the_packages(wheel: ZipFile) -> None:
    inside = {name for name in wheel.namelist() if name.startswith("kittiwake/")}
    assert inside == _package_files()
    assert {"kittiwake/pipelines/stream.py", "kittiwake/transforms/stream/evaluate.py"} < inside


def test_the_wheel_brings_the_command_the_licence_and_the_type_marker(wheel: ZipFile) -> None:
    info = f"kittiwake-{kittiwake.__version__}.dist-info"
    assert "kittiwake = kittiwake.cli.entry:main" in wheel.read(f"{info}/entry_points.txt").decode()
    assert "gs = kittiwake.pipelines.google.gcs_rules:open_target" in wheel.read(f"{info}/entry_points.txt").decode()
    assert "Apache License" in wheel.read(f"{info}/licenses/LICENSE").decode()
    assert "kittiwake/py.typed" in wheel.namelist()


def test_beam_and_google_are_extras_only(wheel: ZipFile) -> None:
    metadata = wheel.read(f"kittiwake-{kittiwake.__version__}.dist-info/METADATA").decode()
    needed = [line for line in metadata.splitlines() if line.startswith("Requires-Dist:") and "extra ==" not in line]
    assert needed
    assert [line for line in needed if "beam" in line or "google" in line] == []


def _members(folder: Path) -> set[str]:
    archive = next(folder.glob("*.tar.gz"))
    with tarfile.open(archive) as tar:
        return {name.partition("/")[2] for name in tar.getnames()}


def test_the_shim_makes_the_same_source_archive_as_the_truth(checkout: Path, built: Path) -> None:
    _run("setup.py", "--quiet", "sdist", "--dist-dir", "shim", cwd=checkout)
    assert _members(checkout / "shim") == _members(built)
    wanted = {"pyproject.toml", "setup.py", "kittiwake/py.typed", "kittiwake/pipelines/worker.py", "LICENSE"}
    assert wanted <= _members(built)


def test_the_shim_declares_nothing_of_its_own(root: Path) -> None:
    assert "setup()" in (root / "setup.py").read_text()
    assert "version" in tomllib.loads((root / "pyproject.toml").read_text())["project"]["dynamic"]


def test_a_wheel_built_from_the_source_archive_runs_the_command(built: Path, tmp_path: Path) -> None:
    """As a worker installs it: from the sdist, with what is there, and away from the checkout."""
    with tarfile.open(next(built.glob("*.tar.gz"))) as tar:
        tar.extractall(tmp_path, filter="data")
    _run(*BUILD, "--wheel", "--outdir", str(tmp_path), cwd=next(tmp_path.glob("kittiwake-*")))
    target = tmp_path / "installed"
    archive = next(tmp_path.glob("*.whl"))
    _run("-m", "pip", "install", "--quiet", "--no-deps", "--target", str(target), str(archive), cwd=tmp_path)
    _run("-c", USE_INSTALLED, str(target), "--help", cwd=tmp_path)
    _run("-c", KNOWS_BUCKETS, str(target), cwd=tmp_path)
