"""Words for numbers. Pure."""

from __future__ import annotations


def counted(number: int, word: str) -> str:
    """A number and what it counts.

    >>> counted(1, "record"), counted(1_200, "record")
    ('1 record', '1,200 records')
    """
    return f"{number:,} {word}" + ("" if number == 1 else "s")
