"""Episodes: what every construct that waits does with one that is open.

Called by `run.wait`, `run.until` and `run.gating`.
"""

from __future__ import annotations

from kittiwake.kernel.run.execution import Execution
from kittiwake.kernel.state.state import Episode, Instance, Reminder
from kittiwake.kernel.state.trace import StepKind


def follow_held(one: Instance, episode: Episode) -> None:
    """Keep a deferred candidate in step with its episode: a decision shows the episode as it is by then."""
    if one.held is not None:
        candidate = one.held.candidate
        candidate.last_id, candidate.last_us, candidate.count = episode.last_id, episode.last_us, episode.count
        candidate.same, candidate.include = episode.same, episode.include


def deadlines(reminders: list[Reminder]) -> dict[str, list[int]]:
    """What a trace says of the deadlines that are set."""
    return {"dues_us": [one.due_us for one in reminders], "reminders": [one.index for one in reminders]}


def drop_pending(run: Execution, index: int, key: str, one: Instance, episode: Episode, why: str) -> None:
    """Disarm what is pending; a deferred candidate stays, and with it the episode."""
    if run.trace is not None:
        dues_us = [reminder.due_us for reminder in episode.reminders]
        run.note(StepKind.DISARMED, index, key, why=why, event_id=None, dues_us=dues_us)
    episode.reminders = []
    end_if_over(one)


def end_if_over(one: Instance) -> None:
    """End the episode when nothing of it is pending or deferred."""
    if one.episode is not None and not one.episode.reminders and one.held is None:
        one.episode = None
