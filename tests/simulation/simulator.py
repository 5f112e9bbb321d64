"""One seed: its world run against the truth, and if something does not hold, the smallest story of it."""

from __future__ import annotations

from tests.simulation.engine import run, shrunk, told_world
from tests.simulation.truths import oracle_truth
from tests.simulation.worlds import simulated_world

TRUTHS = (oracle_truth,)


def report(seed: int) -> str:
    """The smallest story found of what does not hold in the world of a seed; "" if everything does."""
    world = simulated_world(seed)
    failure = run(world, TRUTHS).failure
    if failure is None:
        return ""
    small = shrunk(world, failure.check, TRUTHS)
    return "\n".join(
        [
            f"seed {seed}: {failure.check} (repeat with: make sim SEED={seed})",
            f"--- the smallest story, {len(small.steps)} steps of {len(world.steps)}:",
            told_world(small, TRUTHS),
        ]
    )
