"""Conditions: what `given` asks of the contact when an event would open an episode, and `still` when one falls due.

`given` is made by `run.dispatch`, once for each rule; `still` is a gate of `run.eligibility`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from kittiwake.kernel.evaluate.conditions import answer_of, holds_of_contact, key_of, tree_holds
from kittiwake.kernel.evaluate.history import measuring
from kittiwake.kernel.plan.conditions import Leaf, Tree, is_list_of_history, of_contact, of_history, questions
from kittiwake.kernel.plan.history import Condition, test_of
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.run.execution import Caused, Execution
from kittiwake.kernel.run.reactions import Given
from kittiwake.kernel.run.unusable import refuse_attributes
from kittiwake.kernel.state.trace import StepKind
from kittiwake.model import Event
from kittiwake.reasons import Clause


def admitting(index: int, rule: RuleProgram) -> Given | None:
    """Whether `given` holds at a match, that event included; None: the rule has none. A trace shows every question."""
    tree = rule.given
    if tree is None:
        return None
    return _all_of_history(index, rule, tree) if is_list_of_history(tree) else _whole_tree(index, tree)


def _all_of_history(index: int, rule: RuleProgram, tree: Tree) -> Given:
    """Each of a list of history conditions, which is the commonest `given`."""
    asked = [
        (i, one, _keying(one, rule), measuring(one), *test_of(one))
        for i in of_history(tree)
        for one in (rule.conditions[i],)
    ]
    keep_us = rule.keep_us

    def given(run: Execution, event: Event, key: str, same: list[str]) -> bool:
        state = run.rules[index] or run.rule_state(index)
        if run.trace is not None:
            _note(run, index, tree, event, key, same)
        for i, condition, key_in, measured, order, bound in asked:
            of = "" if key_in is None else key_in(same)
            if not order(measured(condition, state.history[i], of, event.time_us, keep_us, run.zone), bound):
                if run.trace is not None:
                    run.note(StepKind.REFUSED, index, key, event_id=event.event_id)
                return False
        return True

    return given


def _whole_tree(index: int, tree: Tree) -> Given:
    def given(run: Execution, event: Event, key: str, same: list[str]) -> bool:
        if run.trace is not None:
            _note(run, index, tree, event, key, same)
        if _holds(run, index, tree, same):
            return True
        for question in of_contact(tree):
            refuse_attributes(run, index, Clause.GIVEN, question)
        if run.trace is not None:
            run.note(StepKind.REFUSED, index, key, event_id=event.event_id)
        return False

    return given


def _holds(run: Execution, index: int, tree: Tree, same: list[str]) -> bool:
    """Whether a tree of a rule holds now, under the `same` values of a match."""
    rule, history = run.program.rules[index], (run.rules[index] or run.rule_state(index)).history
    return tree_holds(tree, lambda i: answer_of(rule, i, history, same, run.now_us, run.zone)[1], run.attributes)


def still_holds(run: Execution, one: Caused) -> bool:
    """Whether `still` holds now of the rule of a candidate, over what has been taken so far.

    What is due before the events of its instant is gated before they are taken, and so does not see them.
    """
    tree = run.program.rules[one.rule_index].still
    assert tree is not None
    if _holds(run, one.rule_index, tree, one.candidate.same):
        return True
    for question in of_contact(tree):
        refuse_attributes(run, one.rule_index, Clause.STILL, question)
    return False


def note_still(run: Execution, one: Caused) -> None:
    """Trace every question of `still`."""
    tree = run.program.rules[one.rule_index].still
    assert tree is not None
    for about in _asked(run, one.rule_index, tree, one.candidate.same):
        run.note(StepKind.STILL, one.rule_index, one.key, time_us=one.candidate.due_us, **about)


def _note(run: Execution, index: int, tree: Tree, event: Event, key: str, same: list[str]) -> None:
    """Trace every question of `given`, also where one of them would have been enough."""
    for about in _asked(run, index, tree, same):
        run.note(StepKind.GIVEN, index, key, event_id=event.event_id, **about)


def _asked(run: Execution, index: int, tree: Tree, same: list[str]) -> Iterator[dict[str, Any]]:
    """Each question of a tree, and its answer now."""
    rule, history = run.program.rules[index], (run.rules[index] or run.rule_state(index)).history
    for one in questions(tree):
        if isinstance(one, Leaf):
            value, holds = answer_of(rule, one.index, history, same, run.now_us, run.zone)
            of = key_of(rule, rule.conditions[one.index], same)
            yield {"condition": one.index, "of": of, "value": value, "holds": holds}
        else:
            holds = bool(holds_of_contact(one, run.attributes))
            yield {"condition": None, "of": "", "value": None, "holds": holds}


def _keying(condition: Condition, rule: RuleProgram) -> Callable[[list[str]], str] | None:
    """From the `same` values of a match to the key it asks about; None: the one without."""
    indices = [rule.same.index(path) for path in condition.same]
    if not indices:
        return None
    if len(indices) == 1:
        (index,) = indices
        return lambda same: f"[{same[index]}]"
    return lambda same: f"[{','.join([same[at] for at in indices])}]"
