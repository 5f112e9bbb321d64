"""The folder a run writes, with `triggers`, `decisions`, `dead_letters` and `summary.json`: whole or not at all.

Reads and writes local folders. A run writes into `.partial` inside the output and moves it into place when it is done
(`replacing`; of a job a worker does that, `finishing`); `summary.json` goes first and comes last, so that where it
stands the rows beside it are whole. A folder that holds anything is refused, unless an earlier run has left its mark
(`.kittiwake`) there: then that run's rows are replaced, and what else stands there is left alone. While a run writes,
it holds a lock on its mark, and another run into the same folder is refused; the lock of a killed process is gone with
it.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import IO

from kittiwake import durable_files
from kittiwake.output import finishing, replacing
from kittiwake.output.finishing import MARK, MARK_TEXT
from kittiwake.output.replacing import (
    DEAD_LETTERS,
    DECISIONS,
    FOLDERS,
    PARTIAL,
    SNAPSHOTS,
    SUMMARY,
    TRIGGERS,
    OutputError,
)

__all__ = [
    "DEAD_LETTERS",
    "DECISIONS",
    "FOLDERS",
    "SNAPSHOTS",
    "SUMMARY",
    "TRIGGERS",
    "Output",
    "OutputError",
    "open_output",
]


class Output:
    """One output folder, from `open_output` to `publish` or `discard`."""

    def __init__(self, folder: Path, mark: IO[bytes], *, is_new: bool, is_made: bool) -> None:
        """Use `open_output`."""
        self.folder = folder
        self._mark = mark
        self.partial = folder / PARTIAL
        """Where the run writes its folders and its summary."""
        self._is_new, self._is_made = is_new, is_made

    def publish(self) -> None:
        """Put what the run wrote in the place of what an earlier one wrote; it is on the disk then.

        Raises:
            OSError: the disk refuses; what an earlier run wrote is back in its place.
            OutputError: as `replacing.replace`.
        """
        with durable_files.alone_in(self.folder):
            replacing.replace(self.folder)
        self.release()

    def discard(self) -> None:
        """Leave the folder as it was before the run. After `publish` there is nothing to discard."""
        if self._mark.closed:
            return
        with durable_files.undisturbed(), durable_files.alone_in(self.folder):
            if replacing.is_unfinished(self.folder):
                self.release()
                return
            shutil.rmtree(self.partial, ignore_errors=True)
            if self._is_new:
                with suppress(OSError):  # somebody else has put something there meanwhile: it stays
                    (self.folder / MARK).unlink()
                    if self._is_made:
                        self.folder.rmdir()
            self.release()

    def release(self) -> None:
        """Let other runs write here; the end of a process does it too."""
        self._mark.close()


def open_output(path: Path | str, run: str | None = None) -> Output:
    """The output at `path`, made if it is not there, with empty folders to write into.

    What a run that was killed has begun is finished, or cleared away, first. A `run` with a name of its own may be
    finished by another process (`finishing`).

    Raises:
        OutputError: it holds something that no run of ours wrote or that cannot be replaced, another run is
            writing there, or nobody can.
    """
    folder = Path(path)
    try:
        is_made = not folder.exists()
        if not is_made and any(folder.iterdir()) and not (folder / MARK).exists():
            raise OutputError(f"the output {folder} is not empty and no earlier run wrote it: name another folder")
        durable_files.make_folder(folder)
        return _emptied(folder, _locked(folder), run, is_made=is_made)
    except OSError as error:
        raise OutputError(f"cannot write to the output {folder}: {error.strerror or error}") from error


def _locked(folder: Path) -> IO[bytes]:
    """The folder's mark, for this run alone until it is closed."""
    mark = durable_files.locked(folder / MARK)
    if mark is None:
        advice = "wait for its end, or name another folder"
        raise OutputError(f"another run is writing into the output {folder}: {advice}")
    return mark


def _emptied(folder: Path, mark: IO[bytes], run: str | None, *, is_made: bool) -> Output:
    """The output with nothing in it of a run that was killed. It is new if there is nothing but our mark."""
    output = Output(folder, mark, is_new=False, is_made=is_made)
    try:
        with durable_files.alone_in(folder):
            replacing.mend(folder)
        replacing.refuse_irreplaceable(folder)
        output = Output(folder, mark, is_new=[one.name for one in folder.iterdir()] == [MARK], is_made=is_made)
        if not mark.tell():
            mark.write(MARK_TEXT)
            mark.flush()
        for name in FOLDERS:
            durable_files.make_folder(output.partial / name)
        if run is not None:
            finishing.name_run(folder, run)
    except BaseException:
        output.discard()
        raise
    return output
