"""Outputs of a backfill: local folders with the care of `kittiwake.output`, remote ones (`gs://…`), tables (`bq://…`).

A remote folder has no atomic rename: there the job writes in place, and `summary.json` comes last. In all of them the
last step of the job finishes the output; the launcher opens it, and clears it away where the job has ended without.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple, Protocol
from uuid import uuid4

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import PCollection

from kittiwake.batch.summary import Summary, from_text
from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import dataset_address
from kittiwake.input.errors import shown
from kittiwake.output import finishing
from kittiwake.output.folder import SUMMARY, OutputError, open_output
from kittiwake.transforms.batch.finish import FinishFolder, Finishing, FinishRemoteFolder
from kittiwake.transforms.input_files import is_remote


class OutputLocation(Protocol):
    """An output, opened for one run."""

    @property
    def finishing(self) -> Finishing:
        """What the last step of the job does."""

    @property
    def keeps_files(self) -> bool:
        """Whether the files that the job writes are the output, and do not only lead to it."""

    def path(self, name: str) -> str:
        """Where the job writes the folder or file `name` of its output."""

    def rows(self, name: str, lines: PCollection[bytes], /) -> PCollection[bytes]:
        """The lines that the files of `name` get, of those that a folder gets."""

    def is_finished(self) -> bool:
        """Whether the last step is done."""

    def summary(self) -> Summary | None:
        """What the run came to; None: it has not come so far."""

    def release(self) -> None:
        """Leave everything as it is, to the job or to the next run."""

    def discard(self) -> None:
        """Delete what was written, unless it is finished."""


class TablesRun(NamedTuple):
    """What a run into tables needs beside their address."""

    run_id: str
    """What it is called: it takes the place of the earlier run of this name."""
    ruleset_version: str
    temp_location: str | None
    """A folder that all workers see, for the files that are loaded; None: all of them are on this machine."""


def open_location(output: str, run: TablesRun | None = None) -> OutputLocation:
    """The output folder at a local path or a remote one, or tables, which need to know of the `run`.

    Raises:
        UnusableError: it holds something that is not ours, or cannot be written to.
    """
    if run is not None:
        return _tables(output, run)
    return _Remote(output) if is_remote(output) else _Local(output)


def _tables(output: str, run: TablesRun) -> OutputLocation:
    try:
        from kittiwake.pipelines.google.run_output import TablesOutput  # noqa: PLC0415 - it comes with an extra
    except ImportError as error:
        raise UnusableError(f"{output}: Google's client is not installed here: pip install 'kittiwake[gcp]'") from error
    return TablesOutput(dataset_address(output), run.run_id, run.ruleset_version, run.temp_location)


class _Local:
    keeps_files: Final = True

    def __init__(self, output: str) -> None:
        if "[" in output or not _is_text(output):  # Beam looks for the files it has written by a pattern
            raise OutputError(f"cannot write to the output {shown(output)}: write it without [ and in UTF-8")
        run = uuid4().hex
        self._output = open_output(output, run)
        self._folder = Path(output).absolute()  # workers may start in another folder
        self.finishing = FinishFolder(str(self._folder), run)
        self.discard = self._output.discard
        self.release = self._output.release

    def rows(self, _name: str, lines: PCollection[bytes]) -> PCollection[bytes]:
        """As they are."""
        return lines

    def path(self, name: str) -> str:
        return str(self._folder / self._output.partial.name / name)

    def is_finished(self) -> bool:
        return finishing.is_finished(self._folder, self.finishing.run)

    def summary(self) -> Summary | None:
        return _summary(str(self._folder / SUMMARY) if self.is_finished() else self.path(SUMMARY))


class _Remote:
    keeps_files: Final = True

    def __init__(self, output: str) -> None:
        self._folder = output.rstrip("/")
        try:
            found = FileSystems.match([f"{self._folder}/**"], limits=[1])[0].metadata_list
        except (BeamIOError, ValueError) as error:
            raise OutputError(f"cannot write to the output {output}: {error}") from error
        if found:
            raise OutputError(f"the output {output} is not empty: name another folder")
        self._final = f"{self._folder}/{SUMMARY}"
        self.finishing = FinishRemoteFolder(self.path(SUMMARY), self._final)

    def rows(self, _name: str, lines: PCollection[bytes]) -> PCollection[bytes]:
        """As they are."""
        return lines

    def path(self, name: str) -> str:
        return f"{self._folder}/{name}" + (".partial" if name == SUMMARY else "")

    def is_finished(self) -> bool:
        return bool(FileSystems.exists(self._final))

    def summary(self) -> Summary | None:
        return _summary(self._final if self.is_finished() else self.path(SUMMARY))

    def release(self) -> None:
        """Nothing is held."""

    def discard(self) -> None:
        """Nothing: what has been written stays, without a summary."""


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def _summary(path: str) -> Summary | None:
    """The summary that the job has written to a file; None: it is not there."""
    if not FileSystems.exists(path):
        return None
    with FileSystems.open(path) as file:
        return from_text(file.read())
