"""Trees of conditions: whether one holds of a contact's history and attributes at an instant.

Pure over the `Slots` it is given, but for questions that it makes once and keeps. Called by `run` for `given` and
`audience`, and by explanations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final
from weakref import ref

from kittiwake.kernel.evaluate.history import Slots, measured
from kittiwake.kernel.evaluate.match import Attributes, Question, asking
from kittiwake.kernel.plan.conditions import AllHold, AnyHolds, Leaf, NotHolds, OfContact, Tree
from kittiwake.kernel.plan.history import Condition, Measured, answer
from kittiwake.kernel.plan.rule import RuleProgram

_asked: Final[dict[int, tuple[ref[OfContact], Question]]] = {}
"""By identity, for as long as the program is there: equal ones may differ, since 1 equals true."""


def holds_of_contact(question: OfContact, attributes: Attributes) -> bool | None:
    """Whether attributes are as asked; None: they are not, and a value is of a type that can never be."""
    found = _asked.get(id(question))
    if found is None:
        key = id(question)
        found = _asked[key] = ref(question, lambda _: _asked.pop(key, None)), asking(question.where)
    return found[1](attributes, attributes)


def tree_holds(tree: Tree, answers: Callable[[int], bool], attributes: Attributes) -> bool:
    """Whether a tree holds; `answers` says by its index whether a history condition does."""
    if isinstance(tree, Leaf):
        return answers(tree.index)
    if isinstance(tree, AllHold):
        return all(tree_holds(part, answers, attributes) for part in tree.parts)
    if isinstance(tree, AnyHolds):
        return any(tree_holds(part, answers, attributes) for part in tree.parts)
    if isinstance(tree, NotHolds):
        return not tree_holds(tree.part, answers, attributes)
    return bool(holds_of_contact(tree, attributes))


def answer_of(
    rule: RuleProgram, index: int, history: Sequence[Slots], same: Sequence[str], now_us: int, zone: str
) -> tuple[Measured, bool]:
    """What the history condition at `index` measures now under the `same` values of a match, and whether it holds."""
    condition = rule.conditions[index]
    value = measured(condition, history[index], key_of(rule, condition, same), now_us, rule.keep_us, zone)
    return value, answer(condition, value)


def key_of(rule: RuleProgram, condition: Condition, same: Sequence[str]) -> str:
    """The key a condition asks about, from the values at the rule's `same` paths."""
    if not condition.same:
        return ""
    return f"[{','.join([same[rule.same.index(path)] for path in condition.same])}]"
