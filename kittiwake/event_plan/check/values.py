"""Checks of values: those of another type than is needed, thresholds beyond all that was seen, values that never came.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from kittiwake.event_plan.check.wording import closest, number, share_words, subject, type_of, types_words, whose
from kittiwake.event_plan.known import Answer, Found, Known, types_seen
from kittiwake.event_plan.model import PropertyObject
from kittiwake.event_plan.parts import ValueSeen
from kittiwake.event_plan.uses import Need, Use
from kittiwake.rules.check.quoted_numbers import digits_in
from kittiwake.rules.diagnostics import Diagnostic, each
from kittiwake.rules.errors import LintCode
from kittiwake.rules.model.base import shown
from kittiwake.values import Number, Scalar, is_number

OFTEN: Final = 0.05
"""From this share on values of another type are more than a slip of a producer."""
_FAR: Final = 2
"""So many times the greatest value seen lies a bound that every value meets: it is hardly of the same unit."""
_ORDERS: Final = ("gt", "gte", "lt", "lte")


def check_values(uses: Iterable[Use], known: Known) -> Iterator[Diagnostic[LintCode]]:
    """What rules compare, add up, wait for and look into."""
    for use in uses:
        answer = known.answer(use)
        if not answer.found or answer.unknown:
            continue
        needed = types_needed(use)
        if needed and (found := list(_of_another_type(use, needed, answer, known))):
            yield from found
        elif use.need is Need.DATE:
            yield from _no_dates(use, answer, known)
        elif use.need is Need.COMPARED and not use.negated:
            yield from _beyond(use, answer, known)
            yield from _never_came(use, answer, known)


# ---------------------------------------------------------------- types


def types_needed(use: Use) -> frozenset[str]:
    """The types of the values that are of use; none: all are."""
    if use.need is Need.NUMBER:
        return frozenset({"number"})
    if use.need is Need.DATE:
        return frozenset({"text"})
    if use.need is Need.KEY:
        return frozenset({"text", "number", "bool"})
    if use.need is Need.LIST:
        return frozenset({"list"})
    if use.need is not Need.COMPARED:
        return frozenset()
    if use.operator == "empty":
        return frozenset({"text", "list", "object"})
    of_operand = {type_of(value) for _, value in each(use.operand, ())}
    if use.operator == "contains":
        return frozenset({"text", "list"} if of_operand == {"text"} else {"list"})
    return frozenset(of_operand)


def _of_another_type(use: Use, needed: frozenset[str], answer: Answer, known: Known) -> Iterator[Diagnostic[LintCode]]:
    seen = frozenset[str]().union(*(types_seen(one.property) for one in answer.found))
    if not seen or seen == needed:
        return
    what = f"{subject(use)} {whose(known, answer, use)}"
    if not seen & needed:
        message = f"{what} {is_always(answer.found, seen)}, and {types_words(needed)} is needed here"
        yield Diagnostic(use.at, LintCode.TYPE_OF_VALUE, message, _advice(use, answer, seen), at_key=use.at_key)
    elif use.need is Need.NUMBER or use.operator in _ORDERS:
        wrong = _share_of_others(needed, answer.found)
        if wrong >= OFTEN:
            others = seen - needed
            where = f"where {types_words(needed)} is needed"
            message = f"{what} is {types_words(others)} in {share_words(wrong)} of them, {where}"
            yield Diagnostic(use.at, LintCode.TYPE_OF_VALUE, message, _advice(use, answer, others), at_key=use.at_key)


def was_seen(found: Sequence[Found]) -> bool:
    """Whether what is known of a property comes from events, and not from a person or a tracking plan alone."""
    return all(one.property.types is not None for one in found)


def is_always(found: Sequence[Found], types: Iterable[str]) -> str:
    """Of what types the values of a property are."""
    words = types_words(types)
    return f"is always {words}" if was_seen(found) else f"is {words} by the plan"


def _share_of_others(needed: frozenset[str], found: Sequence[Found]) -> float:
    counts = [(name, count) for one in found for name, count in (one.property.types or {}).items() if name != "null"]
    total = sum(count for _, count in counts)
    return sum(count for name, count in counts if name not in needed) / total if total else 0.0


def _advice(use: Use, answer: Answer, seen: frozenset[str]) -> str:
    numbers = any(_stands_for(one.property, "number") for one in answer.found)
    types = sorted({one.event_type for one in answer.found}) or ["contact.updated"]
    event = types[0] if len(types) == 1 else f"[{', '.join(types)}]"
    if "text" in seen and numbers:
        return f"Add cast: [{{event: {event}, number: {use.path[-1]}}}]"
    if use.need is Need.DATE and "number" in seen:
        millis = any(_stands_for(one.property, "epoch_millis") for one in answer.found)
        unit = "epoch_millis" if millis else "epoch_seconds"
        return f"Add cast: [{{event: {event}, instant: {{{use.path[-1]}: {unit}}}}}]"
    if digits_in(use.operand) is not None and seen == {"number"}:
        return "Write the number without quotes"
    if is_number(use.operand) and seen == {"text"}:
        return f'Write "{use.operand}" in quotes, if that is how it comes' if use.operator == "eq" else _ANOTHER
    if "list" in seen and use.operator in ("eq", "in"):
        return "Write {contains: …} to ask for an element"
    return _ANOTHER


def _stands_for(one: PropertyObject, format_: str) -> bool:
    return one.format == format_ or bool((one.formats or {}).get(format_))


_ANOTHER: Final = "Check which property is meant, or mend what the producer sends"


def _no_dates(use: Use, answer: Answer, known: Known) -> Iterator[Diagnostic[LintCode]]:
    """Texts none of which is a date or a time."""
    counted = [one.property for one in answer.found if one.property.types is not None]
    if len(counted) < len(answer.found) or any(one.formats is None for one in counted):
        return  # of these nobody has looked what they stand for
    if not any((one.formats or {}).get(name) for one in counted for name in ("instant", "date")):
        message = f"{subject(use)} {whose(known, answer, use)} is never a date or a time with its offset"
        advice = "Check which property is meant; a date is written 2026-11-01, a time 2026-11-01T09:30:00Z"
        yield Diagnostic(use.at, LintCode.TYPE_OF_VALUE, message, advice, at_key=use.at_key)


# ---------------------------------------------------------------- numbers


def range_of(found: Sequence[Found]) -> tuple[Number, Number] | None:
    """The smallest and the greatest number that was seen, of all together; None if that is not known."""
    numbers = [one.property for one in found if "number" in types_seen(one.property, otherwise=("number",))]
    least = [one.min for one in numbers if one.min is not None]
    most = [one.max for one in numbers if one.max is not None]
    if not numbers or len(least) < len(numbers) or len(most) < len(numbers):
        return None
    return min(least), max(most)


def _beyond(use: Use, answer: Answer, known: Known) -> Iterator[Diagnostic[LintCode]]:
    """A number that is compared with what lies outside all that was seen."""
    seen = range_of(answer.found)
    if seen is None:
        return
    least, most = seen
    what = f"{subject(use)} {whose(known, answer, use)}"
    for at, bound in each(use.operand, use.at):
        if is_number(bound) and (verdict := _verdict(use.operator, bound, least, most)):
            how = "was between" if was_seen(answer.found) else "is by the plan between"
            message = f"{what} {how} {least:,} and {most:,}: {verdict}"
            advice = "Check the number, and the unit it is in"
            yield Diagnostic(at, LintCode.BEYOND_ALL_SEEN, message, advice, at_key=use.at_key and at == use.at)


def _verdict(operator: str, bound: Number, least: Number, most: Number) -> str:
    """What a comparison comes to, if its bound lies outside; a bound of 0 or 1 is a guard."""
    never, always = f"{operator} {bound} never held", f"{operator} {bound} always held"
    match operator:
        case "gt" | "gte":
            if bound > most or (operator == "gt" and bound == most):
                return never
            return always if bound > 1 and bound * _FAR <= least else ""
        case "lt" | "lte":
            if bound < least or (operator == "lt" and bound == least):
                return never
            return always if most > 0 and bound >= most * _FAR and bound > 1 else ""
        case "eq" | "in":
            return f"{bound} never came" if not least <= bound <= most else ""
    return ""


# ---------------------------------------------------------------- values


def _never_came(use: Use, answer: Answer, known: Known) -> Iterator[Diagnostic[LintCode]]:
    """A value that is none of all that came."""
    if use.operator not in ("eq", "in", "starts_with", "contains"):
        return
    values = [all_values(one.property, use.operator) for one in answer.found]
    came = [value for some in values if some is not None for value in some]
    if None in values or not came:
        return
    texts = [value for value in came if isinstance(value, str)]
    for at, asked in each(use.operand, use.at):
        if not any(_meets(use.operator, value, asked) for value in came) and not _is_out_of_range(asked, answer):
            how = _HOW.get(use.operator, "was") if was_seen(answer.found) else "is"
            message = f"{subject(use)} {whose(known, answer, use)} never {how} {shown(asked)}"
            message += "" if was_seen(answer.found) else " by the plan"
            meant = closest(asked, texts) if isinstance(asked, str) else None
            advice = f"Did you mean {shown(meant)}?" if meant else f"Its values are {_listed(came)}"
            yield Diagnostic(at, LintCode.VALUE_NEVER_SEEN, message, advice, at_key=use.at_key and at == use.at)


_HOW: Final = {"starts_with": "started with", "contains": "contained"}


def _is_out_of_range(asked: Any, answer: Answer) -> bool:
    """Whether it has been reported for its range already."""
    seen = range_of(answer.found)
    return is_number(asked) and seen is not None and not seen[0] <= asked <= seen[1]


def all_values(one: PropertyObject, operator: str = "eq") -> list[Scalar] | None:
    """All values that a property has; of a list, for `contains`, those of its elements. None if there may be others."""
    if operator == "contains" and "list" in types_seen(one):
        return None if one.elements is None else all_values(one.elements)
    if one.values is None or one.hashed or (one.distinct is not None and one.distinct != len(one.values)):
        return None
    return [value.value if isinstance(value, ValueSeen) else value for value in one.values]


def _meets(operator: str, value: Scalar, asked: object) -> bool:
    if operator == "starts_with":
        return isinstance(value, str) and value.startswith(str(asked))
    if operator == "contains" and isinstance(value, str) and isinstance(asked, str) and asked in value:
        return True
    return isinstance(value, bool) == isinstance(asked, bool) and value == asked


_LISTED_MAX: Final = 8


def _listed(values: Sequence[Scalar]) -> str:
    words = [shown(value) for value in dict.fromkeys(values)]
    return ", ".join(words[:_LISTED_MAX]) + (f" and {number(len(words) - _LISTED_MAX)} more" if len(words) > 8 else "")
