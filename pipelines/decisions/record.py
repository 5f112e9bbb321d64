"""What was sent, by whom and when: a file that only grows, so that what was begun can be gone on with.

An id is claimed before it is published and confirmed after: of one that is only claimed nobody knows. Called by
`kittiwake.pipelines.activate`; `kittiwake.pipelines.google.record_table` keeps the same in BigQuery.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import IO, Final, Protocol

import msgspec

from kittiwake.durable_files import flush, locked, make_folder
from kittiwake.errors import UnusableError
from kittiwake.input.errors import shown


class State(StrEnum):
    """How far an id has come."""

    CLAIMED = "claimed"
    """It is about to be published, or was when its run ended."""
    PUBLISHED = "published"
    REFUSED = "refused"
    """Pub/Sub has said that it was not taken."""


class Entry(msgspec.Struct, frozen=True):
    """A line of the record."""

    trigger_id: str
    state: State
    at: str
    """When, by the clock of the command."""
    topic: str
    row: str | None = None
    """What was to be published; with the claim only."""


class Record(Protocol):
    """Where entries are kept."""

    def entries(self) -> Iterator[Entry]:
        """All of them, in the order in which they were added."""

    def add(self, entries: Iterable[Entry]) -> None:
        """Keep more; they outlive a loss of power when it returns."""


_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder(Entry).decode


class FileRecord:
    """A file of JSON lines, for one process at a time."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        """Use `open_file`."""
        self._file, self._name = file, name

    def entries(self) -> Iterator[Entry]:
        """See `Record`. A last line without its end is of a run that was killed while it wrote it: it is cut off."""
        self._file.seek(0)
        end = 0
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n"):
                break
            end += len(line)
            try:
                yield _decode(line)
            except msgspec.MsgspecError as error:
                raise UnusableError(f"{shown(self._name)}:{number} is no line of a record: {error}") from error
        self._file.truncate(end)

    def add(self, entries: Iterable[Entry]) -> None:
        """See `Record`."""
        try:
            self._file.writelines(_encode(entry) + b"\n" for entry in entries)
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise UnusableError(f"cannot write to {self._name}: {error.strerror or error}") from error


@contextmanager
def open_file(path: Path) -> Iterator[FileRecord]:
    """The record in a file, made if it is not there.

    Raises:
        UnusableError: it cannot be written, or another process has it.
    """
    try:
        make_folder(path.parent)
        file = locked(path)
        flush(path.parent)
    except OSError as error:
        raise UnusableError(f"cannot write to {path}: {error.strerror or error}") from error
    if file is None:
        raise UnusableError(f"another run is sending by the record {path}: wait for its end")
    with file:
        yield FileRecord(file, str(path))
