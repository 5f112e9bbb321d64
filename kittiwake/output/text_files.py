"""Put a text into a file: whole or not at all, and nobody's file is replaced unasked.

Writes files. Called by the commands that write plans, pages and new projects.
"""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import NamedTemporaryFile

from kittiwake.durable_files import flush, undisturbed
from kittiwake.errors import UnusableError
from kittiwake.private_files import OWNER_ALONE, usual_mode


def refuse_existing(path: Path, *, force: bool) -> None:
    """Refuse to write to a path at which something stands, or whose folder is not there.

    Raises:
        UnusableError: it says what to do.
    """
    if path.is_dir():
        raise UnusableError(f"cannot write {path}: it is a folder: name a file in it")
    if path.is_symlink() or path.exists():
        if not force:
            raise UnusableError(f"{path} is there already: name another file, or say --force to replace it")
    elif not path.parent.is_dir():
        raise UnusableError(f"cannot write {path}: there is no folder {path.parent}")


def write_file(path: Path, text: str, *, force: bool, private: bool = False) -> None:
    """Write a text; it is on the disk when this returns. `private`: nobody but its owner can read it.

    Raises:
        UnusableError: it cannot be written, or something stands there by now; nothing has changed then.
    """
    refuse_existing(path, force=force)
    try:
        mode = OWNER_ALONE if private else usual_mode()
        with NamedTemporaryFile("w", encoding="utf-8", dir=path.parent, prefix=".kittiwake-", delete=False) as made:
            try:
                made.write(text)
                made.close()
                flush(Path(made.name))
                with undisturbed():
                    _name(Path(made.name), path, force=force, mode=mode)
            except BaseException:
                Path(made.name).unlink(missing_ok=True)
                raise
    except FileExistsError:
        raise UnusableError(f"{path} is there already: name another file, or say --force to replace it") from None
    except OSError as error:
        raise UnusableError(f"cannot write {path}: {error.strerror or error}") from error


def _name(made: Path, path: Path, *, force: bool, mode: int) -> None:
    """Give a file its name; a link to it is followed by nobody."""
    made.chmod(mode)
    if force:
        made.replace(path)
    else:
        os.link(made, path)
        made.unlink()
    flush(path.parent)
