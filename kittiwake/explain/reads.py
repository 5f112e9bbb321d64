"""Which properties of an event rules read: what an explanation shows of it, where nobody asks for all.

Pure. The rest of an order is addresses, cards and lists that explain nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from kittiwake.event_types import UPDATED
from kittiwake.explain.wording import path_words
from kittiwake.kernel.evaluate.unusable import comparisons
from kittiwake.kernel.plan.match import Matches, Other
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.plan.wait import FieldWait, UntilWait
from kittiwake.values import Path, lookup, present


def read_of(program: Program, event_type: str, properties: dict[str, Any]) -> dict[str, Any]:
    """What the rules in force read of an event, by dotted path, in the order in which it stands there."""
    order = {name: index for index, name in enumerate(properties)}
    paths = {path for path in _paths(program, event_type) if present(properties, path)}
    ordered = sorted(paths, key=lambda path: (order[path[0]], path))
    return {path_words(path): lookup(properties, path) for path in ordered}


def _paths(program: Program, event_type: str) -> Iterator[Path]:
    if event_type == UPDATED:
        yield from ((name,) for name in program.attributes)
    elif event_type.startswith("consent."):
        yield ("purpose",)
    for one in program.routes.preparation.repeats:
        yield from _of_matches(one.of, event_type)
        yield from (one.same,) if any(match.covers(event_type) for match in one.of) else ()
    yield from _of_matches(tuple(program.routes.preparation.parents()), event_type)
    for rule in program.rules:
        if not rule.foreseen:
            yield from _of_rule(rule, event_type)


def _of_rule(rule: RuleProgram, event_type: str) -> Iterator[Path]:
    steps = rule.sequence.steps if rule.sequence else ()
    arms = any(match.covers(event_type) for matches in (rule.when, *steps) for match in matches)
    for matches in (rule.when, *steps, rule.unless):
        yield from _of_matches(matches, event_type)
    for condition in rule.conditions:
        yield from _of_matches(condition.of, event_type)
        if any(match.covers(event_type) for match in condition.of):
            yield from condition.own_same
            yield from () if condition.path is None else (condition.path,)
    if arms or rule.audience is not None:
        yield from _of_arming(rule)


def _of_matches(matches: Matches, event_type: str) -> Iterator[Path]:
    for match in matches:
        if match.covers(event_type):
            yield from match.own_same
            for one in () if match.where is None else comparisons(match.where):
                yield from () if one.of_contact else (one.path,)
                if isinstance(one.operand, Other) and not one.operand.of_contact:
                    yield one.operand.path


def _of_arming(rule: RuleProgram) -> Iterator[Path]:
    yield from rule.per
    yield from rule.same
    yield from (one.path for one in rule.include if one.of_event)
    if rule.reaches is not None and rule.reaches.path is not None:
        yield rule.reaches.path
    wait = rule.wait
    if isinstance(wait, FieldWait) or (isinstance(wait, UntilWait) and not wait.of_contact):
        yield wait.path
