"""Output folders of a job: local ones with the care of `kittiwake.output`, and remote ones (`gs://…`).

A remote folder has no atomic rename: there the job writes in place, and `summary.json` comes last.
"""

from __future__ import annotations

from typing import Protocol

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from kittiwake.batch.summary import Summary, from_text
from kittiwake.input.errors import shown
from kittiwake.output.folder import SUMMARY, OutputError, open_output
from transforms.input_files import is_remote


class OutputLocation(Protocol):
    """An output folder, opened."""

    def path(self, name: str) -> str:
        """Where the job writes the folder or file `name` of its output."""

    def publish(self) -> None:
        """Make what was written the output."""

    def discard(self) -> None:
        """Delete what was written."""


def open_location(output: str) -> OutputLocation:
    """The output folder at a local path or a remote one.

    Raises:
        OutputError: it holds something that is not ours, or cannot be written to.
    """
    return _Remote(output) if is_remote(output) else _Local(output)


class _Local:
    def __init__(self, output: str) -> None:
        if "[" in output or not _is_text(output):  # Beam looks for the files it has written by a pattern
            raise OutputError(f"cannot write to the output {shown(output)}: write it without [ and in UTF-8")
        self._output = open_output(output)
        self.publish = self._output.publish
        self.discard = self._output.discard

    def path(self, name: str) -> str:
        return str(self._output.partial / name)


class _Remote:
    def __init__(self, output: str) -> None:
        self._folder = output.rstrip("/")
        try:
            found = FileSystems.match([f"{self._folder}/**"], limits=[1])[0].metadata_list
        except (BeamIOError, ValueError) as error:
            raise OutputError(f"cannot write to the output {output}: {error}") from error
        if found:
            raise OutputError(f"the output {output} is not empty: name another folder")

    def path(self, name: str) -> str:
        return f"{self._folder}/{name}"

    def publish(self) -> None:
        """Nothing: it has been written in place."""

    def discard(self) -> None:
        """Nothing: what has been written stays, without a summary."""


def _is_text(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_summary(location: OutputLocation) -> Summary:
    """The summary that the job wrote to its output."""
    with FileSystems.open(location.path(SUMMARY)) as file:
        return from_text(file.read())
