"""Dying, failing or being ended at every file-system call of a piece of code, one call after the other.

`at_every_call` wraps a function of the product. When it is entered, the process forks: the child goes on with the
real code to its real end, but for its n-th call to the file system; the parent notes what the child left, puts the
folder back, and forks again with n + 1, until a child comes to its end without a fault. To be used in a process of
its own (`ran`), since the children leave through the end of the program.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent
DIED = 99
"""The exit code of a child that died at its call; nothing of ours ends so."""
CALLS_MAX = 500
FAULTS = ("die", "fail", "break")
"""The process dies at the call; the call fails; it and all after it fail."""

WRITES = frozenset({"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate", "fcntl.flock"})
"""Audit events of calls that change something; `open` too, where it is to write, and `os.fsync`, which has none."""


class Left(NamedTuple):
    """What a fault at one call left."""

    call: str
    code: int
    seen: dict[str, str]
    """Every file, as a reader finds it at once."""
    later: dict[str, str]
    """After the next start."""
    said: str


def listing(folder: Path) -> dict[str, str]:
    """Every file below a folder, with its text, but for the mark."""
    files = (path for path in folder.rglob("*") if path.is_file() and path.name != ".kittiwake")
    return {path.relative_to(folder).as_posix(): path.read_text() for path in sorted(files)}


def ran(code: str, *arguments: str | Path) -> list[Left]:
    """What each fault left, of a program that calls `at_every_call` with `sys.argv[1]` as the place for it."""
    with tempfile.TemporaryDirectory() as folder:
        found = Path(folder) / "found.json"
        command = [sys.executable, "-c", code, str(found), *map(str, arguments)]
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
        said = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        assert found.exists(), said.stdout + said.stderr
        return [Left(*one) for one in json.loads(found.read_text())]


def at_every_call(
    owner: Any, name: str, fault: str, found: str, folder: Path, next_start: Callable[[Path], object]
) -> None:
    """Wraps `owner.name`, which writes into `folder`; `fault`: see `FAULTS`, or a signal's name."""
    original = getattr(owner, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        setattr(owner, name, original)
        _fork_for_each_call(fault, found, folder, next_start)
        return original(*args, **kwargs)

    setattr(owner, name, wrapped)


def _fork_for_each_call(fault: str, found: str, folder: Path, next_start: Callable[[Path], object]) -> None:
    """Returns in each child, with its fault laid; the parent ends here."""
    results = []
    os.fsync = lambda _: None
    kept = Path(tempfile.mkdtemp())  # the parent's: no child may clear it away
    try:
        shutil.copytree(folder, kept / "before", symlinks=True)
        for number in count(1):
            assert number < CALLS_MAX
            child = os.fork()
            if child == 0:
                break
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if not (kept / "call").exists():
                Path(found).write_text(json.dumps(results))
                shutil.rmtree(kept)
                os._exit(0)
            results.append(_left(kept, folder, code, next_start))
            _put_back(kept / "before", folder)
    except BaseException:  # noqa: BLE001 - the process ends, whatever it is
        traceback.print_exc()
        os._exit(1)
    _redirected(kept / "words")
    _arm(number, fault, kept / "call")


def _left(kept: Path, folder: Path, code: int, next_start: Callable[[Path], object]) -> Left:
    call, words = kept / "call", kept / "words"
    seen, copy = listing(folder), kept / "copy"
    shutil.copytree(folder, copy, symlinks=True)
    next_start(copy)
    left = Left(call.read_text(), code, seen, listing(copy), words.read_text())
    shutil.rmtree(copy)
    call.unlink()
    words.unlink()
    return left


def _put_back(before: Path, folder: Path) -> None:
    """The files as they were; marks stay, for their locks are held by this process."""
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        elif path.name != ".kittiwake":
            path.unlink()
    shutil.copytree(before, folder, dirs_exist_ok=True, symlinks=True, ignore=shutil.ignore_patterns(".kittiwake"))


def _redirected(words: Path) -> None:
    """What the child says goes into a file of its own."""
    with words.open("wb") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)


def _arm(number: int, fault: str, told: Path) -> None:
    """From here on calls are counted, and the one of this number is not made."""
    counted = count(1)

    def on_call(call: str) -> None:
        at = next(counted)
        if fault == "break" and at > number:
            raise OSError(5, "Input/output error")
        if at != number:
            return
        handle = os.open(told, os.O_WRONLY | os.O_CREAT)
        os.write(handle, call.encode())
        os.close(handle)
        if fault == "die":
            os._exit(DIED)
        if fault in ("fail", "break"):
            raise OSError(5, "Input/output error")
        os.kill(os.getpid(), getattr(signal, fault))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        is_write = event == "open" and bool(arguments[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        if (is_write or event in WRITES) and str(arguments[0]) != str(told):
            on_call(f"{event} {arguments[0]}")

    os.fsync = lambda _: on_call("os.fsync")  # a process that dies takes nothing with it of what is in the page cache
    sys.addaudithook(hook)
