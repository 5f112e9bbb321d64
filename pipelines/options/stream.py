"""What a person types to launch the streaming job, parsed once into frozen settings; every problem is found at once.

The flags of sources and sinks are rows of their tables; here stand those of the job itself.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from kittiwake.errors import UnusableError
from kittiwake.input.shapes.base import CANONICAL, InputShape, Shape
from kittiwake.pipelines.flags import (
    ACCOUNT_HELP,
    INPUT_ACCOUNT,
    INPUT_SHAPE,
    SHAPE_HELP,
    FlagGroup,
    JobSettings,
    OptionReader,
    Parser,
    add_flags,
    duration_option,
    flag,
    message_shape_option,
)
from kittiwake.pipelines.runner import STREAMING, check_flags, plain_flags
from kittiwake.pipelines.sinks.base import JobSink
from kittiwake.pipelines.sinks.table import SINKS, check_sinks, read_sinks
from kittiwake.pipelines.sources.base import Source
from kittiwake.pipelines.sources.table import SOURCES, check_sources, read_sources, runner_for
from kittiwake.rules.publishing.bounds import MIN_LEAD_US, POLL_INTERVAL_US, SKEW_US
from kittiwake.rules.publishing.opening import is_target
from kittiwake.stream.contact.timer_grid import TIMER_US, USUAL, TimerSettings
from kittiwake.stream.items.records import VIRTUAL_SHARDS
from kittiwake.stream.items.routing import SHARDS
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import DAY_US, HOUR_US

MAX_AGE_US: Final = 400 * DAY_US
"""Of messages, unless another is said: as long as a contact without events is remembered by default. A contact that
was forgotten and left nothing is kept for as long as an older event of it may come; without an end, for ever."""

_DESCRIPTION: Final = """Decide over a stream of events what fires, from a Pub/Sub subscription to a topic and BigQuery.

