"""Who publishes, and from which commit, as Git knows it in the folder of the rules.

Runs `git`, which only reads. Called by `kittiwake publish`; whatever Git does not know is empty.
"""

from __future__ import annotations

import getpass
import subprocess
from pathlib import Path
from typing import Final

SECONDS_MAX: Final = 10
"""How long `git` may take for one question; it takes hundredths."""

EDITED: Final = "+edited"
"""Behind a commit: the files are not those of the commit."""


def author_at(folder: Path) -> str:
    """Name and address that Git has for commits there, else the user's name on this machine."""
    name, address = (_said(folder, "config", f"user.{key}") for key in ("name", "email"))
    if name or address:
        return " ".join(filter(None, (name, f"<{address}>" if address else "")))
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return ""


def commit_at(folder: Path) -> str:
    """The commit that is checked out there, with `+edited` if files of the folder are not as in it."""
    commit = _said(folder, "rev-parse", "HEAD")
    return commit + (EDITED if commit and _said(folder, "status", "--porcelain", "--", ".") else "")


def _said(folder: Path, *arguments: str) -> str:
    """What `git` prints; empty if it refuses, or is not there."""
    try:
        command = ["git", "-C", str(folder), *arguments]
        ran = subprocess.run(command, capture_output=True, timeout=SECONDS_MAX, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return "" if ran.returncode else ran.stdout.decode("utf-8", "replace").strip()
