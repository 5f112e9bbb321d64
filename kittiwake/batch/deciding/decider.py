"""The accelerator's decider of whole histories: what it is made of, and what it asks of Python.

It answers for contacts of which nothing can be in doubt, and leaves all others to `kernel.batch`, which defines what
becomes of any. So nothing here loads that: it is loaded with the first contact that is left.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple, Protocol

from kittiwake.batch.deciding.known import REASONS
from kittiwake.batch.deciding.lines import LineTexts
from kittiwake.batch.event_rows import Row
from kittiwake.kernel.evaluate.quiet_hours import release_us
from kittiwake.kernel.evaluate.wait import Clock, NoPlan, follows_zone, plan_until
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.quiet_hours import QuietHours
from kittiwake.kernel.plan.wait import UntilWait
from kittiwake.model import Decision, EventIds
from kittiwake.reasons import Kind, Outcome
from kittiwake.time import zones
from kittiwake.time.instants import DAY_US


class Words(NamedTuple):
    """What rows are made of, as `rows::Words` there."""

    decision: Any = Decision
    event_ids: Any = EventIds
    date_of: Any = date.fromordinal
    kinds: tuple[Kind, ...] = (Kind.FIRED, Kind.ENTERED, Kind.EXITED)
    outcomes: tuple[Outcome, ...] = (Outcome.FIRED, Outcome.SUPPRESSED, Outcome.CANCELLED, Outcome.DEFERRED)
    reasons: tuple[Any, ...] = REASONS


class Asked:
    """What it asks of Python, of one program."""

    def __init__(self, max_wait_us: int) -> None:
        self._max_wait_us = max_wait_us

    @staticmethod
    def zone_of(name: str) -> str | None:
        """The zone that a name stands for."""
        return zones.zone_of(name)

    @staticmethod
    def steady_offset_us(zone: str, day: int) -> int | None:
        """The offset of a zone on a whole day of UTC; None of a day on which it changes."""
        first_us = zones.offset_us(zone, day * DAY_US)
        return first_us if zones.offset_us(zone, (day + 1) * DAY_US - 1) == first_us else None

    @staticmethod
    def offset_us(zone: str, time_us: int) -> int:
        """The offset of a zone at an instant."""
        return zones.offset_us(zone, time_us)

    @staticmethod
    def release_us(quiet: QuietHours, zone: str, now_us: int) -> int:
        """When quiet hours end."""
        return release_us(quiet, zone, now_us)

    def plan_until(
        self, wait: UntilWait, value: str, now_us: int, zone: str, after: int | None, strictly: bool
    ) -> list[tuple[int, int, int | None]] | None:
        """The deadlines towards a date, none where it is past; None: it is no date, or too far ahead."""
        found = plan_until(wait, value, Clock(now_us, zone, self._max_wait_us), after, strictly=strictly)
        if isinstance(found, list):
            return [(one.index, one.due_us, one.occurrence) for one in found]
        return [] if found is NoPlan.PAST else None

    @staticmethod
    def follows_zone(wait: UntilWait, value: str | None) -> bool:
        """Whether a change of the zone moves the deadline."""
        return follows_zone(wait, value)


class Decider(Protocol):
    """As `decide::Decider` there."""

    def decide(
        self, account_id: str, contact_id: str, rows: list[Row], until_us: int
    ) -> tuple[list[Decision], list[tuple[int, int, int]]] | None:
        """Decisions, and what waits: index of the rule, how many, the earliest deadline; None: not me."""


def is_alike(known: Program, program: Program) -> bool:
    """Whether two programs that share their routes differ in the account at most."""
    return (
        known.rules is program.rules
        and known.policy is program.policy
        and known.limits == program.limits
        and known.timezone == program.timezone
        and known.ruleset_version == program.ruleset_version
    )


def new_decider(program: Program, module: Any, lines: Sequence[LineTexts] | None = None) -> Decider | None:
    """What decides by a program in the accelerator `module`, and writes lines if it is given `lines`; None: nothing."""
    from kittiwake.batch.deciding.plan import plan_of  # noqa: PLC0415 - 10 ms, with an accelerator only

    plan = plan_of(program)
    if plan is None:
        return None
    made: Decider = module.Decider(plan, Words(), Asked(program.limits.max_wait_us), lines)
    return made
