"""From a catalogue rule's `when` and `interest` to the kernel's.

Pure. Called by `compile.rule`; its input has been checked.
"""

from __future__ import annotations

from msgspec.structs import replace

from kittiwake.kernel.plan.catalog import Catalog
from kittiwake.kernel.plan.catalog_plan import ITEM
from kittiwake.kernel.plan.include import Include
from kittiwake.kernel.plan.match import AllOf, AnyOf, Comparison, Not, Other, Predicate
from kittiwake.rules.compile.change import value_change_of
from kittiwake.rules.compile.match import matches_of, path_of, predicate_of
from kittiwake.rules.diagnostics import span_us
from kittiwake.rules.model.catalog import ItemObject
from kittiwake.rules.model.rule import Rule


def catalog_of_rule(rule: Rule, include: tuple[Include, ...]) -> Catalog | None:
    """Which changes of items the rule is about, and whom they concern; None: about none."""
    if not isinstance(rule.when, ItemObject):
        return None
    assert rule.interest is not None, "checked to be there"
    ((path, change),) = rule.when.item.matchers().items()
    shown = {one.path[0] for one in include if one.of_event and one.path[0] not in (ITEM, "item_id")}
    return Catalog(
        change=value_change_of(path_of(path), change),
        interest=matches_of(rule.interest.events),
        item=path_of(rule.interest.item),
        within_us=span_us(rule.interest.within),
        since_interest=rule.when.since is not None,
        where=None if rule.when.where is None else _of_values(predicate_of(rule.when.where)),
        shown=tuple(sorted(shown)),
    )


def _of_values(predicate: Predicate) -> Predicate:
    """The same of an item's values, which are known one by one, each by its dotted path."""
    match predicate:
        case AllOf(parts):
            return AllOf(tuple(map(_of_values, parts)))
        case AnyOf(parts):
            return AnyOf(tuple(map(_of_values, parts)))
        case Not(part):
            return Not(_of_values(part))
        case Comparison(of_contact=False):
            other = predicate.operand
            if isinstance(other, Other) and not other.of_contact:
                other = replace(other, path=(".".join(other.path),))
            return replace(predicate, path=(".".join(predicate.path),), operand=other)
    return predicate
