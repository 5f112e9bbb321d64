"""What a process knows of the rules at a time, and up to which instant that is all there is to know.

Pure. Made by `poller` (rules that are published) or by `StaticRules` (rules files); asked by the intake, which drops
what nobody needs, and by the host, which evaluates no further than it knows the rules.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.rules.compile.accounts import Plan, Programs
from kittiwake.rules.versions import RuleSetHistory
from kittiwake.time.instants import END_OF_TIME_US


class RulesView(NamedTuple):
    """The rules as a process knows them."""

    programs: Programs
    until_us: int
    """No version that this process does not know comes into force before this instant or at it."""

    @property
    def frozen_at_us(self) -> int | None:
        """Nothing is evaluated beyond it."""
        return self.programs.used.frozen_at_us

    def plan(self, account_id: str) -> Plan:
        """The programs of an account."""
        return self.programs.plan(account_id)

    def may_need(self, account_id: str, event_type: str, time_us: int) -> bool:
        """Whether an event may be needed: the version in force at its time wants it, or that version may be unknown."""
        return time_us >= self.until_us or self.plan(account_id).versions.at(time_us).wants(event_type)


class RulesSource(Protocol):
    """Where a process has its rules from. Picklable; what it has read stays in the process."""

    def view(self, clock_us: int) -> RulesView:
        """The rules by the host's clock.

        Raises:
            RulesError, TargetError: nothing has been read yet, and nothing can be.
        """

    def of_shape(self, shape: InputShape) -> RulesSource:
        """The same rules for messages of a shape that derives events by itself."""


def shaped(rules: RulesSource, shape: InputShape) -> RulesSource:
    """The rules for messages of a shape, which may derive events by itself."""
    return rules.of_shape(shape) if shape.shape.lines else rules


class StaticRules:
    """Rules that are read once, when the job is launched, and never change."""

    def __init__(self, history: RuleSetHistory, allowed_lateness_us: int, shape: InputShape = CANONICAL) -> None:
        """Raises `RulesError` if a rule is of a kind that this release does not run."""
        programs = Programs(history, allowed_lateness_us, whole_history=False, shape=shape)
        self._history, self._allowed_lateness_us = history, allowed_lateness_us
        self._view = RulesView(programs, END_OF_TIME_US)

    def of_shape(self, shape: InputShape) -> StaticRules:
        """The same rules for messages of a shape."""
        return StaticRules(self._history, self._allowed_lateness_us, shape)

    def view(self, clock_us: int) -> RulesView:  # noqa: ARG002 - of `RulesSource`
        """The same at every time."""
        return self._view
