"""The program: what the rules of one account mean, compiled, immutable and picklable.

Built once by `kittiwake.rules.compiler` from checked rules; read by the kernel and, for what
events are needed, by the hosts. Nothing in it can be invalid: paths are split, durations are
microseconds, numbers exact. Every field says its unit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import msgspec

from kittiwake.kernel.limits import DEFAULT_LIMITS, Limits
from kittiwake.reasons import Reason
from kittiwake.time.instants import DAY_US, HOUR_US
from kittiwake.values import Number, Path, Scalar

if TYPE_CHECKING:
    from kittiwake.kernel.roles import Role
    from kittiwake.kernel.run import Taker

from kittiwake.event_types import UNMATCHED_BY_ANY

ATTRIBUTES_RULE: Final = "contact:attributes"
"""The `rule_id` of the row that a `contact.updated` leaves for which there is no room: no rule's id has a colon."""


class Operator(StrEnum):
    """Comparisons of `where`. NE and NOT_IN do not exist here: the compiler writes `Not(EQ)` and `Not(IN)`."""

    EQ = "eq"
    GT = "gt"
    GTE = "gte"
    LT = "lt"
    LTE = "lte"
    IN = "in"
    EXISTS = "exists"
    CONTAINS = "contains"
    STARTS_WITH = "starts_with"


class Comparison(msgspec.Struct, frozen=True):
    """One property (or, `of_contact`, one attribute) against one operand (IN: a tuple; EXISTS: a bool)."""

    path: Path
    operator: Operator
    operand: Scalar | tuple[Scalar, ...]
    of_contact: bool = False


class AllOf(msgspec.Struct, frozen=True):
    parts: tuple[Predicate, ...]


class AnyOf(msgspec.Struct, frozen=True):
    parts: tuple[Predicate, ...]


class Not(msgspec.Struct, frozen=True):
    part: Predicate


Predicate: TypeAlias = Comparison | AllOf | AnyOf | Not


class Match(msgspec.Struct, frozen=True):
    """One alternative of an event match. `types` empty: every type but `contact.*` and `consent.*` ("*")."""

    types: frozenset[str]
    where: Predicate | None = None
    same: tuple[Path, ...] = ()
    """Only in `unless`: properties that must equal those of the newest arming event."""

    def covers(self, event_type: str | None) -> bool:
        """Whether it is about events of this type; None: of a type no rule names (nor about contact or consent)."""
        if self.types:
            return event_type in self.types
        return event_type is None or not event_type.startswith(UNMATCHED_BY_ANY)


Matches: TypeAlias = tuple[Match, ...]
"""Alternatives: an event matches if it matches one."""


class Measure(StrEnum):
    COUNT = "count"
    SUM = "sum"
    DISTINCT = "distinct"
    PRESENT = "present"
    ABSENT = "absent"


class Condition(msgspec.Struct, frozen=True):
    """A question about a contact's history: of `given`, or a leaf of `audience`."""

    measure: Measure
    of: Matches
    """Their `same` is empty; the condition's stands below."""
    within_us: int | None
    """Look-back; None = ever."""
    path: Path | None = None
    """SUM and DISTINCT: what is summed or told apart."""
    operator: Operator | None = None
    """COUNT, SUM and DISTINCT: one of EQ GT GTE LT LTE."""
    bound: Number = 0
    """What the count, sum or number of distinct values is compared with."""
    same: tuple[Path, ...] = ()
    memory: str = ""
    """What its history remembers, see `layouts`; filled in when the program is built."""


class Leaf(msgspec.Struct, frozen=True):
    """A leaf of an audience tree: the condition at `index` of `RuleProgram.conditions`."""

    index: int


class AllHold(msgspec.Struct, frozen=True):
    parts: tuple[Tree, ...]


class AnyHolds(msgspec.Struct, frozen=True):
    parts: tuple[Tree, ...]


class NotHolds(msgspec.Struct, frozen=True):
    part: Tree


Tree: TypeAlias = Leaf | AllHold | AnyHolds | NotHolds


class Audience(msgspec.Struct, frozen=True):
    tree: Tree
    emits_exit: bool


class Sequence(msgspec.Struct, frozen=True):
    """An in-order chain; an event less than `within_us` after the first completes it."""

    steps: tuple[Matches, ...]
    within_us: int


