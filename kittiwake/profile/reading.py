"""Profile files: read them as a replay does, and take every event into a profile.

Reads files. Called by `kittiwake profile`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from kittiwake.batch.counts import Counts
from kittiwake.batch.gc_pause import gc_paused
from kittiwake.batch.intake import NoRules
from kittiwake.batch.replay import FileIntake
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.workers.progress import OnProgress
from kittiwake.input.bulk import Wants
from kittiwake.input.query.inputs import find_inputs
from kittiwake.input.shapes.base import Lines
from kittiwake.profile.measure.profile import Profile
from kittiwake.profile.report.as_delivery import Read


class Profiled(NamedTuple):
    """What came of files."""

    profile: Profile
    counts: Counts
    lines: tuple[Lines, ...]
    """What the shape of the input derives, if rules name it: it is not among the events that were read."""

    @property
    def read(self) -> Read:
        """What their reading has counted, for the plan."""
        counts = self.counts
        return Read(counts.records, counts.dead_letters, counts.catalogue, counts.unknown_zones, self.lines)


def profile_files(
    inputs: Sequence[str], settings: RunSettings, account_id: str | None, on_progress: OnProgress
) -> Profiled:
    """The profile of all events in files, or of those of one account; None: of every account.

    Raises:
        UnusableError: an input cannot be read to its end.
    """
    files = find_inputs(inputs, settings.query, settings.shape, settings.shapes)
    profile, counts = Profile(settings.start_us), Counts()
    wants = _wants(account_id)
    intake = FileIntake(files, settings, NoRules(wants, wants), counts)
    with gc_paused():
        for taken in intake:
            if taken.table.types:
                profile.add(taken.table)
            if taken.items.types:
                profile.add_items(taken.items)
            on_progress(intake.progress)
    profile.close()
    return Profiled(profile, counts, settings.shape.shape.lines)


def _wants(account_id: str | None) -> Wants:
    """Events of every type, of the account that is asked for."""
    none: frozenset[str] = frozenset()
    every: Callable[[str], frozenset[str] | None] = lambda _: None  # noqa: E731
    return every if account_id is None else lambda found: None if found == account_id else none
