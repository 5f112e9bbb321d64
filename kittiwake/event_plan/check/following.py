"""Checks of what follows what, and of how far back the plan's events go.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kittiwake.event_plan.check.keys import ENOUGH
from kittiwake.event_plan.check.wording import number, one_of_types
from kittiwake.event_plan.known import Known
from kittiwake.event_plan.uses import Types, arming_types, types_of_match
from kittiwake.rules.check.conditions import histories
from kittiwake.rules.diagnostics import Diagnostic, each, span_us
from kittiwake.rules.errors import KeyPath, LintCode
from kittiwake.rules.lint.queries import clauses_of
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.model.sequence import SequenceObject
from kittiwake.rules.model.time import PERIODS
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import DAY_US, parse_instant

_SPAN_ADVICE: Final = "Profile a longer history, or look back less far"


def check_following(rule: Rule, known: Known) -> Iterator[Diagnostic[LintCode]]:
    """Entries of `unless` whose events never follow those that arm."""
    arming = known.types(arming_types(rule))
    if not arming:
        return
    for path, entry in each(rule.unless, ("unless",)):
        types = types_of_match(entry)
        watched = _watched(arming, types, known)
        if watched:
            message = (
                f"no {one_of_types(types)} came after {one_of_types(arming)}, of any of {number(watched)} contacts"
            )
            advice = "Check which event ends this, and that both name their contacts alike"
            at = (*path, "event") if not isinstance(entry, str) else path
            yield Diagnostic(at, LintCode.UNLESS_NEVER_FOLLOWS, message, advice)


def _watched(arming: list[str], types: Types, known: Known) -> int:
    """How many contacts were watched in vain; 0 if something followed, or too little is known.

    Of what follows events of its own type nothing is known.
    """
    meant = known.types(types)
    raw = {parent for name in meant for parent in known.derived_from.get(name, frozenset()) if _is_derived(name, known)}
    raw |= {name for name in meant if not _is_derived(name, known)}
    armed = {parent for name in arming for parent in known.derived_from.get(name, frozenset((name,)))}
    events = [known.events[name] for name in armed if name in known.events]
    if not raw or raw & armed or not events or any(one.followed_by is None or one.followed is None for one in events):
        return 0
    if any((one.followed_by or {}).get(name) for one in events for name in raw):
        return 0
    watched = sum(one.followed or 0 for one in events)
    return watched if watched >= ENOUGH else 0


def _is_derived(name: str, known: Known) -> bool:
    """Whether events of a type are none of those that were watched."""
    return name in known.derived_from and name not in known.plan.events


def check_spans(rule: Rule, known: Known) -> Iterator[Diagnostic[LintCode]]:
    """Look-backs that are longer than all that was seen."""
    history = known.plan.history
    if history is None or history.first is None or history.last is None:
        return
    seen_us = parse_instant(history.last) - parse_instant(history.first)
    for path, text in _spans(rule):
        if span_us(text) > seen_us:
            days = format_duration(max(seen_us // DAY_US, 1) * DAY_US) if seen_us >= DAY_US else "less than a day"
            message = (
                f"the events of the plan span {days}, from {history.first[:10]} to {history.last[:10]}, and not {text}"
            )
            yield Diagnostic(path, LintCode.LONGER_THAN_HISTORY, message, _SPAN_ADVICE)


def _spans(rule: Rule) -> Iterator[tuple[KeyPath, str]]:
    for written, path in clauses_of(rule):
        for where, condition in histories(written, path):
            if condition.within is not None and condition.within not in PERIODS:
                yield (*where, "within"), condition.within
            for at, text in each(condition.between, (*where, "between")):
                yield from [(at, text)] if at[-1] == 0 else []
    if isinstance(rule.when, SequenceObject):
        yield ("when", "within"), rule.when.within
