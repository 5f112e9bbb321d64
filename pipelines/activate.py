"""Publish the triggers of a backfill, when somebody has asked for it and seen how many they are.

    python -m kittiwake.pipelines.activate --from-run ROWS --topic projects/…/topics/… --fire-if-fresh 6h --record FILE

Messages are those of the streaming job, with `mode` of their run. Prints numbers, rules and words of closed
vocabularies, never a message's content.
"""

from __future__ import annotations

if __name__ == "__main__":
    from kittiwake.terminal.ending import quit_at_once

    quit_at_once()  # Beam's modules and Google's clients take seconds to load

    from kittiwake.pipelines.lifecycle import prepare_process

    prepare_process()

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from kittiwake.errors import UnusableError
from kittiwake.pipelines.decisions.activating import STATES, Choice, choose, chosen, load
from kittiwake.pipelines.decisions.columns import SCHEMA, line_of, microseconds, values_of_line
from kittiwake.pipelines.decisions.record import Entry, Record, State, open_file
from kittiwake.pipelines.decisions.sources import rows_of, rows_sent
from kittiwake.pipelines.decisions.store import BATCH, Store, batch_of, open_store
from kittiwake.pipelines.google.pubsub_client import Publisher, requests_of
from kittiwake.pipelines.options.activate import ActivateOptions, parse_options
from kittiwake.printable import visible, visible_lines
from kittiwake.reasons import NotActivated
from kittiwake.stream.records import DecisionRecord
from kittiwake.stream.trigger_message import TriggerMessage, refusal_of, trigger_message
from kittiwake.terminal.ending import StopRequest, run_to_end
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import ask, report_crash, report_line, say_text
from kittiwake.time.instants import format_instant
from kittiwake.transforms.clock import now_us


class Activated(NamedTuple):
    """The outcome of sending."""

    number: int
    """Messages that Pub/Sub has confirmed."""
    too_large: int = 0
    problem: str | None = None
    """Why it did not take all; None: it did."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run once; the exit code."""
    return run_to_end("activate", lambda stop: _main(argv, stop))


def _main(argv: Sequence[str] | None, stop: StopRequest) -> int:
    try:
        return activate(parse_options(argv))
    except UnusableError as error:
        _say(f"error: {error}")
        return Exit.UNUSABLE
    except KeyboardInterrupt:
        _say("interrupted; what was sent is in the record, and running it again goes on")
        return stop.exit_code
    except Exception:  # noqa: BLE001 - reported, with an exit code of its own
        report_crash("activate")
        _say("failed; what was sent is in the record, and running it again goes on")
        return Exit.FAILED


def activate(options: ActivateOptions) -> int:
    """Show what would be sent, ask, and send; the exit code.

    Raises:
        UnusableError: rows or the record cannot be read, nobody is there to be asked, or there is no such topic.
    """
    with open_store() as store, _open_record(options.record) as record:
        _read(store, options, record)
        choices = choose(store, now_us(), options.fresh_us, resend_unconfirmed=options.resend_unconfirmed)
        say_text(choices_text(options, choices))
        if not choices:
            return Exit.FINE if options.allow_empty else Exit.FINDINGS
        number = sum(one.number for one in choices if one.why_not is None)
        if options.dry_run or not number:
            return Exit.FINE
        if not _is_wanted(options, number):
            say_text("nothing was sent")
            return Exit.FINDINGS
        done = _send(options.topic, record, chosen(store))
    say_text(done_text(options, done))
    return Exit.FINE if done.problem is None else Exit.FINDINGS


def _is_wanted(options: ActivateOptions, number: int) -> bool:
    if options.is_confirmed:
        return True
    if not sys.stdin.isatty():
        raise UnusableError("nobody is there to be asked: say --yes to send them, or --dry-run")
    return ask(f"Send {number:,} messages to {options.topic}?")


# ---------------------------------------------------------------- read


def _open_record(record: Any) -> AbstractContextManager[Record]:
    if isinstance(record, Path):
        return open_file(record)
    from kittiwake.pipelines.decisions.record_table import open_table  # noqa: PLC0415 - BigQuery's client: half a second

    return open_table(record)


