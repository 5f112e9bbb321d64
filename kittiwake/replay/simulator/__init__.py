"""The seeded simulator: a model of a streaming host around the kernel, and what has to hold of it after every step.

Pure: a `World` is data, drawn from one seed; running it twice does the same. Called by `tests.simulation`, which brings
worlds and the truth; nothing in a host depends on it.
"""

from kittiwake.replay.simulator.model import Account, Habits, Step, World
from kittiwake.replay.simulator.running import Counts, Failure, run
from kittiwake.replay.simulator.schedule import Contact, schedule
from kittiwake.replay.simulator.shrinking import shrunk
from kittiwake.replay.simulator.telling import told_world
from kittiwake.replay.simulator.truth import Truth, batch_truth

__all__ = [
    "Account",
    "Contact",
    "Counts",
    "Failure",
    "Habits",
    "Step",
    "Truth",
    "World",
    "batch_truth",
    "run",
    "schedule",
    "shrunk",
    "told_world",
]
