"""What `make nightly` runs: all of it, whatever fails, with a seed that it draws or is given."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="no make")

PYTHON = "#!/bin/sh\necho 4711\n"
"""Installs nothing, and draws one seed."""
PYTEST = '#!/bin/sh\necho "${KITTIWAKE_NATIVE-1} $*" >>"$(dirname "$0")/ran"\nexit %d\n'
INSTALLED = (".installed-test", ".installed-native", "templates/.installed", "audit/.installed")


@pytest.fixture
def venv(tmp_path: Path) -> Path:
    """In which everything is installed that a night needs, if one does not look closely."""
    for name in INSTALLED:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "bin").mkdir()
    return tmp_path


def night(venv: Path, code: int, root: Path, *more: str) -> tuple[int, list[str]]:
    """The exit code, and what was run, when each run of pytest ends with this code."""
    for name, text in (("python", PYTHON), ("pytest", PYTEST % code)):
        (venv / "bin" / name).write_text(text)
        (venv / "bin" / name).chmod(0o755)
    command = ["make", "nightly", f"VENV={venv}", f"CDNOW={venv / 'bin' / 'python'}", *more]
    said = ("MAKE", "MFLAGS", "SEED", "KITTIWAKE_NATIVE")  # by a `make` around this test
    clean = {name: value for name, value in os.environ.items() if not name.startswith(said)}
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, env=clean)
    return ran.returncode, (venv / "bin" / "ran").read_text().splitlines()


@pytest.mark.parametrize("code", [0, 1])
def test_tests_run_without_the_accelerator_too_if_some_have_failed_with_it(code: int, venv: Path, root: Path) -> None:
    returned, (everything, without) = night(venv, code, root)
    assert (returned == 0) == (code == 0)
    assert everything.startswith("1 ")
    assert "--hypothesis-profile=nightly" in everything
    assert " -m " not in everything
    assert without.startswith("0 ")


def test_both_runs_draw_a_seed_and_take_one_that_is_given(venv: Path, root: Path) -> None:
    night(venv, 0, root)
    _, found = night(venv, 0, root, "SEED=12")
    assert [re.findall(r"--hypothesis-seed=(\d+)", one) for one in found] == [["4711"], ["4711"], ["12"], ["12"]]
