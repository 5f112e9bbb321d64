"""Errors of input files, and how a file's name is shown to people.

Pure. Raised by what finds, opens and reads files; `InputError` reaches a person, `UnsoundError` never does.
"""

from __future__ import annotations

import os

from kittiwake.errors import UnusableError


class InputError(UnusableError):
    """An input that cannot be read; the message names the file."""


class UnsoundError(Exception):
    """A file that cannot be read to its end for what stands in it; the message says why, but not which file."""


def shown(name: str) -> str:
    """A file's name for people and outputs, also where it is not UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")
