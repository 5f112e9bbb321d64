"""The program: what the rules of one account mean, compiled, immutable and picklable.

Built once by `kittiwake.rules.compile.account` from checked rules; read by the kernel and, for what
events are needed, by the hosts. Nothing in it can be invalid: paths are split, durations are
microseconds, numbers exact. Every field says its unit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from kittiwake.kernel.plan.limits import DEFAULT_LIMITS, Limits
from kittiwake.reasons import Reason
from kittiwake.time.instants import END_OF_TIME_US, HOUR_US

if TYPE_CHECKING:
    from kittiwake.kernel.plan.routes import Role
    from kittiwake.kernel.run.execution import Taker

from kittiwake.event_types import UNMATCHED_BY_ANY
from kittiwake.kernel.plan.policy import Policy
from kittiwake.kernel.plan.rule import Mode, RuleProgram, Texts

ATTRIBUTES_RULE: Final = "contact:attributes"
"""The `rule_id` of the row that a `contact.updated` leaves for which there is no room: no rule's id has a colon."""


@dataclass(frozen=True, slots=True)
class Program:
    """The rules that apply to one account, its own and those of "*".

    Made by `index.build_program`; it travels as its rules, and is built anew where it arrives.
    """

    account_id: str
    ruleset_version: str
    rules: tuple[RuleProgram, ...] = ()
    policy: Policy = field(default_factory=Policy)
    timezone: str = "UTC"
    """The account's zone: used for contacts without a `timezone`."""
    allowed_lateness_us: int = HOUR_US
    limits: Limits = DEFAULT_LIMITS
    roles: dict[str, tuple[Role, ...]] = field(default_factory=dict)
    """By event type, of every type a rule names; see `roles_of` for the others."""
    roles_of_any: tuple[Role, ...] = ()
    """Of a type nobody names: rules with a "*" match, and audiences that hold of an empty history."""
    roles_of_contact: tuple[Role, ...] = ()
    """Of a `contact.*` or `consent.*` type nobody names: audiences that hold of an empty history,
    since any event can be the contact's first."""
    takers: dict[str, tuple[Taker, ...]] = field(default_factory=dict, compare=False, repr=False)
    """By event type, of every type a rule names and the kernel's own: what takes its events, in order."""
    takers_of_any: tuple[Taker, ...] = field(default=(), compare=False, repr=False)
    """As `roles_of_any`."""
    takers_of_contact: tuple[Taker, ...] = field(default=(), compare=False, repr=False)
    """As `roles_of_contact`."""
    texts: tuple[Texts, ...] = ()
    """Per rule."""
    state_keys: tuple[str, ...] = ()
    """Per rule."""
    gates: tuple[tuple[Reason, ...], ...] = ()
    """Per rule, the gates that can refuse, in their order."""
    own_types: frozenset[str] = frozenset()
    """Types the kernel itself takes: `contact.*` and, where the policy asks for consent, `consent.*`."""
    readied: tuple[int, ...] = ()
    """Audiences with a `ready_us`: their members enter at it."""
    dated: tuple[int, ...] = ()
    """Rules that wait towards a date: a changed attribute or zone may move them."""
    attributes: frozenset[str] = frozenset()
    """Top-level contact attributes that rules or policy read (`timezone` always)."""
    measured: frozenset[str] = frozenset()
    """Those that the rules in force read: `Limits.attribute_bytes` bounds them. Empty before the first version."""
    purposes: tuple[str, ...] = ()
    """What the policy, or one foreseen, asks consent for."""
    effective_us: int | None = None
    """Since when it is in force; None: always."""
    wanted_later: frozenset[str] | None = frozenset()
    """Types that later versions need, where the whole history is known; None: all."""
    looks_back: bool = False
    """Whether a version introduced something that a rule looks back on."""

    def wants(self, event_type: str) -> bool:
        """Whether an event of this type can change anything, once its copies are dropped."""
        if event_type in self.roles or event_type in self.own_types or self.roles_of_any:
            return True
        return self.wanted_later is None or event_type in self.wanted_later

    def wanted(self) -> frozenset[str] | None:
        """The types of the events it wants; None: all."""
        if self.roles_of_any or self.wanted_later is None:
            return None
        return frozenset(self.roles) | self.own_types | self.wanted_later

    def reads(self, event_type: str) -> bool:
        """Whether anything may look at the properties of events of this type, once their copies are dropped.

        True when in doubt. A trace shows them all.
        """
        return event_type in self.own_types or any(role.reads() for role in self.roles_of(event_type))

    def expires_us(self, rule_id: str) -> int:
        """How long after it was due what a rule fires is worth delivering."""
        return next((rule.expires_us for rule in self.rules if rule.state_key == rule_id), END_OF_TIME_US)

    def is_live(self, rule_id: str) -> bool:
        """Whether a rule of this id is in force, and not in shadow."""
        return any(rule.state_key == rule_id and rule.mode is Mode.LIVE for rule in self.rules)

    def roles_of(self, event_type: str) -> tuple[Role, ...]:
        """What an event of this type can do, rule by rule."""
        found = self.roles.get(event_type)
        if found is not None:
            return found
        return self.roles_of_contact if event_type.startswith(UNMATCHED_BY_ANY) else self.roles_of_any

    def takers_of(self, event_type: str) -> tuple[Taker, ...]:
        """What takes an event of this type, in order."""
        found = self.takers.get(event_type)
        if found is not None:
            return found
        return self.takers_of_contact if event_type.startswith(UNMATCHED_BY_ANY) else self.takers_of_any
