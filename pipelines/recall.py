"""Take back what a rule, or a version of the rules, has sent, when somebody has seen how much it is.

    python -m kittiwake.pipelines.recall --stream ROWS --rule acme/cart --from 2026-11-30T02:00:00Z --confirm 38

Revocations are rows and messages like those of the streaming job, of which consumers take the newest revision. Prints
numbers, rules, versions and words of closed vocabularies, never a message's content nor a contact.
"""

from __future__ import annotations

if __name__ == "__main__":
    from kittiwake.terminal.ending import quit_at_once

    quit_at_once()  # Beam's modules and Google's clients take seconds to load

    from kittiwake.pipelines.lifecycle import prepare_process

    prepare_process()

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any, NamedTuple

from kittiwake.errors import UnusableError
from kittiwake.pipelines.decisions.columns import line_of, microseconds
from kittiwake.pipelines.decisions.marks import Marks, marks_of
from kittiwake.pipelines.decisions.recalling import (
    Count,
    Standing,
    contacts,
    counts,
    known,
    load,
    revocation_of,
    standing,
)
from kittiwake.pipelines.decisions.sources import rows_emitted
from kittiwake.pipelines.decisions.store import Store, open_store
from kittiwake.pipelines.options.recall import RecallOptions, parse_options
from kittiwake.pipelines.recall_text import counts_data, counts_text, done_text, empty_text, unknown_text
from kittiwake.pipelines.whole_file import write_lines
from kittiwake.stream.records import DecisionRecord
from kittiwake.stream.trigger_message import TriggerMessage, refusal_of, trigger_message
from kittiwake.terminal.ending import StopRequest, run_to_end
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import report_crash, report_line, say_json, say_text


class Recalled(NamedTuple):
    """The outcome of revoking."""

    number: int
    """Rows that are marked; with a topic, after Pub/Sub has confirmed their messages."""
    too_large: int = 0
    """Of them, such as no topic takes."""
    problem: str | None = None
    """Why Pub/Sub did not take all; None: it did."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run once; the exit code."""
    return run_to_end("recall", lambda stop: _main(argv, stop))


def _main(argv: Sequence[str] | None, stop: StopRequest) -> int:
    try:
        return recall(parse_options(argv))
    except UnusableError as error:
        report_line("recall", f"error: {error}")
        return Exit.UNUSABLE
    except KeyboardInterrupt:
        report_line("recall", "interrupted; what was revoked is marked, and running it again goes on")
        return stop.exit_code
    except Exception:  # noqa: BLE001 - reported, with an exit code of its own
        report_crash("recall")
        report_line("recall", "failed; what was revoked is marked, and running it again goes on")
        return Exit.FAILED


def recall(options: RecallOptions) -> int:
    """Count, and revoke if the number was confirmed; the exit code.

    Raises:
        UnusableError: rows cannot be read or written, there is no such rule, version or topic, or the number that was
            confirmed is another.
    """
    with open_store() as store:
        load(store, rows_emitted(options.stream, options.asked.from_us), options.asked)
        found = counts(store)
        if not found:
            return _nothing(store, options)
        number = _number(found, Standing.STANDS)
        if options.listed is not None:
            write_lines(options.listed, (line_of(row) + b"\n" for row in standing(store)), replaces=True)
        if options.as_json:
            say_json(counts_data(options, found, contacts(store)))
        else:
            say_text(counts_text(options, found, contacts(store)))
        if options.confirmed is None:
            return Exit.FINE
        _check(options.confirmed, number, _number(found, Standing.RECALLED))
        done = _revoke(options, store) if number else Recalled(0)
    text = done_text(options, done.number, done.too_large, done.problem)
    if options.as_json:
        report_line("recall", text)
    else:
        say_text(text)
    return Exit.FINE if done.problem is None else Exit.FINDINGS


def _number(found: Iterable[Count], wanted: Standing) -> int:
    return sum(one.number for one in found if one.standing is wanted)


def _nothing(store: Store, options: RecallOptions) -> int:
    there = known(store)
    if there.first is None:
        raise UnusableError(unknown_text(options, there))
    report_line("recall", empty_text(options, there))
    return Exit.FINE if options.allow_empty else Exit.FINDINGS


def _check(confirmed: int, number: int, recalled: int) -> None:
    """A run that is repeated, after one that was stopped, or that did it all, is given the same number again."""
    if confirmed not in (number, number + recalled):
        raise UnusableError(f"--confirm {confirmed}: {number} are to be revoked; nothing was written. See the counts")


# ---------------------------------------------------------------- revoke


def _revoke(options: RecallOptions, store: Store) -> Recalled:
    """Publish and mark, a request at a time; after one that is not confirmed no further is made.

    Marked last: who is killed in between publishes a request again, of 500 at most, which consumers know by id and
    revision; the other way round a revocation might never be published.
    """
    try:
        from kittiwake.pipelines.google.pubsub_client import Publisher, requests_of  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        raise UnusableError(f"revoking needs Google's clients: install the extra kittiwake[gcp] ({error})") from error
    number = too_large = 0
    with ExitStack() as stack:
        marks = stack.enter_context(marks_of(options.stream))
        publisher = None if options.topic is None else stack.enter_context(Publisher(options.topic))
        for request in requests_of(_messages(standing(store))):
            fit = [message for message in request if refusal_of(message) is None]
            if publisher is not None and fit:
                answer = publisher.publish(fit)
                if answer.is_refused and not number:
                    raise UnusableError(f"{answer.problem}; nothing was revoked")
                if answer.problem is not None:
                    return Recalled(number, too_large, answer.problem)
            _mark(marks, request)
            number += len(request)
            too_large += len(request) - len(fit) if publisher is not None else 0
    return Recalled(number, too_large)


def _mark(marks: Marks, request: Iterable[TriggerMessage]) -> None:
    marks.add([message.data for message in request])


def _messages(rows: Iterable[dict[str, Any]]) -> Iterator[TriggerMessage]:
    for row in map(revocation_of, rows):
        names = ("trigger_id", "revision", "account_id", "rule_id", "kind", "decision", "channel")
        own = {name: row[name] for name in names}
        record = DecisionRecord(row=line_of(row), time_us=microseconds(row["time"]), stale=row["stale"], **own)
        yield trigger_message(record)


if __name__ == "__main__":
    sys.exit(main())