def _read(store: Store, options: ActivateOptions, record: Record) -> None:
    recorded: list[Any] = []
    states: list[Any] = []
    for number, entry in enumerate(record.entries()):
        states.append((entry.trigger_id, entry.state.value, number))
        if entry.row is not None:
            recorded.append(values_of_line(entry.row.encode()))
    sent = chain.from_iterable(rows_sent(name) for name in options.sent)
    run = rows_of(options.from_run, stream=False, run_id=options.run_id)
    if options.run_id is not None:
        run.until_us()  # refuses a run that is not there
    load(store, run.decisions(), sent, _batches(recorded, SCHEMA), _batches(states, STATES))


def _batches(rows: list[Any], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    for start in range(0, len(rows), BATCH):
        yield batch_of(rows[start : start + BATCH], schema)


# ---------------------------------------------------------------- send


def _send(topic: str, record: Record, rows: Iterable[dict[str, Any]]) -> Activated:
    """Claim, publish and confirm, a request at a time; after one that is not confirmed no further is made.

    Raises:
        UnusableError: nothing could be sent at all.
    """
    left_out: Counter[str] = Counter()
    number = 0
    with Publisher(topic) as publisher:
        for request in requests_of(_messages(rows, left_out)):
            record.add(_entries(request, State.CLAIMED, topic))
            answer = publisher.publish(request)
            if answer.is_refused:
                record.add(_entries(request, State.REFUSED, topic))
            if answer.problem is not None:
                if answer.is_refused and not number:
                    raise UnusableError(answer.problem)
                return Activated(number, left_out.total(), answer.problem)
            record.add(_entries(request, State.PUBLISHED, topic))
            number += len(request)
    return Activated(number, left_out.total())


def _messages(rows: Iterable[dict[str, Any]], left_out: Counter[str]) -> Iterator[TriggerMessage]:
    for row in rows:
        message = trigger_message(_record_of(row))
        if refusal_of(message) is None:
            yield message
        else:
            left_out[row["rule_id"]] += 1


def _record_of(row: dict[str, Any]) -> DecisionRecord:
    names = ("trigger_id", "revision", "account_id", "rule_id", "kind", "decision", "channel")
    own = {name: row[name] for name in names}
    return DecisionRecord(row=line_of(row), time_us=microseconds(row["time"]), stale=row["stale"], **own)


def _entries(request: Iterable[TriggerMessage], state: State, topic: str) -> Iterator[Entry]:
    at = format_instant(now_us())
    for message in request:
        row = message.data.decode() if state is State.CLAIMED else None
        yield Entry(message.attributes["trigger_id"], state, at, topic, row)


# ---------------------------------------------------------------- what is said


def _say(text: str) -> None:
    report_line("activate", text)


def choices_text(options: ActivateOptions, choices: Sequence[Choice]) -> str:
    """What would be sent and what not, by rule, for a person."""
    if not choices:
        return visible_lines(["EMPTY: the run has no triggers; see --from-run"])
    rows = [
        (visible(one.account_id), visible(one.rule_id), one.why_not or "to be sent", f"{one.number:,}")
        for one in choices
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    total = sum(one.number for one in choices if one.why_not is None)
    lines = [f"{total:,} to be sent to {options.topic}"]
    for *texts, number in rows:
        cells = [text.ljust(width) for text, width in zip(texts, widths, strict=False)]
        lines.append(f"  {'  '.join(cells)}  {number:>{widths[-1]}}")
    lines += _advice(options, {one.why_not for one in choices})
    return visible_lines(lines)


def _advice(options: ActivateOptions, found: set[NotActivated | None]) -> Iterator[str]:
    if NotActivated.UNCONFIRMED in found:
        yield "Some were about to be sent when an earlier run ended, and nobody knows: --resend-unconfirmed sends them."
    if not options.sent:
        yield "Without --sent nothing is known of what a stream has sent."


def done_text(options: ActivateOptions, done: Activated) -> str:
    """What was sent, for a person."""
    lines = [f"{done.number:,} sent to {options.topic}, recorded in {options.record}"]
    if done.too_large:
        lines.append(f"{done.too_large:,} left: {NotActivated.TOO_LARGE}, no topic takes them")
    if done.problem is not None:
        lines.append(f"stopped: {done.problem}. Running it again goes on.")
    return visible_lines(lines)


if __name__ == "__main__":
    sys.exit(main())
