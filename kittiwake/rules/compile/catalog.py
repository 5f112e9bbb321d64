"""From a catalogue rule's `when` and `interest` to the kernel's.

Pure. Called by `compile.rule`; its input has been checked.
"""

from __future__ import annotations

from kittiwake.kernel.plan.catalog import Catalog
from kittiwake.kernel.plan.catalog_plan import ITEM
from kittiwake.kernel.plan.include import Include
from kittiwake.rules.compile.change import value_change_of
from kittiwake.rules.compile.match import matches_of, path_of
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
        shown=tuple(sorted(shown)),
    )
