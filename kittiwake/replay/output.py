"""The folder a run writes, with `triggers`, `decisions`, `dead_letters` and `summary.json`: whole or not at all.

Reads and writes local folders. A run writes into `.partial` inside the output and moves it into
place when it is done; `summary.json` goes first and comes last, so that where it stands the rows
beside it are whole. A folder that holds anything is refused, unless an earlier run has left its mark
(`.kittiwake`) there: then that run's rows are replaced, and what else stands there is left alone. While
a run writes, it holds a lock on its mark, and another run into the same folder is refused; the lock of a
killed process is gone with it.
"""

from __future__ import annotations

import fcntl
import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO, Final

from kittiwake.replay.errors import UnusableError

TRIGGERS: Final = "triggers"
DECISIONS: Final = "decisions"
DEAD_LETTERS: Final = "dead_letters"
FOLDERS: Final = (TRIGGERS, DECISIONS, DEAD_LETTERS)
SNAPSHOTS: Final = "snapshots"
"""Only of a run that was asked for them."""
SUMMARY: Final = "summary.json"

_MARK: Final = ".kittiwake"
_MARK_TEXT: Final = "Written by Kittiwake. The next run into this folder replaces its rows.\n"
_PARTIAL: Final = ".partial"


class OutputError(UnusableError):
    """An output that cannot be written to."""


class Output:
    """One output folder, from `open_output` to `publish` or `discard`."""

    def __init__(self, folder: Path, mark: IO[str], *, is_new: bool) -> None:
        """Use `open_output`."""
        self.folder = folder
        self._mark = mark
        self.partial = folder / _PARTIAL
        """Where the run writes its folders and its summary."""
        self._is_new = is_new

    def publish(self) -> None:
        """Put what the run wrote in the place of what an earlier one wrote."""
        (self.folder / SUMMARY).unlink(missing_ok=True)
        for name in (*FOLDERS, SNAPSHOTS):
            shutil.rmtree(self.folder / name, ignore_errors=True)
            if name in FOLDERS or (self.partial / name).exists():
                (self.partial / name).rename(self.folder / name)
        (self.partial / SUMMARY).rename(self.folder / SUMMARY)
        shutil.rmtree(self.partial)
        self.release()

    def discard(self) -> None:
        """Leave the folder as it was before the run."""
        shutil.rmtree(self.partial, ignore_errors=True)
        if self._is_new:
            with suppress(OSError):  # somebody else has put something there meanwhile: it stays
                (self.folder / _MARK).unlink(missing_ok=True)
                self.folder.rmdir()
        self.release()

    def release(self) -> None:
        """Let other runs write here; the end of a process does it too."""
        self._mark.close()


def open_output(path: Path | str) -> Output:
    """The output at `path`, made if it is not there, with empty folders to write into.

    Raises:
        OutputError: it holds something that no run of ours wrote, another run is writing there, or nobody can.
    """
    folder = Path(path)
    try:
        is_new = not folder.exists() or not any(folder.iterdir())
        if not is_new and not (folder / _MARK).exists():
            raise OutputError(f"the output {folder} is not empty and no earlier run wrote it: name another folder")
        folder.mkdir(parents=True, exist_ok=True)
        mark = _locked(folder)
        return _emptied(Output(folder, mark, is_new=is_new))
    except OSError as error:
        raise OutputError(f"cannot write to the output {folder}: {error.strerror or error}") from error


def _locked(folder: Path) -> IO[str]:
    """The folder's mark, for this run alone until it is closed."""
    mark = (folder / _MARK).open("a", encoding="utf-8")
    try:
        fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        mark.close()
        advice = "wait for its end, or name another folder"
        raise OutputError(f"another run is writing into the output {folder}: {advice}") from None
    mark.truncate(0)
    mark.write(_MARK_TEXT)
    mark.flush()
    return mark


def _emptied(output: Output) -> Output:
    try:
        if output.partial.exists():  # a run that was killed
            shutil.rmtree(output.partial)
        for name in FOLDERS:
            (output.partial / name).mkdir(parents=True)
    except OSError:
        output.release()
        raise
    return output
