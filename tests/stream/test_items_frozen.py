"""A freeze holds back what changes of items make due, and loses nothing of it. Seeds are in the names of the tests."""

from __future__ import annotations

import os
import random

import pytest

from kittiwake.rules.documents import load_document
from kittiwake.rules.versions import always
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.time.instants import HOUR_US
from tests.oracle.worlds import World
from tests.oracle.worlds_catalog import catalog_world
from tests.properties.comparison import story
from tests.stream.fault_injecting_runner import Bundle, FaultInjectingRunner
from tests.stream.test_holds import LOOKED_AT_US, Held
from tests.stream.test_items import Clock, Stream, comes_us, difference_from_oracle

WORLDS = int(os.environ.get("KITTIWAKE_ITEM_WORLDS", "15"))
STEP_US = 1_000
"""Of the grid of timers."""


class Frozen:
    """A streaming job of both steps, frozen and released by turns while the events of a world come."""

    def __init__(self, world: World, dice: random.Random) -> None:
        self.world, self.dice, self.clock = world, dice, Clock()
        self.stream = Stream(world, dice.choice((1, 4)))
        self.rules = Held(always(load_document(world.document)), world.allowed_lateness_us)
        self.runner = FaultInjectingRunner(self.rules, TimerSettings(0, STEP_US), self.clock)
        self.until_us = world.until_us // STEP_US * STEP_US
        self.held = 0
        """How often something that was due has been held back."""

    def play(self) -> None:
        """All events; each up to the allowed lateness after its time, or before the watermark is near it."""
        lag_us = self.dice.choice((0, 1, 2)) * self.world.allowed_lateness_us
        arriving = [(comes_us(raw, self.world, lag_us, self.dice), raw) for raw in self.world.events]
        arriving.sort(key=lambda each: each[0])
        while arriving:
            taken = arriving[: self.dice.randint(1, 6)]
            arriving = arriving[len(taken) :]
            self.pass_to(min(taken[0][0], self.until_us))
            self.freeze_or_release()
            self.take([raw for _, raw in taken])
        self.rules.frozen_at_us = None
        self.pass_to(self.until_us)
        self.runner.rest()
        self.runner.watermark_us += LOOKED_AT_US
        self.runner.rest()

    def pass_to(self, at_us: int) -> None:
        self.clock.at_us = self.runner.watermark_us = max(self.clock.at_us, at_us // STEP_US * STEP_US)

    def freeze_or_release(self) -> None:
        back_us = self.dice.choice((0, HOUR_US, 24 * HOUR_US))
        self.rules.frozen_at_us = self.dice.choice((None, self.clock.at_us - back_us))
        self.stream.view = self.rules.view(self.clock.at_us)

    def take(self, raws: list[dict[str, object]]) -> None:
        """A bundle, and all timers that are due by now; a frozen job decides nothing from its instant on."""
        seen = len(self.runner.emitted)
        elements = self.stream.bundle(raws, self.clock.at_us, self.dice)
        due = self.runner.tasks()
        self.runner.run(Bundle(self.dice.sample(elements, len(elements)), due))
        if (frozen_at_us := self.rules.frozen_at_us) is not None:
            assert all(one.time_us < frozen_at_us for one in self.runner.emitted[seen:])
            self.held += bool(due)


@pytest.mark.parametrize("seed", range(WORLDS))
def test_a_freeze_that_comes_and_goes_changes_no_decision_of_catalogue_rules(seed: int) -> None:
    world = catalog_world(seed)
    job = Frozen(world, random.Random(seed))
    job.play()
    assert not job.runner.late
    found = difference_from_oracle(world, job.until_us, job.runner)
    assert not found, f"seed {seed}\n{found}\n{story(world)}"


def test_the_worlds_have_much_that_a_freeze_holds_back() -> None:
    jobs = [Frozen(catalog_world(seed), random.Random(seed)) for seed in range(6)]
    for job in jobs:
        job.play()
    assert sum(job.held for job in jobs) > 10
