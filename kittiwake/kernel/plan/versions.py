"""Versions of an account's rules: which is in force when, and what each remembers for the next.

Pure. Built by `kittiwake.rules.compile.versions` from checked rule sets; read by `run.timeline` and the hosts. What a
rule goes on looking back on, and what a version introduces, is computed here (semantics.md, section 11).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

import msgspec
from msgspec.structs import replace

from kittiwake.kernel.plan.build import attributes_of, attributes_read, build_program
from kittiwake.kernel.plan.feeds import NEVER_SILENT, Silences
from kittiwake.kernel.plan.gates import asked_of
from kittiwake.kernel.plan.history import LookBack
from kittiwake.kernel.plan.layouts import described, serves
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS, Limits
from kittiwake.kernel.plan.periods import PERIOD_SPAN_US
from kittiwake.kernel.plan.policy import Policy
from kittiwake.kernel.plan.preparation import UNPREPARED, Preparation
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.model import Event
from kittiwake.time.instants import END_OF_TIME_US, HOUR_US

Source: TypeAlias = tuple[str, str]
"""Something a rule looks back on: what sort it is, and which of them."""

CONDITION, CHAIN, TOTAL, ATTRIBUTE, CONSENT, INTEREST = (
    "condition",
    "chain",
    "total",
    "attribute",
    "consent",
    "interest",
)

OUTLIVING: Final = frozenset({ATTRIBUTE, CONSENT, TOTAL})
"""What of it stays when a contact is forgotten."""

EVER_US: Final = -1
"""The span of a look-back without `within`."""


class Draft(NamedTuple):
    """One version of an account's rules, compiled but for what depends on the other versions."""

    effective_us: int | None
    """None: in force always; only the first can be."""
    rules: tuple[RuleProgram, ...]
    policy: Policy
    timezone: str
    ruleset_version: str
    preparation: Preparation = UNPREPARED


NOTHING: Final = Draft(None, (), Policy(), "UTC", "")
"""What is in force before the first version."""


class Versions(msgspec.Struct, frozen=True):
    """Programs of one account, one after the other; the first has been in force always (it may hold no rules)."""

    programs: tuple[Program, ...]
    frozen_at_us: int | None = None
    """Nothing is evaluated beyond it."""
    whole_history: bool = True
    """A batch: look-backs see what was before their version."""
    silences: Silences = NEVER_SILENT
    """When feeds of the account were silent, as far as the host knows."""

    @property
    def horizon_us(self) -> int:
        """How late an event may be and still be corrected for."""
        return self.programs[0].allowed_lateness_us

    @property
    def newest(self) -> Program:
        """The last version, whether in force or to come."""
        return self.programs[-1]

    def at(self, time_us: int) -> Program:
        """The version in force at an instant."""
        if len(self.programs) == 1:
            return self.programs[0]
        return self.programs[self._index_at(time_us)]

    def coming(self, after_us: int, upto_us: int) -> Sequence[Program]:
        """The versions that come into force after an instant, up to and at another."""
        if len(self.programs) == 1:
            return ()
        return self.programs[self._index_at(after_us) + 1 : self._index_at(upto_us) + 1]

    def later(self, time_us: int) -> Sequence[Program]:
        """The versions that come into force after an instant."""
        return self.programs[self._index_at(time_us) + 1 :]

    def named(self, account_id: str) -> Versions:
        """The same, of another account."""
        return replace(self, programs=tuple(replace(one, account_id=account_id) for one in self.programs))

    def without_horizon(self) -> Versions:
        """The same for events that come in order and without duplicates."""
        programs = tuple(replace(one, allowed_lateness_us=0) for one in self.programs)
        return replace(self, programs=programs)

    def needed(self, events: Iterable[Event]) -> list[Event]:
        """The events that the version in force at their time wants."""
        return [event for event in events if self.at(event.time_us).wants(event.type)]

    def _index_at(self, time_us: int) -> int:
        return bisect_right(self.programs, time_us, lo=1, key=_effective_us) - 1


def _effective_us(program: Program) -> int:
    assert program.effective_us is not None, "only the first version has been in force always"
    return program.effective_us


def as_versions(rules: Program | Versions) -> Versions:
    """Rules without versions are one that has been in force always."""
    return Versions((rules,)) if isinstance(rules, Program) else rules


def build_versions(
    account_id: str,
    drafts: Sequence[Draft],
    *,
    allowed_lateness_us: int = HOUR_US,
    limits: Limits = DEFAULT_LIMITS,
    whole_history: bool = True,
    frozen_at_us: int | None = None,
) -> Versions:
    """The versions of an account from drafts that rise; before the first one nothing is in force."""
    drafts = [draft._replace(rules=tuple(map(described, draft.rules))) for draft in drafts]
    if not drafts or drafts[0].effective_us is not None:
        drafts.insert(0, NOTHING)
    programs: list[Program] = []
    drafts = [*_counting_anew(drafts)]
    of_versions = [draft.rules for draft in drafts] if whole_history else [*_with_look_backs(drafts)]
    for at, (draft, rules) in reversed([*enumerate(zip(drafts, of_versions, strict=True))]):
        later = drafts[at + 1 :] if whole_history else []
        program = build_program(
            account_id,
            [*rules, *_foreseen(rules, later)],
            ruleset_version=draft.ruleset_version,
            policy=draft.policy,
            preparation=draft.preparation,
            timezone=draft.timezone,
            allowed_lateness_us=allowed_lateness_us,
            limits=limits,
            effective_us=draft.effective_us,
            foreseen_attributes=programs[0].attributes if later else frozenset(),
            foreseen_purposes=tuple(purpose for one in later for purpose in one.policy.purposes),
            wanted_later=programs[0].wanted() if later else frozenset(),
            idle=draft is NOTHING and not later,
            is_version=draft is not NOTHING,
        )
        programs.insert(0, program)
    return Versions(tuple(programs), frozen_at_us, whole_history)


