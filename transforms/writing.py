"""Step: lines to files `part-00000-of-00003.jsonl` of a folder, and the summary to its one file."""

from __future__ import annotations

from dataclasses import dataclass

import apache_beam as beam
from apache_beam.coders import BytesCoder
from apache_beam.io import WriteToText
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import PCollection

from kittiwake.replay.counts import Counts
from kittiwake.replay.rows import Mode
from kittiwake.replay.settings import RunSettings
from kittiwake.replay.summary import summary_of, to_text


@dataclass(eq=False)
class WriteLines(beam.PTransform):
    """Writes lines into as many files as the runner likes, at least one."""

    folder: str

    def expand(self, lines: PCollection[bytes]) -> PCollection[str]:
        """The names of the files."""
        sink = WriteToText(f"{self.folder}/part", file_name_suffix=".jsonl", coder=BytesCoder())
        return lines | "Files" >> sink


@dataclass(eq=False)
class WriteSummary(beam.PTransform):
    """Writes what a run has counted, in one file."""

    path: str
    mode: Mode
    ruleset_version: str
    settings: RunSettings

    def expand(self, counts: PCollection[Counts]) -> PCollection[str]:
        """The name of the file. (One element needs no shards: the sink of lines would cost a third of a second.)"""
        return counts | "File" >> beam.Map(self._write).with_output_types(str)

    def _write(self, counts: Counts) -> str:
        text = to_text(summary_of(self.mode, self.ruleset_version, self.settings, counts))
        with FileSystems.create(self.path) as file:
            file.write(text.encode())
        return self.path
