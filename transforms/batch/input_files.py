"""The input files of a job: local ones with the care of `kittiwake.input`, and remote ones (`gs://…`).

Called before the pipeline is built, by the mains and by the steps of `kittiwake.beam`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from apache_beam.io.filesystem import BeamIOError
from apache_beam.io.filesystems import FileSystems

from kittiwake.input.errors import InputError
from kittiwake.input.files import find_files, refuse_unknown
from transforms.batch.read import InputFile


def input_files(patterns: Sequence[str]) -> tuple[InputFile, ...]:
    """The files that patterns name, each once, in order of name; local ones have been opened once.

    Raises:
        InputError: a pattern names nothing, or a local file cannot be read.
    """
    local = find_files([pattern for pattern in patterns if not is_remote(pattern)])
    sizes = {name: Path(name).stat().st_size for name in local}
    for pattern in filter(is_remote, patterns):
        sizes.update(_remote_sizes(pattern))
    return tuple(InputFile(name, sizes[name]) for name in sorted(sizes))


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
