"""The programs of a rule set, compiled when an account is first met and kept.

Pure but for its memory. Travels to workers as the rule set alone: what is kept stays behind.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from zlib import crc32

import msgspec
from msgspec.structs import replace

from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.kernel.plan.feeds import NEVER_SILENT, NO_FEEDS, FeedsOfRules, Silences, Span
from kittiwake.kernel.plan.policy import Rhythm
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.run.sweep import SweepPlan, sweep_plan_of
from kittiwake.rules.compile.needs import RuleNeeds, needs_of, versions_of_rules
from kittiwake.rules.compile.versions import Version, compile_versions
from kittiwake.rules.ruleset import EVERY_ACCOUNT, RuleSet
from kittiwake.rules.versions import RuleSetHistory, always
from kittiwake.time.instants import HOUR_US

if TYPE_CHECKING:
    from kittiwake.kernel.plan.catalog_plan import CatalogPlan
    from kittiwake.kernel.plan.feed_plan import FeedPlan

PROGRAMS_MAX: Final = 10_000
"""Programs kept: some 20 KB each. Compiling one anew costs milliseconds."""


NO_TYPES: Final = frozenset[str]()


class VersionUsed(msgspec.Struct, frozen=True):
    """A version of the rules, as a run names it."""

    effective_us: int | None
    """None: in force always."""
    ruleset_version: str


class Refused(NamedTuple):
    """An account whose rules cannot be run, in one version."""

    account_id: str
    ruleset_version: str
    """Of the version."""
    keeps: str | None
    """The rule set that stays in force for it; None: nothing of it is run."""
    errors: tuple[str, ...]
    """What is wrong, as it is printed."""


class RulesUsed(NamedTuple):
    """What a run says of the rules it decides by."""

    versions: tuple[VersionUsed, ...]
    """At least one, rising."""
    frozen_at_us: int | None = None
    """Nothing is decided beyond it."""
    refused: tuple[Refused, ...] = ()
    """By version and account."""

    @property
    def ruleset_version(self) -> str:
        """Of the newest version."""
        return self.versions[-1].ruleset_version


NOTHING_CHANGED: Final[Mapping[Rhythm, Span]] = {}
NO_CHANGES: Final[Mapping[str, Mapping[Rhythm, Span]]] = {}


class Plan(NamedTuple):
    """The programs of an account, and what is computed from them once."""

    versions: Versions
    sweep_plan: SweepPlan | None
    """What the sweep needs; None: the programs are walked."""
    wanted: frozenset[str] | None
    """The types of events that can change anything; None: all."""
    unread: frozenset[str]
    """Types, of those that are named, of which nothing but time and id can matter."""
    named: frozenset[str]
    """Types that rules name, and those the product itself takes."""
    changing: bool
    """Whether what one version wants another does not."""
    catalog: CatalogPlan | None = None
    """What its catalogue rules need of items; None: it has none."""
    feeds: FeedPlan | None = None
    """What its feeds ask of the events of the account; None: it has none."""
    fingerprint: int = 0
    """Of the versions that change anything for the account, whether in force or to come; 0 in a batch."""
    changed: Mapping[Rhythm, Span] = NOTHING_CHANGED
    """From when to when something else is known of its feeds than in the run from which contacts of a batch start."""


def plan_of(versions: Versions) -> Plan:
    """The plan of an account."""
    programs = versions.programs
    named = frozenset[str]().union(
        *(frozenset(program.routes.by_type) | program.routes.own_types for program in programs)
    )
    unread = frozenset(name for name in named if not any(program.reads(name) for program in programs))
    wanted = [program.wanted() for program in programs]
    takes_all = any(types is None for types in wanted)
    sweep_plan = sweep_plan_of(programs[0]) if len(programs) == 1 else None
    changing = len({frozenset(filter(program.wants, named)) for program in programs}) > 1
    changing = changing or (takes_all and not all(program.routes.takes_any for program in programs))
    only = None if takes_all else named
    of_more = (_catalog_of(versions), _feeds_of(versions), _fingerprint(versions))
    return Plan(versions, sweep_plan, only, unread, named, changing, *of_more)


def _fingerprint(versions: Versions) -> int:
    if versions.whole_history:
        return 0
    programs = versions.programs
    changes = [programs[0], *(after for before, after in pairwise(programs) if not _alike(before, after))]
    return crc32(repr([(one.effective_us, one.ruleset_version) for one in changes]).encode())


def _alike(before: Program, after: Program) -> bool:
    """Whether the two decide the same of the account: a version may be published for others."""
    if before.policy != after.policy or before.timezone != after.timezone or before.rules != after.rules:
        return False
    return before.routes.preparation == after.routes.preparation


def _frozen_at(plan: Plan, frozen_at_us: int | None) -> Plan:
    return plan._replace(versions=replace(plan.versions, frozen_at_us=frozen_at_us))


def _silent_at(plan: Plan, silences: Silences, spans: Mapping[Rhythm, Span]) -> Plan:
    if plan.feeds is None:
        return plan
    return plan._replace(versions=replace(plan.versions, silences=silences), changed=spans)


def _rhythms(plan: Plan) -> Sequence[Rhythm]:
    return () if plan.feeds is None else plan.feeds.rhythms


def _refused(history: RuleSetHistory) -> Iterator[Refused]:
    """What is to be said of accounts whose rules cannot be run."""
    for number, version in enumerate(history.versions):
        before = history.versions[:number]
        for account_id, errors in sorted(version.refused.items()):
            keeps = [one.ruleset.version for one in before if account_id not in one.refused]
            words = tuple(map(str, errors))
            yield Refused(account_id, version.ruleset.version, keeps[-1] if keeps else None, words)


def _types_named(plans: Sequence[Plan]) -> frozenset[str] | None:
    if any(plan.wanted is None for plan in plans):
        return None
    return frozenset[str]().union(*(plan.named for plan in plans))


def _catalog_of(versions: Versions) -> CatalogPlan | None:
    if all(rule.catalog is None for program in versions.programs for rule in program.rules):
        return None
    from kittiwake.kernel.plan.catalog_plan import catalog_of  # noqa: PLC0415 - for catalogue rules only

    return catalog_of(versions)


def _feeds_of(versions: Versions) -> FeedPlan | None:
    if not any(program.policy.feeds for program in versions.programs):
        return None
    from kittiwake.kernel.plan.feed_plan import feed_plan_of  # noqa: PLC0415 - for accounts with feeds only

    return feed_plan_of(versions)


class Programs:
    """From account to programs."""

    def __init__(
        self,
        rules: RuleSet | RuleSetHistory,
        allowed_lateness_us: int = HOUR_US,
        *,
        whole_history: bool = True,
        shape: InputShape = CANONICAL,
    ) -> None:
        """Compiles the programs of every account the rules name, so that a rule that cannot run is found here.

        A batch has the whole history, a stream has not. `shape` is that of the input: it may derive events by itself.
        """
        history = always(rules) if isinstance(rules, RuleSet) else rules
        versions = (VersionUsed(one.effective_us, one.ruleset.version) for one in history.versions)
        self.used = RulesUsed(tuple(versions), history.frozen_at_us, tuple(_refused(history)))
        """What a run says of them."""
        self._history = history
        self._allowed_lateness_us = allowed_lateness_us
        self._whole_history = whole_history
        self._lines = shape.shape.lines
        self._kept: dict[str, Plan] = {}
        self._silences: Mapping[str, Silences] = {}
        self._changed: Mapping[str, Mapping[Rhythm, Span]] = {}
        self._named = frozenset(name for one in history.versions for name in (*one.ruleset.accounts, *one.refused))
        self.refused = frozenset(name for name in self._named if not self._versions(name))
        """Accounts of which nothing is run, in no version."""
        plans = [self.plan(account_id) for account_id in (EVERY_ACCOUNT, *sorted(self._named))]
        self.named_types = _types_named(plans)
        """Types that rules of some account name, and those the product itself takes; None: some need every type."""
        self.feeds = self._feeds_of_rules()
        """The feeds of all accounts, whose events a host takes down."""
        self.has_catalog = any(plan.catalog is not None for plan in plans)
        """Whether any account has catalogue rules; if not, nobody needs events of items."""

    def of(self, account_id: str) -> Versions:
        """The programs of an account; one the rules do not name has those of "*" alone."""
        return self.plan(account_id).versions

    def plan(self, account_id: str) -> Plan:
        """The programs of an account, ready for whole histories."""
        plan = self._kept.get(account_id)
        if plan is None:
            if len(self._kept) >= PROGRAMS_MAX:
                self._kept.clear()
            plan = self._kept[account_id] = self._new_plan(account_id)
        return plan

    def frozen_at(self, frozen_at_us: int | None) -> Programs:
        """The same rules, frozen at an instant or not at all; nothing is compiled anew."""
        found = Programs.__new__(Programs)
        found.__dict__ = {
            **self.__dict__,
            "used": self.used._replace(frozen_at_us=frozen_at_us),
            "_history": replace(self._history, frozen_at_us=frozen_at_us),
            "_kept": {name: _frozen_at(plan, frozen_at_us) for name, plan in self._kept.copy().items()},
        }
        return found

    def with_silences(
        self, silences: Mapping[str, Silences], changed: Mapping[str, Mapping[Rhythm, Span]] = NO_CHANGES
    ) -> Programs:
        """The same rules, where it is known when the feeds of each account were silent; nothing is compiled anew.

        `changed` is by account what `Plan.changed` is.
        """
        if not self.feeds.types:
            return self
        found = Programs.__new__(Programs)
        found.__dict__ = {**self.__dict__, "_silences": silences, "_changed": changed}
        found._kept = {name: found._silent(name, plan) for name, plan in self._kept.copy().items()}
        return found

    def _silent(self, account_id: str, plan: Plan) -> Plan:
        changed = self._changed.get(account_id, NOTHING_CHANGED)
        return _silent_at(plan, self._silences.get(account_id, NEVER_SILENT), changed)

    def _feeds_of_rules(self) -> FeedsOfRules:
        of_account = {name: _rhythms(self.plan(name)) for name in sorted(self._named)}
        of_others = _rhythms(self.plan(EVERY_ACCOUNT))
        types = frozenset(one.type for rhythms in (of_others, *of_account.values()) for one in rhythms)
        return FeedsOfRules(types, of_account, of_others) if types else NO_FEEDS

    def _new_plan(self, account_id: str) -> Plan:
        """A plan; accounts that the rules do not name share all but their name."""
        return self._silent(account_id, self._compiled_plan(account_id))

    def _compiled_plan(self, account_id: str) -> Plan:
        if account_id != EVERY_ACCOUNT and account_id not in self._named:
            shared = self.plan(EVERY_ACCOUNT)
            return shared._replace(versions=shared.versions.named(account_id))
        return plan_of(
            compile_versions(
                self._versions(account_id) or [(None, RuleSet())],
                account_id,
                allowed_lateness_us=self._allowed_lateness_us,
                whole_history=self._whole_history,
                frozen_at_us=self._history.frozen_at_us,
                lines=self._lines,
            )
        )

    def _versions(self, account_id: str) -> list[Version]:
        """The versions that are in force for an account one after the other: one that it cannot run is passed over."""
        return [(one.effective_us, one.ruleset) for one in self._history.versions if account_id not in one.refused]

    def wanted(self, account_id: str) -> frozenset[str] | None:
        """The types of events that can change anything in an account; None: all."""
        return self.plan(account_id).wanted

    def named(self, account_id: str) -> tuple[str, frozenset[str]]:
        """The types that the rules of an account name, and under which account they are: "*" if no rules name it."""
        return account_id if account_id in self._named else EVERY_ACCOUNT, self.plan(account_id).named

    def has_rules(self, account_id: str) -> bool:
        """Whether rules are for an account: its own, or those of every account."""
        return account_id in self._named or EVERY_ACCOUNT in self._named

    def needs(self) -> tuple[RuleNeeds, ...]:
        """What every rule needs, by account; those of every account first, and once."""
        every = self.of(EVERY_ACCOUNT)
        shared = versions_of_rules(every)
        own = (needs_of(name, self.of(name), shared) for name in sorted(self._named - {EVERY_ACCOUNT} - self.refused))
        return (*needs_of(EVERY_ACCOUNT, every), *chain.from_iterable(own))

    def wanted_of_items(self, account_id: str) -> frozenset[str] | None:
        """The types of events of items that can change anything in an account; None: all."""
        return None if self.plan(account_id).catalog is not None else NO_TYPES

    def types_wanted(self) -> frozenset[str] | None:
        """The types of events of contacts that can change anything in any account; None: all."""
        found = [self.wanted(name) for name in (EVERY_ACCOUNT, *sorted(self._named - self.refused))]
        kept = [types for types in found if types is not None]
        return frozenset[str]().union(*kept) if len(kept) == len(found) else None

    def accounts_with_rules(self) -> frozenset[str] | None:
        """The accounts of which anything can be decided, and those whose rules are refused; None: all."""
        named = frozenset(need.account_id for need in self.needs())
        return None if EVERY_ACCOUNT in named else named | self.refused

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_kept": {}}
