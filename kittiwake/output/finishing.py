"""The last step of a run whose launcher may be gone: what stands in `.partial` becomes the output, once.

Called by a worker of a job, as often as its runner tries, and by nobody else. A run has a name, which stands in its
`.partial` and, from the moment it is put in place, in the mark of the folder. So an attempt sees what the one before
has done, and a job whose folder another run has taken over puts nothing there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from kittiwake.durable_files import OUTPUT_MARK, alone_in, flush
from kittiwake.output import replacing
from kittiwake.output.replacing import PARTIAL, OutputError

MARK: Final = OUTPUT_MARK
MARK_TEXT: Final = b"Written by Kittiwake. The next run into this folder replaces its rows.\n"

_RUN: Final = "run"
"""The file in `.partial` that names its run."""


def name_run(folder: Path, run: str) -> None:
    """Say whose what stands in `.partial` is, before anything is written there."""
    (folder / PARTIAL / _RUN).write_text(run)


def finish(folder: Path, run: str) -> None:
    """Put what a run has written in the place of what an earlier one wrote; done already, it is not done again.

    Raises:
        OSError: a call failed; the earlier rows are back in their place, and the next attempt begins anew.
        OutputError: as `replacing.replace`, or another run has taken the folder over.
    """
    with alone_in(folder):
        if replacing.is_unfinished(folder):
            replacing.mend(folder)
        if _waiting(folder) == run:
            _mark(folder, run)
            replacing.replace(folder)
        elif not _is_marked(folder, run):
            raise OutputError(f"another run has taken over the output {folder}, and this one's rows are gone")


def is_finished(folder: Path, run: str) -> bool:
    """Whether the rows of a run stand in their place."""
    return _is_marked(folder, run) and _waiting(folder) != run and not replacing.is_unfinished(folder)


def _waiting(folder: Path) -> str | None:
    try:
        return (folder / PARTIAL / _RUN).read_text()
    except FileNotFoundError:
        return None


def _mark(folder: Path, run: str) -> None:
    """Name the run in the mark, whose lock the launcher may hold: so it stays the file that it is."""
    with (folder / MARK).open("r+b") as mark:
        mark.write(MARK_TEXT + run.encode())
        mark.truncate()
    flush(folder / MARK)


def _is_marked(folder: Path, run: str) -> bool:
    try:
        return (folder / MARK).read_bytes() == MARK_TEXT + run.encode()
    except FileNotFoundError:
        return False