# ---------------------------------------------------------------- what a version introduces


def _with_look_backs(drafts: Iterable[Draft]) -> Iterator[tuple[RuleProgram, ...]]:
    """The rules of each version, with the look-backs that some version introduced."""
    of_rules: dict[str, dict[Source, int | None]] = {}
    of_account: dict[Source, int | None] = {}
    for draft in drafts:
        since_us = draft.effective_us
        of_account = {source: of_account.get(source, since_us) for source in _remembered_for_all(draft)}
        known, of_rules = of_rules, {}
        rules = []
        for rule in draft.rules:
            spans = _spans(rule)
            before = known.get(rule.rule_id, {})
            mine = {source: _introduced_us(source, before, since_us) for source in spans}
            of_rules[rule.rule_id] = mine
            shared = {source: of_account[source] for source in _read_of_all(rule, draft)}
            rules.append(replace(rule, look_backs=tuple(_look_backs({**mine, **shared}, spans))))
        yield tuple(rules)


def _spans(rule: RuleProgram) -> dict[Source, int]:
    """What a rule itself remembers, and how far back it looks."""
    found = {(CONDITION, one.memory): EVER_US if one.within_us is None else one.within_us for one in rule.conditions}
    if rule.catalog:
        found[INTEREST, rule.catalog.memory] = rule.catalog.within_us
    if rule.sequence:
        found[CHAIN, rule.layout] = rule.sequence.within_us
    if rule.reaches:
        found[TOTAL, rule.layout] = EVER_US if rule.reaches.period is None else PERIOD_SPAN_US[rule.reaches.period]
    return found


def _remembered_for_all(draft: Draft) -> Iterator[Source]:
    """What is remembered for all rules of an account: attributes, and consent."""
    yield from ((ATTRIBUTE, name) for name in attributes_of(draft.rules))
    yield from ((CONSENT, purpose) for purpose in sorted(draft.policy.purposes))


def _read_of_all(rule: RuleProgram, draft: Draft) -> Iterator[Source]:
    yield from ((ATTRIBUTE, name) for name in attributes_read(rule))
    if consent := asked_of(rule, draft.policy).consent:
        yield CONSENT, consent.purpose


def _introduced_us(source: Source, before: dict[Source, int | None], since_us: int | None) -> int | None:
    """Since when it has been remembered without a break; None: always."""
    sort, text = source
    for (other, had), introduced_us in before.items():
        if other == sort and serves(had, text):
            return introduced_us
    return since_us


def _look_backs(introduced: dict[Source, int | None], spans: dict[Source, int]) -> Iterator[LookBack]:
    for source, since_us in introduced.items():
        if since_us is not None:
            span_us = spans.get(source, EVER_US)
            yield LookBack(
                since_us, END_OF_TIME_US if span_us == EVER_US else since_us + span_us, source[0] in OUTLIVING
            )


def _counting_anew(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """The drafts, their rules with `anew_us`: what makes a threshold one that may be crossed again."""
    ever: set[str] = set()
    just_before: dict[str, RuleProgram] = {}
    for draft in drafts:
        rules = []
        for rule in draft.rules:
            had = just_before.get(rule.rule_id)
            if rule.reaches and had is not None and _crosses_alike(had, rule):
                rule = replace(rule, anew_us=had.anew_us)
            elif rule.reaches and rule.rule_id in ever:
                rule = replace(rule, anew_us=draft.effective_us)
            rules.append(rule)
        just_before = {rule.rule_id: rule for rule in rules}
        ever.update(just_before)
        yield draft._replace(rules=tuple(rules)) if rules else draft


def _crosses_alike(had: RuleProgram, rule: RuleProgram) -> bool:
    return had.layout == rule.layout and (not rule.per or had.keep_us == rule.keep_us)


# ---------------------------------------------------------------- what is foreseen


def _foreseen(rules: Iterable[RuleProgram], later: Iterable[Draft]) -> list[RuleProgram]:
    """The rules of later versions that will look back on what the rules in force do not remember."""
    present = {rule.rule_id: rule for rule in rules}
    found: dict[str, RuleProgram] = {}
    for draft in later:
        for rule in draft.rules:
            if not _serves_all(present.get(rule.rule_id), rule):
                foreseen = replace(rule, foreseen=True)
                found.setdefault(foreseen.state_key, foreseen)
    return list(found.values())


def _serves_all(present: RuleProgram | None, rule: RuleProgram) -> bool:
    """Whether a rule in force remembers everything that its later text looks back on itself."""
    if present is None:
        return not _spans(rule)
    had = _spans(present)
    return all(any(sort == one and serves(text, wanted) for one, text in had) for sort, wanted in _spans(rule))
