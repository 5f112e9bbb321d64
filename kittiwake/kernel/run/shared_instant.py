"""A shared instant: several events of one contact at the same microsecond, one of which may disarm what another opens.

Made by `run.timeline` for such an instant only; `run.episodes` asks it.
"""

from __future__ import annotations

from typing import TypeAlias

from kittiwake.model import Event

Wanted: TypeAlias = list[tuple[int, str]]
"""What the `same` values of an episode must be, by their index, for an `unless` event to disarm it."""


class SharedInstant:
    """What the events of the instant have done so far."""

    __slots__ = ("opened", "unless_taken")

    def __init__(self) -> None:
        """Nothing yet."""
        self.unless_taken: dict[int, list[tuple[Event, list[Wanted]]]] = {}
        """By rule index: the `unless` events, with what they want of an episode."""
        self.opened: dict[tuple[int, str], set[tuple[str, str]]] = {}
        """By instance: id and type of the events that opened an episode."""

    def clear(self) -> None:
        """Nothing has been done that still counts: the contact has ended."""
        self.unless_taken.clear()
        self.opened.clear()
