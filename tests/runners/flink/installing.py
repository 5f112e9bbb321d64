"""Apache Flink from its package of Python, in a venv of its own in the engines' cache, with what the product needs.

Flink's Python asks for an older Beam than the product does, so they cannot share one. What is installed there is what
`pyproject.toml` says, in the group `flink` and in the product's own dependencies; another list, another folder.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

from tests.examples.running import ROOT
from tests.runners.places import MissingError, cache, one_at_a_time, tool

INSTALL_S: Final = 900
"""Half a gigabyte, on a slow line: twenty times what was measured."""
NEWEST: Final = (3, 12)
"""The newest Python that this Flink's Python has been built for."""
SAID_LINES: Final = 8


def got() -> Path:
    """The mark of a whole installation, made if it is not in the cache.

    Raises:
        MissingError: Java is not here, this Python is too new, or the package index does not have it.
    """
    tool("java", "Flink")
    if reason := never():
        raise MissingError(reason)
    with one_at_a_time("flink"):
        if not kept().exists():
            _install()
    return kept()


def never() -> str | None:
    """Why this Python will not have it, whatever is installed; None: it can."""
    if sys.version_info[:2] <= NEWEST:
        return None
    return f"Flink's Python is not built for Python {sys.version_info.major}.{sys.version_info.minor}"


def kept() -> Path:
    """Where the mark is, or would be."""
    return _folder() / "complete"


def home() -> Path:
    """The folder of Flink itself: its programs, configuration and jars."""
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    return _folder() / "lib" / version / "site-packages" / "pyflink"


def python() -> Path:
    """The Python of that installation."""
    return _folder() / "bin" / "python"


def _wanted() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return [*project["dependency-groups"]["flink"], *project["project"]["dependencies"]]


def _folder() -> Path:
    key = hashlib.sha256("\n".join([sys.version, *_wanted()]).encode()).hexdigest()[:8]
    return cache() / f"flink-{key}"


def _install() -> None:
    """What was cut off has no mark, and is begun anew."""
    shutil.rmtree(_folder(), ignore_errors=True)
    _run([sys.executable, "-m", "venv", "--without-pip", str(_folder())])
    pip = [sys.executable, "-m", "pip", "--python", str(python()), "--disable-pip-version-check"]
    _run([*pip, "install", "--quiet", *_wanted()])
    kept().touch()


def _run(command: list[str]) -> None:
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except subprocess.TimeoutExpired:
        raise MissingError(f"installing Flink took more than {INSTALL_S} s") from None
    if ran.returncode:
        said = "\n".join((ran.stderr or ran.stdout).strip().splitlines()[-SAID_LINES:])
        raise MissingError(f"installing Flink failed:\n{said}")
