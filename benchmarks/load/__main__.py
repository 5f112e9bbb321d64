"""`python -m benchmarks.load`: sends events at a set rate into a topic, or writes them into a file.

    python -m benchmarks.load --topic projects/shop-1/topics/events --rate 500 --lasts 10m
    python -m benchmarks.load --output - --events 1000 --seed 7

Standard output gets one line of JSON with what was achieved, unless the events go there. Exit codes are those of the
commands: 2 if the options cannot be used, 3 if the topic does not take what is sent.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain, islice, takewhile
from pathlib import Path
from typing import Any, BinaryIO, Final

from benchmarks.arguments import either_spelling, number_of
from benchmarks.load.messages import LoadMessage, messages
from benchmarks.load.pacing import Pacer
from benchmarks.load.run import run
from benchmarks.load.settings import LoadSettings, problems
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import report_line
from kittiwake.time.durations import ADVICE, parse_duration
from kittiwake.time.instants import SECOND_US, BadTimeError, NoOffsetError, parse_instant
from kittiwake.transforms.clock import now_us

FILE_START: Final = "2026-11-02T00:00:00Z"
"""Of a file, so that the same arguments are the same bytes; a topic begins now."""
STANDARD_OUTPUT: Final = "-"
_USUAL: Final = LoadSettings(0)


def main(argv: Sequence[str] | None = None) -> int:
    """Send what the arguments ask for; the exit code."""
    asked = _parser().parse_args(either_spelling(argv))
    settings = _settings(asked)
    found = [*_missing(asked), *problems(settings)]
    if found:
        _say("\n".join(found))
        return Exit.UNUSABLE
    load: Iterator[LoadMessage] = islice(messages(settings), asked.events)
    if asked.lasts is not None:
        load = takewhile(lambda one: one.due_us < asked.lasts, load)
    return _send(load, asked)


def _send(load: Iterator[LoadMessage], asked: argparse.Namespace) -> int:
    from benchmarks.load.publishing import NotPublishedError, open_topic  # noqa: PLC0415 - a file needs no client

    try:
        topic = asked.topic and open_topic(asked.topic, asked.timestamp_attribute, asked.id_label)
        begun = [*islice(load, 1)]  # to find who was there before the first message may take seconds
        with _opened(asked.output) as file:
            achieved = run(chain(begun, load), topic, file, Pacer(), _say)
    except NotPublishedError as error:
        _say(str(error))
        return Exit.FAILED
    except OSError as error:
        _say(f"{asked.output}: {error.strerror or error}")
        return Exit.UNUSABLE
    print(achieved.line(), file=sys.stderr if asked.output == STANDARD_OUTPUT else sys.stdout)
    return Exit.FINE


@contextmanager
def _opened(output: str | None) -> Iterator[BinaryIO | None]:
    if output is None:
        yield None
    elif output == STANDARD_OUTPUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    else:
        Path(output).parent.mkdir(parents=True, exist_ok=True)
        with Path(output).open("wb") as file:
            yield file


def _settings(asked: argparse.Namespace) -> LoadSettings:
    given = {name: value for name in LoadSettings._fields if (value := getattr(asked, name)) is not None}
    if "start_us" not in given:
        given["start_us"] = now_us() // SECOND_US * SECOND_US if asked.topic else parse_instant(FILE_START)
    return LoadSettings(**given)


def _missing(asked: argparse.Namespace) -> Iterator[str]:
    if asked.topic is None and asked.output is None:
        yield "--topic or --output is needed: where the events go"
    if asked.topic is None and asked.events is None and asked.lasts is None:
        yield "--events or --lasts is needed: a file has an end"
    if asked.topic is not None and not _is_topic(asked.topic):
        yield f"--topic is {asked.topic}: write projects/PROJECT/topics/NAME"


def _is_topic(name: str) -> bool:
    words = name.split("/")
    return len(words) == 4 and words[0] == "projects" and words[2] == "topics" and all(words)


def _say(text: str) -> None:
    for line in text.splitlines():
        report_line("load", line)


# ---------------------------------------------------------------- options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    where = parser.add_argument_group("where to, and for how long")
    where.add_argument("--topic", help="projects/PROJECT/topics/NAME; PUBSUB_EMULATOR_HOST makes it an emulator's")
    where.add_argument("--output", help="a file, or - for standard output; beside a topic, what is sent there")
    where.add_argument("--events", type=_count, help="so many messages (until it is ended)")
    where.add_argument("--lasts", type=_duration, help="messages of so much time (until it is ended)")
    where.add_argument("--timestamp_attribute", help="set this attribute to the time of the event (none)")
    where.add_argument("--id_label", help="set this attribute to the id of the event (none)")
    load = parser.add_argument_group("what, all of which decides the bytes")
    load.add_argument("--start", dest="start_us", type=_instant, help=f"now for a topic ({FILE_START} for a file)")
    for flag, field, kind, meaning in _OPTIONS:
        usual = getattr(_USUAL, field)
        shown = f"{usual / SECOND_US:g}s" if field.endswith("_us") else f"{usual:,}"
        load.add_argument(flag, dest=field, type=kind, help=f"{meaning} ({shown})")
    return parser


def _count(text: str) -> int:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if value < 1 or value != int(value) or value > 2**62:
        raise argparse.ArgumentTypeError(f"{text} is no count: write 1000, or 1e8")
    return int(value)


def _duration(text: str) -> int:
    value = parse_duration(text)
    if value is None or value < 0:
        raise argparse.ArgumentTypeError(f"{text} is no duration: {ADVICE}")
    return value


def _instant(text: str) -> int:
    try:
        return parse_instant(text)
    except (BadTimeError, NoOffsetError):
        raise argparse.ArgumentTypeError(f"{text} is no instant: write 2026-11-02T00:00:00Z") from None


def _seed(text: str) -> int:
    if not text.isascii() or not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text} is no seed: write a whole number")
    return int(text)


_OPTIONS: Final[tuple[tuple[str, str, Any, str], ...]] = (
    ("--rate", "rate", number_of, "messages a second, the mean of a day without bursts"),
    ("--seed", "seed", _seed, "another number, other events"),
    ("--accounts", "accounts", _count, "shop-0, shop-1, …"),
    ("--loud", "loud", number_of, "shop-0 has so many times the events of each other account"),
    ("--contacts", "contacts", _count, "of all accounts together"),
    ("--contact_exponent", "contact_exponent", number_of, "of Zipf's law: how unequal contacts are, 0 for equal"),
    ("--items", "items", _count, "of each account"),
    ("--item_exponent", "item_exponent", number_of, "how unequally popular items are"),
    ("--session", "session_us", _duration, "the longest visit, of four events on average"),
    ("--swing", "swing", number_of, "the daily curve: 0.6 is 1.6 times the rate at 20:00 UTC and 0.4 times at 8:00"),
    ("--day", "day_us", _duration, "how long the curve of a day takes"),
    ("--burst", "burst", number_of, "within bursts so many times the rate"),
    ("--burst_lasts", "burst_lasts_us", _duration, "how long a burst takes"),
    ("--burst_every", "burst_every_us", _duration, "from one burst to the next"),
    ("--disorder", "disorder_us", _duration, "events are sent up to so much after they happened"),
    ("--late", "late", number_of, "the share of events that are sent later still"),
    ("--late_by", "late_by_us", _duration, "up to so much later"),
    ("--duplicates", "duplicates", number_of, "the share of messages that were sent before"),
    ("--poison", "poison", number_of, "the share of messages that are no events"),
)  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
