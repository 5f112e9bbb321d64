"""Which files recorded events are read from: plain JSON lines, since positions in a compressed file are unknown.

Called at launch, by the options of the streaming job and by `kittiwake.beam`.
"""

from __future__ import annotations

from pathlib import Path

from kittiwake.errors import UnusableError
from kittiwake.input.file_types import BEGINNING_BYTES, Kind, kind_of
from kittiwake.input.files import shown
from transforms.input_files import InputFile


def refuse_packed(file: InputFile, setting: str) -> None:
    """Refuse a file that is not read in place; `setting` is where a person has named it.

    Raises:
        UnusableError: it is compressed, or Parquet.
    """
    beginning = b""
    if Path(file.name).is_file():
        with Path(file.name).open("rb") as stream:
            beginning = stream.read(BEGINNING_BYTES)
    kind = kind_of(file.name, beginning)
    if kind is not Kind.LINES:
        raise UnusableError(f"{setting} {shown(file.name)} is {kind.value}: plain JSON lines are read; unpack it first")
