"""A shared instant: several events of one contact at the same microsecond, one of which may disarm what another opens.

Made by `run.timeline` for such an instant only; `run.episodes` asks it.
"""

from __future__ import annotations

from typing import TypeAlias

from kittiwake.model import Event

Name: TypeAlias = tuple[str, str]
"""Id and type of an event."""

Wanted: TypeAlias = list[tuple[int, str]]
"""What the `same` values of an episode must be, by their index, for an `unless` event to disarm it."""


class SharedInstant:
    """What the events of the instant have done so far."""

    __slots__ = ("family", "opened", "unless_taken")

    def __init__(self) -> None:
        """Nothing yet."""
        self.unless_taken: dict[int, list[tuple[Event, list[Wanted], Name]]] = {}
        """By rule index: the `unless` events, with what they want of an episode, and their families."""
        self.opened: dict[tuple[int, str], set[Name]] = {}
        """By instance: the families of the events that opened an episode."""
        self.family: Name | None = None
        """While an event and what is derived from it are taken: of whom all of them are."""

    def family_of(self, event: Event) -> Name:
        """The family of the event that is being taken: its own name, or that of the event it is derived from."""
        return self.family or (event.event_id, event.type)

    def clear(self) -> None:
        """Nothing has been done that still counts: the contact has ended."""
        self.unless_taken.clear()
        self.opened.clear()