class Delays(msgspec.Struct, frozen=True):
    """Silence after arming, one reminder each, rising."""

    delays_us: tuple[int, ...]
    numbered: bool
    """Written as a list: decisions carry `reminder`."""


class FieldWait(msgspec.Struct, frozen=True):
    """The number at `path` of the arming event, times the unit."""

    path: Path
    unit_us: int
    default_us: int | None


class Repeat(StrEnum):
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    YEARLY = "yearly"
    RRULE = "rrule"


class UntilWait(msgspec.Struct, frozen=True):
    """Towards a date of the event or, `of_contact`, of the contact."""

    path: Path
    of_contact: bool
    offset_us: int = 0
    at_us: int = 9 * HOUR_US
    """Local time of day of a date without one, microseconds since midnight."""
    repeat: Repeat | None = None
    rrule: str = ""
    """For Repeat.RRULE: the text, without `RRULE:`."""


Wait: TypeAlias = Delays | FieldWait | UntilWait


class Reaches(msgspec.Struct, frozen=True):
    """Thresholds of the number of matches (`path` None) or of the sum of `path`, rising."""

    path: Path | None
    at: tuple[Number, ...]


class Include(msgspec.Struct, frozen=True):
    name: str
    path: Path
    of_contact: bool = False


class Mode(StrEnum):
    LIVE = "live"
    SHADOW = "shadow"


class Calendar(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Cap(msgspec.Struct, frozen=True):
    """At most `max_fired` firings per calendar period, or in `(t - within_us, t]`."""

    max_fired: int
    calendar: Calendar | None
    within_us: int = 0
    group: str | None = None
    """Counts and holds only rules of this group; None: all."""


class QuietHours(msgspec.Struct, frozen=True):
    """Local times of day, microseconds since midnight, `from_us` != `to_us`; wraps if from > to."""

    from_us: int
    to_us: int


class Consent(msgspec.Struct, frozen=True):
    purpose: str
    default_granted: bool


class Holdout(msgspec.Struct, frozen=True):
    percent: Number
    salt: str


class Policy(msgspec.Struct, frozen=True):
    """One account's policy; `live_from` and `history_from` are compiled into each rule's `ready_us`."""

    consent: Consent | None = None
    holdout: Holdout | None = None
    frequency: tuple[Cap, ...] = ()
    quiet_hours: QuietHours | None = None
    retention_us: int = 400 * DAY_US
    """A contact without events for so long is forgotten: what it did."""
    profile_retention_us: int | None = None
    """At least `retention_us`: after so long what stays of a forgotten contact goes too. None: never."""


class Reentry(msgspec.Struct, frozen=True):
    """`within_us` None: once (remembered for the rule's `keep_us`)."""

    within_us: int | None


NEVER_US: Final = 2**62
"""When what never happens does."""


class LookBack(msgspec.Struct, frozen=True):
    """Something a rule looks back on since a version introduced it (semantics 11.9)."""

    since_us: int
    """The `effective_from` of that version: a stream has remembered it from then on."""
    ready_us: int
    """From when on that is enough; `NEVER_US` for what has no `within`."""
    outlives: bool = False
    """Whether it outlives what the contact did: attributes, consent, used thresholds."""


class RuleProgram(msgspec.Struct, frozen=True):
    """One rule. Exactly one of `when` (not empty), `sequence` and `audience` is set."""

    rule_id: str
    version: str
    """Fingerprint of the rule's text after defaults."""
    when: Matches = ()
    sequence: Sequence | None = None
    audience: Audience | None = None
    conditions: tuple[Condition, ...] = ()
    """Those of `given` (all must hold), or of `audience` (its leaves point here)."""
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
    """Every path named by a `same` of the rule: an event that lacks one does not arm. Those of `unless` come first."""
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

    @property
    def state_key(self) -> str:
        """Where a state keeps what the rule remembers; no rule id has an @."""
        return f"{self.rule_id}@{self.version}" if self.foreseen else self.rule_id

    def matches(self) -> Iterator[Match]:
        """Every match of the rule, whatever its role."""
        yield from self.when
        for step in self.sequence.steps if self.sequence else ():
            yield from step
        for condition in self.conditions:
            yield from condition.of
        yield from self.unless


class Texts(NamedTuple):
    """The texts under which a decision is taken."""

    rule_id: str
    rule_version: str
    ruleset_version: str


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
        return next((rule.expires_us for rule in self.rules if rule.state_key == rule_id), NEVER_US)

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
