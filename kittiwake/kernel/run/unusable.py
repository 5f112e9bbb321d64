"""Unusable values, counted: a rule that can never fire must not seem healthy.

Asked only where a rule has refused a value for what it is: what can be used costs nothing here. Called by every
construct; the counts leave with the outputs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from kittiwake.kernel.evaluate.conditions import holds_of_contact
from kittiwake.kernel.evaluate.unusable import finding, found_at, named, unusable_date, unusable_number
from kittiwake.kernel.plan.conditions import OfContact
from kittiwake.kernel.plan.history import Condition
from kittiwake.kernel.plan.match import Matches
from kittiwake.kernel.plan.wait import FieldWait, UntilWait, Wait
from kittiwake.kernel.run.execution import Execution
from kittiwake.model import Event
from kittiwake.reasons import Clause, Found
from kittiwake.values import Path, is_scalar, lookup

Refusing: TypeAlias = Callable[[Execution, Event], None]
"""Counts what of an event a rule cannot use."""


def refusing(index: int, clause: Clause, matches: Matches) -> Refusing:
    """Of an event that no alternative took, one for a value's type: values that no comparison of their path holds of.

    A missing value is none: comparisons are false of it, as they should be.
    """
    found_in = finding([match.where for match in matches if match.where is not None])

    def refuse(run: Execution, event: Event) -> None:
        for path, found in dict.fromkeys(found_in(event.properties, run.attributes)):
            run.count_unusable(index, clause, path, found)

    return refuse


def refuse_attributes(run: Execution, index: int, clause: Clause, question: OfContact) -> None:
    """Of attributes that are not as asked, count those that never could be, for their type."""
    if holds_of_contact(question, run.attributes) is None:
        for path, found in dict.fromkeys(finding([question.where])({}, run.attributes)):
            run.count_unusable(index, clause, path, found)


def refuse_keys(run: Execution, index: int, clause: Clause, paths: tuple[Path, ...], event: Event) -> None:
    """Count the values at `paths` that are no keys; one of them at least is none."""
    for path in paths:
        if not is_scalar(lookup(event.properties, path)):
            run.count_unusable(index, clause, named(path), found_at(event.properties, path))


def refuse_in_condition(run: Execution, index: int, clause: Clause, condition: Condition, event: Event) -> None:
    """Count why a match is not remembered for a condition: for its `same`, or for what is summed or distinguished."""
    lacking = tuple(path for path in condition.own_same if not is_scalar(lookup(event.properties, path)))
    if not lacking and condition.path is not None:
        run.count_unusable(index, clause, named(condition.path), found_at(event.properties, condition.path))
    refuse_keys(run, index, clause, lacking, event)


def refuse_number(run: Execution, index: int, clause: Clause, path: Path, event: Event) -> None:
    """Count what stands where a number is needed and none is."""
    run.count_unusable(index, clause, named(path), found_at(event.properties, path))


def refuse_wait(run: Execution, index: int, wait: Wait | None, event: Event) -> None:
    """Count what stands where a wait needs a number or a date and finds none."""
    if isinstance(wait, FieldWait):
        found = unusable_number(wait, event.properties)
        if found is not None:
            run.count_unusable(index, Clause.WAIT, named(wait.path), found)
    elif isinstance(wait, UntilWait):
        values = run.attributes if wait.of_contact else event.properties
        run.count_unusable(index, Clause.WAIT, named(wait.path, wait.of_contact), unusable_date(wait, values))


def refuse_default(run: Execution, index: int, wait: FieldWait, event: Event) -> None:
    """Count what made a wait take its default: only what was there, for the default is meant for what is not."""
    found = unusable_number(wait, event.properties)
    if found is not None and found is not Found.MISSING:
        run.count_unusable(index, Clause.WAIT, named(wait.path), found)
