"""Step: what a streaming job tells into files of JSON lines, without any service: for demos and other engines.

Each bundle's rows become one file, named by what is in it, so that a bundle that is tried again writes the same file.
A job that goes back to a checkpoint may tell rows twice: of one `trigger_id` the newest `revision` counts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import apache_beam as beam
from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from kittiwake.stream.records import dead_letter_of, decision_of, late_event_of
from kittiwake.stream.tables.rows import dead_letter_table_row, late_event_table_row
from kittiwake.values import canonical
from transforms.sinks.bigquery import SinkInputs

FILE_BYTES_MAX: Final = 8 << 20
"""Of a file: a bundle with more writes several, and holds no more than that in memory."""


@dataclass(eq=False)
class WriteJsonLines(beam.PTransform):
    """Writes decisions, dead letters and late events into three folders of a place, as they are told."""

    place: str

    def expand(self, tellings: SinkInputs) -> None:
        """Rows are on disk when their bundle is done."""
        for elements, folder, line_of in (
            (tellings.told, "decisions", decision_line_of),
            (tellings.dead, "dead_letters", dead_letter_line_of),
            (tellings.late, "late_events", late_event_line_of),
        ):
            keep = beam.ParDo(_WriteFiles(f"{self.place}/{folder}", line_of))
            _ = elements | f"Write {folder}" >> keep.with_output_types(bytes)


def decision_line_of(element: bytes) -> bytes:
    """The row as it was told."""
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
        self._lines: list[bytes] = []
        self._size = 0

    def process(self, element: bytes) -> Iterator[bytes]:
        line = self._line_of(element).rstrip(b"\n") + b"\n"
        self._lines.append(line)
        self._size += len(line)
        if self._size >= FILE_BYTES_MAX:
            self.finish_bundle()
            self.start_bundle()
        yield from ()

    def finish_bundle(self) -> None:
        """The file is whole or not there: it gets its name when it has been written."""
        if not self._lines:
            return
        data = b"".join(self._lines)
        _make(self._folder)
        path = f"{self._folder}/{hashlib.blake2b(data, digest_size=16).hexdigest()}"
        try:
            with FileSystems.create(f"{path}.part") as file:
                file.write(data)
            FileSystems.rename([f"{path}.part"], [f"{path}.jsonl"])
        except BaseException:
            with suppress(BeamIOError):  # it may not be there
                FileSystems.delete([f"{path}.part"])
            raise


def _make(folder: str) -> None:
    """Somebody else may have been faster."""
    if not FileSystems.exists(folder):
        try:
            FileSystems.mkdirs(folder)
        except BeamIOError:
            if not FileSystems.exists(folder):
                raise
