"""Jobs and steps have one name: the folders `pipelines` and `transforms` are imported as parts of `kittiwake`.

A module that is imported under two names is there twice: two classes that are not equal, two registries, and pickles
that name what an installation does not have.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.repo import sources

OTHER_NAME = re.compile(
    r"^\s*(?:from|import)\s+(?:pipelines|transforms)\b"  # wherever it stands, in code within strings too
    r"|[\"'](?:pipelines|transforms)\.[a-z_]"  # patched, or imported by its name
    r"|-m (?:pipelines|transforms)\.",
    re.MULTILINE,
)
STARTED = """
import runpy, sys
sys.modules["apache_beam"] = None
sys.argv = ["stream", "--help"]
try:
    runpy.run_module("pipelines.stream", run_name="__main__", alter_sys=True)
except SystemExit as ended:
    print(ended.code, *sorted(name for name in sys.modules if name.startswith(("pipelines", "transforms"))))
"""


def _found(name: str, text: str) -> list[str]:
    return [f"{name}:{text.count(chr(10), 0, hit.start()) + 1} {hit.group()}" for hit in OTHER_NAME.finditer(text)]


def test_the_package_holds_both_folders_as_links(root: Path) -> None:
    for name in sources.LINKED:
        link = root / "kittiwake" / name
        assert link.is_symlink(), "git has made a file of it: git config core.symlinks true, and git checkout again"
        assert link.readlink() == Path("..", name)
        assert (root / name / "__init__.py").samefile(link / "__init__.py")


def test_nothing_names_them_otherwise() -> None:
    here = sources.name_of(Path(__file__))
    python = [(sources.name_of(path), path.read_text()) for path in sources.python_files()]
    assert [hit for name, text in python if name != here for hit in _found(name, text)] == []


@pytest.mark.parametrize(
    "text",
    [
        "    from pipelines.check import check\n",
        "import transforms\n",
        "mock.patch('transforms.logs.log')",
        'importorskip("pipelines.stream")',
        "python -m pipelines.stream",
    ],
)
def test_another_name_is_found(text: str) -> None:
    assert _found("x.py", text)


@pytest.mark.parametrize(
    "text",
    [
        "from kittiwake.pipelines import check",
        "import apache_beam.transforms",
        "tests.pipelines.running",
        '"pipelines/"',
    ],
)
def test_the_one_name_is_let_pass(text: str) -> None:
    assert _found("x.py", text) == []


def test_a_main_started_by_its_folder_loads_nothing_under_two_names(root: Path) -> None:
    command = [sys.executable, "-c", STARTED]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert ran.stdout.split() == ["2", "pipelines"], ran.stderr
    assert "Apache Beam is not installed" in ran.stderr


def test_the_installation_under_test_has_the_entry_points_of_the_project(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    wanted = {("console_scripts", *one) for one in project["scripts"].items()}
    wanted |= {(group, *one) for group, points in project["entry-points"].items() for one in points.items()}
    found = {(one.group, one.name, one.value) for one in distribution("kittiwake").entry_points}
    assert found == wanted, "install anew: pip install --no-deps --no-build-isolation --editable ."
