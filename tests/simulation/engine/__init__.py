"""The seeded simulator: a model of a streaming host around the kernel, and what has to hold of it after every step.

Pure: a `World` is data, drawn from one seed; running it twice does the same. Called by `tests.simulation`, which brings
worlds and the truth; nothing in a host depends on it.
"""

from tests.simulation.engine.model import Account, Habits, Step, World
from tests.simulation.engine.running import Counts, Failure, run
from tests.simulation.engine.schedule import Contact, schedule
from tests.simulation.engine.shrinking import shrunk
from tests.simulation.engine.telling import told_world
from tests.simulation.engine.truth import Truth, batch_truth

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
