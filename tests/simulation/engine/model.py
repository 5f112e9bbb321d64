"""What a simulated world is made of: accounts with versions of their rules, and the steps of its history, as data.

Steps are drawn by `schedule`, taken by `running`, and left out one by one by `shrinking`: each makes sense whatever
others are missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeAlias

from kittiwake.model import Event

SHARDS: Final = 2
"""Machines that learn of versions at different moments."""

Key: TypeAlias = tuple[str, str]
"""Account and contact."""


class Account(NamedTuple):
    """One account's rules through time."""

    account_id: str
    versions: tuple[tuple[int | None, Mapping[str, Any]], ...]
    """Rising instants from which each document is in force; None, of the first: always."""
    horizon_us: int
    limits: Mapping[str, int]
    whole_history: bool
    """Every machine knows all versions from the start, and look-backs see what was before them."""


class Habits(NamedTuple):
    """How the host works."""

    keeps_bag: bool
    """Events not settled yet wait in a bag of the host's, not in the kernel's inbox."""
    direct: bool
    """An event is given to the kernel as it arrives, not when a timer fires."""
    one_timer: bool
    """A timer has one tag: setting it earlier moves it. Else each wake is a timer of its own."""
    grid_us: int
    """Timers lie on a grid: a wake is rounded up to it."""


class Give(NamedTuple):
    """An event arrives; it waits for a bundle."""

    key: Key
    event: Event


class Pass(NamedTuple):
    """The watermark and the clock pass on; either stays if it is further already."""

    watermark_us: int
    clock_us: int


class Work(NamedTuple):
    """A bundle: some of what has arrived and of the timers that are due, in disorder; all its effects or none."""

    seed: int
    crash: bool


class Nudge(NamedTuple):
    """A timer fires that nobody asked for: stale, early, repeated."""

    key: Key
    at_us: int


class Learn(NamedTuple):
    """A machine learns of an account's next version."""

    account_id: str
    shard: int


class Freeze(NamedTuple):
    """Nothing of an account is settled beyond an instant; None: any more."""

    account_id: str
    at_us: int | None


class Move(NamedTuple):
    """A machine's states are snapshot and restored on another one, its timers made anew."""

    shard: int


class Rest(NamedTuple):
    """The host works until nothing is due; what is told by then is compared with the truth."""


Step: TypeAlias = Give | Pass | Work | Nudge | Learn | Freeze | Move | Rest


class World(NamedTuple):
    """Everything that a run depends on."""

    accounts: tuple[Account, ...]
    habits: Habits
    steps: tuple[Step, ...]


def shard_of(key: Key) -> int:
    """The machine a contact lives on."""
    return sum(key[1].encode()) % SHARDS
