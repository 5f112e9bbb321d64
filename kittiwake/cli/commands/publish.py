"""`kittiwake publish`: rules files become the next version of a target, checked, with what it changes."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from kittiwake.cli.console import AsJson, complain_at, error_data, leave, one_command, say_columns, usable_input
from kittiwake.cli.event_plans import EventPlans, NoEventPlans, lints_beside, plans_for, say_old_plans
from kittiwake.cli.options import InputAccount, ShapeNames, TargetName, moment_us, now_us
from kittiwake.cli.pages import Force, HtmlFile, refuse_page
from kittiwake.cli.publishing_plans import (
    Effect,
    History,
    PlanFile,
    RequirePlan,
    effect_of,
    refuse_unfit,
    require,
    write_plan,
    write_report,
)
from kittiwake.errors import UnusableError
from kittiwake.rules.errors import Lint, RuleError, RulesError
from kittiwake.rules.loader import read_files
from kittiwake.rules.publishing.authors import author_at, commit_at
from kittiwake.rules.publishing.bounds import MESSAGE_CHARS_MAX, MIN_LEAD_US
from kittiwake.rules.publishing.changes import Change
from kittiwake.rules.publishing.layout import ALWAYS
from kittiwake.rules.publishing.opening import open_target
from kittiwake.rules.publishing.publish import NO_WORDS, Publication, Words, carry_out, prepare, require_lead
from kittiwake.rules.publishing.target import Target
from kittiwake.settings import duration_us
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import YELLOW, complain, say, say_json
from kittiwake.time.durations import format_duration

_Located = TypeVar("_Located", RuleError, Lint)


def publish(
    folder: Annotated[Path, typer.Argument(help="The rules: a folder, or one file.", metavar="DIR")],
    location: TargetName,
    effective_from: Annotated[
        str,
        typer.Option(
            "--effective-from",
            help="When they come into force: a time (RFC 3339), +10m from now, or always for the first version.",
        ),
    ],
    min_lead: Annotated[
        str, typer.Option("--min-lead", help="Refuse a time nearer than this: running jobs have to hear of it.")
    ] = format_duration(MIN_LEAD_US),
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Check and compare, and publish nothing.")] = False,
    message: Annotated[
        str, typer.Option("--message", help="Why; kept with the version, with its author and the commit of DIR.")
    ] = "",
    author: Annotated[
        str,
        typer.Option("--author", help="Who; left out: as Git has it there, else the user here.", show_default=False),
    ] = "",
    by_history: History = None,
    plan: PlanFile = None,
    required: RequirePlan = None,
    html: HtmlFile = None,
    force: Force = False,
    events: EventPlans = None,
    no_events: NoEventPlans = False,
    shape: ShapeNames = None,
    input_account: InputAccount = None,
    as_json: AsJson = False,
) -> None:
    """Publish rules as the next version of a target, and show what they change.

    With --history it shows the plan: what becomes of the triggers that are pending when the version comes into force,
    and what the rules would have done otherwise with these events.

    What an event plan beside them says against them is shown as `kittiwake validate` shows it, and hinders nothing:
    rules may be published before their first event.

    Exit codes: 0 it is published, 1 nothing has changed since the newest version, 2 the rules, the time or the target
    cannot be used.
    """
    with usable_input(as_json=as_json):
        refuse_unfit(by_history, plan, required, html, dry_run=dry_run, is_shaped=bool(shape or input_account))
        refuse_page(html, force=force)
        files = _files(folder, location)
        plans = plans_for([folder], events, none=no_events)
        clock_us = now_us()
        effective_us = None if effective_from == ALWAYS else moment_us("--effective-from", effective_from, clock_us)
        target = open_target(location)
        words = _words(folder, message, author)
        lead_us = duration_us("--min-lead", min_lead)
        prepared = _prepared(folder, target, files, effective_us, clock_us, lead_us, words)
        if required is not None:
            require(required, prepared, clock_us)
        found = [_known(folder, files, one) for one in lints_beside(prepared.version.ruleset, plans)]
        if not as_json:
            for one in found:
                complain_at(one, YELLOW)
            say_old_plans(plans)
        effect = effect_of(prepared, target, str(folder), by_history, shape, input_account, quiet=as_json)
        if effect is not None:
            _write(effect, prepared, target, clock_us, plan, html, force=force)
        if not dry_run:
            _carry_out(target, prepared, lead_us)
    _report(prepared, target, found, effect, dry_run=dry_run, as_json=as_json)
    if plan is not None and not as_json:
        say(f"the plan is written to {plan}: publish it with --require-plan {plan}")
    leave(Exit.FINE)


def _files(folder: Path, location: str) -> dict[str, bytes]:
    """The rules and calendar files by their names from the folder, which mean the same on every machine."""
    if "://" not in location and Path(location).resolve().is_relative_to(folder.resolve()):
        raise UnusableError(f"{location} lies in {folder}, whose files would include what is published: name another")
    errors: list[RuleError] = []
    contents = read_files([folder], errors)
    if errors:
        raise RulesError(errors)
    return {_name(folder, path): content for path, content in contents.items()}


def _name(folder: Path, path: str) -> str:
    return Path(os.path.relpath(path, folder if folder.is_dir() else folder.parent)).as_posix()


def _words(folder: Path, message: str, author: str) -> Words:
    """What is kept of who publishes and why."""
    if not message.strip():
        if author:
            raise UnusableError("--author is kept with a --message: say why, too")
        return NO_WORDS
    if len(message) > MESSAGE_CHARS_MAX or len(author) > MESSAGE_CHARS_MAX:
        raise UnusableError(f"--message: it has more than {MESSAGE_CHARS_MAX:,} characters")
    at = folder if folder.is_dir() else folder.parent
    return Words(message.strip(), author or author_at(at), commit_at(at))


def _prepared(
    folder: Path,
    target: Target,
    files: dict[str, bytes],
    effective_us: int | None,
    clock_us: int,
    lead_us: int,
    words: Words,
) -> Publication:
    """What is to be published; errors of its rules under the paths that the author knows."""
    try:
        return prepare(target, files, effective_us, clock_us, lead_us, words)
    except RulesError as error:
        raise RulesError(_known(folder, files, one) for one in error.errors) from None


def _known(folder: Path, files: dict[str, bytes], one: _Located) -> _Located:
    """An error or a finding under the path that the author knows."""
    base = folder if folder.is_dir() else folder.parent
    return one._replace(file=str(base / one.file)) if one.file in files else one


def _write(
    effect: Effect,
    prepared: Publication,
    target: Target,
    clock_us: int,
    plan: Path | None,
    html: Path | None,
    *,
    force: bool,
) -> None:
    """Write the plan and the page that were asked for."""
    if html is not None:
        write_report(html, effect, prepared, target, force=force)
    if plan is not None:
        shown = {"changes": [_change_data(change) for change in prepared.changes], **effect.data()}
        write_plan(plan, prepared, target, clock_us, shown)


def _carry_out(target: Target, prepared: Publication, lead_us: int) -> None:
    require_lead(target, prepared, now_us(), lead_us)  # to decide a long history takes longer than a short lead
    try:
        carry_out(target, prepared)
    except KeyboardInterrupt:
        complain(f"interrupted: kittiwake versions {target.location} shows whether it was published; if not, repeat it")
        raise


# ---------------------------------------------------------------- what is reported


def _report(
    prepared: Publication,
    target: Target,
    found: Sequence[Lint],
    effect: Effect | None,
    *,
    dry_run: bool,
    as_json: bool,
) -> None:
    file = prepared.file
    if as_json:
        said: dict[str, Any] = {"ok": True, "published": not dry_run, "target": target.location, "file": prepared.name}
        said |= {"effective_from": file.effective_from, "ruleset_version": file.ruleset_version}
        said |= {"changes": [_change_data(change) for change in prepared.changes]}
        said |= {key: value for key in ("message", "author", "commit") if (value := getattr(file, key))}
        said |= {} if effect is None else effect.data()
        say_json(said | {"findings": [error_data(one) for one in found]})
        return
    newest = prepared.before.ruleset.version if prepared.before else None
    say(f"against ruleset_version {newest}:" if newest else "the first version:")
    say_columns([_change_row(change) for change in prepared.changes], indent=2)
    for line in effect.lines() if effect is not None else ():
        say(line)
    verb = "would publish" if dry_run else "published"
    since = "always" if file.effective_from == ALWAYS else f"from {file.effective_from}"
    say(f"{verb} ruleset_version {file.ruleset_version}, in force {since}, to {target.location}")


def _change_data(change: Change) -> dict[str, Any]:
    return {key: value for key, value in change._asdict().items() if value is not None} | {"what": str(change.what)}


def _change_row(change: Change) -> tuple[str, str, str, str]:
    whose = "every account" if change.account_id == "*" else change.account_id
    versions = " → ".join(version for version in (change.before, change.after) if version)
    setting = f"({change.setting})" if change.setting else ""
    return str(change.what), whose, " ".join(filter(None, (change.rule_id, setting))), versions


app = one_command(publish, "publish", "kittiwake publish rules gs://shop/rules --effective-from +1h --dry-run")
