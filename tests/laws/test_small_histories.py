"""Every history of length six at most over {A, B, tick}, under models of a few lines per rule.

A word such as `AB..A` is a history: letters are events at the present instant, in the order of their ids;
a dot lets a quarter of an hour pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import product

import pytest

from kittiwake.kernel.evaluate.decisions import unfinished
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Decision, Event
from kittiwake.reasons import Kind, Outcome
from kittiwake.time.instants import MINUTE_US
from tests.kernel.execution_modes import CONTACT, EXECUTION_MODES, at_once, shown
from tests.kernel.programs import START, at, program

LENGTH = 6
TICK_US = 15 * MINUTE_US
TAIL = 6
"""Ticks after the last letter."""

Marks = list[tuple[int, str]]
"""Instants, counted in ticks, and what was decided then."""
Taken = list[tuple[int, str]]
"""The events as instant and letter."""
Model = Callable[[Taken, int], Marks]


def words() -> Iterator[str]:
    for length in range(LENGTH + 1):
        yield from map("".join, product("AB.", repeat=length))


def taken(word: str) -> Taken:
    found, now = [], 0
    for letter in word:
        if letter == ".":
            now += 1
        else:
            found.append((now, letter))
    return found


# ---------------------------------------------------------------- models: what each rule means, spelled out


def silence(events: Taken, end: int) -> Marks:
    """{when: a, wait: 30m, unless: b}: two ticks after an instant with A and no B, if nothing happened between.

    A B disarms all that is opened at its own instant, whichever comes first.
    """
    found = []
    for now in range(2, end + 1):
        armed = {letter for when, letter in events if when == now - 2}
        between = {letter for when, letter in events if when == now - 1}
        if armed == {"A"} and not between:
            found.append((now, "!"))
    return found


def eager(events: Taken, end: int) -> Marks:
    """{when: a}: each A fires."""
    return [(when, "!") for when, letter in events if letter == "A"]


def third(events: Taken, end: int) -> Marks:
    """{when: a, given: {count: a, within: 30m, gte: 3}}: three in less than two ticks, this one included."""
    found = []
    for i, (when, letter) in enumerate(events):
        recent = [1 for other, name in events[: i + 1] if name == "A" and when - other < 2]
        if letter == "A" and len(recent) >= 3:
            found.append((when, "!"))
    return found


def milestones(events: Taken, end: int) -> Marks:
    """{when: [a, b], reaches: {count: true, at: [2, 4]}}: the second and the fourth event."""
    return [(when, "!") for i, (when, _) in enumerate(events, 1) if i in (2, 4)]


def chain(events: Taken, end: int) -> Marks:
    """{when: {sequence: [a, b], within: 30m}}: a B less than two ticks after the last A since the last chain."""
    found, start = [], None
    for when, letter in events:
        if letter == "A":
            start = when
        elif start is not None and when - start < 2:
            found.append((when, "!"))
            start = None
    return found


def cooled(events: Taken, end: int) -> Marks:
    """{when: a, reentry: 30m}: refused less than two ticks after a firing."""
    found: Marks = []
    for when, letter in events:
        if letter == "A":
            fired = [other for other, mark in found if mark == "!"]
            found.append((when, "reentry" if fired and when - fired[-1] < 2 else "!"))
    return found


def capped(events: Taken, end: int) -> Marks:
    """frequency: {max: 2, per: 30m}: refused where two have fired in the last two ticks."""
    found: Marks = []
    for when, letter in events:
        if letter == "A":
            fired = [other for other, mark in found if mark == "!" and when - other < 2]
            found.append((when, "frequency_cap" if len(fired) >= 2 else "!"))
    return found


def member(events: Taken, end: int) -> Marks:
    """{audience: {all: [{present: a, within: 30m}, {absent: b, within: 15m}]}}: told from instant to instant."""
    found, inside = [], False
    for now in range(end + 1):
        past = [(when, letter) for when, letter in events if when < now]
        moments = [past] + [past + [e for e in events if e[0] == now][:i] for i in range(1, LENGTH + 1)]
        for moment in moments:
            is_in = any(x == "A" and now - t < 2 for t, x in moment) and not any(
                x == "B" and now - t < 1 for t, x in moment
            )
            if is_in != inside:
                found.append((now, ">" if is_in else "<"))
                inside = is_in
    return found


def overnight(events: Taken, end: int) -> Marks:
    """{when: a, unless: b}, quiet in ticks 0, 1 and 2: the newest A waits for tick 3 unless a later B cancels it.

    Those of one instant are gated after its events, so that a B of their own instant spares them.
    """
    found, held = [], 0
    for now in range(end + 1):
        if now == 3 and held:
            found.append((now, "!"))
            held = 0
        letters = [letter for when, letter in events if when == now]
        if "B" in letters and held:
            found.append((now, "unless"))
            held = 0
        for _ in range(letters.count("A")):
            if now < 3:
                found += [(now, "superseded")] * held
                held = 1
            else:
                found.append((now, "!"))
    return found + [(end, "quiet_hours")] * held


def first_stands(events: Taken, end: int) -> Marks:
    """{when: a, wait: 30m, restart: false}: two ticks after the A that found nothing pending."""
    found, due = [], -1
    for when, letter in events:
        if letter == "A" and when >= due:
            due = when + 2
            found.append((due, "!"))
    return [mark for mark in found if mark[0] <= end]


MODELS: list[tuple[str, str, Model]] = [
    ("{when: a, wait: 30m, unless: b}", "", silence),
    ("{when: a}", "", eager),
    ("{when: a, given: {count: a, within: 30m, gte: 3}}", "", third),
    ("{when: [a, b], reaches: {count: true, at: [2, 4]}}", "", milestones),
    ("{when: {sequence: [a, b], within: 30m}}", "", chain),
    ("{when: a, reentry: 30m}", "", cooled),
    ("{when: a}", "frequency: {max: 2, per: 30m}", capped),
    (
        "{audience: {all: [{present: a, within: 30m}, {absent: b, within: 15m}]}, emits: [entered, exited]}",
        "",
        member,
    ),
    ("{when: a, unless: b}", "quiet_hours: {from: '00:00', to: '00:45'}", overnight),
    ("{when: a, wait: 30m, restart: false}", "", first_stands),
]


@pytest.mark.parametrize(("rule", "policy", "model"), MODELS, ids=lambda part: getattr(part, "__name__", ""))
def test_the_kernel_decides_as_the_model_does_in_every_small_history(rule: str, policy: str, model: Model) -> None:
    rules, start_us = program(rule, policy), at(START)
    for word in words():
        happened = taken(word)
        end = max((when for when, _ in happened), default=0) + TAIL
        events = [Event(start_us + t * TICK_US, str(i), x.lower()) for i, (t, x) in enumerate(happened)]
        advanced = advance(rules, new_state(CONTACT), events, start_us + end * TICK_US)
        decisions = [*advanced.decisions, *unfinished(rules, advanced.state)]
        found = [((d.decided_us - start_us) // TICK_US, _mark(d)) for d in decisions]
        assert sorted(found) == sorted(model(happened, end)), word


def _mark(decision: Decision) -> str:
    if decision.decision is Outcome.FIRED:
        return {Kind.FIRED: "!", Kind.ENTERED: ">", Kind.EXITED: "<"}[decision.kind]
    return str(decision.reason)


@pytest.mark.parametrize(("rule", "policy"), [(rule, policy) for rule, policy, _ in MODELS])
def test_every_way_agrees_on_the_histories_of_length_four(rule: str, policy: str) -> None:
    rules, start_us = program(rule, policy), at(START)
    for word in (word for word in words() if len(word) == LENGTH - 2):
        events = [Event(start_us + t * TICK_US, str(9 - i), x.lower()) for i, (t, x) in enumerate(taken(word))]
        until_us = start_us + (len(word) + TAIL) * TICK_US
        wanted = at_once(rules, events, until_us)
        for name, way in EXECUTION_MODES.items():
            found = way(rules, events, until_us)
            assert shown(found.decisions) == shown(wanted.decisions), (word, name)
            assert found.state == wanted.state, (word, name)
