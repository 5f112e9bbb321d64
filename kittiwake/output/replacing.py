"""A run's rows in the place of those of an earlier run: both are whole, one after the other, whatever happens between.

The new rows stand in `.partial`, flushed. A journal (`.switch`) says that they are whole, and which there are. Then
the old summary goes into `.previous`, and the old folders; the new folders come, and the new summary last. So a
summary never stands beside rows of another run. A call that fails puts the old rows back. A process that dies leaves
the journal, and `mend`, with which every run begins, does the rest: each step is seen by what stands where.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from kittiwake.durable_files import flush, flush_tree, undisturbed
from kittiwake.errors import UnusableError

TRIGGERS: Final = "triggers"
DECISIONS: Final = "decisions"
DEAD_LETTERS: Final = "dead_letters"
FOLDERS: Final = (TRIGGERS, DECISIONS, DEAD_LETTERS)
SNAPSHOTS: Final = "snapshots"
"""Only of a run that was asked for them."""
SUMMARY: Final = "summary.json"

PARTIAL: Final = ".partial"
PREVIOUS: Final = ".previous"
JOURNAL: Final = ".switch"

_ROWS: Final = (*FOLDERS, SNAPSHOTS)


class OutputError(UnusableError):
    """An output that cannot be written to."""


def refuse_irreplaceable(folder: Path) -> None:
    """Refuse an output in which something stands that a run could not put its own in the place of.

    Raises:
        OutputError: it names what, and what to do.
    """
    for name in _ROWS:
        why = _why_not(folder / name, folder)
        if why is not None:
            raise OutputError(f"the output cannot be replaced: {folder / name} {why}")
    if (folder / SUMMARY).is_symlink() or ((folder / SUMMARY).exists() and not (folder / SUMMARY).is_file()):
        raise OutputError(f"the output cannot be replaced: {folder / SUMMARY} is no file: name another folder")


def _why_not(path: Path, folder: Path) -> str | None:
    if path.is_symlink():
        return "is a link, and what it leads to would stay: put a folder there, or name another output"
    if not path.exists():
        return None
    if not path.is_dir():
        return "is no folder: take it away, or name another output"
    if path.stat().st_dev != folder.stat().st_dev or path.is_mount():
        return "is a mount point, into which rows cannot be moved in one step: mount the whole output instead"
    if not os.access(path, os.W_OK | os.X_OK):
        return "cannot be written to: give yourself the right to, or name another output"
    return None


def replace(folder: Path) -> None:
    """Put what stands in `.partial` in the place of what an earlier run wrote; it is on the disk when this returns.

    Raises:
        OSError: a call failed; what the earlier run wrote is back in its place.
        OutputError: the same, or it could not be put back and is kept for the next run, which finishes this.
    """
    refuse_irreplaceable(folder)
    flush_tree(folder / PARTIAL)
    names = [name for name in (*_ROWS, SUMMARY) if name != SNAPSHOTS or (folder / PARTIAL / name).exists()]
    for name in names:
        (folder / PARTIAL / name).stat()  # what is not there would be taken for what has come already
    with undisturbed():
        _switch(folder, names)


def mend(folder: Path) -> None:
    """Finish what a process that died had begun, and clear away what it has left. To be called under the lock.

    Raises:
        OSError, OutputError: as `replace`.
    """
    with undisturbed():
        names = _read_journal(folder)
        if names is not None:
            _switch(folder, names)
        for left in (folder / PREVIOUS, folder / PARTIAL):
            if left.exists():
                shutil.rmtree(left)


def is_unfinished(folder: Path) -> bool:
    """Whether a switch has begun here and is neither done nor undone."""
    return (folder / JOURNAL).exists()


def _switch(folder: Path, names: list[str]) -> None:
    """All steps that are still to be done; if one fails, back with all of them."""
    try:
        if not is_unfinished(folder):
            _write_journal(folder, names)
        _forward(folder, names)
    except OSError as error:
        _undo(folder, names, error)
        raise
    with suppress(OSError):  # from here on the new rows stand, and what is left over the next run clears away
        (folder / JOURNAL).unlink()
        flush(folder)
        for left in (PREVIOUS, PARTIAL):
            shutil.rmtree(folder / left, ignore_errors=True)


def _forward(folder: Path, names: list[str]) -> None:
    (folder / PREVIOUS).mkdir(exist_ok=True)
    for name in (SUMMARY, *_ROWS):
        if not _has_come(folder, name, names) and (folder / name).exists():
            (folder / name).rename(folder / PREVIOUS / name)
            if name == SUMMARY:
                flush(folder)
    flush(folder / PREVIOUS)
    for name in names:
        if not _has_come(folder, name, names):
            if name == SUMMARY:
                flush(folder)
            (folder / PARTIAL / name).rename(folder / name)
    flush(folder / PARTIAL)
    flush(folder)


def _has_come(folder: Path, name: str, names: list[str]) -> bool:
    """Whether what stands under a name of the output is the new run's."""
    return name in names and not (folder / PARTIAL / name).exists()


def _undo(folder: Path, names: list[str], error: OSError) -> None:
    """The old rows back, the new ones out; the summaries first and last, so that none stands beside other rows."""
    try:
        for name in reversed(names):
            if _has_come(folder, name, names) and (folder / name).exists():
                (folder / name).rename(folder / PARTIAL / name)
        for name in (*_ROWS, SUMMARY):
            if (folder / PREVIOUS / name).exists():
                (folder / PREVIOUS / name).rename(folder / name)
        flush(folder)
        if (folder / PREVIOUS).exists():
            (folder / PREVIOUS).rmdir()
        (folder / JOURNAL).unlink(missing_ok=True)
        flush(folder)
    except OSError as second:
        why = " and ".join(dict.fromkeys(one.strerror or str(one) for one in (error, second)))
        where = f"What is not in its place is in {folder / PREVIOUS} and {folder / PARTIAL}"
        message = f"the output {folder} could be neither replaced nor put back: {why}. Nothing is lost"
        raise OutputError(f"{message}. {where}; the next run finishes this.") from second


# ---------------------------------------------------------------- the journal


def _write_journal(folder: Path, names: list[str]) -> None:
    """Say that the new run is whole; the file has its name when it is whole itself."""
    written = folder / PARTIAL / JOURNAL
    with written.open("wb") as file:
        file.write(msgspec.json.encode(names))
    flush(written)
    flush(folder / PARTIAL)
    written.rename(folder / JOURNAL)
    flush(folder)


def _read_journal(folder: Path) -> list[str] | None:
    """What a journal says; None: there is none.

    Raises:
        OutputError: it is none of ours.
    """
    if not is_unfinished(folder):
        return None
    try:
        names = msgspec.json.decode((folder / JOURNAL).read_bytes(), type=list[str])
    except msgspec.MsgspecError:
        names = []
    if SUMMARY not in names or not set(names) <= {*_ROWS, SUMMARY}:
        raise OutputError(f"{folder / JOURNAL} is not as a run left it: name another output")
    return list(_known(names))


def _known(names: list[str]) -> Iterator[str]:
    """In the order in which they come: the summary last."""
    return (name for name in (*_ROWS, SUMMARY) if name in names)
