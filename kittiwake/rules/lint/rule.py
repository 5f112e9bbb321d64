"""Lint of single rules: clauses that do nothing, or do what nobody means.

Pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Final

from kittiwake.kernel.plan.history import Measure
from kittiwake.rules.check.conditions import histories
from kittiwake.rules.compile.history import condition_of
from kittiwake.rules.compile.match import matches_of, types_of
from kittiwake.rules.diagnostics import Diagnostic, each
from kittiwake.rules.errors import LintCode
from kittiwake.rules.lint.queries import arming, covers, matches_in
from kittiwake.rules.model.match import ChangeMatch, MatchObject
from kittiwake.rules.model.rule import Rule
from kittiwake.time.durations import parse_duration

_SPELLING: Final = "Check how it is spelled in the events"
_USUAL_TYPE: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")


def lint_rule(rule: Rule, names: frozenset[str] = frozenset()) -> Iterator[Diagnostic[LintCode]]:
    """Lints of one rule, whatever its policy; `names` of matches may be meant."""
    yield from _unless(rule)
    yield from _given_of_unless(rule)
    yield from _restart(rule)
    yield from _types(rule, names)
    if rule.mode == "off":
        message = "the rule is off: nothing of it is evaluated or remembered"
        advice = "Delete it, or write mode: shadow to see what it would do"
        yield Diagnostic(("mode",), LintCode.SWITCHED_OFF, message, advice)


def _unless(rule: Rule) -> Iterator[Diagnostic[LintCode]]:
    # With `given`, `per`, `restart: false` or a wait that may be unusable, the event may disarm more than it arms.
    if rule.given is not None or rule.per is not None or not rule.restart or not isinstance(rule.wait, (str, list)):
        return
    for path, entry in each(rule.unless, ("unless",)):
        free = isinstance(entry, str) or entry.same is None
        if free and covers(matches_of(entry), arming(rule)):
            message = "every event that arms the rule disarms it first, and arms it again"
            advice = "Delete this; a further match starts the wait anew by itself"
            yield Diagnostic(path, LintCode.UNLESS_EQUALS_WHEN, message, advice)


def _given_of_unless(rule: Rule) -> Iterator[Diagnostic[LintCode]]:
    """What `unless` names, absent in `given` too: for all time or just as long as the wait, hardly what is meant."""
    wait_us = parse_duration(rule.wait) if isinstance(rule.wait, str) else None
    ending = tuple(one for _, entry in each(rule.unless, ("unless",)) for one in matches_of(entry) if not one.same)
    for path, written in histories(rule.given, ("given",)) if rule.wait is not None else ():
        asked = condition_of(written)
        looks_back = asked.within_us is None or (asked.within_us == wait_us and not asked.period and not asked.near_us)
        if asked.measure is Measure.ABSENT and looks_back and covers(ending, asked.of):
            message = "given is asked when the rule is armed, of what came before; of the wait there is unless"
            advice = "Delete this; to leave out who did it before, write {count: …, lt: 1} in its place"
            yield Diagnostic(path, LintCode.GIVEN_OF_UNLESS, message, advice)


def _restart(rule: Rule) -> Iterator[Diagnostic[LintCode]]:
    if "restart" not in rule.model_fields_set:
        return
    if rule.wait is None:
        message = "without wait there is nothing to start anew"
        yield Diagnostic(("restart",), LintCode.RESTART_WITHOUT_EFFECT, message, "Delete it", at_key=True)
    elif not rule.restart and isinstance(rule.wait, list) and len(rule.wait) > 1:
        after = [one for one in rule.wait[1:] if isinstance(one, str)]
        which = f"the reminders after {' and '.join(after)}" if after else "the later reminders"
        message = f"a contact that comes back still gets {which}"
        advice = "Delete restart: false, or name in unless what ends the reminders"
        if rule.unless is None:
            yield Diagnostic(("restart",), LintCode.REMINDERS_GO_ON, message, advice, at_key=True)


def _types(rule: Rule, names: frozenset[str]) -> Iterator[Diagnostic[LintCode]]:
    for path, match in matches_in(rule):
        for where, entry in each(match, path):
            if isinstance(entry, ChangeMatch):
                continue
            written = entry.event if isinstance(entry, MatchObject) else entry
            inside = (*where, "event") if isinstance(entry, MatchObject) else where
            odd = [name for name in types_of(written) if name != "*" and not _USUAL_TYPE.fullmatch(name)]
            for name in odd if inside == where else [name for name in odd if name not in names]:
                message = f'"{name}" does not look like the types of events, such as order.completed'
                close = difflib.get_close_matches(name, names - {name}, 1)
                advice = f"Did you mean the named match {close[0]}?" if close else _SPELLING
                yield Diagnostic(inside, LintCode.ODD_EVENT_TYPE, message, advice)
