"""What the shapes of a rule do not say: which clauses go together and what bounds its state.

Pure. Called by `documents` for every rule and policy whose shape is right.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from kittiwake.rules.check.about import check_about
from kittiwake.rules.check.audience import check_audience
from kittiwake.rules.check.cast import check_casts
from kittiwake.rules.check.catalog import check_interest
from kittiwake.rules.check.channels import check_channels
from kittiwake.rules.check.conditions import check_conditions
from kittiwake.rules.check.derive import check_derivations
from kittiwake.rules.check.digest import check_digest
from kittiwake.rules.check.feeds import check_breaker, check_feeds
from kittiwake.rules.check.include import check_include
from kittiwake.rules.check.match import check_match
from kittiwake.rules.check.paths import check_paths
from kittiwake.rules.check.policy import check_policy, check_reentry
from kittiwake.rules.check.repeats import check_repeats
from kittiwake.rules.check.rollout import check_rollout
from kittiwake.rules.check.rule import KIND_CLAUSES, check_bounds, check_kind, check_still
from kittiwake.rules.check.thresholds import check_reaches
from kittiwake.rules.check.variants import check_variants
from kittiwake.rules.check.wait import check_wait
from kittiwake.rules.check.when import check_when
from kittiwake.rules.diagnostics import Diagnostic, check_list
from kittiwake.rules.errors import Code, RuleError
from kittiwake.rules.limits import HOLIDAYS_MAX
from kittiwake.rules.model.catalog import ItemObject
from kittiwake.rules.model.policy import PolicyObject
from kittiwake.rules.model.rule import Header, Rule
from kittiwake.rules.source.tree import Location

_NO_ARMING_EVENT = "a catalogue rule has no arming event of the contact; write item: …"


def errors_of_rule(rule: Rule, location: Location, wrong: frozenset[str] = frozenset()) -> Iterator[RuleError]:
    """Everything wrong with a rule whose shape is right but for the clauses in `wrong`, which it lacks."""
    return _located(_diagnostics(rule, wrong), location)


def errors_of_policy(policy: PolicyObject, location: Location) -> Iterator[RuleError]:
    """Everything wrong with a policy whose shape is right."""
    return _located(
        chain(
            check_policy(policy),
            check_channels(policy, ("channels",)),
            check_feeds(policy, ("feeds",)),
            check_breaker(policy, ("breaker",)),
        ),
        location,
    )


def errors_of_header(header: Header, location: Location) -> Iterator[RuleError]:
    """Everything wrong with what stands beside `rules` and `policy`, where its shape is right."""
    yield from _located(check_list(header.calendar, ("calendar",), HOLIDAYS_MAX, "dates"), location)
    yield from _located(check_casts(header.cast, ("cast",)), location)
    yield from _located(check_repeats(header.repeats, ("repeats",)), location)
    yield from _located(check_derivations(header.derive, ("derive",)), location)


def _located(diagnostics: Iterator[Diagnostic[Code]], location: Location) -> Iterator[RuleError]:
    for found in diagnostics:
        yield location.error(found.path, found.code, found.message, found.advice, at_key=found.at_key)


def _diagnostics(rule: Rule, wrong: frozenset[str]) -> Iterator[Diagnostic[Code]]:
    of_item = isinstance(rule.when, ItemObject)
    no_same = _NO_ARMING_EVENT if of_item else ""
    if not wrong & KIND_CLAUSES:
        yield from check_kind(rule)
        yield from check_still(rule, wrong)
    if rule.when is not None:
        yield from check_when(rule.when, ("when",))
    yield from check_conditions(rule.given, ("given",), no_same)
    yield from check_conditions(rule.still, ("still",), no_same)
    if rule.audience is not None:
        yield from check_audience(rule.audience, ("audience",))
    if rule.wait is not None:
        yield from check_wait(rule.wait, ("wait",))
    yield from check_match(rule.unless, ("unless",), no_same=no_same, item=of_item)
    if rule.reaches is not None:
        yield from check_reaches(rule.reaches, ("reaches",))
    if rule.interest is not None:
        yield from check_interest(rule.interest, ("interest",))
    yield from check_about(rule)
    yield from check_include(rule, ("include",))
    yield from check_digest(rule, wrong)
    yield from check_bounds(rule)
    yield from check_reentry(rule.reentry, ("reentry",))
    if rule.rollout is not None:
        yield from check_rollout(rule.rollout, ("rollout",))
    if rule.variants is not None:
        yield from check_variants(rule.variants, ("variants",))
    yield from check_paths(rule)
