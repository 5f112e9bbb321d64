"""What looks over the templates and is installed by `make templates` alone; and the Python of the image."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.services.skipping import skip_or_fail

VERSION = "3.13"


def tool(name: str, made_by: str = "templates") -> str:
    """The program of a tool; without it the test is skipped, as in a venv that `make templates` has not made."""
    path = Path(sys.prefix) / made_by / "bin" / name
    if not path.exists():
        skip_or_fail(f"{name} is not installed: make {made_by}")
    return str(path)


def python_of_the_image() -> str:
    """A Python of the image's version on this machine."""
    for python in _candidates():
        check = f"import ensurepip, sys, venv; sys.exit(sys.version_info[:2] != ({VERSION.replace('.', ', ')}))"
        if subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0:
            return python
    skip_or_fail(f"no Python {VERSION} is here")
    raise AssertionError


def _candidates() -> Iterator[str]:
    yield sys.executable
    # pyenv puts a name on the path for each version it has, which runs only where that version is chosen
    yield from filter(None, [shutil.which(f"python{VERSION}")])
    if shutil.which("pyenv"):
        said = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=False).stdout.strip()
        yield from map(str, sorted(Path(said, "versions").glob(f"{VERSION}.*/bin/python")))
