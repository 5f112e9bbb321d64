"""`kittiwake replay`: the job's inputs and outputs, without Beam and on one core."""

from __future__ import annotations

from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from kittiwake.batch.replay import replay as run
from kittiwake.batch.report import render
from kittiwake.batch.summary import Summary, to_json
from kittiwake.cli.console import AsJson, leave, one_command, usable_input
from kittiwake.cli.options import (
    RUN,
    AllowedLateness,
    AllowEmpty,
    InputAccount,
    Inputs,
    QueryFile,
    Rules,
    RulesAndInputs,
    ShapeNames,
    Shared,
    Strict,
    Until,
    inputs_of,
    rules_and_inputs,
    shapes_of,
)
from kittiwake.cli.run_settings import settings_of
from kittiwake.errors import UnusableError
from kittiwake.output.formats import Format
from kittiwake.private_files import kept_from_others
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import complain, say, say_json, say_text
from kittiwake.terminal.progress import progress


def replay(
    output: Annotated[Path, typer.Option("--output", help="Folder to write triggers, decisions and the rest into.")],
    words: RulesAndInputs = None,
    rules: Rules = None,
    inputs: Inputs = None,
    query: QueryFile = None,
    until: Until = "",
    allowed_lateness: AllowedLateness = "1h",
    max_dead_letter_ratio: Annotated[
        str,
        typer.Option(
            "--max-dead-letter-ratio",
            "--max_dead_letter_ratio",
            help="Decide nothing if more of the records than this (0 to 1) are no events.",
            show_default=False,
        ),
    ] = "",
    written: Annotated[Format, typer.Option("--format", help="How rows are written.")] = Format.JSONL,
    snapshots: Annotated[
        bool, typer.Option("--snapshots", help="Write the state of every contact too, for a host that goes on from it.")
    ] = False,
    shared: Shared = False,
    start_from: Annotated[
        list[str] | None,
        typer.Option(
            "--start-from",
            "--start_from",
            help="Go on from the snapshots of an earlier run, a glob: give every event since then as --input.",
            metavar="SNAPSHOTS",
            rich_help_panel=RUN,
        ),
    ] = None,
    shape: ShapeNames = None,
    input_account: InputAccount = None,
    strict: Strict = False,
    allow_empty: AllowEmpty = False,
    as_json: AsJson = False,
) -> None:
    """Decide everything that files of events hold, as the job would, and write what it would write.

    Exit codes: 0 everything is decided, 1 there are findings: the rules of an account cannot be used and its events
    decide nothing, duplicates say something else than the event that counts, the input, an account or a rule has no
    event (unless --allow-empty), or too many records are no events and nothing is decided; 2 an input, the rules or
    the output cannot be used.
    """
    with usable_input(as_json=as_json):
        locations, named = rules_and_inputs(rules, words, inputs)
        shapes, (files, of_query) = shapes_of(shape, input_account, named), inputs_of(named, query)
        settings = replace(
            settings_of(until, allowed_lateness, shapes),
            max_dead_letter_ratio=_ratio(max_dead_letter_ratio),
            snapshots=snapshots,
            query=of_query,
            allow_empty=allow_empty,
        )
        history = load_rules(*locations, by_account=not strict)
        programs = Programs(history, settings.allowed_lateness_us, shape=settings.shape)
        notes = list[str]()
        try:
            with progress(quiet=as_json) as on_progress, kept_from_others(shared=shared):
                summary = run(programs, files, output, settings, on_progress, written, start_from or (), notes.append)
        except KeyboardInterrupt:
            complain("interrupted; the output is as it was")
            raise
        finally:
            for note in notes:
                complain(f"--start-from: {note}", None)
    _report(summary, output, as_json=as_json)
    leave(Exit.FINE if summary.is_fine(allow_empty=allow_empty) else Exit.FINDINGS)


def _ratio(text: str) -> Decimal | None:
    if not text:
        return None
    with suppress(ArithmeticError):
        found = Decimal(text)
        if found.is_finite() and 0 <= found <= 1:
            return found
    raise UnusableError(f"--max-dead-letter-ratio: {text!r} is no part of one: write, say, 0.1")


def _report(summary: Summary, output: Path, *, as_json: bool) -> None:
    if as_json:
        say_json({"ok": summary.stopped is None, "output": str(output), **to_json(summary)})
        return
    say_text(render(summary))
    say(f"written to {output}")


app = one_command(
    replay,
    "replay",
    "kittiwake replay --rules rules --input 'events/*.jsonl' --output out/run",
    "zcat events.jsonl.gz | kittiwake replay --rules rules --input - --output out/run",
)
