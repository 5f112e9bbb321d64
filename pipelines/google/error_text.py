"""Errors of Google's clients, cut to what a person reads. Called by everything that calls Google."""

from __future__ import annotations

from typing import Final

CHARACTERS_SHOWN: Final = 300
"""Of an error: its first line names the cause, and some go on for pages."""

LOG_IN: Final = "gcloud auth application-default login"
"""The command to type where Google's clients find no credentials."""


def first_line(said: object) -> str:
    r"""The first line of an error, or of its text, to be the end of a sentence; its type where it says nothing.

    >>> first_line(ValueError("no such bucket.\nSee the manual.")), first_line(OSError())
    ('no such bucket', 'OSError')
    """
    return (str(said).splitlines() or [type(said).__name__])[0][:CHARACTERS_SHOWN].rstrip(".")
