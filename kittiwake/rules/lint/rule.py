"""Lint of single rules: clauses that do nothing, or do what nobody means.

Pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from typing import Final

from kittiwake.rules.compile.match import matches_of, types_of
from kittiwake.rules.diagnostics import Diagnostic, each
from kittiwake.rules.errors import LintCode
from kittiwake.rules.lint.queries import arming, covers, matches_in
from kittiwake.rules.model.match import ChangeMatch, MatchObject
from kittiwake.rules.model.rule import Rule

_SPELLING: Final = "Check how it is spelled in the events"
_USUAL_TYPE: Final = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")


def lint_rule(rule: Rule, names: frozenset[str] = frozenset()) -> Iterator[Diagnostic[LintCode]]:
    """Lints of one rule, whatever its policy; `names` of matches may be meant."""
    yield from _unless(rule)
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
