"""Outputs of an execution: decisions, steps of a trace and counts, through all the versions it passes.

Filled by `run.execution` and `run.timeline`; read by the entrances, which hand them to the host.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from kittiwake.kernel.state.trace import Step, step_of
from kittiwake.model import Decision
from kittiwake.reasons import Clause, Found


class Unusable(NamedTuple):
    """A sort of value that a rule could not use."""

    rule_id: str
    clause: Clause
    path: str
    """Dotted; `contact.` before an attribute's."""
    found: Found


NOTHING_UNUSABLE: Final[Mapping[Unusable, int]] = {}
"""Never changed."""


class Silent(NamedTuple):
    """A feed that was silent when something of a rule was due, or a type flooded when its newest event came."""

    rule_id: str
    type: str
    flooded: bool = False


NOTHING_SILENT: Final[Mapping[Silent, int]] = {}
"""Never changed."""


class Outputs:
    """What an execution hands out."""

    __slots__ = (
        "decisions",
        "deferred",
        "duplicates",
        "forgotten",
        "ids_forgotten",
        "repeats",
        "repeats_forgotten",
        "silent",
        "trace",
        "unusable",
    )

    def __init__(self, trace: list[Step] | None = None) -> None:
        """Nothing yet; `trace` takes the steps, if they are wanted."""
        self.trace = trace
        self.decisions: list[Decision] = []
        self.duplicates = 0
        self.forgotten = 0
        """How often the contact was forgotten."""
        self.unusable: dict[Unusable, int] = {}
        """Values that rules in force could not use, and how often."""
        self.ids_forgotten = 0
        """Ids of events that had to make room while duplicates of them could still come."""
        self.repeats = 0
        """Events dropped since one that counted has brought their value."""
        self.repeats_forgotten = 0
        """Values that had to make room (`Limits.repeats`) while events could still bring them again."""
        self.silent: dict[Silent, int] = {}
        """What was due for the first time while a feed was silent on which its rule leans, or armed by a flood."""
        self.deferred = False
        """Whether anything was deferred."""

    def add(self, decision: Decision) -> None:
        """Hand out a decision, and its step."""
        self.decisions.append(decision)
        if self.trace is not None:
            self.trace.append(step_of(decision))

    def count_silent(self, rule_id: str, event_type: str, *, flooded: bool = False) -> None:
        """Count what was due while a feed was silent, or what a flood armed."""
        one = Silent(rule_id, event_type, flooded)
        self.silent[one] = self.silent.get(one, 0) + 1

    def count_unusable(self, one: Unusable) -> None:
        """Count a value that a rule in force needs and cannot use."""
        self.unusable[one] = self.unusable.get(one, 0) + 1
