"""How an explanation speaks of items: interest in them, their changes, and what a rule asks of those.

Pure. Called by `explain.steps`, `explain.gates` and `explain.misses`.
"""

from __future__ import annotations

from typing import Any, Final

from kittiwake.event_types import own_type
from kittiwake.explain.rules import predicate_words
from kittiwake.explain.wording import value_words
from kittiwake.kernel.evaluate.catalog import BEFORE, ITEM_ID, NOW, VALUE
from kittiwake.kernel.plan.catalog import Catalog
from kittiwake.kernel.plan.change import ChangeKind

_ASKED: Final = {
    ChangeKind.DROPS_BY: "drops by {}",
    ChangeKind.RISES_BY: "rises by {}",
    ChangeKind.DROPS_BELOW: "drops below {}",
    ChangeKind.RISES_ABOVE: "rises above {}",
    ChangeKind.BECOMES: "becomes {}",
    ChangeKind.CHANGES: "changes",
}


def item_change_words(event_type: str, event_id: str, properties: dict[str, Any]) -> str:
    """An item's event as its contact saw it.

    >>> item_change_words("*price.changed*p-1", "e1", {"item_id": "p-1", "now": {"price": 8}, "before": {"price": [0, "e0", "price.changed", 9]}})
    'price.changed (e1) of item p-1 price=8 (was 9)'
    """  # noqa: E501
    values = [_moved(path, value, properties[BEFORE].get(path)) for path, value in sorted(properties[NOW].items())]
    return " ".join([f"{own_type(event_type)} ({event_id}) of item {properties[ITEM_ID]}", *values])


def _moved(path: str, value: Any, before: list[Any] | None) -> str:
    was = "first value" if before is None else f"was {value_words(before[VALUE])}"
    return f"{path}={value_words(value)} ({was})"


def asked_words(catalog: Catalog) -> str:
    """What a rule asks of the item: `price drops by 10%`."""
    change = catalog.change
    amount = f"{value_words(change.operand)}%" if change.percent else value_words(change.operand)
    since = " since the newest interest" if catalog.since_interest else ""
    where = "" if catalog.where is None else f" where {predicate_words(catalog.where)}"
    return f"{'.'.join(change.path)} {_ASKED[change.kind].format(amount)}{since}{where}"


def changed_words(catalog: Catalog, details: dict[str, Any]) -> str:
    """Whether a change is as the rule asks; details of CHANGED."""
    if details["reference"] is None:
        return f"nothing to compare {value_words(details['value'])} with: {asked_words(catalog)} needs a value before"
    verb = "as asked" if details["is_so"] else "not as asked"
    return f"{value_words(details['reference'])} → {value_words(details['value'])}: {verb} ({asked_words(catalog)})"
