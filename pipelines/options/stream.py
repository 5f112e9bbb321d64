"""What a person types to launch the streaming job, parsed once into frozen settings; all that is wrong at once."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeVar

from kittiwake.errors import UnusableError
from kittiwake.input.shapes.base import CANONICAL, InputShape, Shape, input_shape
from kittiwake.rules.publishing.bounds import MIN_LEAD_US, POLL_INTERVAL_US, SKEW_US
from kittiwake.rules.publishing.opening import is_target
from kittiwake.stream.contact.timer_grid import TIMER_US, USUAL, TimerSettings
from kittiwake.stream.tables.schema import Dataset, RecordedDecisions, dataset_of
from kittiwake.time.durations import format_duration
from kittiwake.time.instants import HOUR_US
from pipelines.options.common import duration_option
from pipelines.options.parser import Parser
from pipelines.options.recorded import RecordedOptions, add_recorded, contradictions, recorded
from pipelines.runner import IN_PROCESS, STREAMING, check_flags, is_dataflow, runner_named, streaming_runner
from transforms.sinks.bigquery import Method

_DESCRIPTION: Final = """Decide over a stream of events what fires, from a Pub/Sub subscription to a topic and BigQuery.

Launches the job with Beam's DataflowRunner, or runs it in this process until Ctrl-C. Options this page does not name
are Beam's, such as --region=europe-west4. docs/how-to/run-the-streaming-job.md says what each option means.
Exit codes: 0 launched, checked or ended by you, 1 checked, and rules of an account cannot be used (it keeps its last
good version), 2 unusable rules, target or options, or something is missing that the job needs, 3 failed; all of them:
docs/reference/exit-codes.md."""

GRID_MAX_US: Final = HOUR_US
"""Longer, and every trigger is later than anybody wants."""

EXPIRY_DAYS_MAX: Final = 36_500
"""A century; BigQuery takes more, which nobody means."""

_SUBSCRIPTION: Final = re.compile(r"projects/(?P<project>[^/\s]+)/subscriptions/[^/\s]+")
_TOPIC: Final = re.compile(r"projects/(?P<project>[^/\s]+)/topics/[^/\s]+")


@dataclass(frozen=True)
class StreamOptions:
    """The settings of one streaming job."""

    subscription: str | None
    """None: `events` are there instead."""
    rules: tuple[str, ...]
    trigger_topic: str | None = None
    dataset: Dataset | None = None
    recorded: RecordedDecisions = RecordedDecisions.ALL
    method: Method = Method.STREAMING_INSERTS
    expansion_jar: str | None = None
    timestamp_attribute: str | None = None
    id_label: str | None = None
    waits: TimerSettings = USUAL
    allowed_lateness_us: int = HOUR_US
    max_age_us: int | None = None
    poll_interval_us: int = POLL_INTERVAL_US
    min_lead_us: int = MIN_LEAD_US
    shape: InputShape = CANONICAL
    snapshots: tuple[str, ...] = ()
    create_tables: bool = False
    table_expiry_days: int | None = None
    check: bool = False
    events: RecordedOptions | None = None
    output: str | None = None
    """A folder for rows, beside what else there is."""
    runner: str = STREAMING
    beam_flags: tuple[str, ...] = field(default=())


class ParsedOptions(NamedTuple):
    """What was typed."""

    options: StreamOptions
    problems: tuple[str, ...]
    """Sentences, one for each option that is no such thing or contradicts another; `options` lacks what they are of."""


def parse_stream_options(argv: Sequence[str] | None) -> ParsedOptions:
    """The settings that `argv` (default: the command line) asks for.

    Raises:
        SystemExit: as argparse does, for --help and for what it refuses itself.
    """
    known, beam_flags = _parser().parse_known_args(argv)
    problems: list[str] = []
    options = _read(known, tuple(beam_flags), _Trial(problems))
    problems += _contradictions(options, known)
    return ParsedOptions(options, tuple(problems))


# ---------------------------------------------------------------- one by one

_T = TypeVar("_T")


class _Trial:
    """Reads one option after the other; what is wrong with one does not hide the next."""

    def __init__(self, problems: list[str]) -> None:
        self._problems = problems

    def __call__(self, otherwise: _T, read: Callable[..., _T], *arguments: object) -> _T:
        """What `read` makes of the arguments; `otherwise` if it refuses them."""
        try:
            return read(*arguments)
        except UnusableError as error:
            self._problems.append(str(error))
            return otherwise


def _read(known: argparse.Namespace, beam_flags: tuple[str, ...], tried: _Trial) -> StreamOptions:
    settle_delay_us = tried(USUAL.settle_delay_us, duration_option, "--settle_delay", known.settle_delay)
    grid_us = tried(USUAL.resolution_us, _grid, known.grid)
    lateness_us = tried(HOUR_US, duration_option, "--allowed_lateness", known.allowed_lateness)
    poll_us = tried(POLL_INTERVAL_US, _unless_absent, POLL_INTERVAL_US, "--poll_interval", known.poll_interval)
    shape_options = ("--input_shape", "--input_account")
    read_by_beam: dict[str, Any] = tried({}, check_flags, beam_flags)
    tried(None, _one_worker, known, read_by_beam.get("direct_num_workers", 1))
    topic = known.trigger_topic
    return StreamOptions(
        subscription=known.subscription and tried("", _path, "--subscription", known.subscription, _SUBSCRIPTION),
        rules=tuple(known.rules),
        trigger_topic=topic and tried("", _path, "--trigger_topic", topic, _TOPIC),
        dataset=tried(None, _dataset, known.dataset),
        recorded=RecordedDecisions(known.decisions or RecordedDecisions.ALL),
        method=Method(known.bigquery_method or Method.STREAMING_INSERTS),
        expansion_jar=known.expansion_jar,
        timestamp_attribute=tried(None, _attribute, "--timestamp_attribute", known.timestamp_attribute),
        id_label=tried(None, _attribute, "--id_label", known.id_label),
        waits=TimerSettings(settle_delay_us, grid_us),
        allowed_lateness_us=lateness_us,
        max_age_us=None if known.max_age is None else tried(None, duration_option, "--max_age", known.max_age),
        poll_interval_us=poll_us,
        min_lead_us=tried(MIN_LEAD_US, _unless_absent, MIN_LEAD_US, "--min_lead", known.min_lead),
        shape=tried(CANONICAL, input_shape, known.input_shape, known.input_account, shape_options),
        snapshots=tuple(known.snapshots or ()),
        create_tables=known.create_tables,
        table_expiry_days=tried(None, _days, known.table_expiry),
        check=known.check,
        events=tried(None, recorded, known),
        output=known.output if known.output is None or "://" in known.output else str(Path(known.output).absolute()),
        runner=tried(STREAMING, runner_named if known.events else streaming_runner, known.runner),
        beam_flags=beam_flags,
    )


def _one_worker(known: argparse.Namespace, workers: int) -> None:
    """Of several workers in this process Beam 2.77 merges the answers (`ParallelBundleManager`), and drops what the
    source has given back for later: of 5,000 events the first 1,000 were decided about, and nobody told.
    """
    if known.events and runner_named(known.runner) == IN_PROCESS and workers != 1:
        raise UnusableError(
            f"--direct_num_workers {workers}: in this process recorded events have one worker; leave it out, or take "
            "an engine (--runner=PrismRunner)"
        )


def _positive(flag: str, text: str) -> int:
    duration_us = duration_option(flag, text)
    if not duration_us:
        raise UnusableError(f"{flag} {text}: it has to be longer than nothing")
    return duration_us


def _unless_absent(otherwise_us: int, flag: str, text: str | None) -> int:
    return _positive(flag, text) if text else otherwise_us


def _grid(text: str) -> int:
    grid_us = _positive("--grid", text)
    if grid_us % TIMER_US or grid_us > GRID_MAX_US:
        raise UnusableError(f"--grid {text}: write whole milliseconds, up to {format_duration(GRID_MAX_US)}")
    return grid_us


def _path(flag: str, text: str, pattern: re.Pattern[str]) -> str:
    if not pattern.fullmatch(text):
        kind = "subscriptions" if pattern is _SUBSCRIPTION else "topics"
        raise UnusableError(f"{flag} {text}: write the whole name, projects/PROJECT/{kind}/NAME")
    return text


def _dataset(text: str | None) -> Dataset | None:
    found = None if text is None else dataset_of(text)
    if text is not None and found is None:
        raise UnusableError(f"--dataset {text}: write PROJECT.DATASET")
    return found


def _attribute(flag: str, text: str | None) -> str | None:
    if text is not None and not text.strip():
        raise UnusableError(f"{flag}: name an attribute of the messages")
    return text


def _days(text: str | None) -> int | None:
    if text is None:
        return None
    days = int(text.removesuffix("d")) if re.fullmatch(r"[0-9]{1,9}d?", text) else 0
    if not 1 <= days <= EXPIRY_DAYS_MAX:
        raise UnusableError(f"--table_expiry {text}: write whole days, such as 400d")
    return days


# ---------------------------------------------------------------- together


def _contradictions(options: StreamOptions, known: argparse.Namespace) -> Iterator[str]:
    """What is no sense together, in sentences."""
    yield from contradictions(known)
    yield from _about_outputs(options, known)
    yield from _about_rules(options, known)
    yield from _about_runner(options)
    if options.max_age_us is not None and options.max_age_us < options.allowed_lateness_us:
        yield (
            f"--max_age {known.max_age} is less than --allowed_lateness {known.allowed_lateness}: "
            "what could still correct something would become a dead letter"
        )


def _about_outputs(options: StreamOptions, known: argparse.Namespace) -> Iterator[str]:
    if known.trigger_topic is None and known.dataset is None and known.output is None:
        yield "nothing would come of it: name a --trigger_topic, a --dataset, an --output, or several"
    if known.dataset is None:
        for flag in ("decisions", "bigquery_method", "create_tables", "table_expiry"):
            if getattr(known, flag):
                yield f"--{flag} is about tables: name their --dataset as well, or leave it out"
    elif known.table_expiry is not None and not options.create_tables:
        yield "--table_expiry is given to tables when they are created: say --create_tables as well, or leave it out"
    if options.expansion_jar is not None and options.method is not Method.STORAGE_WRITE:
        yield "--expansion_jar is for --bigquery_method storage_write only: leave it out"


def _about_rules(options: StreamOptions, known: argparse.Namespace) -> Iterator[str]:
    if not any(map(is_target, options.rules)):
        for flag in ("poll_interval", "min_lead"):
            if getattr(known, flag) is not None:
                yield f"--{flag} is about a target, and --rules names files, which are read once: leave it out"
    elif options.min_lead_us <= options.poll_interval_us + SKEW_US:
        least = format_duration(options.poll_interval_us + SKEW_US)
        yield (
            f"--min_lead {format_duration(options.min_lead_us)} is too short: it has to be more than {least}, "
            "one --poll_interval and the skew of clocks"
        )


def _about_runner(options: StreamOptions) -> Iterator[str]:
    if options.events is not None and options.events.stays_open and options.runner == IN_PROCESS:
        yield "--stay_open needs an engine (--runner=PrismRunner): in this process nothing is decided before the end"
    if is_dataflow(options.runner):
        return
    if options.id_label is not None:
        yield "--id_label: only Dataflow drops copies by an attribute. Leave it out: copies of an event_id count once"
    if options.method is Method.STORAGE_WRITE:
        yield "--bigquery_method storage_write needs Java, which only Dataflow runs beside Python: leave it out"


# ---------------------------------------------------------------- the page of options


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m pipelines.stream",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    _add_places(parser.add_argument_group("from and to"))
    add_recorded(parser.add_argument_group("without Google: for demos, load tests and other engines"))
    _add_times(parser.add_argument_group("what is waited for"))
    _add_rest(parser.add_argument_group("launch"))
    return parser


def _add_places(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--subscription", metavar="NAME", help="the events: projects/PROJECT/subscriptions/NAME")
    rules_help = "a target (a folder or gs://… with versions), looked at again and again; or files, read once"
    add("--rules", required=True, nargs="+", metavar="RULES", help=rules_help)
    add("--trigger_topic", metavar="NAME", help="where triggers go: projects/PROJECT/topics/NAME")
    add("--dataset", metavar="PROJECT.DATASET", help="whose tables get triggers, decisions, dead letters, late events")
    recorded = [one.value for one in RecordedDecisions]
    add("--decisions", choices=recorded, help="which rows the table decisions gets; default: all")
    methods = [one.value for one in Method]
    add("--bigquery_method", choices=methods, help="how rows get into BigQuery; default: streaming_inserts")
    add("--expansion_jar", metavar="FILE", help="Beam's Java half of storage_write; default: Beam looks for it")
    add("--input_shape", default=Shape.CANONICAL.value, metavar="SHAPE", help="canonical, segment or cloudevents")
    add("--input_account", metavar="ACCOUNT", help="the account of events that name none")
    add("--snapshots", nargs="+", action="extend", metavar="GLOB", help="start from these rows of a backfill")


def _add_times(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    attribute_help = "the attribute with an event's time, RFC 3339 or milliseconds; default: when it was published"
    add("--timestamp_attribute", metavar="NAME", help=attribute_help)
    add("--id_label", metavar="NAME", help="Dataflow only: the attribute by which it drops copies of a message")
    add("--settle_delay", default="10s", metavar="DURATION", help="wait so long for events out of order (10s)")
    add("--allowed_lateness", default="1h", metavar="DURATION", help="correct what was told for so long (1h)")
    add("--max_age", metavar="DURATION", help="older events become dead letters; default: none is too old")
    add("--grid", default="1s", metavar="DURATION", help="contacts wake on multiples of it (1s)")
    add("--poll_interval", metavar="DURATION", help="how often a target is looked at (30s)")
    add("--min_lead", metavar="DURATION", help="as kittiwake publish --min-lead (90s)")


def _add_rest(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--check", action="store_true", help="launch nothing; say everything that would keep the job from running")
    add("--create_tables", action="store_true", help="create the tables and views that are missing, and go on")
    add("--table_expiry", metavar="DAYS", help="drop partitions of tables then created after so many days")
    add("--runner", metavar="NAME", help="DataflowRunner; default: in this process")
