"""One rule, compiled: all its clauses together.

Made by `kittiwake.rules.compile`; read by the kernel.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import NamedTuple

import msgspec

from kittiwake.kernel.plan.about import About
from kittiwake.kernel.plan.audience import Audience
from kittiwake.kernel.plan.catalog import Catalog
from kittiwake.kernel.plan.conditions import Tree
from kittiwake.kernel.plan.digest import Digest
from kittiwake.kernel.plan.history import Condition, LookBack
from kittiwake.kernel.plan.include import Include
from kittiwake.kernel.plan.match import Match, Matches
from kittiwake.kernel.plan.periods import PERIOD_SPAN_US
from kittiwake.kernel.plan.policy import Reentry
from kittiwake.kernel.plan.rollout import Rollout
from kittiwake.kernel.plan.sequence import Sequence
from kittiwake.kernel.plan.thresholds import Reaches
from kittiwake.kernel.plan.variants import Variants
from kittiwake.kernel.plan.wait import Wait
from kittiwake.time.instants import DAY_US
from kittiwake.values import Path


class Mode(StrEnum):
    LIVE = "live"
    SHADOW = "shadow"


class RuleProgram(msgspec.Struct, frozen=True):
    """One rule. Exactly one of `when` (not empty), `sequence`, `audience` and `catalog` is set."""

    rule_id: str
    version: str
    """Fingerprint of the rule's text after defaults."""
    when: Matches = ()
    sequence: Sequence | None = None
    audience: Audience | None = None
    conditions: tuple[Condition, ...] = ()
    """The questions about history of `given` and `still`, or of `audience`: the leaves of their trees point here."""
    wait: Wait | None = None
    unless: Matches = ()
    per: tuple[Path, ...] = ()
    restart: bool = True
    reaches: Reaches | None = None
    include: tuple[Include, ...] = ()
    mode: Mode = Mode.LIVE
    priority: int = 50
    reentry: Reentry | None = None
    """None: always."""
    group: str | None = None
    transactional: bool = False
    holdout: bool = True
    """Whether the policy's holdout concerns it."""
    expires_us: int = 3 * DAY_US
    keep_us: int = 400 * DAY_US
    ready_us: int | None = None
    """Candidates due before it are `not_ready`; members of an audience enter at it. None: ready for ever."""
    same: tuple[Path, ...] = ()
    """Every path named by a `same` of the rule: an event that lacks one does not arm. First come those of `unless` and
    `still`, which are asked of what is pending."""
    layout: str = ""
    """What its memory depends on, see `layouts`; filled in when the program is built."""
    foreseen: bool = False
    """Of a later version: it remembers what it will look back on, and does nothing else."""
    look_backs: tuple[LookBack, ...] = ()
    """Those that a version introduced."""
    partial: bool = False
    """`history_from: effective`: a contact that lacks a look-back is decided all the same."""
    anew_us: int | None = None
    """Of a rule with `reaches` that there was before: since when it counts anew, for it was another or was not there
    just before (with `per`, or was kept for another time). None: it has always been this one."""
    given: Tree | None = None
    """None: nothing is asked of a match."""
    still: Tree | None = None
    """None: nothing is asked of what falls due."""
    variants: Variants | None = None
    about: About | None = None
    """What it says of itself."""
    channel: str | None = None
    """The policy's channel on which its triggers are sent."""
    catalog: Catalog | None = None
    """What changes of items it is about."""
    digest: Digest | None = None
    """None: each instance leaves a trigger of its own."""
    rollout: Rollout | None = None
    """None: it is sent to every contact."""

    @property
    def total_kept_us(self) -> int | None:
        """For how long after its newest match an instance's total and used thresholds are remembered; None: for ever.

        Of a calendar period until no zone has that period any more.
        """
        period = None if self.reaches is None else self.reaches.period
        if period is None:
            return self.keep_us if self.per else None
        return min(self.keep_us, PERIOD_SPAN_US[period]) if self.per else PERIOD_SPAN_US[period]

    @property
    def state_key(self) -> str:
        """Where a state keeps what the rule remembers; no rule id has an @."""
        return f"{self.rule_id}@{self.version}" if self.foreseen else self.rule_id

    def trees(self) -> tuple[Tree, ...]:
        """Its trees of conditions."""
        found = (self.given, self.still, self.audience.tree if self.audience else None)
        return tuple(tree for tree in found if tree is not None)

    def matches(self) -> Iterator[Match]:
        """Every match of the rule, whatever clause it is of."""
        yield from self.when
        for step in self.sequence.steps if self.sequence else ():
            yield from step
        for condition in self.conditions:
            yield from condition.of
        yield from self.unless
        if self.catalog is not None:
            yield from self.catalog.interest


class Texts(NamedTuple):
    """The texts under which a decision is taken, and what of the rule's every row shows."""

    rule_id: str
    rule_version: str
    ruleset_version: str
    variants: Variants | None = None
    channel: str | None = None


def texts_of(rule: RuleProgram, ruleset_version: str) -> Texts:
    """The texts of a rule in force."""
    return Texts(rule.rule_id, rule.version, ruleset_version, rule.variants, rule.channel)
