"""What rules ask of events: every type and property that they name, with where it stands and what is needed there.

Pure. Read by the checks against an event plan, and by the export of what producers have to send.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, NamedTuple, TypeAlias

from kittiwake.event_types import UPDATED
from kittiwake.rules.check.conditions import leaves
from kittiwake.rules.check.history import comparisons, measured, operands
from kittiwake.rules.compile.match import operators_of, types_of
from kittiwake.rules.diagnostics import each, numbered
from kittiwake.rules.errors import KeyPath
from kittiwake.rules.lint.queries import clauses_of, matches_in
from kittiwake.rules.model.catalog import ItemObject
from kittiwake.rules.model.conditions import ContactCondition, InAudience
from kittiwake.rules.model.history import (
    Absent,
    Avg,
    Count,
    Distinct,
    HistoryCondition,
    Last,
    Max,
    Min,
    Present,
    Sum,
)
from kittiwake.rules.model.match import ChangeMatch, EventMatch, MatchObject, Operators, OtherProperty, Where, entries
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.model.sequence import SequenceObject
from kittiwake.rules.model.text import CONTACT, ITEM, same_pairs
from kittiwake.rules.model.wait import FieldWaitObject, UntilWaitObject
from kittiwake.values import Scalar

Types: TypeAlias = tuple[str, ...]
"""Types of events as they are written; `"*"` is every one that it covers."""


class Need(StrEnum):
    """What a rule needs of a property."""

    COMPARED = "compared"
    """A value of the type of what it is compared with."""
    NUMBER = "number"
    """A number that is added up or waited for."""
    DATE = "date"
    """A date, or a time with its offset, in a text."""
    KEY = "key"
    """A value that two events share, or that separates instances."""
    VALUE = "value"
    """Any value: it is copied, or different ones are counted."""
    LIST = "list"
    """A list: its elements are looked into."""


class TypeUse(NamedTuple):
    """A type of events, named by a rule."""

    at: KeyPath
    name: str


class Use(NamedTuple):
    """A property of events of some types, or an attribute of the contact, named by a rule."""

    at: KeyPath
    at_key: bool
    types: Types
    """Empty for an attribute, and for what items have."""
    path: tuple[str, ...]
    """Its dotted name; of a property of elements, after that of the list."""
    need: Need
    operator: str = ""
    """Of a comparison, as authors write it."""
    operand: Scalar | list[Scalar] | None = None
    """What it is compared with; None: another property, or nothing."""
    negated: bool = False
    """Whether the rule asks that it is not so."""
    narrowed: bool = False
    """Whether only some events of the types are asked: those of a `where`."""
    optional: bool = False
    """Whether the rule says what happens without it."""
    of_item: bool = False
    """Whether it is a property of items of the catalogue; it has no types then."""

    @property
    def of_contact(self) -> bool:
        """Whether it is an attribute."""
        return not self.types and not self.of_item


# ---------------------------------------------------------------- types


def types_named(rule: Rule) -> Iterator[TypeUse]:
    """Every type that a rule names, `"*"` left out."""
    for path, match in matches_in(rule):
        yield from types_in(match, path)


def types_in(match: EventMatch, path: KeyPath) -> Iterator[TypeUse]:
    """The types of a match."""
    for where, entry in each(match, path):
        if isinstance(entry, str):
            yield from (TypeUse(where, entry) for _ in (0,) if entry != "*")
        elif isinstance(entry, MatchObject):
            named = each(entry.event, (*where, "event"))
            yield from (TypeUse(at, name) for at, name in named if name != "*")


def types_of_match(match: EventMatch | None) -> Types:
    """The types of events of a match."""
    if match is None:
        return ()
    found: list[str] = []
    for entry in entries(match):
        if isinstance(entry, ChangeMatch):
            found.append(UPDATED)
        else:
            found.extend(types_of(entry.event) if isinstance(entry, MatchObject) else [entry])
    return tuple(dict.fromkeys(found))


def arming_types(rule: Rule) -> Types:
    """The types of the events that arm a rule."""
    if isinstance(rule.when, SequenceObject):
        return types_of_match(rule.when.sequence[-1])
    return () if isinstance(rule.when, ItemObject) else types_of_match(rule.when)


def is_narrowed(match: EventMatch | None) -> bool:
    """Whether a match is of only some events of its types."""
    return match is not None and any(not isinstance(one, str) for one in entries(match))


def _arms_narrowed(rule: Rule) -> bool:
    if isinstance(rule.when, SequenceObject):
        return is_narrowed(rule.when.sequence[-1])
    return rule.when is not None and not isinstance(rule.when, ItemObject) and is_narrowed(rule.when)


def is_of_item(source: str) -> bool:
    """Whether a path of a catalogue rule leads to the item."""
    return source.startswith(ITEM) or source == "item_id"


# ---------------------------------------------------------------- properties


def uses_in(rule: Rule) -> Iterator[Use]:
    """Every property and attribute that a rule names."""
    arming = arming_types(rule)
    for path, match in matches_in(rule):
        yield from _of_match(match, path, arming, _arms_narrowed(rule))
    for written, path in clauses_of(rule):
        for where, leaf in leaves(written, path):
            if isinstance(leaf, ContactCondition):
                yield from uses_of_where(leaf.contact, (*where, "contact"), ())
            elif not isinstance(leaf, InAudience):
                yield from _of_condition(leaf, where, arming)
    yield from _of_clauses(rule, arming)


def _of_match(match: EventMatch, path: KeyPath, arming: Types, arms_narrowed: bool) -> Iterator[Use]:
    for where, entry in each(match, path):
        if isinstance(entry, str):
            continue
        types = types_of_match(entry)
        if isinstance(entry, ChangeMatch):
            yield from _of_change(entry, (*where, "contact"))
        if entry.where is not None:
            yield from uses_of_where(entry.where, (*where, "where"), types)
        for ours, theirs in same_pairs(entry.same):
            at = (*where, "same")
            if arming:
                yield Use(at, False, arming, (ours,), Need.KEY, narrowed=arms_narrowed)
            yield Use(at, False, types, (theirs,), Need.KEY, narrowed=entry.where is not None)
        if isinstance(entry, MatchObject) and entry.item is not None:
            yield Use((*where, "item"), False, types, (entry.item,), Need.KEY, narrowed=True)


def _of_change(entry: ChangeMatch, path: KeyPath) -> Iterator[Use]:
    for name, change in entry.contact.changes().items():
        values = [value for _, value in each(change.from_, ())]
        if change.becomes is not None:
            yield Use((*path, name), True, (), (name,), Need.COMPARED, "eq", change.becomes)
        elif values:
            yield Use((*path, name), True, (), (name,), Need.COMPARED, "in", values)
        else:
            needs_number = change.changes is None
            yield Use((*path, name), True, (), (name,), Need.NUMBER if needs_number else Need.VALUE)


def uses_of_where(
    where: Where, path: KeyPath, types: Types, within: tuple[str, ...] = (), *, negated: bool = False
) -> Iterator[Use]:
    """The properties of a `where`; of the contact if there are no types; `within` lists of these names."""
    for name, test in where.tests().items():
        yield from _of_test(test, (*path, name), types, (*within, name), negated)
    if where.contact is not None:
        yield from uses_of_where(where.contact, (*path, "contact"), (), negated=negated)
    for key, parts in (("all", where.all_), ("any", where.any_)):
        for at, part in numbered(parts or [], (*path, key)):
            yield from uses_of_where(part, at, types, within, negated=negated)
    if where.not_ is not None:
        yield from uses_of_where(where.not_, (*path, "not"), types, within, negated=not negated)


_NEGATIONS = {"ne": "eq", "not_in": "in"}


def _of_test(test: Any, path: KeyPath, types: Types, names: tuple[str, ...], negated: bool) -> Iterator[Use]:
    if not isinstance(test, Operators):
        operator = "in" if isinstance(test, list) else "eq"
        yield Use(path, True, types, names, Need.COMPARED, operator, test, negated)
        return
    for written, operand in operators_of(test):
        at = (*path, written)
        operator, is_not = _NEGATIONS.get(written, written), negated != (written in _NEGATIONS)
        if isinstance(operand, Where):
            yield Use(at, True, types, names, Need.LIST, negated=is_not)
            yield from uses_of_where(operand, at, types, names, negated=is_not)
        elif isinstance(operand, OtherProperty):
            yield Use(at, True, types, names, Need.COMPARED, operator, None, is_not)
            of_contact = not types or operand.path.startswith(CONTACT)
            other = operand.path.removeprefix(CONTACT) if types else operand.path
            beside = (other,) if of_contact else (*names[:-1], other)
            yield Use((*at, "path"), False, () if of_contact else types, beside, Need.VALUE, negated=is_not)
        elif written == "exists":
            yield Use(at, True, types, names, Need.VALUE, operator, operand, negated != (operand is False))
        else:
            yield Use(at, True, types, names, Need.COMPARED, operator, operand, is_not)


def _of_condition(condition: HistoryCondition, path: KeyPath, arming: Types) -> Iterator[Use]:
    _, match = measured(condition)
    types, narrowed = types_of_match(match), is_narrowed(match)
    for ours, theirs in same_pairs(condition.same):
        if arming:
            yield Use((*path, "same"), False, arming, (ours,), Need.KEY, narrowed=True)
        yield Use((*path, "same"), False, types, (theirs,), Need.KEY, narrowed=narrowed)
    match condition:
        case Count() | Present() | Absent():
            return
        case Distinct():
            yield Use((*path, "distinct"), False, types, (condition.distinct,), Need.VALUE)
        case Last():
            yield Use((*path, "last"), False, types, (condition.last,), Need.VALUE)
            for operator, operand in operands(condition):
                yield Use((*path, operator), True, types, (condition.last,), Need.COMPARED, operator, operand)
        case Sum() | Avg() | Min() | Max():
            key = type(condition).__name__.lower()
            compared = comparisons(condition) if key != "sum" else []
            name = (getattr(condition, key),)
            yield Use((*path, key), False, types, name, Need.NUMBER)
            for operator, bound in compared:
                yield Use((*path, operator), True, types, name, Need.COMPARED, operator, bound)


def _of_clauses(rule: Rule, arming: Types) -> Iterator[Use]:
    """`per`, `reaches`, `wait`, `interest` and `include`."""
    narrowed = _arms_narrowed(rule)
    for at, name in each(rule.per, ("per",)):
        if arming:
            yield Use(at, False, arming, (name,), Need.KEY, narrowed=narrowed)
        for match in rule.when.sequence[:-1] if isinstance(rule.when, SequenceObject) else ():
            yield Use(at, False, types_of_match(match), (name,), Need.KEY, narrowed=is_narrowed(match))
    if rule.reaches is not None and rule.reaches.sum is not None and arming:
        yield Use(("reaches", "sum"), False, arming, (rule.reaches.sum,), Need.NUMBER)
    if isinstance(rule.wait, FieldWaitObject) and arming:
        optional = rule.wait.default is not None
        yield Use(("wait", "field"), False, arming, (rule.wait.field,), Need.NUMBER, optional=optional)
    if isinstance(rule.wait, UntilWaitObject):
        yield from _of_path(("wait", "until"), rule.wait.until, arming, Need.DATE)
    if rule.interest is not None:
        arming = types_of_match(rule.interest.events)
        yield Use(("interest", "item"), False, arming, (rule.interest.item,), Need.KEY)
    for name, source in (rule.include or {}).items():
        if isinstance(source, str) and not (rule.interest is not None and is_of_item(source)):
            yield from _of_path(("include", name), source, arming, Need.VALUE)


def _of_path(at: KeyPath, text: str, arming: Types, need: Need) -> Iterator[Use]:
    """A path that may lead to the contact."""
    if text.startswith(CONTACT):
        yield Use(at, False, (), (text.removeprefix(CONTACT),), need)
    elif arming:
        yield Use(at, False, arming, (text,), need)
