"""Which events a rule set needs; all others are as if they had not happened (semantics.md, section 2).

And which of the contact's attributes its rules read (section 11.7).
"""

import operator
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import Any, Final

from tests.oracle.language import Condition, Match, Policy, Rule
from tests.oracle.values import where_holds

_ALWAYS: Final = {"contact.updated", "contact.deleted", "contact.merged"}
_CONSENT: Final = {"consent.granted", "consent.withdrawn"}


def is_needed(policy: Policy, rules: Iterable[Rule], event_type: str) -> bool:
    """Whether an event of this type is one of the set that decides."""
    if event_type in _ALWAYS or (policy.purposes and event_type in _CONSENT):
        return True
    return any(_needs(rule, event_type) for rule in rules)


def _needs(rule: Rule, event_type: str) -> bool:
    if rule.audience is not None and _holds_of_nothing(rule.audience):
        return True
    return any("*" in match.types or event_type in match.types for match in _matches(rule))


def _matches(rule: Rule) -> Iterable[Match]:
    yield from rule.unless
    if rule.catalog is not None:
        yield from rule.catalog.interest
    for step in rule.steps:
        yield from step
    for condition in rule.conditions:
        yield from condition.matches


def _holds_of_nothing(tree: dict[str, Any]) -> bool:
    """Whether an audience has members without any history."""
    ((name, parts),) = tree.items()
    match name:
        case "leaf":
            return _is_true_of_nothing(parts)
        case "contact":
            return where_holds(parts, {}, {})
        case "not":
            return not _holds_of_nothing(parts)
        case "all":
            return all(map(_holds_of_nothing, parts))
        case _:
            return any(map(_holds_of_nothing, parts))


def _is_true_of_nothing(condition: Condition) -> bool:
    if condition.what in ("present", "absent"):
        return condition.what == "absent"
    if condition.what in ("avg", "min", "max", "last"):
        return False
    compare = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le, "eq": operator.eq}
    return bool(compare[condition.op](Fraction(0), condition.number))


def attributes_read(rule: Rule) -> set[str]:
    """The attributes the rule reads: in a `where`, in `include`, or to wait for."""
    paths = _of_contact([*rule.include.values()])
    if rule.wait is not None and rule.wait.kind == "until" and rule.wait.of_contact:
        paths.append(rule.wait.path.removeprefix("contact."))
    paths += [path for match in _matches(rule) for path in _contact_paths(match.where, inside=False)]
    paths += [path for match in _matches(rule) for path in match.change]
    if rule.catalog is not None and rule.catalog.where is not None:
        paths += _contact_paths(rule.catalog.where, inside=False)
    paths += [path for tree in trees(rule) for path in _paths_of_tree(tree)]
    return {path.split(".")[0] for path in paths}


def of_contact(where: dict[str, Any]) -> set[str]:
    """The attributes that a `where` reads."""
    return {path.split(".")[0] for path in _contact_paths(where, inside=False)}


def paths_read(where: dict[str, Any]) -> set[str]:
    """The paths that a `where` reads, but for the contact's."""
    found: set[str] = set()
    for name, spec in where.items():
        if name in ("all", "any", "not"):
            found.update(*map(paths_read, spec if isinstance(spec, list) else [spec]))
        elif name != "contact":
            operands = spec.values() if isinstance(spec, dict) else ()
            others = {one["path"] for one in operands if isinstance(one, dict) and "path" in one}
            found |= {name, *(path for path in others if not path.startswith("contact."))}
    return found


def trees(rule: Rule) -> list[dict[str, Any]]:
    """The rule's trees of conditions."""
    return [tree for tree in (rule.given, rule.still, rule.audience) if tree is not None]


def _paths_of_tree(tree: dict[str, Any]) -> Iterator[str]:
    """Every path that stands in a condition on the contact's attributes."""
    ((name, parts),) = tree.items()
    if name == "contact":
        yield from _contact_paths(parts, inside=True)
    elif name != "leaf":
        for part in parts if isinstance(parts, list) else [parts]:
            yield from _paths_of_tree(part)


def _contact_paths(where: dict[str, Any], *, inside: bool) -> Iterator[str]:
    """Every path of the contact's in the `where`: inside a `contact`, or what a property is compared with."""
    for name, spec in where.items():
        if name in ("all", "any", "not"):
            for part in spec if isinstance(spec, list) else [spec]:
                yield from _contact_paths(part, inside=inside)
        elif name == "contact":
            yield from _contact_paths(spec, inside=True)
        else:
            operands = spec.items() if isinstance(spec, dict) else ()
            others = [one["path"] for key, one in operands if isinstance(one, dict) and key != "contains"]
            yield from ([name, *others] if inside else _of_contact(others))


def _of_contact(paths: list[Any]) -> list[str]:
    return [path.removeprefix("contact.") for path in paths if str(path).startswith("contact.")]
