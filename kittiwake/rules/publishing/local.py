"""A folder as a target.

Every write is whole or not at all: into a file beside, flushed to the disk, then put in place by one operation of the
file system. A writer holds a lock on `.lock` for the moment of a write, and others wait; the lock of a killed process
is gone with it. Readers need no lock.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from kittiwake.durable_files import flush, make_folder
from kittiwake.regular_files import open_file
from kittiwake.rules.publishing.bounds import OBJECT_BYTES_MAX
from kittiwake.rules.publishing.errors import ConflictError, ExistsError, TargetError
from kittiwake.rules.publishing.layout import POINTER
from kittiwake.rules.publishing.target import Held

_LOCK: Final = ".lock"
_PARTIAL: Final = ".partial"
_OURS: Final = frozenset({POINTER, "versions", _LOCK, _PARTIAL})


class LocalTarget:
    """The folder at a path; it is made by the first write."""

    def __init__(self, path: Path | str) -> None:
        self._folder = Path(path)

    @property
    def location(self) -> str:
        """Its path."""
        return str(self._folder)

    def read(self, name: str) -> Held | None:
        """See `Target`; the generation is a digest of the bytes, since what is written follows from what was read."""
        with self._as_target_error(name):
            data = self._data(name)
        return None if data is None else Held(data, _digest(data))

    def create(self, name: str, data: bytes) -> None:
        """See `Target`."""
        with self._as_target_error(name), self._locked():
            partial = self._written(data)
            file = self._folder / name
            make_folder(file.parent)
            try:
                os.link(partial, file)  # unlike a rename it refuses to replace
            except FileExistsError:
                raise ExistsError(f"{file} is there already, and what is published never changes.") from None
            finally:
                partial.unlink()
            flush(file.parent)
            flush(self._folder)

    def swap(self, name: str, data: bytes, expected_generation: str | None) -> None:
        """See `Target`."""
        with self._as_target_error(name), self._locked():
            before = self._data(name)
            if expected_generation != (None if before is None else _digest(before)):
                advice = f"Look at it with kittiwake versions {self.location}, then repeat"
                raise ConflictError(f"{self._folder / name} has been changed meanwhile by somebody else. {advice}.")
            self._written(data).replace(self._folder / name)
            flush(self._folder)

    def _data(self, name: str) -> bytes | None:
        try:
            with open_file(self._folder / name) as file:
                data = file.read(OBJECT_BYTES_MAX + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        if len(data) > OBJECT_BYTES_MAX:
            raise TargetError(f"{self._folder / name} is larger than {OBJECT_BYTES_MAX:,} bytes: we did not write it.")
        return data

    def _written(self, data: bytes) -> Path:
        """A file beside with these bytes, on the disk. One that a killed process left is written over."""
        partial = self._folder / _PARTIAL
        partial.unlink(missing_ok=True)
        try:
            partial.write_bytes(data)
            flush(partial)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        return partial

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """The folder for this writer alone; made if it is not there, refused if it holds something else."""
        self._refuse_foreign()
        make_folder(self._folder)
        with (self._folder / _LOCK).open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _refuse_foreign(self) -> None:
        with suppress(FileNotFoundError):
            other = sorted({path.name for path in self._folder.iterdir()} - _OURS)
            if other and not (self._folder / POINTER).exists():
                message = f"{self.location} is not empty ({other[0]} is there), and nobody has published into it."
                raise TargetError(f"{message} Name a new folder.")

    @contextmanager
    def _as_target_error(self, name: str) -> Iterator[None]:
        """What the file system refuses, as a message."""
        try:
            yield
        except OSError as error:
            where = f"{self._folder / name}"
            raise TargetError(f"{where} cannot be read or written: {error.strerror or error}.") from error


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
