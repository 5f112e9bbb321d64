"""Where revocations of a recall are added to: the rows that the stream has written, in a folder or in tables.

What is marked is revoked: whoever reads the rows again, `recall` itself too, finds the newest revision of an id.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Protocol

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import dataset_address, is_bigquery
from kittiwake.output.folder import DECISIONS
from kittiwake.pipelines.whole_file import write_lines


class Marks(Protocol):
    """Where lines of `decisions` are added to."""

    def add(self, lines: Sequence[bytes]) -> None:
        """Add some; they are there for good when it returns. What is added twice is one row to every reader.

        Raises:
            UnusableError: they cannot be written.
        """


class FolderMarks:
    """Files beside those of a stream's `--output`, one for each call, named by a hash of what it holds."""

    def __init__(self, folder: str) -> None:
        """`folder`: local, or on a filesystem that Beam knows."""
        self._folder = folder.rstrip("/")

    def add(self, lines: Sequence[bytes]) -> None:
        """See `Marks`. A file is whole or absent."""
        whole = [line.rstrip(b"\n") + b"\n" for line in lines]
        name = f"recalled-{hashlib.sha256(b''.join(whole)).hexdigest()[:32]}.jsonl"
        path = f"{self._folder}/{DECISIONS}/{name}"
        if "://" not in path:
            write_lines(Path(path), whole, replaces=True)
            return
        try:
            with FileSystems.create(path, mime_type="application/x-ndjson") as file:
                file.write(b"".join(whole))
        except (BeamIOError, OSError) as error:
            raise UnusableError(f"cannot write {path}: {error}") from error


@contextmanager
def marks_of(stream: str) -> Iterator[Marks]:
    """Where marks go of what a stream has written there.

    Raises:
        UnusableError: the tables are not there, or Google's clients are missing.
    """
    if not is_bigquery(stream):
        yield FolderMarks(stream)
        return
    from kittiwake.pipelines.decisions.recall_table import open_marks  # noqa: PLC0415 - Google's clients: a second

    with open_marks(dataset_address(stream)) as marks:
        yield marks
