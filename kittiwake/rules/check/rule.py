"""Checks of what a rule is: an event, a catalogue or an audience rule, and the clauses each may have.

Pure. Called by `check.document`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from kittiwake.rules.check.match import check_keys
from kittiwake.rules.diagnostics import Diagnostic, check_range, check_span
from kittiwake.rules.errors import Code
from kittiwake.rules.limits import (
    KEEP_MAX_US,
    WAIT_MAX_US,
)
from kittiwake.rules.model.catalog import ItemObject
from kittiwake.rules.model.rule import Rule

KIND_CLAUSES: Final = frozenset({"when", "audience", "interest", "emits"})
"""Without all of these as written, what a rule is stays unknown."""

NOT_OF_AUDIENCES: Final = {
    "given": "Move its conditions into the tree",
    "still": "Move its conditions into the tree",
    "wait": "Write the time as within: in the tree",
    "unless": "Write the event as {absent: …} in the tree",
    "per": "Delete it: a contact is in or out as a whole",
    "restart": "Delete it",
    "reaches": "Write the total as {sum: …, gte: …} in the tree",
    "interest": "Delete it",
}
_NOT_OF_ITEMS: Final = {
    "per": "Delete it: every item is an instance of its own",
    "reaches": "Delete it",
    "restart": "Delete it",
}


def check_kind(rule: Rule) -> Iterator[Diagnostic[Code]]:
    """Which clauses stand together."""
    if rule.when is None and rule.audience is None:
        yield _without_when(rule)
    elif rule.when is not None and rule.audience is not None:
        message = "a rule has when or audience, not both"
        yield Diagnostic(("audience",), Code.KIND, message, "Make two rules of it", at_key=True)
    elif rule.audience is not None:
        yield from _refuse(rule, NOT_OF_AUDIENCES, "an audience rule")
    elif isinstance(rule.when, ItemObject):
        yield from _check_item_rule(rule)
    elif rule.interest is not None:
        message = "interest stands only in a catalogue rule"
        yield Diagnostic(("interest",), Code.KIND, message, "Write when: {item: …}, or delete it", at_key=True)
    yield from _check_emits(rule)
    if rule.reaches is not None and rule.wait is not None:
        message = "reaches fires when the threshold is crossed and does not wait"
        yield Diagnostic(("wait",), Code.CLAUSE, message, "Delete wait, or reaches", at_key=True)


def _without_when(rule: Rule) -> Diagnostic[Code]:
    advice = "Add when: with the event that arms it"
    if rule.unless is not None:
        message = "unless disarms what when has armed, and the rule has no when"
        return Diagnostic(("unless",), Code.KIND, message, advice, at_key=True)
    return Diagnostic((), Code.KIND, "the rule has neither when nor audience", advice)


def check_still(rule: Rule, wrong: frozenset[str]) -> Iterator[Diagnostic[Code]]:
    """`still` asks of what waits; `wrong` are clauses that could not be read."""
    if rule.still is not None and rule.wait is None and rule.audience is None and "wait" not in wrong:
        message = "still is asked when a wait is over, and this rule does not wait"
        advice = "Write given: …" if rule.reaches is not None else "Write given: …, or add wait: 1h"
        yield Diagnostic(("still",), Code.CLAUSE, message, advice, at_key=True)


def _refuse(rule: Rule, clauses: dict[str, str], kind: str) -> Iterator[Diagnostic[Code]]:
    for clause, advice in clauses.items():
        if clause in rule.model_fields_set:
            yield Diagnostic((clause,), Code.KIND, f"{clause} has no meaning in {kind}", advice, at_key=True)


def _check_item_rule(rule: Rule) -> Iterator[Diagnostic[Code]]:
    yield from _refuse(rule, _NOT_OF_ITEMS, "a catalogue rule")
    if rule.interest is None:
        message = "a catalogue rule does not say whom it concerns"
        advice = "Add interest: {events: product.viewed, item: product_id, within: 30d}"
        yield Diagnostic(("when", "item"), Code.KIND, message, advice, at_key=True)
    if rule.wait is not None and not isinstance(rule.wait, str):
        message = "a catalogue rule waits for one duration: how long the new value must hold"
        yield Diagnostic(("wait",), Code.KIND, message, "Write, say, wait: 2h", at_key=True)


def _check_emits(rule: Rule) -> Iterator[Diagnostic[Code]]:
    if rule.emits is None:
        return
    if rule.audience is None:
        message = "emits stands only in an audience rule"
        yield Diagnostic(("emits",), Code.KIND, message, "Delete it", at_key=True)
    elif sorted(rule.emits) not in (["entered"], ["entered", "exited"]):
        message = "emits is entered, or entered and exited"
        yield Diagnostic(("emits",), Code.CLAUSE, message, "Write [entered] or [entered, exited]")


def check_bounds(rule: Rule) -> Iterator[Diagnostic[Code]]:
    """Instances, priority, memory, expiry."""
    yield from check_keys(rule.per, ("per",))
    yield from check_range(rule.priority, ("priority",), 0, 100, "a priority")
    yield from check_span(rule.expires, ("expires",), WAIT_MAX_US, "an expiry")
    yield from check_span(rule.keep, ("keep",), KEEP_MAX_US, "a memory")
