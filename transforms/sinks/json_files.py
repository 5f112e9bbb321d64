"""Sink: files of JSON lines, without any service, for demos and other runners.

Each bundle's rows become one file, named by a hash of its bytes, so that a retried bundle writes the same file.
A job that goes back to a checkpoint may emit rows twice: of one `trigger_id` the newest `revision` counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import apache_beam as beam
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from kittiwake.stream.records import dead_letter_of, decision_of, late_event_of
from kittiwake.stream.tables.rows import dead_letter_table_row, late_event_table_row
from kittiwake.transforms.sinks.base import SinkInputs
from kittiwake.values import canonical

FILE_BYTES_MAX: Final = 8 << 20
"""Of one file: a larger bundle writes several, and never holds more than that in memory."""


@dataclass(eq=False)
class WriteJsonLines(beam.PTransform):
    """Writes decisions, dead letters and late events into three subfolders of a folder, as they are emitted."""

    folder: str
    """A path that Beam's filesystems know."""

    def expand(self, inputs: SinkInputs) -> None:
        """Rows are on disk when their bundle is committed."""
        for records, subfolder, line_of in (
            (inputs.decisions, "decisions", decision_line_of),
            (inputs.dead_letters, "dead_letters", dead_letter_line_of),
            (inputs.late_events, "late_events", late_event_line_of),
        ):
            write = beam.ParDo(_WriteFiles(f"{self.folder}/{subfolder}", line_of))
            _ = records | f"Write {subfolder}" >> write.with_output_types(bytes)


def decision_line_of(element: bytes) -> bytes:
    """The row as it was emitted."""
    return decision_of(element).row


def dead_letter_line_of(element: bytes) -> bytes:
    """The row of the table, as a line."""
    return canonical(dead_letter_table_row(dead_letter_of(element))).encode()


def late_event_line_of(element: bytes) -> bytes:
    """The row of the table, as a line."""
    return canonical(late_event_table_row(late_event_of(element))).encode()


class _WriteFiles(beam.DoFn):
    def __init__(self, folder: str, line_of: Callable[[bytes], bytes]) -> None:
        self._folder, self._line_of = folder, line_of

    def start_bundle(self) -> None:
        self._clear()

    def process(self, element: bytes) -> None:
        line = self._line_of(element).rstrip(b"\n") + b"\n"
        self._lines.append(line)
        self._size += len(line)
        if self._size >= FILE_BYTES_MAX:
            self._flush()

    def finish_bundle(self) -> None:
        self._flush()

    def _flush(self) -> None:
        """Write what is held. The file is whole or absent: it gets its name when it has been written."""
        if not self._lines:
            return
        data = b"".join(self._lines)
        _make_folder(self._folder)
        path = f"{self._folder}/{hashlib.blake2b(data, digest_size=16).hexdigest()}"
        try:
            with FileSystems.create(f"{path}.part") as file:
                file.write(data)
            FileSystems.rename([f"{path}.part"], [f"{path}.jsonl"])
        except BaseException:
            with suppress(BeamIOError):  # it may not exist
                FileSystems.delete([f"{path}.part"])
            raise
        self._clear()

    def _clear(self) -> None:
        self._lines: list[bytes] = []
        self._size = 0


def _make_folder(folder: str) -> None:
    """Make a folder, which another worker may be making at the same time."""
    if not FileSystems.exists(folder):
        try:
            FileSystems.mkdirs(folder)
        except BeamIOError:
            if not FileSystems.exists(folder):
                raise
