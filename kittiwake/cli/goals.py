"""The options of a goal, and how they are read: what contacts are hoped to do after a trigger."""

from __future__ import annotations

from typing import Annotated

import typer

from kittiwake.errors import UnusableError
from kittiwake.input.plain import is_type
from kittiwake.settings import duration_us
from kittiwake.simulate.model import Goal

GOAL = "The goal"

GoalTypes = Annotated[
    list[str] | None,
    typer.Option(
        "--goal",
        help="A type of event that contacts are hoped to send; may be given several times.",
        rich_help_panel=GOAL,
    ),
]
Within = Annotated[
    str,
    typer.Option("--within", help="How soon after a trigger the goal has to be reached.", rich_help_panel=GOAL),
]


def goal_of(types: list[str], within: str) -> Goal | None:
    """The goal; None: there is none.

    Raises:
        UnusableError: a type or the time is none.
    """
    within_us = duration_us("--within", within)
    if not within_us:
        raise UnusableError(f"--within: {within!r} leaves no time: write, say, 7d")
    for name in types:
        if not is_type(name):
            raise UnusableError(f"--goal: {name!r} is no type of event: write, say, order.completed")
    return Goal(frozenset(types), within_us) if types else None
