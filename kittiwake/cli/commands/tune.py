"""`kittiwake tune`: one rule with several values of a setting over the events of some weeks; nothing is sent."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NamedTuple

import typer
from msgspec.structs import replace

from kittiwake.cli.console import AsJson, leave, one_command, usable_input
from kittiwake.cli.goals import GoalTypes, Within, goal_of
from kittiwake.cli.options import (
    AllowedLateness,
    AllowEmpty,
    InputAccount,
    QueryFile,
    SamplePart,
    ShapeNames,
    Until,
    Workers,
    inputs_of,
    shapes_of,
)
from kittiwake.cli.pages import Force, HtmlFile, refuse_page, write_page
from kittiwake.cli.rule_accounts import account_of_rule
from kittiwake.cli.run_settings import settings_of
from kittiwake.errors import UnusableError
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.documents import rule_set_of
from kittiwake.rules.errors import RuleError, RulesError
from kittiwake.rules.loader import read_files, read_locations
from kittiwake.rules.ruleset import EVERY_ACCOUNT, RuleSet
from kittiwake.rules.source.tree import Location
from kittiwake.simulate.deciding import Hosted
from kittiwake.simulate.model import Question
from kittiwake.simulate.sampling import percent_of
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import say_json, say_text
from kittiwake.terminal.progress import progress
from kittiwake.tune.combinations import Point, Setting, is_setting, points_of, setting_of, with_values
from kittiwake.tune.report import as_data, render
from kittiwake.tune.tuning import Tuning
from kittiwake.tune.tuning import tune as run


def tune(
    rules: Annotated[Path, typer.Argument(help="Rules file or folder.", metavar="RULES")],
    rule: Annotated[str, typer.Argument(help="The id of a rule.", metavar="RULE")],
    words: Annotated[
        list[str],
        typer.Argument(
            help="What is tried, as wait=30m..12h, reaches.at=50,100,200 or policy.frequency.max=1..4; then files of"
            " events, or globs; - for a pipe.",
            metavar="SETTING... INPUT...",
        ),
    ],
    query: QueryFile = None,
    goal: GoalTypes = None,
    within: Within = "7d",
    sample: SamplePart = "",
    account: Annotated[
        str, typer.Option("--account", help="Whose rule, if several accounts have one.", show_default=False)
    ] = "",
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
    """Say what a rule would have done with each value of a setting: volume, who did it anyway, what caps took.

    The input is read once for all of them. Sends nothing, and writes nothing but the page of --html.

    Exit codes: 0 it is said, 1 there are findings, as of a replay; 2 the rules, a value or an input cannot be used.
    """
    with usable_input(as_json=as_json):
        settings = [setting_of(word) for word in words if is_setting(word)]
        inputs = [word for word in words if not is_setting(word)]
        if not settings:
            raise UnusableError("nothing is tried: write, say, wait=30m..12h before the files of events")
        if not inputs:
            raise UnusableError("no input: name files of events, such as 'events/*.jsonl'")
        refuse_page(html, force=force)
        points, documents = points_of(settings), _documents(rules)
        account_id = _whose_events(rule_set_of(documents), rule, account)
        shapes, (files, of_query) = shapes_of(shape, input_account, inputs), inputs_of(inputs, query)
        run_settings = replace(settings_of(until, allowed_lateness, shapes), query=of_query, allow_empty=allow_empty)
        question = Question(goal_of(goal or [], within), percent_of("--sample", sample))
        programs = [
            Programs(one, run_settings.allowed_lateness_us, shape=run_settings.shape)
            for one in _rule_sets(documents, account_id, rule, settings, points)
        ]
        with progress(quiet=as_json, speaker="tune") as on_progress:
            hosted = Hosted(run_settings, on_progress, workers)
            found = run(programs, points, (account_id, rule), files, hosted, question)
        if html is not None:
            tried = Tuned(rules, account_id, rule, inputs, settings, question, rule_set_of(documents))
            _write(html, found, tried, force=force)
    if as_json:
        data = as_data(found, (account_id, rule), settings, question)
        say_json({"ok": found.summary.stopped is None, **data})
    else:
        say_text(render(found, rule, settings, question))
    leave(Exit.FINE if found.summary.is_fine(allow_empty=allow_empty) else Exit.FINDINGS)


class Tuned(NamedTuple):
    """What a page says of what was asked."""

    rules: Path
    account_id: str
    rule: str
    inputs: list[str]
    settings: list[Setting]
    question: Question
    ruleset: RuleSet


def _write(html: Path, found: Tuning, tuned: Tuned, *, force: bool) -> None:
    from kittiwake.describe.document import describe  # noqa: PLC0415 - for a page only
    from kittiwake.report.asked import Asked  # noqa: PLC0415
    from kittiwake.report.of_tuning import Tried, tuning_page  # noqa: PLC0415

    accounts = tuple(one for one in describe(tuned.ruleset) if one.account_id in (tuned.account_id, EVERY_ACCOUNT))
    asked = Asked(str(tuned.rules), tuple(tuned.inputs), accounts)
    tried = Tried(tuned.rule, tuned.settings, tuned.question, asked)
    write_page(html, lambda: tuning_page(found, tried), force=force)


def _documents(rules: Path) -> list[Location]:
    errors: list[RuleError] = []
    found = read_locations(read_files([rules], errors), errors)
    if errors:
        raise RulesError(errors)
    return found


def _whose_events(ruleset: RuleSet, rule: str, account: str) -> str:
    account_id = account_of_rule(ruleset, rule, account)
    if account_id is None:
        raise UnusableError(f"{rule} is a rule of every account: say with --account by whose events it is tuned")
    return account_id


def _rule_sets(
    documents: list[Location], account_id: str, rule: str, settings: list[Setting], points: list[Point]
) -> list[RuleSet]:
    """The rules with each combination of values.

    Raises:
        UnusableError: with one of them they cannot be used.
    """
    found = []
    for point in points:
        try:
            found.append(rule_set_of(with_values(documents, account_id, rule, settings, point)))
        except RulesError as error:
            tried = ", ".join(f"{one.name}={value}" for one, value in zip(settings, point, strict=True))
            raise UnusableError(f"with {tried} the rules cannot be used: {error.errors[0]}") from None
    return found


app = one_command(
    tune, "tune", "kittiwake tune rules cart-abandonment wait=30m..12h 'events/*.jsonl' --goal order.completed"
)
