"""`kittiwake profile`: what events really come, as an event plan that rules are checked against."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, NoReturn

import typer

from kittiwake.batch.settings import RunSettings
from kittiwake.cli.console import AsJson, leave, one_command, usable_input
from kittiwake.cli.options import (
    InputAccount,
    InputArguments,
    Inputs,
    QueryFile,
    ShapeNames,
    inputs_of,
    named_inputs,
    now_us,
    shapes_of,
)
from kittiwake.cli.pages import HtmlFile, refuse_page
from kittiwake.event_plan.model import PlanObject
from kittiwake.event_plan.writing import plan_data, plan_yaml
from kittiwake.output.text_files import refuse_existing, write_file
from kittiwake.printable import visible_lines
from kittiwake.profile.measure.profile import Profile
from kittiwake.profile.reading import Profiled, profile_files
from kittiwake.profile.report.as_plan import event_plan
from kittiwake.profile.report.findings import findings
from kittiwake.profile.report.proposal import proposal, proposal_data, proposal_lines
from kittiwake.profile.report.shown import Shown
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import complain, say, say_json, say_text
from kittiwake.terminal.progress import progress

FINDINGS_PRINTED: Final = 30
"""Lines of what to check that a person reads; the page and the JSON have them all."""


def profile(
    paths: InputArguments = None,
    inputs: Inputs = None,
    query: QueryFile = None,
    output: Annotated[
        Path | None, typer.Option("--output", help="File to write the event plan into; left out: standard output.")
    ] = None,
    html: HtmlFile = None,
    account: Annotated[
        str, typer.Option("--account", help="Profile the events of this account only.", show_default=False)
    ] = "",
    values: Annotated[
        Shown,
        typer.Option(
            "--values",
            help="Which values are shown. safe: those that came more than once, of properties that neither look"
            " personal nor are nearly unique.",
        ),
    ] = Shown.SAFE,
    force: Annotated[bool, typer.Option("--force", help="Replace files that are there already.")] = False,
    shape: ShapeNames = None,
    input_account: InputAccount = None,
    as_json: AsJson = False,
) -> None:
    """Say which events really come, with which properties and values, as an event plan (events.yaml).

    Exit codes: 0 the plan is made, 1 no record is an event of a contact: nothing is written; 2 an input or the output
    cannot be used.
    """
    with usable_input(as_json=as_json):
        named = named_inputs(paths, inputs)
        shapes, (files, of_query) = shapes_of(shape, input_account, named), inputs_of(named, query)
        settings = RunSettings(now_us(), shape=shapes.shape, shapes=shapes.each, query=of_query)
        if output is not None:
            refuse_existing(output, force=force)
        if html is not None:
            refuse_page(html, force=force)
        with progress(quiet=as_json, speaker="profile", reads_only=True) as on_progress:
            profiled = profile_files(files, settings, account or None, on_progress)
        if not profiled.profile.events:
            _leave_empty(profiled, account, as_json=as_json)
        plan = event_plan(profiled.profile, profiled.read, values)
        if output is not None:
            write_file(output, _text(plan), force=force, private=values in (Shown.SHOWN, Shown.HASHED))
        if html is not None:
            write_file(html, _page(plan, profiled.profile), force=force, private=True)
    _say(plan, [path for path in (output, html) if path is not None], is_printed=output is None, as_json=as_json)


def _page(plan: PlanObject, profile: Profile) -> str:
    from kittiwake.report.of_profile import profile_page, spans_of  # noqa: PLC0415 - for a page only

    return profile_page(plan, findings(plan), spans_of(profile))


def _text(plan: PlanObject) -> str:
    """The plan as it is written; what is no plain character is an escape in it, as YAML has them too."""
    return visible_lines(plan_yaml(plan).removesuffix("\n").split("\n"))


def _leave_empty(profiled: Profiled, account: str, *, as_json: bool) -> NoReturn:
    """End: there is nothing to say."""
    counts = profiled.counts
    of_account = f" of account {account}" if account else ""
    message = f"no event of a contact{of_account} in {counts.records:,} records: nothing is written"
    reasons = {reason: counts.examples[reason][0] for reason in sorted(counts.dead_letters)}
    if as_json:
        say_json({"ok": False, "errors": [{"message": message}], "dead_letters": counts.dead_letters})
    else:
        complain(message)
        for reason, line in reasons.items():
            complain(f"  {counts.dead_letters[reason]:,} {reason}, such as {line.source}: {line.detail}", None)
    leave(Exit.FINDINGS)


def _say(plan: PlanObject, written: list[Path], *, is_printed: bool, as_json: bool) -> None:
    found, proposed = findings(plan), proposal(plan)
    if as_json:
        say_json({"ok": True, **plan_data(plan), "findings": found, "proposed": proposal_data(proposed)})
        return
    if is_printed:
        say_text(_text(plan))
    for text in found[:FINDINGS_PRINTED]:
        complain(f"check: {text}", None)
    if len(found) > FINDINGS_PRINTED:
        complain(f"check: and {len(found) - FINDINGS_PRINTED:,} more, which --html and --json list", None)
    for line in proposal_lines(proposed):
        complain(line, None)
    for path in written:
        message = f"written to {path}"
        complain(message, None) if is_printed else say(message)


app = one_command(profile, "profile", "kittiwake profile 'events/*.jsonl' --output rules/events.yaml")
