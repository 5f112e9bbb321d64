"""Step: the last of a batch job, by which what its workers have written becomes its output. So no launcher is needed.

A runner may try the step again after any part of it, and beside an attempt that it has given up: `Finishing` says what
that asks of a place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple, Protocol

import apache_beam as beam
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import AsIter, PCollection

from kittiwake.batch.counts import Counts
from kittiwake.batch.settings import RunSettings, Stop, stop_of
from kittiwake.output import finishing
from kittiwake.output.folder import OutputError


class Finishing(Protocol):
    """How the output at a place is finished. It travels to a worker, encoded."""

    def finish(self, names: Sequence[str]) -> None:
        """Make what was written the output. Called again after it has failed, or done its work unnoticed.

        `names` are those of all files, in any order.

        Raises:
            OutputError: it cannot be; what an earlier run wrote stands as it did.
        """


class WrittenFiles(NamedTuple):
    """What the step waits for."""

    counts: PCollection[Counts]
    """All counts of the run, one element."""
    names: tuple[PCollection[str], ...]
    """The names of all files, from every step that writes."""


@dataclass(eq=False)
class FinishOutput(beam.PTransform):
    """Finishes the output when the last file has its name. Of input that cannot be read there is none to finish."""

    output: Finishing
    settings: RunSettings

    def expand(self, written: WrittenFiles) -> PCollection[bytes]:
        """Nothing."""
        names = written.names | "Names" >> beam.Flatten()
        finish = beam.ParDo(_Finish(self.output, self.settings), AsIter(names)).with_output_types(bytes)
        return written.counts | "Finish" >> finish


class _Finish(beam.DoFn):
    def __init__(self, output: Finishing, settings: RunSettings) -> None:
        super().__init__()
        self._output, self._settings = output, settings

    def process(self, counts: Counts, names: Iterable[str]) -> None:
        if stop_of(self._settings, counts) is not Stop.UNREADABLE:
            self._output.finish(sorted(names))


# ---------------------------------------------------------------- folders


class FinishFolder(NamedTuple):
    """A folder of a file system that every worker sees."""

    folder: str
    run: str

    def finish(self, _names: Sequence[str]) -> None:
        """As `kittiwake.output.finishing`."""
        try:
            finishing.finish(Path(self.folder), self.run)
        except OSError as error:
            why = error.strerror or str(error)
            raise OutputError(f"cannot write to the output {self.folder}: {why}") from error


class FinishRemoteFolder(NamedTuple):
    """A folder whose rows are in their place, and lack their summary."""

    written: str
    """The summary, as the job has written it."""
    final: str
    """Its name, when all else is there."""

    def finish(self, _names: Sequence[str]) -> None:
        """Rename one file, in however many steps the file system takes."""
        try:
            if FileSystems.exists(self.written):
                FileSystems.rename([self.written], [self.final])
        except BeamIOError as error:
            if FileSystems.exists(self.written) or not FileSystems.exists(self.final):
                raise OutputError(f"cannot write to the output {self.final}: {error}") from error
        if not FileSystems.exists(self.final):
            raise OutputError(f"{self.written} is gone: somebody has deleted what the job had written")
