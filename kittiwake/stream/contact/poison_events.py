"""Evaluate a contact's events, and isolate those on which a rule raises: they alone become dead letters.

Pure. Called by `timers`. The kernel changes nothing it is given, so an attempt that failed leaves no trace. A contact
that fails without any event is not helped by isolating events: it stays as it was (`EvaluationFailed`), to be tried
again later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from kittiwake.event_types import is_item_change
from kittiwake.input.shapes.base import InputShape
from kittiwake.kernel import Advanced, State, advance
from kittiwake.model import DeadLetter, Event
from kittiwake.reasons import DeadLetterReason
from kittiwake.rules.compile.accounts import Plan
from kittiwake.stream.records import BufferedEvent, DeadLetterRecord, LateEventRecord, Stage, dead_letter, event_of
from kittiwake.stream.rules_source.view import RulesView

ATTEMPTS_MAX: Final = 400
"""Attempts to find events that raise, each of which evaluates all that is good so far: a dozen such events among
100,000. A contact with more of them is a fault of ours that concerns all of it: it waits."""

TOO_MANY_FAULTS: Final = "TooManyFaults"


class Evaluation(NamedTuple):
    """What is to be evaluated of a contact."""

    plan: Plan
    shape: InputShape
    state: State
    arrivals: Sequence[BufferedEvent]
    upto_us: int
    notices: Sequence[Event] = ()
    """Events that do nothing, where more is known of feeds now."""


class Evaluated(NamedTuple):
    """What came of it."""

    step: Advanced
    late: tuple[LateEventRecord, ...]
    dead: tuple[DeadLetterRecord, ...]


class EvaluationFailed(NamedTuple):
    """The contact could not be evaluated at all."""

    why: str


class _Pair(NamedTuple):
    arrival: BufferedEvent
    event: Event


def evaluate(given: Evaluation, clock_us: int, rules: RulesView) -> Evaluated | EvaluationFailed:
    """Evaluate what is given; whatever the kernel raises costs at most the events that it is raised on."""
    pairs, dead = _parse(given, clock_us, rules)
    found = _attempt(given, pairs, clock_us)
    if isinstance(found, EvaluationFailed):
        found = _attempt(given, [], clock_us)
        if isinstance(found, EvaluationFailed):
            return found
        isolated = _isolate(given, pairs, clock_us)
        if isolated is None:
            return EvaluationFailed(TOO_MANY_FAULTS)
        good, bad = isolated
        dead += [_dead_letter(pair.arrival, DeadLetterReason.RULE_FAILED, why, clock_us, rules) for pair, why in bad]
        pairs = good
        found = _attempt(given, good, clock_us)
        if isinstance(found, EvaluationFailed):
            return found
    return Evaluated(found, tuple(_late_events(given, found, pairs, clock_us)), tuple(dead))


def _parse(given: Evaluation, clock_us: int, rules: RulesView) -> tuple[list[_Pair], list[DeadLetterRecord]]:
    pairs, dead = [], []
    for arrival in given.arrivals:
        event = event_of(arrival, given.shape)
        if isinstance(event, DeadLetter):
            dead.append(_dead_letter(arrival, event.reason, event.detail, clock_us, rules))
        else:
            pairs.append(_Pair(arrival, event))
    return pairs, dead


def _attempt(given: Evaluation, pairs: Sequence[_Pair], clock_us: int) -> Advanced | EvaluationFailed:
    events = [*(pair.event for pair in pairs), *given.notices]
    try:
        return advance(given.plan.versions, given.state, events, given.upto_us, clock_us=clock_us)
    except Exception as error:  # noqa: BLE001 - whatever a rule raises stops no other event and no other contact
        return EvaluationFailed(type(error).__name__)


def _isolate(
    given: Evaluation, pairs: Sequence[_Pair], clock_us: int
) -> tuple[list[_Pair], list[tuple[_Pair, str]]] | None:
    """The events that can be evaluated together, and those that cannot be evaluated with them; by halves.

    None: too many raise to find them one by one.
    """
    good: list[_Pair] = []
    bad: list[tuple[_Pair, str]] = []
    chunks = [list(pairs)]
    attempts = 0
    while chunks:
        chunk, attempts = chunks.pop(), attempts + 1
        if attempts > ATTEMPTS_MAX:
            return None
        found = _attempt(given, [*good, *chunk], clock_us)
        if not isinstance(found, EvaluationFailed):
            good += chunk
        elif len(chunk) == 1:
            bad.append((chunk[0], found.why))
        else:
            half = len(chunk) // 2
            chunks += [chunk[half:], chunk[:half]]
    return good, bad


def _dead_letter(
    arrival: BufferedEvent, reason: DeadLetterReason, detail: str, clock_us: int, rules: RulesView
) -> DeadLetterRecord:
    return dead_letter(Stage.EVALUATE, reason, detail, arrival, clock_us, rules.programs.used.ruleset_version)


def _late_events(given: Evaluation, step: Advanced, pairs: Sequence[_Pair], clock_us: int) -> list[LateEventRecord]:
    """The events that came later than is allowed, whole."""
    if not step.late:
        return []
    arrivals = {id(pair.event): pair.arrival for pair in pairs}  # duplicates may differ, each leaves as it came
    program = given.plan.versions.newest
    found = []
    for event in step.late:
        if is_item_change(event.type):
            continue  # no message: the item's own step says what came late
        arrival = arrivals[id(event)]
        evaluated_to_us = given.state.evaluated_to_us
        assert evaluated_to_us is not None, "only what has been evaluated can be late"
        found.append(
            LateEventRecord(
                program.account_id,
                given.state.contact_id,
                event.event_id,
                event.type,
                event.time_us,
                evaluated_to_us,
                arrival.data,
                arrival.attributes,
                arrival.message_id,
                arrival.publish_us,
                clock_us,
            )
        )
    return found
