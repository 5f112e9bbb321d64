"""Feeds dead letters and late events back to the topic of a streaming job, once what was wrong has been put right.

    python -m pipelines.reingest --dataset PROJECT.DATASET --topic projects/…/topics/… [--reason …] [--dry_run]

The bytes and attributes are those that came. What was taken in already is a copy by its event_id: running it again does
no harm. Prints numbers and words of closed vocabularies, nothing of what a message holds.
"""

from __future__ import annotations

if __name__ == "__main__":
    from kittiwake.terminal.ending import quit_at_once

    quit_at_once()  # Google's clients take a second to load

import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from kittiwake.disk import flush, locked, make_folder, undisturbed
from kittiwake.errors import UnusableError
from kittiwake.foreign import visible_lines
from kittiwake.reasons import NotReingested
from kittiwake.stream.redelivery import Redelivery, RedeliveryCounts, line_of, redelivery_of
from kittiwake.stream.tables.schema import LATE_EVENTS
from kittiwake.terminal.ending import ended, interrupted
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import remark, remark_crash, say_text
from kittiwake.time.durations import format_duration
from pipelines.google.bigquery_tables import client_of
from pipelines.google.dead_letter_rows import letters
from pipelines.google.pubsub_client import Published, publish
from pipelines.options.reingest import ReingestOptions, parse_options
from transforms.clock import now_us


def main(argv: Sequence[str] | None = None) -> int:
    """Deliver once; the exit code."""
    return ended("reingest", lambda: _main(argv))


def _main(argv: Sequence[str] | None) -> int:
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
        return interrupted()
    except Exception:  # noqa: BLE001 - told, and an exit of its own
        remark_crash("reingest")
        _say(f"failed: {left}")
        return Exit.FAILED
    say_text(told(options, fed, published))
    return Exit.FINE if published.problem is None else Exit.FINDINGS


def reingest(options: ReingestOptions, fed: RedeliveryCounts) -> Published:
    """Reads, chooses and feeds in; what was chosen and left is counted in `fed`.

    Raises:
        UnusableError: the tables cannot be read, the topic or the file cannot be written to.
    """
    feeds = _feeds(options, fed)
    if options.topic is not None:
        return publish(options.topic, feeds)
    if options.output is not None:
        return Published(_written(options.output, feeds))
    return Published(sum(1 for _ in feeds))


def _feeds(options: ReingestOptions, fed: RedeliveryCounts) -> Iterator[Redelivery]:
    start_us = now_us()
    for letter in letters(client_of(options.dataset), options.dataset, options.chosen):
        found = redelivery_of(letter, now_us(), options.shape)
        fed.add(letter, found, start_us - options.allowed_lateness_us)
        if isinstance(found, Redelivery):
            yield found


def _written(output: Path, feeds: Iterable[Redelivery]) -> int:
    """Writes records as lines: the whole file, or none. How many.

    Raises:
        UnusableError: it cannot be written, is there already, or another run is writing it.
    """
    partial = output.with_name(f".{output.name}.partial")
    try:
        make_folder(output.parent)
        file = locked(partial)
        if file is None:
            raise UnusableError(f"another run is writing {output}: wait for its end, or name another file")
        with file:
            try:
                number = _fill(file, feeds)
                _put(partial, output)
            except BaseException:
                with undisturbed():
                    partial.unlink(missing_ok=True)
                raise
    except OSError as error:
        raise UnusableError(f"cannot write to {output}: {error.strerror or error}") from error
    return number


def _fill(file: IO[bytes], feeds: Iterable[Redelivery]) -> int:
    """All records into a file in which a killed run may have left some; on the disk when it returns."""
    file.truncate(0)
    number = 0
    for number, feed in enumerate(feeds, 1):  # noqa: B007 - the last one is how many
        file.write(line_of(feed))
    file.flush()
    os.fsync(file.fileno())
    return number


def _put(partial: Path, output: Path) -> None:
    with undisturbed():
        if output.exists():
            raise UnusableError(f"--output {output} is there by now: name another file")
        partial.rename(output)
        try:
            flush(output.parent)
        except OSError:
            output.rename(partial)  # what was refused is not there
            raise


def _say(text: str) -> None:
    remark("reingest", text)


# ---------------------------------------------------------------- what is told

_WHY: Final = {
    NotReingested.NOT_A_MESSAGE: "rows that a table refused: they are no messages",
    NotReingested.TRUNCATED: "longer than a row keeps",
    NotReingested.BAD_ATTRIBUTES: "whose attributes cannot be read",
    NotReingested.STILL_REFUSED: "no events for this release and --input_shape either",
}


def told(options: ReingestOptions, fed: RedeliveryCounts, published: Published) -> str:
    """The summary, for a person."""
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
    return f"{published.number:,} would be fed in; this was a dry run"


def _advice(options: ReingestOptions, fed: RedeliveryCounts, published: Published) -> Iterator[str]:
    if published.problem is not None:
        yield f"stopped: {published.problem}"
    if fed.old and options.output is None:
        lateness = format_duration(options.allowed_lateness_us)
        yield f"warning: {fed.old:,} events are older than --allowed_lateness {lateness}. Where their contact has been"
        yield f"  settled since, they come too late for the stream and end in {LATE_EVENTS.name}. To decide about them:"
        yield "  --output FILE, and FILE beside your archive as an --input of pipelines.backfill"
    if options.topic is not None:
        yield "Running this again does no harm: what was taken in is a copy, by its event_id."
