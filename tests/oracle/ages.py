"""Which version is in force when, and since when what it looks back on has been remembered (semantics.md, 11).

A batch has the whole history: there every look-back remembers `ALWAYS`. A stream remembers from introduction on.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from tests.oracle import clock
from tests.oracle.language import RETENTION, Cap, Catalog, Condition, Policy, Rule, rule_set
from tests.oracle.needs import attributes_read, is_needed, of_contact
from tests.oracle.preparing import Derivation, Preparation, covers
from tests.oracle.sameness import is_same, measures_the_same, shows_the_same

ALWAYS: Final = -(10**18)
NEVER: Final = 10**18
# How long after a firing a gate may still lie in the same local day, week or month of some zone.
_CALENDAR: Final = {"day": 2 * clock.DAY, "week": 8 * clock.DAY, "month": 32 * clock.DAY}


@dataclass(frozen=True)
class Span:
    """While the instants `[start, end)` last, things are remembered for `length`."""

    start: int
    end: int
    length: int


def gone(spans: Iterable[Span], at: int, now: int) -> bool:
    """Whether what was last refreshed at `at` has been forgotten by `now`, once for good is enough.

    Each version forgets up to its end, the instant included at which the next one comes into force.
    """
    return any(at + each.length <= min(now, each.end) for each in spans if each.start <= now and at < each.end)


@dataclass(eq=False)
class Memory:
    """What a condition remembers, or a rule of its chains and totals, through the versions in which it goes on."""

    introduced: int
    since: int
    spans: list[Span]
    unrecorded: set[int] = field(default_factory=set)


@dataclass(frozen=True, eq=False)
class Version:
    """One rules file, in force at `[start, end)`."""

    index: int
    start: int
    end: int
    zone: Any
    policy: Policy
    rules: tuple[Rule, ...]
    preparation: Preparation

    @property
    def reads(self) -> set[str]:
        """The attributes its rules read."""
        return {name for rule in self.rules for name in attributes_read(rule)}

    def rule(self, name: str) -> Rule | None:
        """The rule of that id, if it is there and not off."""
        return next((rule for rule in self.rules if rule.id == name), None)


class Ages:
    """All versions of an account, in order."""

    def __init__(self, versions: list[tuple[int | None, dict[str, Any]]], *, stream: bool) -> None:
        self.stream = stream
        starts = [ALWAYS if start is None else start for start, _ in versions]
        assert starts == sorted(set(starts))
        self.versions: list[Version] = []
        for index, (_, document) in enumerate(versions):
            read = rule_set(document, index)
            start, end = starts[index], [*starts, NEVER][index + 1]
            self.versions.append(Version(index, start, end, read.zone, read.policy, read.rules, read.preparation))
        self._of_rules: dict[Rule, Memory] = {}
        self._of_conditions: dict[Condition, Memory] = {}
        self._of_interest: dict[Catalog, Memory] = {}
        for version in self.versions:
            for rule in version.rules:
                self._introduce(version, rule)

    def at(self, now: int) -> int:
        """The index of the version in force; -1 if nothing is."""
        return sum(version.start <= now for version in self.versions) - 1

    def preparation(self, now: int) -> Preparation:
        """What is done with an event of that time before the rules see it."""
        return self.versions[self.at(now)].preparation if self.at(now) >= 0 else Preparation()

    def before(self, rule: Rule) -> Rule | None:
        """The rule of that id in the version before."""
        return self.versions[rule.version - 1].rule(rule.id) if rule.version else None

    def goes_on(self, rule: Rule) -> bool:
        """Whether the version before had the same rule, as the state sees it."""
        before = self.before(rule)
        return before is not None and is_same(before, rule)

    def is_needed(self, event_type: str, at: int) -> bool:
        """Whether the version in force needs the event or, in a batch, a later one."""
        first = self.at(at)
        asked = self.versions[max(first, 0) :]
        if self.stream:
            asked = asked[:1] if first >= 0 else []
        if any(is_needed(version.policy, version.rules, event_type) for version in asked):
            return True
        return any(
            covers(of.types, event_type)
            for version in asked
            for each in self.derivations(version.index, max(at, version.start))
            for of in each.parents
        )

    def derivations(self, version: int, at: int) -> tuple[Derivation, ...]:
        """What that version derives of events whose types are needed at that time."""
        return tuple(each for each in self.versions[version].preparation.derivations if self._is_named(each.event, at))

    def _is_named(self, event_type: str, at: int) -> bool:
        asked = self.versions[self.at(at) :][: 1 if self.stream else None]
        return any(is_needed(version.policy, version.rules, event_type) for version in asked)

    def reads(self, version: int) -> set[str]:
        """The attributes that the version's rules read, and what it derives."""
        start = self.versions[version].start
        derives = {
            path for each in self.derivations(version, start) for of in each.parents for path in of_contact(of.where)
        }
        return self.versions[version].reads | derives

    # -- since when ----------------------------------------------------------------------------------------------

    def there_since(self, rule: Rule) -> int:
        """The start of the version since which the rule's id has been there without a break."""
        before = self.before(rule)
        return self.versions[rule.version].start if before is None else self.there_since(before)

    def counts_anew(self, rule: Rule) -> int | None:
        """Since when the rule's thresholds may be crossed again under this text; None: its id was never another."""
        before, start = self.before(rule), self.versions[rule.version].start
        if before is not None and is_same(before, rule) and (not rule.per or before.keep == rule.keep):
            return self.counts_anew(before)
        return start if any(each.rule(rule.id) for each in self.versions[: rule.version]) else None

    def of_rule(self, rule: Rule) -> Memory:
        """What the rule remembers of chains and totals."""
        return self._of_rules[rule]

    def of_condition(self, condition: Condition) -> Memory:
        """What the condition remembers."""
        return self._of_conditions[condition]

    def of_interest(self, catalog: Catalog) -> Memory:
        """What the rule remembers of interest."""
        return self._of_interest[catalog]

    def attribute_since(self, version: int, name: str) -> int:
        """Since when the attribute is remembered. The zone is no look-back of a rule: it always is."""
        return ALWAYS if name == "timezone" else self._unbroken(version, lambda each: name in self.reads(each.index))

    def consent_since(self, version: int, purpose: str) -> int:
        """Since when consent to the purpose is remembered, whichever rules it is asked for."""
        return self._unbroken(version, lambda each: purpose in each.policy.purposes)

    def _unbroken(self, index: int, holds: Callable[[Version], bool]) -> int:
        """The start of the first of the versions, this one the last, that all have it; `NEVER` if this has not."""
        if not self.stream:
            return ALWAYS
        since = NEVER
        for version in reversed(self.versions[: index + 1]):
            if not holds(version):
                break
            since = version.start
        return since

    def _introduce(self, version: Version, rule: Rule) -> None:
        before = self.before(rule)
        earlier = [self._of_rules[before]] if before is not None and self.goes_on(rule) else []
        self._of_rules[rule] = self._memory(version, rule, earlier)
        known = before.conditions if before is not None else ()
        for condition in rule.conditions:
            earlier = [self._of_conditions[each] for each in known if measures_the_same(each, condition)]
            self._of_conditions[condition] = self._memory(version, rule, earlier)
        if rule.catalog is not None:
            had = before.catalog if before is not None else None
            known_of = [self._of_interest[had]] if had is not None and shows_the_same(had, rule.catalog) else []
            self._of_interest[rule.catalog] = self._memory(version, rule, known_of)

    def _memory(self, version: Version, rule: Rule, earlier: list[Memory]) -> Memory:
        """The memory that goes on, the oldest if there are several; else a new one."""
        if not earlier:
            since = version.start if self.stream else ALWAYS
            return Memory(version.index, since, [Span(ALWAYS, version.end, rule.keep)])
        memory = min(earlier, key=lambda each: (each.since, each.introduced))
        memory.spans.append(Span(version.start, version.end, rule.keep))
        return memory

    # -- for how long --------------------------------------------------------------------------------------------

    def reentry_spans(self, name: str) -> list[Span]:
        """How long a firing of the rule's id is remembered; while it is gone, as long as it last was."""
        spans, length = [], 0
        for version in self.versions:
            rule = version.rule(name)
            length = rule.remembers_firing if rule is not None else length
            spans.append(Span(version.start, version.end, length))
        return spans

    def cap_spans(self, group: str | None, channel: str | None) -> list[Span]:
        """How long a firing of a rule of the group on the channel is remembered by the caps of the version in force."""
        return [
            Span(
                version.start, version.end, max((_reach(cap, group, channel) for cap in version.policy.caps), default=0)
            )
            for version in self.versions
        ]

    def forgotten_at(self, newest: int) -> int:
        """The instant at which a contact is forgotten whose newest event has that time: by the policy in force then."""
        spans = [Span(ALWAYS, self.versions[0].start, RETENTION)]
        spans += [Span(each.start, each.end, each.policy.retention) for each in self.versions]
        return _end(newest, spans)

    def profile_forgotten_at(self, newest: int) -> int:
        """The instant at which what stays of such a contact is forgotten too; `NEVER` if it is not."""
        written = [(each, each.policy.profile_retention) for each in self.versions]
        return _end(newest, [Span(each.start, each.end, length) for each, length in written if length is not None])


def _end(newest: int, spans: list[Span]) -> int:
    """When so long has passed since `newest`, by the version in force then."""
    instants = [(max(each.start, newest + each.length), each.end) for each in spans]
    return min(at for at, end in [*instants, (NEVER, NEVER + 1)] if at < end)


def _reach(cap: Cap, group: str | None, channel: str | None) -> int:
    if not cap.concerns(group, channel):
        return 0
    return cap.span if cap.calendar is None else _CALENDAR[cap.calendar]
