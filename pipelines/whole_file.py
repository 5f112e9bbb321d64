"""A file of lines that is whole or not there: written beside its name, and renamed when it is on the disk.

Called by the mains that write one file.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from kittiwake.durable_files import flush, locked, make_folder, undisturbed
from kittiwake.errors import UnusableError
from kittiwake.private_files import OWNER_ALONE


def write_lines(output: Path, lines: Iterable[bytes], *, replaces: bool = False) -> int:
    """Write lines, each with its end, the whole file or none; the number of lines. Nobody but its owner can read it.

    With `replaces` a file of that name is replaced; else one that has appeared meanwhile is an error.

    Raises:
        UnusableError: it cannot be written, is there already, or another run is writing it.
    """
    partial = output.with_name(f".{output.name}.partial")
    try:
        make_folder(output.parent)
        file = locked(partial)
        if file is None:
            raise UnusableError(f"another run is writing {output}: wait for its end, or name another file")
        with file:
            try:
                os.fchmod(file.fileno(), OWNER_ALONE)
                number = _fill(file, lines)
                _put(partial, output, replaces=replaces)
            except BaseException:
                with undisturbed():
                    partial.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise UnusableError(f"cannot write to {output}: {error.strerror or error}") from error
    return number


def _fill(file: IO[bytes], lines: Iterable[bytes]) -> int:
    """Write all lines into a file in which a killed run may have left some; on the disk when it returns."""
    file.truncate(0)
    number = 0
    for number, line in enumerate(lines, 1):  # noqa: B007 - the last one is the count
        file.write(line)
    file.flush()
    os.fsync(file.fileno())
    return number


def _put(partial: Path, output: Path, *, replaces: bool) -> None:
    with undisturbed():
        if not replaces and output.exists():
            raise UnusableError(f"--output {output} is there by now: name another file")
        partial.rename(output)
        try:
            flush(output.parent)
        except OSError:
            output.rename(partial)  # what was refused leaves no file
            raise
