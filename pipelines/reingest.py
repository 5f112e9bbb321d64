"""Send dead letters and late events back to the topic of a streaming job, once the cause has been mended.

    python -m kittiwake.pipelines.reingest --dataset PROJECT.DATASET --topic projects/…/topics/… [--reason …]
        [--dry_run]

Bytes and attributes are those of the original message. An event that was taken in already is a duplicate by its
event_id, so running it again does no harm. Prints numbers and words of closed vocabularies, never a message's content.
"""

from __future__ import annotations

if __name__ == "__main__":
    from kittiwake.terminal.ending import quit_at_once

    quit_at_once()  # Google's clients take a second to load

    from kittiwake.pipelines.lifecycle import prepare_process

    prepare_process()

import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

from kittiwake.errors import UnusableError
from kittiwake.pipelines.google.bigquery_tables import client_of
from kittiwake.pipelines.google.dead_letter_rows import read_dead_letters
from kittiwake.pipelines.google.pubsub_client import Published, publish
from kittiwake.pipelines.options.reingest import ReingestOptions, parse_options
from kittiwake.pipelines.whole_file import write_lines
from kittiwake.printable import visible_lines
from kittiwake.reasons import NotReingested
from kittiwake.stream.redelivery import Redelivery, RedeliveryCounts, line_of, redelivery_of
from kittiwake.stream.tables.schema import LATE_EVENTS
from kittiwake.terminal.ending import StopRequest, run_to_end
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import report_crash, report_line, say_text
from kittiwake.time.durations import format_duration
from kittiwake.transforms.clock import now_us


def main(argv: Sequence[str] | None = None) -> int:
    """Run once; the exit code."""
    return run_to_end("reingest", lambda stop: _main(argv, stop))


def _main(argv: Sequence[str] | None, stop: StopRequest) -> int:
    left = "nothing was published or written"
    try:
        options = parse_options(argv)
        if options.topic is not None:
            left = "some messages may have been published; running it again does no harm"
        fed = RedeliveryCounts()
        published = reingest(options, fed)
    except UnusableError as error:
        _say(f"error: {error}")
        return Exit.UNUSABLE
    except KeyboardInterrupt:
        _say(f"interrupted: {left}")
        return stop.exit_code
    except Exception:  # noqa: BLE001 - reported, with an exit code of its own
        report_crash("reingest")
        _say(f"failed: {left}")
        return Exit.FAILED
    say_text(summary_text(options, fed, published))
    return Exit.FINE if published.problem is None else Exit.FINDINGS


def reingest(options: ReingestOptions, fed: RedeliveryCounts) -> Published:
    """Read, choose and send; `fed` counts the rows chosen and left out.

    Raises:
        UnusableError: the tables cannot be read, the topic or the file cannot be written to.
    """
    messages = _messages(options, fed)
    if options.topic is not None:
        return publish(options.topic, messages)
    if options.output is not None:
        return Published(_write(options.output, messages))
    return Published(sum(1 for _ in messages))


def _messages(options: ReingestOptions, fed: RedeliveryCounts) -> Iterator[Redelivery]:
    start_us = now_us()
    for row in read_dead_letters(client_of(options.dataset), options.dataset, options.chosen):
        found = redelivery_of(row, now_us(), options.shape)
        fed.add(row, found, start_us - options.allowed_lateness_us)
        if isinstance(found, Redelivery):
            yield found


def _write(output: Path, messages: Iterable[Redelivery]) -> int:
    """Write records as lines, the whole file or none; the number of records."""
    return write_lines(output, map(line_of, messages))


def _say(text: str) -> None:
    report_line("reingest", text)


# ---------------------------------------------------------------- summary

_WHY: Final = {
    NotReingested.NOT_A_MESSAGE: "rows that a table refused: they are no messages",
    NotReingested.TRUNCATED: "longer than a row keeps",
    NotReingested.BAD_ATTRIBUTES: "whose attributes cannot be read",
    NotReingested.STILL_REFUSED: "no events for this release and --input_shape either",
}


def summary_text(options: ReingestOptions, fed: RedeliveryCounts, published: Published) -> str:
    """The summary of a run, for a person."""
    lines = [f"{fed.chosen.total():,} rows of {options.dataset.table(options.chosen.table)}"]
    width = max(map(len, [*(reason for _, reason in fed.chosen), *fed.refused]), default=0)
    lines += [
        f"  {stage:7} {reason:{width}} {number:>9,}" for (stage, reason), number in sorted(fed.chosen.items()) if stage
    ]
    lines.append(_done(options, published))
    for why, number in sorted(fed.not_redelivered.items()):
        lines.append(f"{number:,} left: {why}, {_WHY[why]}")
        if why is NotReingested.STILL_REFUSED:
            lines += [f"  today   {reason:{width}} {refused:>9,}" for reason, refused in sorted(fed.refused.items())]
    lines += _advice(options, fed, published)
    return visible_lines(lines)


def _done(options: ReingestOptions, published: Published) -> str:
    if options.topic is not None:
        return f"{published.number:,} published to {options.topic}"
    if options.output is not None:
        return f"{published.number:,} written to {options.output}"
    return f"{published.number:,} would be sent; this was a dry run"


def _advice(options: ReingestOptions, fed: RedeliveryCounts, published: Published) -> Iterator[str]:
    if published.problem is not None:
        yield f"stopped: {published.problem}"
    if fed.old and options.output is None:
        lateness = format_duration(options.allowed_lateness_us)
        yield f"warning: {fed.old:,} events are older than --allowed_lateness {lateness}. Where their contact has been"
        yield f"  evaluated since, they come too late for the stream and go to {LATE_EVENTS.name}. To decide on them:"
        yield "  --output FILE, and FILE beside your archive as an --input of kittiwake.pipelines.backfill"
    if options.topic is not None:
        yield "Running this again does no harm: an event that was taken in is a duplicate, by its event_id."


if __name__ == "__main__":
    sys.exit(main())
