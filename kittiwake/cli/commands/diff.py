"""`kittiwake diff`: what other rules would decide differently with the same events."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace

from kittiwake.cli.console import AsJson, leave, one_command, usable_input
from kittiwake.cli.options import (
    EVENTS_ENDINGS,
    AllowedLateness,
    AllowEmpty,
    InputAccount,
    Inputs,
    QueryFile,
    SamplePart,
    ShapeNames,
    Until,
    Workers,
    inputs_of,
    shapes_of,
)
from kittiwake.cli.pages import Force, HtmlFile, refuse_page, write_page
from kittiwake.cli.run_settings import settings_of
from kittiwake.errors import UnusableError
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.rules.versions import RuleSetHistory
from kittiwake.simulate.deciding import Hosted
from kittiwake.simulate.difference.comparison import compare
from kittiwake.simulate.difference.failing import failing_on
from kittiwake.simulate.difference.model import Difference
from kittiwake.simulate.difference.report import Run, as_data, markdown, render
from kittiwake.simulate.sampling import Sample, percent_of
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import say_json, say_text
from kittiwake.terminal.progress import progress

RULES = "a file or folder, a target with versions, TARGET@VERSION, or REVISION:PATH of Git."

SidesAndInputs = Annotated[
    list[str] | None,
    typer.Argument(
        help=f"Rules as they are, and as they are to be: {RULES} Then files of events, or globs; - for a pipe.",
        metavar="OLD NEW INPUT...",
    ),
]
Sides = Annotated[
    list[str] | None,
    typer.Option("--rules", help="Rules instead of OLD and NEW: twice, first as they are, then as they are to be."),
]


def diff(
    words: SidesAndInputs = None,
    rules: Sides = None,
    inputs: Inputs = None,
    query: QueryFile = None,
    fail_on: Annotated[
        list[str] | None,
        typer.Option(
            "--fail-on",
            "--fail_on",
            help="End with 1 if there is any (left out), gained, lost, moved, altered, reason, or others: of rules"
            " whose own text is the same. lost=1% of the triggers may differ so; nothing: never. Several times.",
        ),
    ] = None,
    examples: Annotated[
        int, typer.Option("--examples", help="Contacts named of each cause; 0: none.", min=0, max=100)
    ] = 3,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown, for a pull request.")] = False,
    sample: SamplePart = "",
    only_affected: Annotated[
        bool,
        typer.Option(
            "--only-affected",
            "--only_affected",
            help="Leave out contacts without any event that can matter to an edit: quicker, and before and after count"
            " the others.",
        ),
    ] = False,
    until: Until = "",
    allowed_lateness: AllowedLateness = "1h",
    shape: ShapeNames = None,
    input_account: InputAccount = None,
    allow_empty: AllowEmpty = False,
    workers: Workers = None,
    html: HtmlFile = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Say what NEW rules decide differently from OLD ones with these events: gained, lost, moved, and why.

    The input is read once. Nothing is sent, and nothing written but the page of --html.

    Exit codes: 0 nothing differs that --fail-on names, 1 something does, or there are findings, as of a replay; 2 the
    rules or an input cannot be used.
    """
    with usable_input(as_json=as_json):
        old, new, named = _sides_and_inputs(rules or [], words or [], inputs or [])
        refuse_page(html, force=force)
        failing = failing_on("--fail-on", fail_on or ())
        shapes, (files, of_query) = shapes_of(shape, input_account, named), inputs_of(named, query)
        settings = replace(settings_of(until, allowed_lateness, shapes), query=of_query, allow_empty=allow_empty)
        percent = percent_of("--sample", sample)
        with progress(quiet=as_json, speaker="diff") as on_progress:
            sides = load_rules(old), load_rules(new)
            hosted = Hosted(settings, on_progress, workers)
            found = compare(*sides, files, hosted, examples, Sample(percent), only_affected=only_affected)
        run = Run(new, tuple(named), percent, only_affected)
        if html is not None:
            _write(html, found, old, run, sides, force=force)
    if as_json:
        say_json({"ok": found.new.stopped is None, **as_data(found, run)})
    else:
        say_text(markdown(found, run) if as_markdown else render(found, run))
    is_fine = found.new.is_fine(allow_empty=allow_empty) and not any(one.is_met(found) for one in failing)
    leave(Exit.FINE if is_fine else Exit.FINDINGS)


def _sides_and_inputs(rules: list[str], words: list[str], inputs: list[str]) -> tuple[str, str, list[str]]:
    """The rules as they are, the rules as they are to be, and the files of events.

    Raises:
        UnusableError: there are not two sets of rules.
    """
    if len(rules) not in {0, 2}:
        raise UnusableError(f"diff compares two sets of rules, and --rules names {len(rules)}: write it twice")
    sides, files = (rules, words) if rules else (words[:2], words[2:])
    if len(sides) < 2 or sides[1].lower().endswith(EVENTS_ENDINGS):
        raise UnusableError("diff compares two sets of rules: name them as they are and as they are to be, then events")
    return sides[0], sides[1], [*files, *inputs]


def _write(html: Path, found: Difference, old: str, run: Run, sides: Sequence[RuleSetHistory], *, force: bool) -> None:
    from kittiwake.describe.document import describe  # noqa: PLC0415 - for a page only
    from kittiwake.report.of_difference import Compared, difference_page  # noqa: PLC0415

    compared = Compared(old, run, *(describe(side.newest.ruleset) for side in sides))
    write_page(html, lambda: difference_page(found, compared), force=force)


app = one_command(diff, "diff", "kittiwake diff main:rules rules 'events/*.jsonl' --fail-on others")
