"""Input files of a job, local ones with the care of `kittiwake.input`, and remote ones (`gs://…`); and their lines.

Files are found before the pipeline is built, by the mains and by the steps of `kittiwake.beam`; steps read lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from apache_beam.io.filesystem import BeamIOError, CompressionTypes
from apache_beam.io.filesystems import FileSystems

from kittiwake.input.errors import InputError
from kittiwake.input.files import find_files, refuse_two_shapes, refuse_unknown
from kittiwake.input.reading import blocks_of
from kittiwake.input.shapes.base import CANONICAL, InputShape


class InputFile(NamedTuple):
    """A file to read."""

    name: str
    size: int
    """Bytes, as far as was known when the job started."""
    shape: int = 0
    """Which of the run's shapes its records have, if there are several."""


def input_files(patterns: Sequence[str], shape: InputShape = CANONICAL) -> tuple[InputFile, ...]:
    """The files that patterns name, each once, in order of name; local ones have been opened once.

    Raises:
        InputError: a pattern names nothing, or a local file cannot be read.
    """
    local = find_files([pattern for pattern in patterns if not is_remote(pattern)], shape)
    sizes = {name: Path(name).stat().st_size for name in local}
    for pattern in filter(is_remote, patterns):
        sizes.update(_remote_sizes(pattern))
    return tuple(InputFile(name, sizes[name]) for name in sorted(sizes))


def shaped_input_files(patterns: Sequence[str], shapes: Sequence[InputShape]) -> tuple[InputFile, ...]:
    """As `input_files`, of patterns with a shape each.

    Raises:
        InputError: as there, or two patterns of different shapes name one file.
    """
    found: dict[str, InputFile] = {}
    for number, (pattern, shape) in enumerate(zip(patterns, shapes, strict=True)):
        for file in input_files([pattern], shape):
            first = found.setdefault(file.name, file._replace(shape=number))
            refuse_two_shapes(file.name, shapes[first.shape], shape)
    return tuple(found[name] for name in sorted(found))


def is_remote(location: str) -> bool:
    """Whether it names something that is no local path."""
    return "://" in location


def _remote_sizes(pattern: str) -> dict[str, int]:
    try:
        found = FileSystems.match([pattern])[0].metadata_list
    except (BeamIOError, ValueError) as error:
        raise InputError(f"cannot read {pattern}: {error}") from error
    if not found:
        raise InputError(f"no file matches {pattern}")
    for file in found:
        refuse_unknown(file.path)
    return {file.path: file.size_in_bytes for file in found}


def lines_of(name: str) -> Iterator[tuple[int, bytes]]:
    """The lines of a file that are not blank, each with its number.

    Raises:
        InputError: it cannot be read to its end.
    """
    with FileSystems.open(name, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
        for block in blocks_of(stream, name):
            for offset, line in enumerate(block.lines):
                if line.strip():
                    yield block.number + offset, line