Launches the job with Beam's DataflowRunner, or runs it in this process until Ctrl-C. Options this page does not name
are Beam's, such as --region=europe-west4. docs/how-to/run-the-streaming-job.md says what each option means.
Exit codes: 0 launched, checked or ended by you, 1 checked, and rules of an account cannot be used (it keeps its last
good version), 2 unusable rules, target or options, or something is missing that the job needs, 3 failed; all of them:
docs/reference/exit-codes.md."""

GRID_MAX_US: Final = HOUR_US
"""Longer, and every trigger is later than anybody wants."""


@dataclass(frozen=True)
class StreamOptions:
    """The settings of one streaming job."""

    sources: tuple[Source, ...]
    """Exactly one, unless there are problems."""
    rules: tuple[str, ...]
    sinks: tuple[JobSink, ...] = ()
    """At least one, unless there are problems; in the order of `SINKS`."""
    timers: TimerSettings = USUAL
    allowed_lateness_us: int = HOUR_US
    max_age_us: int | None = None
    poll_interval_us: int = POLL_INTERVAL_US
    min_lead_us: int = MIN_LEAD_US
    shape: InputShape = CANONICAL
    snapshots: tuple[str, ...] = ()
    item_shards: int = SHARDS
    """Of the contacts that are interested in an item."""
    check: bool = False
    runner: str = STREAMING
    beam_flags: tuple[str, ...] = field(default=())

    @property
    def source(self) -> Source:
        """The one source of options without problems."""
        (source,) = self.sources
        return source

    @property
    def job(self) -> JobSettings:
        """What a source has to know."""
        return JobSettings(self.runner, self.beam_flags, self.shape)


class ParsedOptions(NamedTuple):
    """What was typed."""

    options: StreamOptions
    problems: tuple[str, ...]
    """Error messages, one for each option that is unusable or contradicts another; `options` lacks what they are of."""


def parse_stream_options(argv: Sequence[str] | None) -> ParsedOptions:
    """The settings that `argv` (default: the command line) asks for.

    Raises:
        SystemExit: as argparse does, for --help and for what it refuses itself.
    """
    typed, beam_flags = parser().parse_known_args(argv)
    reader = OptionReader(typed)
    options = _read(reader, plain_flags(beam_flags))
    return ParsedOptions(options, (*reader.problems, *_contradictions(options, typed)))


# ---------------------------------------------------------------- one by one


def _read(options: OptionReader, beam_flags: tuple[str, ...]) -> StreamOptions:
    typed, read = options.typed, options.read
    settle_delay_us = read(USUAL.settle_delay_us, duration_option, "--settle_delay", typed.settle_delay)
    grid_us = read(USUAL.resolution_us, _grid, typed.grid)
    lateness_us = read(HOUR_US, duration_option, "--allowed_lateness", typed.allowed_lateness)
    poll_us = read(POLL_INTERVAL_US, _unless_absent, POLL_INTERVAL_US, "--poll_interval", typed.poll_interval)
    no_flags: dict[str, Any] = {}
    options.beam = read(no_flags, check_flags, beam_flags)
    return StreamOptions(
        sources=read_sources(options),
        rules=tuple(typed.rules),
        sinks=read_sinks(options),
        timers=TimerSettings(settle_delay_us, grid_us),
        allowed_lateness_us=lateness_us,
        max_age_us=_max_age_us(options, lateness_us),
        poll_interval_us=poll_us,
        min_lead_us=read(MIN_LEAD_US, _unless_absent, MIN_LEAD_US, "--min_lead", typed.min_lead),
        shape=read(CANONICAL, message_shape_option, typed.input_shape, typed.input_account),
        snapshots=tuple(typed.snapshots or ()),
        item_shards=read(SHARDS, _shards, typed.item_shards),
        check=typed.check,
        runner=read(STREAMING, runner_for, typed),
        beam_flags=beam_flags,
    )


def _positive(flag_name: str, text: str) -> int:
    duration_us = duration_option(flag_name, text)
    if not duration_us:
        raise UnusableError(f"{flag_name} {text}: it has to be longer than nothing")
    return duration_us


def _unless_absent(default_us: int, flag_name: str, text: str | None) -> int:
    return _positive(flag_name, text) if text else default_us


def _shards(text: str) -> int:
    if text.isascii() and text.isdigit() and 1 <= int(text) <= VIRTUAL_SHARDS:
        return int(text)
    raise UnusableError(f"--item_shards {text}: write a whole number from 1 to {VIRTUAL_SHARDS}")


def _grid(text: str) -> int:
    grid_us = _positive("--grid", text)
    if grid_us % TIMER_US or grid_us > GRID_MAX_US:
        raise UnusableError(f"--grid {text}: write whole milliseconds, up to {format_duration(GRID_MAX_US)}")
    return grid_us


def _max_age_us(options: OptionReader, lateness_us: int) -> int | None:
    """Recorded events may be as old as they are: they end, and what is kept of their contacts does too."""
    typed = options.typed
    if typed.max_age is not None:
        return options.read(None, duration_option, "--max_age", typed.max_age)
    return None if typed.subscription is None else max(MAX_AGE_US, lateness_us)


# ---------------------------------------------------------------- together


def _contradictions(options: StreamOptions, typed: argparse.Namespace) -> Iterator[str]:
    """Error messages on options that make no sense together."""
    yield from check_sources(typed)
    yield from check_sinks(typed)
    yield from _about_rules(options, typed)
    for row in (*(source.options for source in SOURCES), *SINKS):
        yield from row.runner_contradictions(typed, options.runner)
    if options.max_age_us is not None and options.max_age_us < options.allowed_lateness_us:
        yield (
            f"--max_age {typed.max_age} is less than --allowed_lateness {typed.allowed_lateness}: "
            "what could still correct something would become a dead letter"
        )


def _about_rules(options: StreamOptions, typed: argparse.Namespace) -> Iterator[str]:
    if not any(map(is_target, options.rules)):
        for name in ("poll_interval", "min_lead"):
            if getattr(typed, name) is not None:
                yield f"--{name} is about a target, and --rules names files, which are read once: leave it out"
    elif options.min_lead_us <= options.poll_interval_us + SKEW_US:
        least = format_duration(options.poll_interval_us + SKEW_US)
        yield (
            f"--min_lead {format_duration(options.min_lead_us)} is too short: it has to be more than {least}, "
            "one --poll_interval and the skew of clocks"
        )


# ---------------------------------------------------------------- the page of options

_FROM_AND_TO, _WAITS, _LAUNCH = FlagGroup.FROM_AND_TO, FlagGroup.WAITS, FlagGroup.LAUNCH
_RULES_HELP: Final = "a target (a folder or gs://… with versions), polled for new versions; or files, read once"
_CHECK_HELP: Final = "launch nothing; say everything that would keep the job from running"
_GRID_HELP: Final = "timer resolution: contacts are evaluated at multiples of it (1s)"

_MAX_AGE_HELP: Final = "older events become dead letters, opt-outs excepted (400d; of recorded events none is too old)"

_FIRST: Final = (
    flag(_FROM_AND_TO, "--rules", required=True, nargs="+", action="extend", metavar="RULES", help=_RULES_HELP),
    flag(_LAUNCH, "--check", action="store_true", help=_CHECK_HELP),
)
_REST: Final = (
    flag(_FROM_AND_TO, INPUT_SHAPE, default=Shape.CANONICAL.value, metavar="SHAPE", help=SHAPE_HELP),
    flag(_FROM_AND_TO, INPUT_ACCOUNT, metavar="ACCOUNT", help=ACCOUNT_HELP),
    flag(
        _FROM_AND_TO,
        "--snapshots",
        nargs="+",
        action="extend",
        metavar="SNAPSHOTS",
        help="start from these rows of a backfill: files, globs, or bq://PROJECT.DATASET.TABLE[@RUN_ID]",
    ),
    flag(
        _LAUNCH,
        "--item_shards",
        default=str(SHARDS),
        metavar="NUMBER",
        help=f"parts into which the contacts of an item fall, for catalogue rules ({SHARDS})",
    ),
    flag(
        _WAITS,
        "--settle_delay",
        default="10s",
        metavar="DURATION",
        help="wait so long for events out of order (10s)",
    ),
    flag(
        _WAITS,
        "--allowed_lateness",
        default="1h",
        metavar="DURATION",
        help="correct emitted decisions for so long (1h)",
    ),
    flag(_WAITS, "--max_age", metavar="DURATION", help=_MAX_AGE_HELP),
    flag(
        _WAITS,
        "--grid",
        default="1s",
        metavar="DURATION",
        help=_GRID_HELP,
    ),
    flag(_WAITS, "--poll_interval", metavar="DURATION", help="how often a target is polled (30s)"),
    flag(_WAITS, "--min_lead", metavar="DURATION", help="as kittiwake publish --min-lead (90s)"),
    flag(_LAUNCH, "--runner", metavar="NAME", help="DataflowRunner; default: in this process"),
)


def parser() -> argparse.ArgumentParser:
    """What argparse asks and says; the metadata of templates are made of it too."""
    made = Parser(
        prog="python -m kittiwake.pipelines.stream",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    from_sources = [one for row in SOURCES for one in row.options.flags]
    to_sinks = [one for row in SINKS for one in row.flags]
    add_flags(made, [*from_sources, *_FIRST, *to_sinks, *_REST])
    return made
