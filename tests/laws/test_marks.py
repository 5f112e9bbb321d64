"""Where a correction begins and ends makes no difference: marks as close as can be, late events one by one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from random import Random

import pytest

from kittiwake.kernel.late import reevaluation
from kittiwake.kernel.late.checkpoint import compacted
from kittiwake.kernel.late.reevaluation import Reevaluation
from kittiwake.kernel.state.codec import bare
from kittiwake.model import Event
from tests.kernel.execution_modes import opened
from tests.laws.arrivals import Call, ended, facts, streamed, whole
from tests.laws.programs import WORLDS, World, dice_of, end_us, history
from tests.oracle.worlds_versions import versioned_world
from tests.properties.versions import compiled, events_of

ROUNDS = 8
PROGRESS: Counter[str] = Counter()
"""What corrections did, over all of this file's laws."""


STILL_OPEN = World(
    """
    - {id: lapsed, when: "*", wait: 60d, include: {n: n}}
    - {id: list, when: a, wait: [1h, 40d], per: p, unless: {event: b, same: p}}
    - {id: first, when: c, wait: 20d, restart: false}
    """
)
"""Episodes that outlast the history: late events only count in them."""


@pytest.fixture(params=[*WORLDS, "still open"], ids=str)
def world(request: pytest.FixtureRequest) -> World:
    return STILL_OPEN if request.param == "still open" else WORLDS[request.param]


@pytest.fixture(params=[1, 2, 5])
def _close_marks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Marks after so many events, whatever they weigh; what corrections make of them is counted."""
    walk = reevaluation.Reevaluation.walk

    def counted(self: Reevaluation) -> object:
        front = walk(self)
        PROGRESS["from the checkpoint" if self._first == 0 else "from a mark"] += 1
        PROGRESS["to the end" if self._end == len(self._segments) else "to a mark"] += 1
        PROGRESS["counts alone differ"] += bool(self._counts)
        return front

    monkeypatch.setattr(reevaluation.Reevaluation, "walk", counted)
    monkeypatch.setattr(reevaluation, "MARKED_EVENTS", request.param)
    monkeypatch.setattr(reevaluation, "_is_worth", lambda *_: True)


def one_by_one(dice: Random, events: Sequence[Event], until_us: int, horizon_us: int) -> Iterator[Call]:
    """Most events in time, in two calls; the others late, each in a call of its own, some of them twice."""
    middle_us = until_us - horizon_us // 2
    inside = [event for event in events if event.time_us >= until_us - horizon_us]
    late = [event for event in inside if dice.random() < 0.4]
    yield [event for event in events if event not in late and event.time_us < middle_us], middle_us
    yield [event for event in events if event not in late and event.time_us >= middle_us], until_us
    for event in dice.sample(late, len(late)):
        yield [event] * dice.choice((1, 1, 2)), until_us
        if dice.random() < 0.2:
            yield [dice.choice(inside)], until_us
    yield [], until_us + horizon_us // 3
    for event in dice.sample(late, len(late) // 2):
        if event.time_us >= until_us - horizon_us + horizon_us // 3:
            yield [event], until_us + horizon_us // 3
    yield [], until_us + horizon_us


@pytest.mark.usefixtures("_close_marks")
def test_late_events_one_by_one_are_what_one_call_decides(world: World, seed: int) -> None:
    dice = dice_of(f"marks {world.rules}", seed)
    for _ in range(ROUNDS):
        events = history(dice, world, dice.randint(10, 60))
        until_us = end_us(events, world)
        horizon_us = until_us - min(event.time_us for event in events)
        rules = world.program(horizon_us)
        calls = list(one_by_one(dice, events, until_us, horizon_us))
        in_time = [call for call in calls if call[1] <= until_us]
        found, wanted = streamed(rules, in_time), whole(rules, events, until_us)
        assert facts(ended(rules, found)) == facts(ended(rules, wanted))
        assert bare(found.state) == bare(wanted.state), "what time brings next depends on where corrections ended"
        found, wanted = streamed(rules, calls), whole(rules, events, until_us + horizon_us)
        assert facts(ended(rules, found)) == facts(ended(rules, wanted))
        core, checkpoint, kept, _ = opened(compacted(rules, found.state))
        assert (core, checkpoint, kept) == opened(compacted(rules, wanted.state))[:3]


@pytest.mark.usefixtures("_close_marks")
@pytest.mark.parametrize("first", range(0, 200, 50))
def test_under_random_rules_that_change_too(first: int) -> None:
    for number in range(first, first + 50):
        of, dice = versioned_world(number), Random(number)
        versions, events = compiled(of, stream=True), events_of(of)
        calls = one_by_one(dice, events, of.until_us, of.allowed_lateness_us)
        found = streamed(versions, calls)
        wanted = whole(versions, events, of.until_us + of.allowed_lateness_us)
        assert facts(ended(versions, found)) == facts(ended(versions, wanted)), f"world {number}"


def test_corrections_began_and_ended_at_marks_too() -> None:
    assert min(PROGRESS[name] for name in ("from the checkpoint", "from a mark", "to the end", "to a mark")) > 100, (
        PROGRESS
    )
    assert PROGRESS["counts alone differ"] > 20, PROGRESS
