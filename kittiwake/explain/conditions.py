"""What a history condition lacks to hold, and until when it could have been made up.

Pure over the kernel's own look-backs. Called for `given` that refused and for audiences
the contact is not a member of.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Context, Decimal
from math import ceil, floor
from typing import NamedTuple, TypeAlias

from kittiwake.explain.facts import Facts
from kittiwake.explain.refusals import other_key
from kittiwake.explain.rules import (
    SIGNS,
    condition_words,
    counted_words,
    match_words,
    predicate_words,
    unmet_words,
    within_words,
)
from kittiwake.explain.wording import clock_words, counted, date_words, listed, moment_words, path_words, value_words
from kittiwake.kernel.evaluate.conditions import holds_of_contact
from kittiwake.kernel.evaluate.history import measured, window_us
from kittiwake.kernel.evaluate.match import key_values
from kittiwake.kernel.evaluate.periods import next_start_us, start_us
from kittiwake.kernel.plan.conditions import AllHold, Leaf, NotHolds, OfContact, Tree
from kittiwake.kernel.plan.history import VALUES, Average, Condition, Measure, Measured, answer
from kittiwake.kernel.plan.match import Operator
from kittiwake.kernel.plan.rule import RuleProgram
from kittiwake.kernel.state.remembered import Extreme, Latest, Mean, Newest, Slot, Total, Values
from kittiwake.model import Event
from kittiwake.values import EXACT, Number, exact, parse_json

AT_LEAST = (Operator.GT, Operator.GTE)

AVERAGE_DIGITS = Context(prec=6)
"""An average as it is shown; it is compared exactly."""


class Gap(NamedTuple):
    """What is, and what it would have taken."""

    what: str
    needed: str


Keys: TypeAlias = Callable[[int], str]
"""From the index of a condition to the key of `same` values that it asks about."""


def keys_of_event(rule: RuleProgram, event: Event | None) -> Keys:
    """The keys that an event asks about."""
    return lambda index: _key(rule.conditions[index], event)


def condition_gap(facts: Facts, rule: RuleProgram, index: int, event: Event | None) -> Gap:
    """The gap of the condition at `index`, which now does not hold; `event` is the one that asks."""
    gap = _gap_at(facts, rule, index, _key(rule.conditions[index], event))
    return gap._replace(what=gap.what + _unused(facts, rule, index, event))


def _gap_at(facts: Facts, rule: RuleProgram, index: int, key: str, *, wanted: bool = True) -> Gap:
    """The gap of the condition at `index`, which now does not answer `wanted`."""
    condition = rule.conditions[index]
    slots = facts.history[rule.rule_id][index]
    value = measured(condition, slots, key, facts.now_us, rule.keep_us, facts.zone)
    return _gap(_Asked(facts, condition, slots.get(key), value, _same(condition, key)), wanted=wanted)


def _unused(facts: Facts, rule: RuleProgram, index: int, event: Event | None) -> str:
    """What counted for nothing, or under a key that reads the same."""
    condition, slots = rule.conditions[index], facts.history[rule.rule_id][index]
    words = facts.refused_words(rule, index, condition.within_us)
    if event is None or not condition.same:
        return words
    known = [key for key in list(slots) if measured(condition, slots, key, facts.now_us, rule.keep_us, facts.zone)]
    others = [other for key in known if (other := other_key(condition, event, key)) is not None]
    return words + "".join(f"; {other}" for other in others[:1])


def _gap(asked: _Asked, *, wanted: bool) -> Gap:
    condition = asked.condition
    if condition.measure in (Measure.PRESENT, Measure.ABSENT):
        return _presence_gap(asked, wanted=wanted)
    if condition.measure in VALUES:
        return _value_gap(asked, wanted=wanted)
    if not wanted:
        return Gap(asked.found(), f"{condition_words(condition)} not {_bound(condition)}")
    return _number_gap(asked)


def tree_gap(facts: Facts, rule: RuleProgram, tree: Tree, keys: Keys, *, wanted: bool = True) -> Gap | None:
    """The gap of a tree of conditions that asks about `keys`; None where it answers as `wanted`."""
    if isinstance(tree, Leaf):
        condition = rule.conditions[tree.index]
        slots = facts.history[rule.rule_id][tree.index]
        key = keys(tree.index)
        if answer(condition, measured(condition, slots, key, facts.now_us, rule.keep_us, facts.zone)) is wanted:
            return None
        gap = _gap_at(facts, rule, tree.index, key, wanted=wanted)
        return gap._replace(what=gap.what + facts.refused_words(rule, tree.index, condition.within_us))
    if isinstance(tree, OfContact):
        return _contact_gap(facts, tree, wanted=wanted)
    if isinstance(tree, NotHolds):
        return tree_gap(facts, rule, tree.part, keys, wanted=not wanted)
    gaps = [tree_gap(facts, rule, part, keys, wanted=wanted) for part in tree.parts]
    every = isinstance(tree, AllHold) is wanted
    missing = [gap for gap in gaps if gap is not None]
    if not missing or (not every and None in gaps):
        return None
    word = "and" if every else "or"
    return Gap(listed([gap.what for gap in missing]), listed([gap.needed for gap in missing], word))


def _contact_gap(facts: Facts, question: OfContact, *, wanted: bool) -> Gap | None:
    """What of the contact's attributes is not as a condition has it."""
    if bool(holds_of_contact(question, facts.attributes)) is wanted:
        return None
    words = predicate_words(question.where)
    if not wanted:
        return Gap(f"the contact is as it should not be: {words}", f"not ({words})")
    return Gap(unmet_words(question.where, {}, facts.attributes), words)


