"""Files of JSON lines as a sink of all records: `--output`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Final

from kittiwake.pipelines.flags import FlagGroup, OptionReader, OptionRow, flag
from kittiwake.pipelines.preflight.findings import Findings
from kittiwake.transforms.sinks.base import SinkKind
from kittiwake.transforms.sinks.json_files import WriteJsonLines


@dataclass(frozen=True)
class FolderSink:
    """A folder, local or remote, whose subfolders get the rows."""

    kind: ClassVar = SinkKind.RECORDS
    label: ClassVar = "WriteJsonLines"

    folder: str
    """Absolute, or the URL of a filesystem that Beam knows."""

    def step(self) -> WriteJsonLines:
        """The step that writes files."""
        return WriteJsonLines(self.folder)

    def prepare(self, report: Callable[[str], None]) -> None:
        """Nothing: the step makes the folder."""

    def check(self, findings: Findings) -> None:
        """Whether workers reach it; a folder that cannot be written to fails the first bundle."""
        findings.compare_locations("--output", [self.folder])


def _read(options: OptionReader) -> FolderSink | None:
    folder: str | None = options.typed.output
    if folder is None:
        return None
    return FolderSink(folder if "://" in folder else str(Path(folder).absolute()))


OUTPUT: Final = OptionRow[FolderSink](
    "output",
    (
        flag(
            FlagGroup.WITHOUT_GOOGLE,
            "--output",
            metavar="DIR",
            help="a folder for decisions, dead letters and late events, as JSON lines",
        ),
    ),
    _read,
)
