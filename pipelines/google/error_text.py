"""What Google's clients say, cut to what a person is told. Called by whatever asks Google something."""

from __future__ import annotations

from typing import Final

CHARACTERS_TOLD: Final = 300
"""Of what Google says: its first line names what is wrong, and some go on for pages."""

LOG_IN: Final = "gcloud auth application-default login"
"""What to type where Google's clients find no credentials."""


def first_line(said: object) -> str:
    r"""The first line of an error, or of its text, to be the end of a sentence; its type where it says nothing.

    >>> first_line(ValueError("no such bucket.\nSee the manual.")), first_line(OSError())
    ('no such bucket', 'OSError')
    """
    return (str(said).splitlines() or [type(said).__name__])[0][:CHARACTERS_TOLD].rstrip(".")
