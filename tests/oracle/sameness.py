"""When a rule, or a condition, of one version goes on in the next one (semantics.md, 11.3 and 11.7).

What is compared is what was read: short forms are written out, durations are lengths, numbers are values.
"""

from collections.abc import Iterator
from typing import Any

from tests.oracle.language import Catalog, Condition, Matches, Rule, Wait, leaves
from tests.oracle.values import canonical


def is_same(old: Rule, new: Rule) -> bool:
    """Whether the rule is the same to the state."""
    return _to_the_state(old) == _to_the_state(new)


def measures_the_same(old: Condition, new: Condition) -> bool:
    """Whether what the old condition remembers is what the new one asks for."""
    if _measure(old) != _measure(new):
        return False
    return new.what != "count" or new.within is None or bool(new.near) or bool(new.number <= old.number)


def _to_the_state(rule: Rule) -> tuple[Any, ...]:
    return (
        *(tuple(_matches(step) for step in rule.steps), rule.within, rule.per),
        *(rule.reaches, rule.reaches_sum, rule.reaches_period, _tree(rule.audience) if rule.audience else None),
        *(_kind(rule.wait), frozenset(_of_pending(rule))),
        _of_items(rule.catalog),
    )


def _of_pending(rule: Rule) -> Iterator[str]:
    """What is known of what is pending: the paths that `same` names in `unless` and `still`."""
    for asked in (*rule.unless, *(leaves(rule.still) if rule.still else ())):
        yield from asked.same
        if getattr(asked, "item", ""):
            yield "item_id"


def _of_items(catalog: Catalog | None) -> tuple[Any, ...]:
    if catalog is None:
        return ()
    return (catalog.path, canonical(catalog.spec), canonical(catalog.where), catalog.since, *_of_interest(catalog))


def _of_interest(catalog: Catalog) -> tuple[Any, ...]:
    return (_matches(catalog.interest), catalog.item, catalog.within)


def shows_the_same(old: Catalog, new: Catalog) -> bool:
    """Whether the interest that the old rule remembers is what the new one asks for."""
    return (*_of_interest(old), old.since and old.path) == (*_of_interest(new), new.since and new.path)


def _kind(wait: Wait | None) -> tuple[Any, ...]:
    """None; a duration; a list; `field`; `until` of the event or the contact, with `repeat` or without; a local day; a
    list of them."""
    if wait is None:
        return ()
    return (wait.kind, wait.listed, wait.kind == "until" and wait.of_contact, wait.repeat is not None)


def _matches(matches: Matches) -> tuple[Any, ...]:
    return tuple((match.types, canonical(match.where), canonical(match.change)) for match in matches)


def _measure(condition: Condition) -> tuple[Any, ...]:
    kinds = _kinds(condition.number) if condition.what == "last" else None
    window = (condition.within, condition.period, condition.near)
    return (condition.what, _matches(condition.matches), window, condition.path, condition.own, kinds)


def _kinds(operand: Any) -> frozenset[type]:
    """The types of the values that a `last` can be compared with, and so remembers."""
    return frozenset(type(each) for each in (operand if isinstance(operand, list) else [operand]))


def _tree(tree: dict[str, Any]) -> tuple[Any, ...]:
    ((name, parts),) = tree.items()
    if name == "leaf":
        return (*_measure(parts), parts.op, canonical(parts.number))
    if name == "contact":
        return (name, canonical(parts))
    return (name, *(_tree(part) for part in (parts if isinstance(parts, list) else [parts])))
