"""Which files recorded events are read from: plain JSON lines, since positions in a compressed file are unknown.

Called at launch, by the options of the streaming job and by `kittiwake.beam`.
"""

from __future__ import annotations

from pathlib import Path

from kittiwake.errors import UnusableError
from kittiwake.input.decompression import BEGINNING_BYTES
from kittiwake.input.errors import shown
from kittiwake.input.file_types import LINES, type_of
from kittiwake.transforms.input_files import InputFile


def refuse_packed(file: InputFile, setting: str) -> None:
    """Refuse a file that is not read in place; `setting` is where a person has named it.

    Raises:
        UnusableError: it is compressed, or Parquet.
    """
    beginning = b""
    if Path(file.name).is_file():
        with Path(file.name).open("rb") as stream:
            beginning = stream.read(BEGINNING_BYTES)
    file_type = type_of(file.name, beginning)
    if file_type is not LINES:
        advice = "plain JSON lines are read; unpack it first"
        raise UnusableError(f"{setting} {shown(file.name)} is {file_type.name}: {advice}")
