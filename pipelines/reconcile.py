"""Prove that a stream and a backfill over the same events agree, and say of each trigger that differs why.

    python -m kittiwake.pipelines.reconcile --stream ROWS --backfill ROWS [--from TIME] [--until TIME] [--json]

Prints numbers, rules and words of closed vocabularies, never what is known of a contact; that goes to `--output`.
"""

from __future__ import annotations

if __name__ == "__main__":
    from kittiwake.terminal.ending import quit_at_once

    quit_at_once()  # Beam's modules take seconds to load

    from kittiwake.pipelines.lifecycle import prepare_process

    prepare_process()

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import TableAddress
from kittiwake.output.rows import line
from kittiwake.pipelines.decisions.columns import microseconds
from kittiwake.pipelines.decisions.differences import COLUMNS, DESCRIPTION, NAMES
from kittiwake.pipelines.decisions.reconciling import Count, compare, load
from kittiwake.pipelines.decisions.sources import rows_of
from kittiwake.pipelines.decisions.store import Store, open_store
from kittiwake.pipelines.options.reconcile import ReconcileOptions, parse_options
from kittiwake.pipelines.whole_file import write_lines
from kittiwake.printable import visible, visible_lines
from kittiwake.reasons import Comparison, Difference
from kittiwake.terminal.ending import StopRequest, run_to_end
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import report_crash, report_line, say_json, say_text
from kittiwake.time.instants import format_instant


def main(argv: Sequence[str] | None = None) -> int:
    """Run once; the exit code."""
    return run_to_end("reconcile", lambda stop: _main(argv, stop))


def _main(argv: Sequence[str] | None, stop: StopRequest) -> int:
    try:
        options = parse_options(argv)
        counts = reconcile(options)
    except UnusableError as error:
        report_line("reconcile", f"error: {error}")
        return Exit.UNUSABLE
    except KeyboardInterrupt:
        report_line("reconcile", "interrupted: nothing was written")
        return stop.exit_code
    except Exception:  # noqa: BLE001 - reported, with an exit code of its own
        report_crash("reconcile")
        return Exit.FAILED
    if options.as_json:
        say_json(summary_data(options, counts))
    else:
        say_text(summary_text(options, counts))
    return Exit.FINE if is_fine(options, counts) else Exit.FINDINGS


def reconcile(options: ReconcileOptions) -> list[Count]:
    """Read both sides, compare them, and write the rows that differ if that was asked for.

    Raises:
        UnusableError: DuckDB is missing, a side cannot be read, or the output cannot be written.
    """
    with open_store() as store:
        backfill = rows_of(options.backfill, stream=False, run_id=options.run_id)
        run_until_us = backfill.until_us()
        load(store, rows_of(options.stream, stream=True), backfill)
        counts = compare(store, options.span, run_until_us)
        if options.output is not None:
            _write(options.output, _lines(store))
    return counts


def _lines(store: Store) -> Iterator[bytes]:
    for values in store.rows(
        f"SELECT {', '.join(NAMES)} FROM differing ORDER BY account_id, contact_id, time, trigger_id"
    ):
        row: dict[str, Any] = dict(zip(NAMES, values, strict=True))
        for name in ("time", "fired_at"):
            row[name] = None if row[name] is None else format_instant(microseconds(row[name]))
        yield line(row) + b"\n"


def _write(output: Path | TableAddress, lines: Iterator[bytes]) -> None:
    if isinstance(output, Path):
        write_lines(output, lines, replaces=True)
        return
    from kittiwake.pipelines.google.row_tables import replace_table  # noqa: PLC0415 - Google's clients: an extra, and a second

    replace_table(output, COLUMNS, DESCRIPTION, lines)


# ---------------------------------------------------------------- summary


def is_fine(options: ReconcileOptions, counts: Sequence[Count]) -> bool:
    """Whether nobody has to check anything."""
    if not counts:
        return options.allow_empty
    bad = {one.reason for one in counts} - {None}
    return not bad if options.strict else Difference.UNEXPLAINED not in bad


def totals(counts: Sequence[Count]) -> dict[Comparison, int]:
    """How many triggers are equal, missing, extra, different and recalled."""
    return {found: sum(one.number for one in counts if one.found is found) for found in Comparison}


def summary_data(options: ReconcileOptions, counts: Sequence[Count]) -> dict[str, Any]:
    """The summary of a run, for a program."""
    span = {"from": options.span.from_us, "until": options.span.until_us}
    unexplained = sum(one.number for one in counts if one.reason is Difference.UNEXPLAINED)
    return {
        "ok": is_fine(options, counts),
        "stream": options.stream,
        "backfill": options.backfill,
        "run_id": options.run_id,
        **{name: None if at is None else format_instant(at) for name, at in span.items()},
        **{found.value: number for found, number in totals(counts).items()},
        "unexplained": unexplained,
        "rules": [one._asdict() for one in counts],
    }


def summary_text(options: ReconcileOptions, counts: Sequence[Count]) -> str:
    """The same for a person."""
    if not counts:
        return visible_lines(["EMPTY: no trigger fired on either side; see --stream, --backfill, --from and --until"])
    found = totals(counts)
    shown = {one: number for one, number in found.items() if number or one is not Comparison.RECALLED}
    lines = [", ".join(f"{number:,} {one}" for one, number in shown.items())]
    rows = [
        (visible(one.account_id), visible(one.rule_id), one.found.value, one.reason or "", f"{one.number:,}")
        for one in counts
    ]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for *texts, number in rows:
        cells = [text.ljust(width) for text, width in zip(texts, widths, strict=False)]
        lines.append(f"  {'  '.join(cells)}  {number:>{widths[-1]}}")
    lines += _advice(options, counts)
    return visible_lines(lines)


def _advice(options: ReconcileOptions, counts: Sequence[Count]) -> Iterator[str]:
    if any(one.reason is Difference.UNEXPLAINED for one in counts):
        yield "Some are unexplained: `kittiwake explain --contact …` shows what the archive says of a contact"
    if options.output is not None:
        yield f"Which they are: {options.output}"
    elif any(one.reason for one in counts):
        yield "Which they are, and of whom: --output FILE"


if __name__ == "__main__":
    sys.exit(main())
