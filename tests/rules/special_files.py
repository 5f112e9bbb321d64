"""What may lie in a folder under the name of a file and is none, or one that nobody may read."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final


def _dangling(path: Path) -> None:
    path.symlink_to("nowhere.yaml")


def _looping(path: Path) -> None:
    path.symlink_to(path.name)


def _socket(path: Path) -> None:
    here = Path.cwd()
    os.chdir(path.parent)  # the path of a socket may have some hundred bytes
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(path.name)
    finally:
        os.chdir(here)


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "part-0").write_text("{}")


def _unreadable(path: Path) -> None:
    """The memory of a process, which may be opened by root too and read by nobody at its beginning."""
    path.symlink_to("/proc/self/mem")


MAKERS: Final[dict[str, Callable[[Path], None]]] = {
    "a symbolic link to nothing": _dangling,
    "a symbolic link to itself": _looping,
    "a pipe": os.mkfifo,
    "a socket": _socket,
    "a device": lambda path: path.symlink_to("/dev/zero"),
    "a folder": _folder,
    "a file that cannot be read": _unreadable,
}
WORDS: Final = {
    "a symbolic link to nothing": "a symbolic link to nowhere.yaml, which is not there",
    "a symbolic link to itself": "symbolic links",
    "a pipe": "a pipe",
    "a socket": "a socket",
    "a device": "a device",
    "a folder": "a folder",
    "a file that cannot be read": "Input/output error",
}
"""Of what is said of each."""
