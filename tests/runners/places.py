"""Where engines are kept and of which version: the one place that says so, for `make runners`, tests and CI alike.

The version is that of the installed Beam: an engine of another release is not what the product is run on. Nothing here
is fetched when it is in the cache, which is `KITTIWAKE_ENGINES`, or `kittiwake/engines` of the user's cache folder.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import apache_beam

VERSION: Final = apache_beam.__version__
FLINK: Final = "2.2"
"""The newest Flink that this Beam makes job servers for; pyproject.toml has a cluster of the same."""
CACHE: Final = "KITTIWAKE_ENGINES"
"""The variable that names the cache to a CI that keeps it somewhere else."""


class MissingError(Exception):
    """An engine cannot be had here; the text says what it would take."""


def cache() -> Path:
    """The folder of engines, which may not be there yet."""
    named = os.environ.get(CACHE)
    if named:
        return Path(named).absolute()
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(base or Path.home() / ".cache") / "kittiwake" / "engines"


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """Who gets an engine: two workers of pytest ask for it at once, and one of them is to wait for the other's."""
    cache().mkdir(parents=True, exist_ok=True)
    with (cache() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def tool(name: str, of: str) -> str:
    """The path of a program.

    Raises:
        MissingError: it is not installed.
    """
    found = shutil.which(name)
    if found is None:
        raise MissingError(f"{of} needs {name}, which is not on the path: install it, or do without {of}")
    return found
