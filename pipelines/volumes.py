"""Compare how many triggers each rule fired in the last day with what is usual, and give the numbers to alerts.

    python -m kittiwake.pipelines.volumes --dataset PROJECT.DATASET [--project PROJECT]

It reads the table of triggers and changes nothing in it. What is written to Cloud Monitoring is bounded: two numbers of
500 rules at most, and one of those of which something was recalled (`kittiwake.stream.volumes`).
"""

from __future__ import annotations

if __name__ == "__main__":
    from kittiwake.terminal.ending import quit_at_once

    quit_at_once()  # Google's clients take a second to load

    from kittiwake.pipelines.lifecycle import prepare_process

    prepare_process()

import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

from kittiwake.errors import UnusableError
from kittiwake.pipelines.google.bigquery_tables import client_of
from kittiwake.pipelines.google.rule_volumes import count_days, monitoring_client, write_points
from kittiwake.pipelines.options.volumes import VolumesOptions, parse_options
from kittiwake.printable import visible_lines
from kittiwake.stream.volumes import RuleVolume, bounded, volumes_of
from kittiwake.terminal.ending import StopRequest, run_to_end
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import report_crash, report_line, say_text
from kittiwake.time.instants import SECOND_US, format_instant
from kittiwake.transforms.clock import now_us


def main(argv: Sequence[str] | None = None) -> int:
    """Run once; the exit code."""
    return run_to_end("volumes", lambda stop: _main(argv, stop))


def _main(argv: Sequence[str] | None, stop: StopRequest) -> int:
    try:
        options = parse_options(argv)
        until_us = now_us() if options.until_us is None else options.until_us
        found = compare(options, until_us)
    except UnusableError as error:
        _say(f"error: {error}")
        return Exit.UNUSABLE
    except KeyboardInterrupt:
        _say("interrupted")
        return stop.exit_code
    except Exception:  # noqa: BLE001 - reported, with an exit code of its own
        report_crash("volumes")
        return Exit.FAILED
    say_text(text_of(found, until_us))
    return Exit.FINDINGS if not found or any(one.is_unusual for one in found) else Exit.FINE


def compare(options: VolumesOptions, until_us: int) -> list[RuleVolume]:
    """Count, and give the numbers to Cloud Monitoring if it is asked for; of every rule its volume.

    Raises:
        UnusableError: the table cannot be read, or Cloud Monitoring does not take the numbers.
    """
    now = datetime.fromtimestamp(until_us // SECOND_US, UTC)
    found = volumes_of(count_days(client_of(options.dataset), options.dataset, now))
    if options.project is not None:
        write_points(monitoring_client(), options.project, options.job_name, bounded(found), now)
    return found


def text_of(found: Sequence[RuleVolume], until_us: int) -> str:
    """What is unusual, and what was recalled, for a person."""
    if not found:
        return visible_lines(["EMPTY: no rule has fired in four weeks"])
    unusual = [one for one in found if one.is_unusual]
    head = f"{len(unusual):,} of {len(found):,} rules are unusual in the day up to {format_instant(until_us)}"
    lines = [head, *_table(unusual, lambda one: f"{one.number:>9,}  usually {one.usual or 0:>9,.0f}")]
    if recalled := [one for one in found if one.recalled]:
        lines.append(f"{sum(one.recalled for one in recalled):,} recalled by hand in that day")
        lines += _table(recalled, lambda one: f"{one.recalled:>9,}")
    return visible_lines(lines)


def _table(rules: Sequence[RuleVolume], numbers: Callable[[RuleVolume], str]) -> Iterator[str]:
    names = [f"{one.account_id}  {one.rule_id}" for one in rules]
    width = max(map(len, names), default=0)
    for name, one in zip(names, rules, strict=True):
        yield f"  {name:{width}}  {numbers(one)}"


def _say(text: str) -> None:
    report_line("volumes", text)


if __name__ == "__main__":
    sys.exit(main())
