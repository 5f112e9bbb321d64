"""The counts of a timer firing, as metrics of the runner. Called by the step that evaluates."""

from __future__ import annotations

from operator import attrgetter
from typing import Final

from kittiwake.kernel.evaluate.include import is_cut
from kittiwake.reasons import Outcome
from kittiwake.stream.contact.timer_counts import TimerCounts
from kittiwake.stream.metrics import (
    AHEAD_OF_CLOCK,
    CANCELLED,
    CONFLICTS,
    CONSENTS_KEPT,
    CONTACTS_FAILED,
    CORRECTED,
    DECISION_DELAY_MS,
    DECISION_SLOW_US,
    DECISIONS_SLOW,
    DUE_OF_FLOOD,
    DUE_WHILE_SILENT,
    DUPLICATES,
    FIRED,
    FORGOTTEN,
    HORIZON_CUT,
    IDS_FORGOTTEN,
    INCLUDES_CUT,
    PROFILES_KEPT,
    REPEATS,
    REPEATS_FORGOTTEN,
    REVOKED,
    STALE,
    STATE_BYTES,
    STATE_LARGE_BYTES,
    STATES_LARGE,
    SUPPRESSED,
    TOO_LATE,
    WAITING,
    WAITING_LONG,
    WAITING_MANY,
    WAKES,
    WAKES_HELD,
    WAKES_IDLE,
)
from kittiwake.transforms.metrics import count, observe


def count_firing(counts: TimerCounts, clock_us: int) -> None:
    """Count everything that a firing has counted."""
    for metric, number in zip(_COUNTED, _NUMBERS(counts), strict=True):
        if number:
            count(metric, number)
    if counts.evaluated:
        observe(STATE_BYTES, counts.state_bytes)
        observe(WAITING, counts.waiting)
        count(STATES_LARGE, int(counts.state_bytes > STATE_LARGE_BYTES))
        count(WAITING_LONG, int(counts.waiting > WAITING_MANY))
    for decision in counts.decisions:
        if decision.decision in _BY_OUTCOME:
            count(_BY_OUTCOME[decision.decision])
        count(STALE, int(decision.stale))
        count(INCLUDES_CUT, int(decision.decision is Outcome.FIRED and is_cut(decision.include)))
        if not decision.late:
            delay_us = max(0, clock_us - decision.decided_us)
            observe(DECISION_DELAY_MS, delay_us // 1_000)
            count(DECISIONS_SLOW, int(delay_us > DECISION_SLOW_US))


_COUNTERS: Final = {
    "evaluated": WAKES,
    "idle": WAKES_IDLE,
    "held": WAKES_HELD,
    "ahead": AHEAD_OF_CLOCK,
    "failed": CONTACTS_FAILED,
    "duplicates": DUPLICATES,
    "conflicts": CONFLICTS,
    "corrected": CORRECTED,
    "forgotten": FORGOTTEN,
    "horizon_cut": HORIZON_CUT,
    "ids_forgotten": IDS_FORGOTTEN,
    "repeats": REPEATS,
    "repeats_forgotten": REPEATS_FORGOTTEN,
    "silent": DUE_WHILE_SILENT,
    "of_flood": DUE_OF_FLOOD,
    "consents_kept": CONSENTS_KEPT,
    "profiles_kept": PROFILES_KEPT,
    "too_late": TOO_LATE,
}
"""By field of `TimerCounts`. Most of a firing's numbers are nothing: they are fetched in one call."""
_COUNTED: Final = tuple(_COUNTERS.values())
_NUMBERS: Final = attrgetter(*_COUNTERS)

_BY_OUTCOME: Final = {
    Outcome.FIRED: FIRED,
    Outcome.SUPPRESSED: SUPPRESSED,
    Outcome.CANCELLED: CANCELLED,
    Outcome.REVOKED: REVOKED,
}
