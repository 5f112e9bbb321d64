"""Find input files: which paths and globs name, and which are refused before anything is read.

Looks into folders and reads the beginnings of files; nothing else. Called by the hosts at launch.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from kittiwake.input.decompression import BEGINNING_BYTES
from kittiwake.input.errors import InputError, shown
from kittiwake.input.file_types import FILE_TYPES, PARQUET, READ, is_not_read, refuse_misshapen, type_by_name, type_of
from kittiwake.input.reading import read_records
from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.regular_files import open_file, path_of

FILES_MAX: Final = 100_000
"""Files of one run: their names travel in one element, and more of them are better joined first."""


def find_files(patterns: Sequence[str], shape: InputShape = CANONICAL) -> list[str]:
    """The files that paths and globs (`**` too) name, each once, in order of name; their beginnings have been read.

    Raises:
        InputError: a pattern names nothing, or a file cannot be read.
    """
    refuse_elsewhere(patterns)
    found = sorted({name for pattern in patterns for name in _matches(pattern)})
    if len(found) > FILES_MAX:
        raise InputError(f"{len(found)} files are more than the {FILES_MAX} that one run reads: join them first")
    for name in found:
        refuse_unknown(name)
        if Path(name).is_dir():
            raise InputError(f"cannot read {shown(name)}: it is no file but a folder: write {_inside(name)}")
        next(read_records(name, shape=shape), None)
    return found


def refuse_elsewhere(locations: Iterable[str]) -> None:
    """Refuse what names no file of this machine, but a table, or something in a bucket or on the web.

    Raises:
        InputError: one does, with how it is read.
    """
    for location in locations:
        if ":" not in location:
            continue
        from kittiwake.input.bigquery.addresses import is_bigquery  # noqa: PLC0415 - for who has typed such a name only

        if is_bigquery(location):
            advice = "tables are read by python -m kittiwake.pipelines.backfill"
            raise InputError(f"{shown(location)} is no file: {advice}")
        if location.startswith("gs://"):
            advice = "copy it here, with gcloud storage cp, or run the backfill, which reads it"
            raise InputError(f"{shown(location)} is in a bucket: {advice}")
        if "://" in location:
            raise InputError(f"{shown(location)} is an address and no file: copy what it names here, and name the copy")


class ShapedFile(NamedTuple):
    """A file, and how its records are written."""

    name: str
    shape: InputShape


def find_shaped_files(
    patterns: Sequence[str], shape: InputShape, shapes: Sequence[InputShape] = ()
) -> list[ShapedFile]:
    """As `find_files`, each with its shape: that of its pattern, if there is one for each, else `shape`.

    Raises:
        InputError: as there, or two patterns of different shapes name one file.
    """
    if not shapes:
        return [ShapedFile(name, shape) for name in find_files(patterns, shape)]
    found: dict[str, InputShape] = {}
    for pattern, own in zip(patterns, shapes, strict=True):
        for name in find_files([pattern], own):
            refuse_two_shapes(name, found.setdefault(name, own), own)
    return [ShapedFile(name, found[name]) for name in sorted(found)]


def refuse_two_shapes(name: str, first: InputShape, second: InputShape) -> None:
    """Refuse a file that inputs of different shapes name.

    Raises:
        InputError: they differ.
    """
    if first != second:
        raise InputError(f"{shown(name)} is named twice, with {first.shape} and with {second.shape}: name it once")


def _inside(folder: str) -> str:
    """The glob for the files of a folder, or of the folders that a glob names."""
    plain = folder.rstrip("/")
    return f"{shown(plain)}/*{'.parquet' if type_by_name(plain) is PARQUET else '.jsonl'}"


def _matches(pattern: str) -> list[str]:
    """What one pattern names; a glob names no folders but those whose name is that of a file, see `_is_meant`."""
    if not glob.has_magic(pattern) or os.path.lexists(pattern):
        return [pattern]
    _refuse_unlisted(pattern)
    found = glob.glob(pattern, recursive=True)  # noqa: PTH207 (Path.glob takes no absolute pattern)
    parents = {os.fspath(parent) for name in found for parent in Path(name).parents}
    files = [name for name in found if not Path(name).is_dir()]
    files += [name for name in found if files and Path(name).is_dir() and _is_meant(name, parents)]
    if not files:
        advice = f", only folders do: write {_inside(pattern)}" if found else ""
        raise InputError(f"no file matches {shown(pattern)}{advice}")
    return files


_EVENT_SUFFIXES: Final = (".jsonl", ".json", ".ndjson", *(one for kind in FILE_TYPES for one in kind.endings))


def _is_meant(folder: str, parents: set[str]) -> bool:
    """Whether a folder that a glob names passes for a file, and nothing that is in it is named: it would be missed."""
    if not folder.lower().endswith(_EVENT_SUFFIXES) or os.fspath(Path(folder)) in parents:
        return False
    return any(True for _ in Path(folder).iterdir())


def _refuse_unlisted(pattern: str) -> None:
    """Refuse a glob that has to look into a folder which may not be listed: it would pass over it in silence."""
    for parent in Path(pattern).parents:
        folders = glob.glob(os.fspath(parent), recursive=True)  # noqa: PTH207 (as above)
        for folder in filter(os.path.isdir, folders):
            try:
                os.scandir(folder).close()
            except OSError as error:
                raise InputError(f"cannot look into {shown(folder)}: {error.strerror or error}") from error
        if not glob.has_magic(os.fspath(parent)):
            return


def refuse_unknown(name: str) -> None:
    """Refuse a file whose name says that it holds nothing that is read.

    Raises:
        InputError: it does.
    """
    if is_not_read(name):
        raise InputError(f"cannot read {shown(name)}: only {READ}")


def refuse_shaped(names: Iterable[str], shape: InputShape) -> None:
    """Refuse files whose type brings canonical fields only, as Parquet's columns do, where another shape is asked for.

    A file that is not local is known by its name only, until it is read.

    Raises:
        InputError: there is one.
    """
    for name in names:
        refuse_misshapen(name, type_of(name, _beginning(name)), shape)


def _beginning(name: str) -> bytes:
    """The first bytes of a local file; none of another."""
    if not path_of(name).is_file():
        return b""
    with open_file(name) as stream:
        return stream.read(BEGINNING_BYTES)
