"""Recorded events as a source: `--events`, for demos, load tests and other runners.

Every step after it is the same as for a subscription.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from kittiwake.errors import UnusableError
from kittiwake.pipelines.flags import FlagGroup, JobSettings, OptionReader, OptionRow, duration_option, flag
from kittiwake.pipelines.preflight.findings import Findings
from kittiwake.pipelines.runner import IN_PROCESS, runner_named
from kittiwake.stream.recorded_schedule import AS_FAST_AS_CAN_BE, Disorder, Pace, parse_pace
from kittiwake.transforms.clock import now_us
from kittiwake.transforms.input_files import InputFile, input_files
from kittiwake.transforms.stream.recorded_files import refuse_packed
from kittiwake.transforms.stream.recorded_source import RECORDS_MAX, ReadRecordedEvents, RecordedEvents

STOP_MESSAGE: Final = "ended as you asked; run again, it decides the same"

DETAILS: Final = ("pace", "disorder", "late", "event_seed", "events_per_bundle", "stay_open")
"""Flags about recorded events only."""
SEED_MAX: Final = 2**63 - 1
RECORDS_MOST: Final = 1_000_000
"""In one bundle: beyond it a runner never gets to checkpoint."""


@dataclass(frozen=True)
class RecordedSource:
    """Files of plain JSON lines, replayed as messages."""

    patterns: tuple[str, ...]
    disorder: Disorder
    pace: Pace
    records_max: int
    stays_open: bool

    def step(self, job: JobSettings) -> ReadRecordedEvents:
        """The step that replays them.

        Raises:
            UnusableError: a file does not exist, or is compressed.
        """
        recording = RecordedEvents(self._files(), now_us(), self.disorder, job.shape)
        return ReadRecordedEvents(recording, self.pace, self.records_max, self.stays_open)

    def check(self, findings: Findings) -> None:
        """Look for the files."""
        findings.compare_locations("--events", self.patterns)
        try:
            files = self._files()
        except UnusableError as error:
            findings.wrong(str(error))
        else:
            findings.ok(f"recorded events: {len(files)} files, {sum(file.size for file in files):,} bytes")

    def notes(self, job: JobSettings) -> Iterable[str]:  # noqa: ARG002 - of every source
        """Nothing."""
        return ()

    @property
    def watermark_clock(self) -> str:
        """By which time the watermark moves."""
        return "the time of the recorded events"

    @property
    def stop_message(self) -> str:
        """Files are still there."""
        return STOP_MESSAGE

    def _files(self) -> tuple[InputFile, ...]:
        files = input_files(self.patterns)
        for file in files:
            refuse_packed(file, "--events")
        return files


def _read(options: OptionReader) -> RecordedSource | None:
    typed = options.typed
    options.read(None, _refuse_workers, typed, options.beam.get("direct_num_workers", 1))
    return None if typed.events is None else options.read(None, _source, typed)


def _source(typed: argparse.Namespace) -> RecordedSource:
    within_us, late_us = (duration_option(f"--{name}", getattr(typed, name) or "0s") for name in ("disorder", "late"))
    pace = AS_FAST_AS_CAN_BE if typed.pace is None else parse_pace(typed.pace)
    if pace is None:
        raise UnusableError(f"--pace {typed.pace}: write events a second (500/s) or a speed (60x)")
    disorder = Disorder(within_us, late_us, _seed(typed.event_seed))
    return RecordedSource(tuple(typed.events), disorder, pace, _records(typed.events_per_bundle), typed.stay_open)


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


def _refuse_workers(typed: argparse.Namespace, workers: int) -> None:
    """Beam 2.77 merges the answers of several workers in this process (`ParallelBundleManager`), and drops the records
    that the source has deferred: of 5,000 events the first 1,000 were decided, and no error was raised.
    """
    if typed.events and runner_named(typed.runner) == IN_PROCESS and workers != 1:
        raise UnusableError(
            f"--direct_num_workers {workers}: in this process recorded events have one worker; leave it out, or take "
            "another runner (--runner=PrismRunner)"
        )


def _contradictions(typed: argparse.Namespace) -> Iterator[str]:
    if typed.events is None:
        for name in DETAILS:
            if getattr(typed, name):
                yield f"--{name} is about recorded events: name their --events as well, or leave it out"
    elif typed.timestamp_attribute is not None or typed.id_label is not None:
        yield "--timestamp_attribute and --id_label are about messages: --events have neither, leave them out"


def _runner_contradictions(typed: argparse.Namespace, runner: str) -> Iterator[str]:
    if typed.events is not None and typed.stay_open and runner == IN_PROCESS:
        yield "--stay_open needs another runner (--runner=PrismRunner): here nothing is decided before the end"


_GROUP: Final = FlagGroup.WITHOUT_GOOGLE
_EVENTS_HELP: Final = "recorded events, plain JSON lines"
_PACE_HELP: Final = "events a second (500/s) or a speed (60x); default: as fast as they are taken"
_DISORDER_HELP: Final = "each comes up to so much late, and the watermark waits for it"
_LATE_HELP: Final = "one of ten comes up to so much late, and the watermark does not wait"
_BUNDLE_HELP: Final = f"so many, and the watermark moves and a runner may checkpoint; default: {RECORDS_MAX:,}"
_OPEN_HELP: Final = "go on after the last event, at the pace of the clock, until ended"

RECORDED: Final = OptionRow[RecordedSource](
    "events",
    (
        flag(_GROUP, "--events", nargs="+", action="extend", metavar="GLOB", help=_EVENTS_HELP),
        flag(_GROUP, "--pace", metavar="PACE", help=_PACE_HELP),
        flag(_GROUP, "--disorder", metavar="DURATION", help=_DISORDER_HELP),
        flag(_GROUP, "--late", metavar="DURATION", help=_LATE_HELP),
        flag(_GROUP, "--event_seed", metavar="NUMBER", help="another number, another disorder; default: 0"),
        flag(_GROUP, "--events_per_bundle", metavar="NUMBER", help=_BUNDLE_HELP),
        flag(_GROUP, "--stay_open", action="store_true", help=_OPEN_HELP),
    ),
    _read,
    _contradictions,
    _runner_contradictions,
)
