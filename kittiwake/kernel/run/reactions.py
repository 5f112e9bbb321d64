"""Reactions: the functions that a rule's handlers are made of.

Each is made once for a rule and called with the execution of any contact. Made by `run.dispatch` and by the files of
the constructs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Protocol, TypeAlias

from kittiwake.kernel.evaluate.match import SINGLE
from kittiwake.kernel.run.execution import Execution
from kittiwake.model import Event

NO_VALUES: Final[list[str]] = []
"""The `same` values of a rule that names none; never changed."""

Handler: TypeAlias = Callable[[Execution, Event], None]
"""Lets an event do what it does: in one rule, or to the contact's own data."""


class Reaction(Protocol):
    """What a `when` match of a rule does, once it is known to be one and where in the rule it belongs."""

    def __call__(self, run: Execution, event: Event, key: str = SINGLE, same: list[str] = NO_VALUES) -> None:
        """Take the match into the instance `key`."""


Given: TypeAlias = Callable[[Execution, Event, str, list[str]], bool]
"""Whether every condition of `given` holds at a match."""
