"""Installs the BigQuery emulator: `make emulators` does, and with it `make test`.

It wants a Python newer than the product's oldest, and packages that are nobody else's: so it has a venv of its own,
below the one this runs in, named by what is pinned for it in pyproject.toml. DuckDB's extensions, which it would
download when it starts, come as packages and go to a home of its own. Without such a Python it says so, and is content
unless `CI` is set.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent.parent
GROUP = "bigquery-emulator"
# What local-bigquery asks for.
OLDEST = (3, 13)
PYTHON = "BIGQUERY_EMULATOR_PYTHON"
GET_IT = (
    f"make emulators, with a Python {'.'.join(map(str, OLDEST))} on the path, from pyenv, from uv, or named by {PYTHON}"
)
COMPLETE = ".complete"

# Run by the emulator's own Python, with the home set.
INSTALL_EXTENSIONS = """
import pathlib, sysconfig, duckdb
for path in pathlib.Path(sysconfig.get_path("purelib")).glob("duckdb_extension_*/extensions/*/*.duckdb_extension"):
    duckdb.execute(f"INSTALL '{path}'")
"""


def place() -> Path | None:
    """The folder the emulator as it is pinned now is installed in; None: it is not."""
    folder = venv_folder()
    return folder if (folder / COMPLETE).exists() else None


def python_in(folder: Path) -> Path:
    """The emulator's Python."""
    return folder / "bin" / "python"


def home_in(folder: Path) -> Path:
    """The home the emulator is to be run with: where DuckDB finds its extensions."""
    return folder / "home"


def main() -> int:
    """0: it is installed, or may be missed."""
    if place():
        return 0
    try:
        problem = None if _install() else f"no Python {'.'.join(map(str, OLDEST))} or newer is here"
    except subprocess.CalledProcessError as error:
        problem = f"{error.cmd} ended with {error.returncode}"
    if problem:
        print(f"no BigQuery emulator, tests that need it are skipped: {problem} ({GET_IT})", file=sys.stderr)
    return int(bool(problem and os.environ.get("CI")))


def _pins() -> list[str]:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    return list(groups[GROUP])


def venv_folder() -> Path:
    key = hashlib.sha256("\n".join(_pins()).encode()).hexdigest()[:8]
    return Path(sys.prefix) / f"{GROUP}-{key}"


def _install() -> bool:
    python = next(_new_enough(), None)
    if python is None:
        return False
    for left in Path(sys.prefix).glob(f"{GROUP}-*"):
        shutil.rmtree(left)
    folder = venv_folder()
    subprocess.run([python, "-m", "venv", folder], check=True)
    pip: list[str | Path] = [python_in(folder), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *_pins()], check=True)
    home_in(folder).mkdir()
    environment = {**os.environ, "HOME": str(home_in(folder))}
    subprocess.run([python_in(folder), "-c", INSTALL_EXTENSIONS], env=environment, check=True)
    (folder / COMPLETE).touch()
    return True


def _new_enough() -> Iterator[str]:
    """The Pythons of this machine that the emulator runs on, preferred ones first."""
    check = f"import ensurepip, sys, venv; sys.exit(sys.version_info < {OLDEST})"
    for python in _candidates():
        try:
            if subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0:
                yield python
        except OSError:
            continue


def _candidates() -> Iterator[str]:
    if named := os.environ.get(PYTHON):
        yield named
        return
    yield sys.executable
    # pyenv puts a name on the path for each version it has, which runs only where that version is chosen
    yield from filter(None, map(shutil.which, ("python3.13", "python3.14")))
    if shutil.which("pyenv"):
        versions = Path(_said("pyenv", "root")) / "versions"
        yield from map(str, sorted(versions.glob("3.1[3-9].*/bin/python")))
    if shutil.which("uv"):
        yield from filter(None, [_said("uv", "python", "find", f">={'.'.join(map(str, OLDEST))}")])


def _said(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