class _Asked(NamedTuple):
    """A condition, what is remembered under its key, and what that measures."""

    facts: Facts
    condition: Condition
    slot: Slot | None
    value: Measured
    same: str

    def found(self) -> str:
        """What was found: `sum of total of order.completed within 90d is 180.25, the rule wants ≥ 250`."""
        value = _shown(self.value)
        return f"{condition_words(self.condition)}{self.since()} is {value}, the rule wants {_bound(self.condition)}"

    def since(self) -> str:
        """Of a calendar period when it began: ` (since Mon 2026-11-02 00:00 Europe/Berlin)`."""
        if self.condition.period is None:
            return ""
        zone = self.facts.zone
        began_us = start_us(self.condition.period, zone, self.facts.now_us)
        return f" (since {date_words(began_us, zone)} {clock_words(began_us, zone)} {zone})"

    def inside(self) -> list[int]:
        """The instants that are remembered and count now, the oldest first."""
        after_us, upto_us = window_us(self.condition, self.facts.now_us, self.facts.zone)
        return [time_us for time_us in sorted(_instants(self.slot)) if after_us < time_us <= upto_us]

    def leaves_us(self, time_us: int) -> int | None:
        """When an event that counts now counts no more; None: it always does."""
        condition = self.condition
        if condition.period is not None:
            return next_start_us(condition.period, self.facts.zone, self.facts.now_us)
        return None if condition.within_us is None else time_us + condition.within_us

    def number(self) -> Number:
        """What was measured, of a condition that measures a number."""
        assert isinstance(self.value, (int, Decimal))
        return self.value

    def moment(self, time_us: int) -> str:
        """An instant, shown beside now."""
        return moment_words(time_us, self.facts.zone, self.facts.now_us)


def _key(condition: Condition, event: Event | None) -> str:
    if not condition.same or event is None:
        return ""
    values = key_values(condition.same, event.properties)
    return "" if values is None else "[" + ",".join(values) + "]"


def _same(condition: Condition, key: str) -> str:
    if not key:
        return ""
    pairs = zip(condition.own_same, parse_json(key), strict=True)
    return f" with {listed([f'{path_words(path)} {value_words(value)}' for path, value in pairs])}"


def _shown(value: Measured) -> str:
    if isinstance(value, Average):
        mean = AVERAGE_DIGITS.divide(value.total, Decimal(value.number))
        return f"{value_words(exact(mean))} (of {counted(value.number, 'event')})"
    return value_words(exact(value) if isinstance(value, Decimal) else value)


def _bound(condition: Condition) -> str:
    assert condition.operator is not None
    operand = condition.operand if condition.measure is Measure.LAST else condition.bound
    shown = listed([value_words(one) for one in operand], "or") if isinstance(operand, tuple) else value_words(operand)
    return f"{SIGNS[condition.operator]} {shown}"


