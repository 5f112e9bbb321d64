"""Options of the streaming job that make it run without Google: recorded events for a subscription, files for tables.

Called by `pipelines.options.stream`. For demos, load tests and other engines; every step between is the same.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from typing import Final, NamedTuple

from kittiwake.errors import UnusableError
from kittiwake.input.shapes.base import InputShape
from kittiwake.stream.recorded_schedule import AS_FAST_AS_CAN_BE, Disorder, Pace, parse_pace
from pipelines.options.common import duration_option
from transforms.batch.input_files import input_files
from transforms.clock import now_us
from transforms.stream.recorded_files import refuse_packed
from transforms.stream.recorded_source import RECORDS_MAX, ReadRecordedEvents, RecordedEvents

FLAGS: Final = ("pace", "disorder", "late", "event_seed", "events_per_bundle", "stay_open")
"""What is said of recorded events only."""
SEED_MAX: Final = 2**63 - 1
RECORDS_MOST: Final = 1_000_000
"""In one bundle: beyond it an engine never gets to checkpoint."""


class RecordedOptions(NamedTuple):
    """What of the recorded events has been asked for."""

    patterns: tuple[str, ...]
    disorder: Disorder
    pace: Pace
    records_max: int
    stays_open: bool

    def source(self, shape: InputShape) -> ReadRecordedEvents:
        """The step that brings them.

        Raises:
            UnusableError: a file is not there, or is none that is read in place.
        """
        files = input_files(self.patterns)
        for file in files:
            refuse_packed(file, "--events")
        return ReadRecordedEvents(
            RecordedEvents(files, now_us(), self.disorder, shape), self.pace, self.records_max, self.stays_open
        )


def recorded(known: argparse.Namespace) -> RecordedOptions | None:
    """What was asked for; None: nothing, the events come from a subscription.

    Raises:
        UnusableError: an option is no such thing.
    """
    if known.events is None:
        return None
    within_us, late_us = (duration_option(f"--{name}", getattr(known, name) or "0s") for name in ("disorder", "late"))
    pace = AS_FAST_AS_CAN_BE if known.pace is None else parse_pace(known.pace)
    if pace is None:
        raise UnusableError(f"--pace {known.pace}: write events a second (500/s) or a speed (60x)")
    disorder = Disorder(within_us, late_us, _seed(known.event_seed))
    return RecordedOptions(tuple(known.events), disorder, pace, _records(known.events_per_bundle), known.stay_open)


def _seed(text: str | None) -> int:
    if text is None:
        return 0
    if not text.isdecimal() or int(text) > SEED_MAX:
        raise UnusableError(f"--event_seed {text}: write a whole number")
    return int(text)


def _records(text: str | None) -> int:
    if text is None:
        return RECORDS_MAX
    if not text.isdecimal() or not 1 <= int(text) <= RECORDS_MOST:
        raise UnusableError(f"--events_per_bundle {text}: write a whole number up to {RECORDS_MOST:,}")
    return int(text)


def contradictions(known: argparse.Namespace) -> Iterator[str]:
    """What is no sense together, in sentences."""
    if (known.subscription is None) is (known.events is None):
        yield "events come from a --subscription or from files: name one of them, --subscription or --events"
    if known.events is None:
        for flag in FLAGS:
            if getattr(known, flag):
                yield f"--{flag} is about recorded events: name their --events as well, or leave it out"
    elif known.timestamp_attribute is not None or known.id_label is not None:
        yield "--timestamp_attribute and --id_label are about messages: --events have neither, leave them out"


def add_recorded(group: argparse._ArgumentGroup) -> None:
    """The options, for the page of options."""
    add = group.add_argument
    add("--events", nargs="+", action="extend", metavar="GLOB", help="recorded events, plain JSON lines")
    add("--pace", metavar="PACE", help="events a second (500/s) or a speed (60x); default: as fast as they are taken")
    add("--disorder", metavar="DURATION", help="each comes up to so much late, and the watermark waits for it")
    add("--late", metavar="DURATION", help="one of ten comes up to so much late, and the watermark does not wait")
    add("--event_seed", metavar="NUMBER", help="another number, another disorder; default: 0")
    bundle_help = f"so many, and the watermark moves and an engine may checkpoint; default: {RECORDS_MAX:,}"
    add("--events_per_bundle", metavar="NUMBER", help=bundle_help)
    add("--stay_open", action="store_true", help="go on after the last event, at the pace of the clock, until ended")
    add("--output", metavar="DIR", help="a folder for decisions, dead letters and late events, as JSON lines")
