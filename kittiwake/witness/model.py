"""What a witness is: a history of one contact, and what became of a rule by it.

Pure, immutable.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from kittiwake.model import Decision
from kittiwake.reasons import Reason

CONTACT: str = "c1"


class Happening(NamedTuple):
    """An event of the contact, or of an item."""

    at_us: int
    """After the instant at which the history is meant to arm the rule; negative: before it."""
    type: str
    properties: Mapping[str, Any] = {}
    item_id: str | None = None


class History(NamedTuple):
    """What happens to a contact."""

    events: tuple[Happening, ...]
    """Rising in time."""
    zero_us: int
    """Where `Happening.at_us` counts from."""
    contact_id: str = CONTACT


class Witness(NamedTuple):
    """A history by which a rule fires, or by which a gate refuses it."""

    gate: Reason | None
    """None: it fires."""
    history: History
    until_us: int
    """Up to when it has to be decided."""
    decisions: tuple[Decision, ...]
    """Of the rule, up to then."""


class Missing(NamedTuple):
    """There is no witness, or none was found."""

    gate: Reason | None
    why: str
    is_proven: bool
    """Whether there can be none; else none was found among the histories that were tried."""
    tried: int
