"""Checks of single clauses: waits, sequences, thresholds, catalogue changes, fields, numbers.

Pure. Called by `checks`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from kittiwake.rules.check_matches import check_keys, check_match
from kittiwake.rules.complaints import Complaint, check_list, check_range, check_span, each, numbered, span_us
from kittiwake.rules.errors import Code, KeyPath
from kittiwake.rules.guardrails import (
    ID_CHARS_MAX,
    INCLUDES_MAX,
    KEEP_MAX_US,
    REMINDERS_MAX,
    STEPS_MAX,
    THRESHOLDS_MAX,
    WAIT_MAX_US,
    WITHIN_MAX_US,
)
from kittiwake.rules.models import REENTRY_WORDS, Rule
from kittiwake.rules.rrules import rrule_problem, until_problem
from kittiwake.rules.texts import OUTPUT_PATTERN, path_problem
from kittiwake.rules.waits import (
    REPEATS,
    FieldWaitObject,
    Interest,
    ItemMatcher,
    ItemObject,
    ReachesObject,
    SequenceObject,
    UntilWaitObject,
    Wait,
    When,
)

_NO_EARLIER = "no event is armed before it"


def check_when(when: When, path: KeyPath) -> Iterator[Complaint]:
    """What arms the rule."""
    if isinstance(when, SequenceObject):
        yield from _check_sequence(when, path)
    elif isinstance(when, ItemObject):
        yield from _check_item(when, (*path, "item"))
    else:
        yield from check_match(when, path, no_same=_NO_EARLIER)


def _check_sequence(written: SequenceObject, path: KeyPath) -> Iterator[Complaint]:
    steps = (*path, "sequence")
    yield from check_span(written.within, (*path, "within"), WITHIN_MAX_US, "a sequence")
    yield from check_list(written.sequence, steps, STEPS_MAX, "steps")
    if len(written.sequence) == 1:
        advice = "Name a second step, or write when: with the event itself"
        yield Complaint(steps, Code.CLAUSE, "a sequence has at least two steps", advice)
    for where, step in numbered(written.sequence, steps):
        yield from check_match(step, where, no_same="write per: for steps that belong together")


# ---------------------------------------------------------------- catalogue


def _check_item(written: ItemObject, path: KeyPath) -> Iterator[Complaint]:
    matchers = written.item.matchers()
    if len(matchers) != 1:
        message = f"an item change names one property, not {len(matchers)}"
        yield Complaint(path, Code.CLAUSE, message, "Write, say, item: {price: {drops_by: 10%}}", at_key=True)
    for name, matcher in matchers.items():
        found = path_problem(name)
        if found:
            yield Complaint((*path, name), Code.BAD_PATH, *found, at_key=True)
        yield from _check_matcher(matcher, (*path, name))


def _check_matcher(matcher: ItemMatcher, path: KeyPath) -> Iterator[Complaint]:
    written = [name for name in ItemMatcher.model_fields if getattr(matcher, name) is not None]
    if len(written) != 1:
        message = f"an item change is one of {', '.join(ItemMatcher.model_fields)}"
        yield Complaint(path, Code.OPERATOR, message, "Write one of them: {drops_by: 10%}")
    for name in ("drops_by", "rises_by"):
        change = getattr(matcher, name)
        if change is not None and Decimal(str(change).removesuffix("%")) <= 0:
            yield Complaint((*path, name), Code.OUT_OF_RANGE, "a change is more than nothing", "Write, say, 10%")


def check_interest(written: Interest, path: KeyPath) -> Iterator[Complaint]:
    """Whom a catalogue change concerns."""
    yield from check_match(written.events, (*path, "events"), no_same=_NO_EARLIER)
    yield from check_span(written.within, (*path, "within"), WITHIN_MAX_US, "an interest")


# ---------------------------------------------------------------- wait


def check_wait(wait: Wait, path: KeyPath) -> Iterator[Complaint]:
    """How long the rule waits."""
    if isinstance(wait, FieldWaitObject):
        yield from check_span(wait.default, (*path, "default"), WAIT_MAX_US, "a wait", zero=True)
    elif isinstance(wait, UntilWaitObject):
        yield from _check_until(wait, path)
    else:
        yield from check_list(wait, path, REMINDERS_MAX, "reminders")
        for where, delay in each(wait, path):
            yield from check_span(delay, where, WAIT_MAX_US, "a wait", zero=True)
        yield from check_rising([span_us(delay) for _, delay in each(wait, path)], path, "waits", "[30m, 24h, 72h]")


def check_rising(
    values: list[int] | list[int | Decimal], path: KeyPath, what: str, example: str
) -> Iterator[Complaint]:
    """Each value above the one before."""
    for i in range(1, len(values)):
        if values[i] <= values[i - 1]:
            message = f"{what} must rise: this one is not above the one before"
            yield Complaint((*path, i), Code.NOT_RISING, message, f"Write them in rising order: {example}")


def _check_until(wait: UntilWaitObject, path: KeyPath) -> Iterator[Complaint]:
    if wait.until == "contact":
        message = "contact alone is no date"
        yield Complaint((*path, "until"), Code.BAD_PATH, message, "Name the attribute: contact.birthday")
    if wait.offset and abs(span_us(wait.offset)) > WAIT_MAX_US:
        yield from check_span(wait.offset.lstrip("+-"), (*path, "offset"), WAIT_MAX_US, "an offset")
    if wait.repeat is not None and wait.repeat not in REPEATS:
        found = rrule_problem(wait.repeat)
        late = None if found else until_problem(wait.repeat)
        if found:
            yield Complaint((*path, "repeat"), Code.BAD_RRULE, *found)
        elif late:
            yield Complaint((*path, "repeat"), Code.RRULE_UNTIL, *late)


# ---------------------------------------------------------------- thresholds, fields, numbers


def check_reaches(written: ReachesObject, path: KeyPath) -> Iterator[Complaint]:
    """Thresholds of a total."""
    if (written.count is None) == (written.sum is None):
        message = "a total is either a count or a sum"
        yield Complaint(path, Code.CLAUSE, message, "Write {count: true, at: […]} or {sum: total, at: […]}")
    yield from check_list(written.at, (*path, "at"), THRESHOLDS_MAX, "thresholds")
    yield from check_rising(written.at, (*path, "at"), "thresholds", "[250, 500, 1000]")
    for where, threshold in numbered(written.at, (*path, "at")):
        if threshold <= 0:
            message = f"a threshold is above 0, not {threshold}"
            yield Complaint(where, Code.OUT_OF_RANGE, message, "Write numbers above 0")


def check_include(rule: Rule, path: KeyPath) -> Iterator[Complaint]:
    """The fields copied into the trigger."""
    written = rule.include or {}
    if rule.include is not None and not written:
        yield Complaint(path, Code.EMPTY_LIST, "include names no field", "Name one, or delete the line", at_key=True)
    if len(written) > INCLUDES_MAX:
        message = f"include names {len(written)} fields, more than {INCLUDES_MAX}"
        yield Complaint(path, Code.GUARDRAIL, message, "Name fewer", at_key=True)
    for name, text in written.items():
        if not re.fullmatch(OUTPUT_PATTERN, name) or len(name) > ID_CHARS_MAX:
            message = f"{name[:40]} is no name of a field: it has up to {ID_CHARS_MAX} letters, digits, _ and -"
            yield Complaint((*path, name), Code.BAD_NAME, message, "Write, say, resume_url", at_key=True)
        if text == "contact" or (text == "item" and isinstance(rule.when, ItemObject)):
            message = f"{text} alone is no field"
            yield Complaint((*path, name), Code.BAD_PATH, message, f"Name what of it: {text}.name")
        if rule.audience is not None and not text.startswith("contact."):
            message = f"{text} is a property of an event, and an audience has no arming event"
            yield Complaint((*path, name), Code.BAD_PATH, message, f"Write contact.{text}, or delete the line")


def check_numbers(rule: Rule) -> Iterator[Complaint]:
    """Priority, memory, expiry."""
    yield from check_keys(rule.per, ("per",))
    yield from check_range(rule.priority, ("priority",), 0, 100, "a priority")
    yield from check_span(rule.expires, ("expires",), WAIT_MAX_US, "an expiry")
    yield from check_span(rule.keep, ("keep",), KEEP_MAX_US, "a memory")
    if rule.reentry not in REENTRY_WORDS:
        yield from check_span(rule.reentry, ("reentry",), KEEP_MAX_US, "a re-entry")
