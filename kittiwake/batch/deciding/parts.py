"""The parts of what the accelerator knows of a program, with the names of `native/src/decide/plan.rs`.

Pure values. Filled by `plan`.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kittiwake.kernel.plan.limits import Limits
from kittiwake.kernel.plan.quiet_hours import QuietHours
from kittiwake.kernel.plan.wait import Wait
from kittiwake.values import Number


class PredicatePlan(msgspec.Struct, frozen=True):
    operator: str
    name: str = ""
    texts: Sequence[str] = ()
    bound: int = 0
    parts: Sequence[PredicatePlan] = ()


class TreePlan(msgspec.Struct, frozen=True):
    operator: str
    leaf: int = 0
    parts: Sequence[TreePlan] = ()


class UnlessPlan(msgspec.Struct, frozen=True):
    asked: PredicatePlan | None
    wants: list[tuple[int, str]]


class RoutePlan(msgspec.Struct, frozen=True):
    rule: int
    unless: list[UnlessPlan]
    records: list[tuple[int, PredicatePlan | None]]
    is_when: bool
    when: PredicatePlan | None
    steps: list[tuple[int, PredicatePlan | None]]


class WaitPlan(msgspec.Struct, frozen=True):
    kind: str
    compiled: Wait
    delays_us: Sequence[int] = ()
    numbered: bool = False
    name: str = ""
    unit_us: int = 0
    default_us: int | None = None
    of_contact: bool = False
    repeats: bool = False


class ConditionPlan(msgspec.Struct, frozen=True):
    kind: str
    within_us: int | None
    name: str
    operator: str
    bound: int
    asked_same: list[int]
    own_same: list[str]
    kept: int


class ReachesPlan(msgspec.Struct, frozen=True):
    name: str | None
    at: list[int]
    at_texts: list[str]
    at_values: Sequence[Number]
    anew: str


class IncludePlan(msgspec.Struct, frozen=True):
    field: str
    name: str
    said: str


class CapPlan(msgspec.Struct, frozen=True):
    max_fired: int
    calendar: str
    within_us: int
    counts: list[bool]


class QuietPlan(msgspec.Struct, frozen=True):
    edges: Sequence[int]
    compiled: QuietHours


class RulePlan(msgspec.Struct, frozen=True):
    id_text: str
    rule_id: str
    version: str
    channel: str | None
    rank: int
    id_rank: int
    per: list[tuple[str, str]]
    same: list[str]
    restart: bool
    shadow: bool
    transactional: bool
    holdout: bool
    expires_us: int
    keep_us: int
    ready_us: int | None
    reentry_us: int | None
    wait: WaitPlan | None
    sequence: tuple[int, int] | None
    audience: TreePlan | None
    emits_exit: bool
    reaches: ReachesPlan | None
    given: TreePlan | None
    conditions: list[ConditionPlan]
    include: list[IncludePlan]
    consent: tuple[int, bool] | None
    quiet: QuietPlan | None
    arbitrated: bool
    caps: list[CapPlan]


class ProgramPlan(msgspec.Struct, frozen=True):
    """As `plan::Program` there."""

    ruleset_version: str
    zone: str
    rules: list[RulePlan]
    by_type: dict[str, list[RoutePlan]]
    of_any: list[RoutePlan]
    of_contact: list[RoutePlan]
    attributes: list[str]
    dated: Sequence[int]
    purposes: Sequence[str]
    holdout: tuple[str, int] | None
    arbitration: tuple[int, int] | None
    retention_us: int
    readied: list[tuple[int, int]]
    limits: Limits
