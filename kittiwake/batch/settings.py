"""Settings of a run over bounded input, and the two questions that only its whole input answers.

Pure. Both hosts, replay and backfill, are given the same `RunSettings` and ask the same questions,
which is why they stop at the same instant and for the same reasons.
"""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from kittiwake.batch.counts import Counts
from kittiwake.input.query.model import Query
from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.time.instants import HOUR_US

DEAD_LETTER_RATIO: Final = Decimal("0.1")
"""Part of the records that may be dead letters, unless the caller says otherwise. Missing purchases make false
abandonments: where one record in ten is unreadable, its neighbours' decisions mean nothing."""

RATIO_RECORDS_MIN: Final = 1_000
"""Records from which on the default ratio is asked: of fewer it says nothing, and a person who tries ten lines wants
to see what is wrong with them. A ratio that the caller names is asked of any number."""


class Stop(StrEnum):
    """Why a run made no decisions."""

    UNREADABLE = "unreadable"
    """A file could not be read to its end."""
    DEAD_LETTERS = "dead_letters"
    """Too many of the records are dead letters."""


class RunSettings(msgspec.Struct, frozen=True):
    """One run over bounded input."""

    start_us: int
    """Start of the run, by the clock: what lies more than 10 minutes ahead of it is no event."""
    until_us: int | None = None
    """Up to when to decide; None: the newest event, see `end_of_run`."""
    allowed_lateness_us: int = HOUR_US
    """In a batch it only separates duplicates from new events."""
    max_dead_letter_ratio: Decimal | None = None
    """None: `DEAD_LETTER_RATIO`, of no fewer than `RATIO_RECORDS_MIN` records."""
    shape: InputShape = CANONICAL
    """How the records are written."""
    snapshots: bool = False
    """Whether the state of every contact is written too, for a host that goes on from there."""
    query: Query | None = None
    """Whose rows are the events, of a run over local files; None: the input files hold them."""
    shapes: tuple[InputShape, ...] = ()
    """Of each input, in order, where they differ; `shape` is then that of the rules: the first that derives events."""
    snapshots_until_us: int | None = None
    """Up to when the snapshots were decided that contacts start from; None: they start with nothing."""
    allow_empty: bool = False
    """Whether files of another kind are read all the same, record by record, and a run with nothing to do ends well."""


def end_of_run(settings: RunSettings, counts: Counts, frozen_at_us: int | None = None) -> int:
    """Up to when the run decides: what the caller says, else 1 µs after the newest event not beyond the start.

    Of a run that goes on from snapshots that is not before them, though its newest event be.
    Catalogue events count: they too say how far the input reaches. Rules that are frozen decide nothing beyond it.
    """
    until_us = settings.until_us
    if until_us is None:
        newest_us = settings.start_us if counts.newest_us is None else counts.newest_us
        until_us = max(min(newest_us, settings.start_us) + 1, settings.snapshots_until_us or 0)
    return until_us if frozen_at_us is None else min(until_us, frozen_at_us)


def stop_of(settings: RunSettings, counts: Counts) -> Stop | None:
    """Why the run must not decide anything; None: it may."""
    if counts.unreadable:
        return Stop.UNREADABLE
    ratio = settings.max_dead_letter_ratio
    if ratio is None and counts.records < RATIO_RECORDS_MIN:
        return None
    allowed = DEAD_LETTER_RATIO if ratio is None else ratio
    return Stop.DEAD_LETTERS if sum(counts.dead_letters.values()) > allowed * counts.records else None