# ---------------------------------------------------------------- values


def _value_gap(asked: _Asked, *, wanted: bool) -> Gap:
    """Of an average, a smallest, greatest or newest value, which may be none."""
    condition = asked.condition
    assert condition.path is not None
    if wanted and asked.value is None:
        name, of = path_words(condition.path), match_words(condition.of) + asked.same
        what = f"no {of} with a usable {name}{within_words(condition)}"
        return Gap(what, f"{of} with {name} {_bound(condition)}")
    return Gap(asked.found(), f"{condition_words(condition)} {'' if wanted else 'not '}{_bound(condition)}")


# ---------------------------------------------------------------- presence


def _presence_gap(asked: _Asked, *, wanted: bool) -> Gap:
    condition = asked.condition
    of = match_words(condition.of) + asked.same
    wants_event = (condition.measure is Measure.PRESENT) is wanted
    if wants_event:
        return Gap(f"no {of}{within_words(condition)}", f"{of}{within_words(condition)} before it")
    newest_us = asked.inside()[-1]
    newest, leaves_us = asked.moment(newest_us), asked.leaves_us(newest_us)
    if leaves_us is None:
        return Gap(f"{of} at {newest}", f"no {of} ever")
    what = f"{of} at {newest}, {within_words(condition).strip()}{asked.since()}"
    return Gap(what, f"no {of} until {asked.moment(leaves_us)}")


# ---------------------------------------------------------------- numbers


def _number_gap(asked: _Asked) -> Gap:
    condition = asked.condition
    short = condition.operator in AT_LEAST or (condition.operator is Operator.EQ and asked.number() < condition.bound)
    return _too_little(asked) if short else _too_much(asked)


def _too_little(asked: _Asked) -> Gap:
    condition, bound = asked.condition, asked.condition.bound
    if condition.measure is Measure.SUM:
        missing = exact(EXACT.subtract(Decimal(bound), Decimal(asked.number())))
        more = "more than " if condition.operator is Operator.GT else ""
        needed = f"{more}{value_words(missing)} more of {_summed(asked)}"
        return Gap(asked.found(), needed + _before_it_ends(asked))
    wanted = floor(bound) + 1 if condition.operator is Operator.GT else ceil(bound)
    missing = wanted - int(asked.number())
    noun = match_words(condition.of) + asked.same
    if condition.measure is Measure.DISTINCT:
        assert condition.path is not None
        noun = f"{noun} with another {path_words(condition.path)}"
    what = f"{asked.value} of {wanted} {counted_words(condition)}{asked.since()}"
    count = "one" if missing == 1 else str(missing)
    when = within_words(condition) if condition.near_us else _before_it_ends(asked)
    return Gap(what, f"{count} more {noun}{when}")


def _summed(asked: _Asked) -> str:
    assert asked.condition.path is not None
    return f"{path_words(asked.condition.path)} in {match_words(asked.condition.of)}{asked.same}"


def _before_it_ends(asked: _Asked) -> str:
    """` before 14:00`, when the oldest of what counts leaves the look-back; nothing where nothing does."""
    inside = asked.inside() if asked.value and not asked.condition.near_us else []
    leaves_us = asked.leaves_us(inside[0]) if inside else None
    return "" if leaves_us is None else f" before {asked.moment(leaves_us)}"


def _instants(slot: Slot | None) -> list[int]:
    """Every instant that is remembered."""
    match slot:
        case Values(newest_us=newest_us):
            return list(newest_us.values())
        case Latest(newest_us=newest_us) | Newest(newest_us=newest_us):
            return [newest_us]
        case None | Total() | Mean() | Extreme():
            return []
    return list(slot.times_us)


def _too_much(asked: _Asked) -> Gap:
    condition = asked.condition
    wants = f"{condition_words(condition)} {_bound(condition)}"
    inside = asked.inside()
    leaves_us = asked.leaves_us(inside[0]) if inside else None
    if leaves_us is None:
        return Gap(asked.found(), f"{wants}: it does not fall again")
    who = "a new period begins" if condition.period is not None else "the oldest that counts leaves"
    return Gap(asked.found(), f"{wants}: {who} at {asked.moment(leaves_us)}")
