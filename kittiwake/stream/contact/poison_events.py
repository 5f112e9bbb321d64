"""Settle a contact's events, and if a rule raises on one of them, that event alone is set apart.

Pure. Called by `waking`. The kernel changes nothing it is given, so a try that failed leaves no trace. A contact that
fails without any event cannot be mended by setting events apart: it is left as it was (`Failed`), to be tried later.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from kittiwake.input.shapes.base import InputShape
from kittiwake.kernel import Advanced, State, advance
from kittiwake.model import DeadLetter, Event
from kittiwake.reasons import DeadLetterReason
from kittiwake.rules.compile.accounts import Plan
from kittiwake.stream.arrivals import event_of
from kittiwake.stream.records import BufferedEvent, DeadLetterRecord, LateEventRecord, Stage, dead_letter
from kittiwake.stream.rules_source.view import RulesView

TRIES_MAX: Final = 400
"""Tries to find events that raise, each of which settles all that is good so far: a dozen such events among 100,000. A
contact with more of them is a fault of ours that concerns all of it: it waits."""

TOO_MANY_FAULTS: Final = "TooManyFaults"


class Given(NamedTuple):
    """What is to be settled of a contact."""

    plan: Plan
    shape: InputShape
    state: State
    arrivals: Sequence[BufferedEvent]
    upto_us: int


class Settled(NamedTuple):
    """What came of it."""

    step: Advanced
    late: tuple[LateEventRecord, ...]
    dead: tuple[DeadLetterRecord, ...]


class Failed(NamedTuple):
    """The contact could not be settled at all."""

    why: str


class _Pair(NamedTuple):
    arrival: BufferedEvent
    event: Event


def settle(given: Given, clock_us: int, known: RulesView) -> Settled | Failed:
    """Settle what is given; whatever the kernel raises costs at most the events that it is raised on."""
    pairs, dead = _parsed(given, clock_us, known)
    found = _tried(given, pairs, clock_us)
    if isinstance(found, Failed):
        found = _tried(given, [], clock_us)
        if isinstance(found, Failed):
            return found
        sifted = _sifted(given, pairs, clock_us)
        if sifted is None:
            return Failed(TOO_MANY_FAULTS)
        good, bad = sifted
        dead += [_dead(pair.arrival, DeadLetterReason.RULE_FAILED, why, clock_us, known) for pair, why in bad]
        pairs = good
        found = _tried(given, good, clock_us)
        if isinstance(found, Failed):
            return found
    return Settled(found, tuple(_late(given, found, pairs, clock_us)), tuple(dead))


def _parsed(given: Given, clock_us: int, known: RulesView) -> tuple[list[_Pair], list[DeadLetterRecord]]:
    pairs, dead = [], []
    for arrival in given.arrivals:
        event = event_of(arrival, given.shape)
        if isinstance(event, DeadLetter):
            dead.append(_dead(arrival, event.reason, event.detail, clock_us, known))
        else:
            pairs.append(_Pair(arrival, event))
    return pairs, dead


def _tried(given: Given, pairs: Sequence[_Pair], clock_us: int) -> Advanced | Failed:
    events = [pair.event for pair in pairs]
    try:
        return advance(given.plan.versions, given.state, events, given.upto_us, clock_us=clock_us)
    except Exception as error:  # noqa: BLE001 - whatever a rule raises stops no other event and no other contact
        return Failed(type(error).__name__)


def _sifted(given: Given, pairs: Sequence[_Pair], clock_us: int) -> tuple[list[_Pair], list[tuple[_Pair, str]]] | None:
    """The events that can be settled together, and those that cannot be settled with them; by halves.

    None: too many raise to find them one by one.
    """
    good: list[_Pair] = []
    bad: list[tuple[_Pair, str]] = []
    chunks = [list(pairs)]
    tries = 0
    while chunks:
        chunk, tries = chunks.pop(), tries + 1
        if tries > TRIES_MAX:
            return None
        found = _tried(given, [*good, *chunk], clock_us)
        if not isinstance(found, Failed):
            good += chunk
        elif len(chunk) == 1:
            bad.append((chunk[0], found.why))
        else:
            half = len(chunk) // 2
            chunks += [chunk[half:], chunk[:half]]
    return good, bad


def _dead(
    arrival: BufferedEvent, reason: DeadLetterReason, detail: str, clock_us: int, known: RulesView
) -> DeadLetterRecord:
    return dead_letter(Stage.SETTLE, reason, detail, arrival, clock_us, known.programs.used.ruleset_version)


def _late(given: Given, step: Advanced, pairs: Sequence[_Pair], clock_us: int) -> list[LateEventRecord]:
    """The events beyond the horizon, whole."""
    if not step.late:
        return []
    arrivals = {id(pair.event): pair.arrival for pair in pairs}  # copies may differ, each leaves as it came
    program = given.plan.versions.newest
    found = []
    for event in step.late:
        arrival = arrivals[id(event)]
        evaluated_to_us = given.state.evaluated_to_us
        assert evaluated_to_us is not None, "only what has been settled can be late"
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
