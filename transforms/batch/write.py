"""Steps: rows to files `part-00000-of-00003.jsonl` of a folder, and the summary to one file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

import apache_beam as beam
from apache_beam.coders import BytesCoder
from apache_beam.io import Write
from apache_beam.io.filebasedsink import FileBasedSink
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems
from apache_beam.pvalue import PCollection

from kittiwake.batch.counts import Counts
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.summary import summary_of, to_text
from kittiwake.output.formats import PART, Format, RowFile, row_file
from kittiwake.output.rows import Mode
from kittiwake.rules.compile.accounts import RulesUsed
from kittiwake.rules.compile.needs import RuleNeeds


@dataclass(eq=False)
class WriteRows(beam.PTransform):
    """Writes rows, several lines an element, into as many files as the runner likes, at least one."""

    path: str
    """Of the folder."""
    rows: str
    """Which rows: `triggers`, `decisions`, `dead_letters` or `snapshots`."""
    written: Format
    part: str = PART
    """What the names of its files begin with."""
    bytes_max: int | None = None
    """Bytes after which a file is ended, and another begun; None: it grows with what a worker writes."""

    def expand(self, lines: PCollection[bytes]) -> PCollection[str]:
        """The names of the files."""
        return lines | "Files" >> Write(_Sink(self))


class _Sink(FileBasedSink):
    """Beam's sink of files, with our row formats; temporary files are renamed when all are complete."""

    def __init__(self, step: WriteRows) -> None:
        super().__init__(
            f"{step.path}/{step.part}",
            BytesCoder(),
            f".{step.written.value}",
            compression_type=CompressionTypes.UNCOMPRESSED,
            max_bytes_per_shard=step.bytes_max,
        )
        self._rows, self._format = step.rows, step.written

    def open(self, temp_path: str) -> _Opened:
        stream = super().open(temp_path)
        return _Opened(stream, row_file(stream, self._rows, self._format))

    def write_record(self, file_handle: _Opened, value: bytes) -> None:
        file_handle.rows.write(value)

    def close(self, file_handle: _Opened) -> None:
        file_handle.rows.close()
        file_handle.stream.close()


class _Opened(NamedTuple):
    stream: BinaryIO
    rows: RowFile


@dataclass(eq=False)
class WriteSummary(beam.PTransform):
    """Writes the counts of a run, in one file."""

    path: str
    mode: Mode
    rules: RulesUsed
    needs: tuple[RuleNeeds, ...]
    settings: RunSettings

    def expand(self, counts: PCollection[Counts]) -> PCollection[str]:
        """The name of the file. (One element needs no shards: a sharded sink would cost a third of a second.)"""
        return counts | "File" >> beam.Map(self._write).with_output_types(str)

    def _write(self, counts: Counts) -> str:
        text = to_text(summary_of(self.mode, self.rules, self.settings, counts, self.needs))
        with FileSystems.create(self.path) as file:
            file.write(text.encode())
        return self.path
