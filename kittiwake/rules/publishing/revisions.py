"""Rules as they stood in a revision of a Git repository: `REVISION:PATH`, written as Git itself writes it.

Runs `git` in the current folder, which only reads. Called by `loading`.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Final

from kittiwake.rules.limits import FILE_BYTES_MAX, FILES_MAX
from kittiwake.rules.loader import is_rules_file
from kittiwake.rules.model.calendar import is_calendar_file
from kittiwake.rules.publishing.errors import TargetError

SECONDS_MAX: Final = 60
"""How long `git` may take for one question; of a folder of rules it takes hundredths."""


def is_revision(text: str) -> bool:
    """Whether a text names a path in a revision, and neither a file nor a target."""
    revision, colon, path = text.partition(":")
    return bool(revision and colon and path) and not path.startswith("//") and not Path(text).exists()


def read_revision(text: str) -> dict[str, bytes]:
    """The rules files of `REVISION:PATH`, and the calendar files beside them, by name; a path is a file or a folder.

    As in Git, the path begins at the top of the repository, and with `./` in the current folder.

    Raises:
        TargetError: there is no repository, revision or path of this name, or no rules file in it.
    """
    if text.startswith("-"):
        raise TargetError(f"{text} is no revision: it begins with a dash")
    kind = _git(text, "cat-file", "-t", text).decode().strip()
    if kind != "tree":
        folder = text.rpartition("/")[0] if "/" in text.partition(":")[2] else f"{text.partition(':')[0]}:"
        beside = {name: _blob(text, which) for name, which in _entries(folder) if is_calendar_file(name)}
        return {text: _blob(text, text), **{_joined(folder, name): content for name, content in beside.items()}}
    shown = [(name, which) for name, which in _entries(text) if not _is_hidden(name)]
    rules = [one for one in shown if is_rules_file(one[0].rpartition("/")[2])]
    if not rules:
        raise TargetError(f"{text} holds no rules file")
    if len(rules) > FILES_MAX:
        raise TargetError(f"{text} holds more than {FILES_MAX} rules files: name the folder that holds only rules")
    calendars = [one for one in shown if is_calendar_file(one[0])]
    return {_joined(text, name): _blob(text, which) for name, which in (*sorted(rules), *sorted(calendars))}


def _joined(folder: str, name: str) -> str:
    return f"{folder}{name}" if folder.endswith((":", "/")) else f"{folder}/{name}"


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))


def _entries(tree: str) -> list[tuple[str, str]]:
    """The files below a folder: their names, and the ids of their contents."""
    found = []
    for line in _git(tree, "ls-tree", "-r", "-z", tree).decode("utf-8", "replace").split("\0"):
        about, _, name = line.partition("\t")
        if name and about.split()[1] == "blob":
            found.append((name, about.split()[2]))
    return found


def _blob(text: str, which: str) -> bytes:
    return _git(text, "cat-file", "blob", which)[: FILE_BYTES_MAX + 1]


def _git(text: str, *arguments: str) -> bytes:
    """What `git` prints.

    Raises:
        TargetError: it is not there, or refuses; its words name what it lacks.
    """
    try:
        ran = subprocess.run(["git", *arguments], capture_output=True, timeout=SECONDS_MAX, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TargetError(f"{text} cannot be read: git does not run here ({error})") from None
    if ran.returncode:
        said = ran.stderr.decode("utf-8", "replace").strip().splitlines()
        why = said[-1].removeprefix("fatal: ") if said else f"git ended with {ran.returncode}"
        raise TargetError(f"{text} cannot be read: there is no such file, and as a revision of Git: {why}")
    return ran.stdout
