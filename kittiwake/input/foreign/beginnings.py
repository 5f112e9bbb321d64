"""The beginning of a file, read before a run: a file whose first records are all no events is known for what it is.

Reads local files, and streams that its caller has opened. Called by every batch host when it is launched, so that a
foreign file is answered after its first records and not after as many dead letters as it has lines.
"""

from __future__ import annotations

from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, BinaryIO, Final

from kittiwake.input.decompression import BEGINNING_BYTES, Source, gzip_blocks, zstd_blocks
from kittiwake.input.errors import InputError, UnsoundError, shown
from kittiwake.input.events import parse_events
from kittiwake.input.file_types import GZIP, PARQUET, ZSTD, type_of
from kittiwake.input.files import ShapedFile
from kittiwake.input.foreign.kinds import NO_TEXT, is_no_text, kind_of
from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.input.splits import BLOCK_BYTES
from kittiwake.model import DeadLetter
from kittiwake.regular_files import open_file, path_of

if TYPE_CHECKING:
    from kittiwake.input.foreign.records import Foreign

FILES_MAX: Final = 20
"""Files whose beginnings are read: those of one export are of one kind."""

RECORDS_MAX: Final = 20
"""Records read of each: an export of another kind has no event among its first."""

_UNPACK: Final[dict[str, Callable[[Source, int], Iterator[bytes]]]] = {GZIP.name: gzip_blocks, ZSTD.name: zstd_blocks}


def refuse_foreign(files: Iterable[ShapedFile], start_us: int) -> None:
    """Refuse local files of another kind, of which the first records are no events; the error names what reads them.

    Raises:
        InputError: there is one.
    """
    for name, shape in islice(files, FILES_MAX):
        if path_of(name).is_file():
            with open_file(name) as stream:
                refuse_foreign_stream(stream, name, shape, start_us)


def refuse_foreign_stream(stream: BinaryIO, name: str, shape: InputShape, start_us: int) -> None:
    """As `refuse_foreign`, of an open file. A shape file says itself what its records are.

    Raises:
        InputError: it is of another kind.
    """
    if not isinstance(shape.shape, Shape):
        return
    beginning = _beginning(stream, name)
    text = _in_utf_8(beginning)
    first = _first_records(text)
    if any(not isinstance(parse_events(line, shown(name), start_us, shape), DeadLetter) for line in first):
        return
    found = _foreign(text, first, shown(name), shape)
    if found is not None:
        raise InputError(f"{shown(name)} holds {found.what}. To read it: {found.remedy}")
    kind = kind_of(beginning) or (NO_TEXT if is_no_text(beginning) else None)
    if kind is not None:
        raise InputError(f"cannot read {shown(name)}: it is {kind}")


def _beginning(stream: BinaryIO, name: str) -> bytes:
    """The first bytes of what a file of lines holds; none of another, or of one that cannot be read."""
    source = Source(stream, lambda _: None)
    file_type = type_of(name, source.beginning(BEGINNING_BYTES))
    if file_type is PARQUET:
        return b""
    if file_type.name not in _UNPACK:
        return source.read(BEGINNING_BYTES) + source.read(BLOCK_BYTES)
    try:
        return next(_UNPACK[file_type.name](source, BLOCK_BYTES), b"")
    except UnsoundError:  # said by whoever reads the whole file
        return b""


def _in_utf_8(beginning: bytes) -> bytes:
    has_mark = beginning.startswith((BOM_UTF16_LE, BOM_UTF16_BE))
    return beginning.decode("utf-16", "ignore").encode() if has_mark else beginning


def _first_records(text: bytes) -> list[bytes]:
    lines = text.split(b"\n")
    whole = lines[:-1] if len(lines) > 1 and len(text) >= BLOCK_BYTES else lines
    return list(islice((line for line in whole if line.strip()), RECORDS_MAX))


def _foreign(text: bytes, first: list[bytes], name: str, shape: InputShape) -> Foreign | None:
    """What a text is whose first records are no events; None: nothing that is known."""
    from kittiwake.input.foreign.records import (  # noqa: PLC0415 - what knows other kinds: 20 ms, for such files only
        first_object,
        foreign_record,
        foreign_text,
        records_in,
        source_of,
    )

    found = foreign_text(name, text)
    if found is not None:
        known = source_of(first_object(text)) if shape.shape is Shape.CANONICAL else None
        return found if known is None else known
    return next((known for one in records_in(first) if (known := foreign_record(name, one, shape))), None)
