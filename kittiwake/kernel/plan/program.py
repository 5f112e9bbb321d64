"""The program: what the rules of one account mean, compiled, immutable and picklable.

Built once by `kittiwake.rules.compile` from checked rules; read by the kernel and, for what events are needed, by the
hosts. Nothing in it can be invalid: paths are split, durations are microseconds, numbers exact. Every field says its
unit.
"""

from __future__ import annotations

from typing import Final

import msgspec

from kittiwake.event_types import is_item_change
from kittiwake.kernel.plan.gates import Asked
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS, Limits
from kittiwake.kernel.plan.policy import Feed, Policy
from kittiwake.kernel.plan.routes import Routes
from kittiwake.kernel.plan.rule import Mode, RuleProgram, Texts
from kittiwake.reasons import Reason
from kittiwake.time.instants import END_OF_TIME_US, HOUR_US

ATTRIBUTES_RULE: Final = "contact:attributes"
"""The `rule_id` of the row that a `contact.updated` leaves for which there is no room: no rule's id has a colon."""


class Program(msgspec.Struct, frozen=True):
    """The rules that apply to one account, its own and those of "*".

    Made by `build.build_program`. It holds data alone: it travels as its rules, and is built anew where it arrives.
    """

    account_id: str
    ruleset_version: str
    rules: tuple[RuleProgram, ...] = ()
    policy: Policy = msgspec.field(default_factory=Policy)
    timezone: str = "UTC"
    """The account's zone: used for contacts without a `timezone`."""
    allowed_lateness_us: int = HOUR_US
    limits: Limits = DEFAULT_LIMITS
    routes: Routes = msgspec.field(default_factory=Routes)
    """What events can do, by their types."""
    texts: tuple[Texts, ...] = ()
    """Per rule."""
    state_keys: tuple[str, ...] = ()
    """Per rule."""
    gates: tuple[tuple[Reason, ...], ...] = ()
    """Per rule, the gates that can refuse, in their order."""
    asked: tuple[Asked, ...] = ()
    """Per rule, what the policy asks of its candidates."""
    feeds: tuple[tuple[Feed, ...], ...] = ()
    """Per rule, the feeds that it relies on."""
    firings_us: int = 0
    """For how long after a firing one of the caps may count it; 0: there are none."""
    readied: tuple[int, ...] = ()
    """Audiences with a `ready_us`: their members enter at it."""
    dated: tuple[int, ...] = ()
    """Rules that wait towards a date or to a local day: a changed attribute or zone may move them."""
    attributes: frozenset[str] = frozenset()
    """Top-level contact attributes that rules or policy read (`timezone` always)."""
    measured: frozenset[str] = frozenset()
    """Those that the rules in force read: `Limits.attribute_bytes` bounds them. Empty before the first version."""
    purposes: tuple[str, ...] = ()
    """What the policy, or one foreseen, asks consent for."""
    effective_us: int | None = None
    """Since when it is in force; None: always."""
    wanted_later: frozenset[str] | None = frozenset()
    """Types that later versions need, where the full history is known; None: all."""
    looks_back: bool = False
    """Whether a version introduced something that a rule looks back on."""
    has_digests: bool = False
    """Whether a rule has a `digest`."""

    def wants(self, event_type: str) -> bool:
        """Whether an event of this type can change anything, once its duplicates are dropped."""
        routes = self.routes
        if event_type in routes.by_type or event_type in routes.own_types:
            return True
        if is_item_change(event_type):
            return bool(routes.of_item or self.policy.feeds)
        if routes.takes_any:
            return True
        return self.wanted_later is None or event_type in self.wanted_later

    def wanted(self) -> frozenset[str] | None:
        """The types of the events it wants; None: all. Changes of items are not among them."""
        routes = self.routes
        if routes.takes_any or self.wanted_later is None:
            return None
        return frozenset(routes.by_type) | routes.own_types | self.wanted_later

    def reads(self, event_type: str) -> bool:
        """Whether anything may read the properties of events of this type, once their duplicates are dropped.

        True when in doubt. A trace shows them all.
        """
        routes = self.routes
        if event_type in routes.own_types or routes.preparation.reads(event_type):
            return True
        return any(route.reads() for route in routes.of(event_type))

    def expires_us(self, rule_id: str) -> int:
        """How long after it was due what a rule fires is worth delivering."""
        return next((rule.expires_us for rule in self.rules if rule.state_key == rule_id), END_OF_TIME_US)

    def is_live(self, rule_id: str) -> bool:
        """Whether a rule of this id is in force, and not in shadow."""
        return any(rule.state_key == rule_id and rule.mode is Mode.LIVE for rule in self.rules)
