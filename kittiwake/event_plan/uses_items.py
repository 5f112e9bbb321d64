"""What catalogue rules ask of items: the properties of `when: {item: ...}`, and those of `item.…` in `include`.

Pure. Read by the checks against an event plan.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.event_plan.uses import Need, Use
from kittiwake.rules.errors import KeyPath
from kittiwake.rules.model.catalog import ItemMatcher, ItemObject
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.model.text import ITEM


def item_uses(rule: Rule) -> Iterator[Use]:
    """Every property of items that a rule names."""
    if not isinstance(rule.when, ItemObject):
        return
    for name, matcher in rule.when.item.matchers().items():
        yield _of_matcher(matcher, ("when", "item", name), name)
    for field, source in (rule.include or {}).items():
        if isinstance(source, str) and source.startswith(ITEM):
            yield Use(("include", field), False, (), (source.removeprefix(ITEM),), Need.VALUE, of_item=True)


def _of_matcher(matcher: ItemMatcher, at: KeyPath, name: str) -> Use:
    if matcher.becomes is not None:
        return Use(at, True, (), (name,), Need.COMPARED, "eq", matcher.becomes, of_item=True)
    need = Need.VALUE if matcher.changes is not None else Need.NUMBER
    return Use(at, True, (), (name,), need, of_item=True)
