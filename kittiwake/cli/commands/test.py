"""`kittiwake test`: plays the scenario files that stand beside rules."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from kittiwake.batch.counts import Counts, count_unusable
from kittiwake.batch.summary import text_findings
from kittiwake.cli.console import (
    AsJson,
    complain_at,
    error_data,
    leave,
    one_command,
    refuse,
    usable_input,
)
from kittiwake.cli.event_plans import EventPlans, NoEventPlans, lints_of_tests, plans_for, say_old_plans
from kittiwake.cli.explanation_text import print_texts
from kittiwake.errors import UnusableError
from kittiwake.explain.model import as_data
from kittiwake.explain.rendering import texts
from kittiwake.rules.errors import RulesError
from kittiwake.scenarios.cases import Case
from kittiwake.scenarios.files import find, load_cases, scenarios_of
from kittiwake.scenarios.run import Result, play, surprise_words
from kittiwake.scenarios.unarmed import unarmed_messages
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import GREEN, RED, YELLOW, say, say_json


def play_scenarios(
    words: Annotated[
        list[Path] | None,
        typer.Argument(help="Scenario files, and folders of *.test.yaml files; - for a pipe.", metavar="SCENARIOS..."),
    ] = None,
    rules: Annotated[
        list[Path] | None,
        typer.Option(
            "--rules",
            help="Rules whose scenarios are played: a folder, or a file cart.yaml with cart.test.yaml beside it;"
            " several times if need be.",
        ),
    ] = None,
    only: Annotated[str, typer.Option("--only", help="Play only tests whose name has this in it.")] = "",
    allow_empty: Annotated[
        bool,
        typer.Option("--allow-empty", "--allow_empty", help="End with 0 though some rule has no event in any test."),
    ] = False,
    events: EventPlans = None,
    no_events: NoEventPlans = False,
    as_json: AsJson = False,
) -> None:
    """Test rules with scenario files: events, clock steps, and what is expected of them.

    The event plan beside the rules or the scenarios, if there is one, says which of their events never come so.
    Exit codes: 0 everything was as expected, 1 something was not, a rule left numbers sent as text out of what it
    measures, a rule saw no event of its type in any test (unless --allow-empty, or --only), or there are lints against
    the plan, 2 a scenario, its rules or the plan cannot be used.
    """
    with usable_input(as_json=as_json):
        paths = [*(words or ()), *map(scenarios_of, rules or ())]
        if not paths:
            raise UnusableError("no scenarios: name files of them or their folder, such as rules")
        cases = [case for case in _cases(paths, as_json=as_json) if only in case.name]
        if not cases:
            raise UnusableError(f"no test has {only!r} in its name")
        plans = plans_for([*paths, *_rules_of(cases)], events, none=no_events)
    lints = lints_of_tests(cases, plans)
    empty = [] if only else unarmed_messages(cases)
    results = [play(case) for case in cases]
    findings = _findings(results)
    if as_json:
        data = _data(results, empty, findings)
        say_json(data | ({"findings": [error_data(one) for one in lints]} if plans else {}))
    else:
        for message in empty:
            say(f"EMPTY: {message}", YELLOW)
        for one in lints:
            complain_at(one, YELLOW)
        _report(results)
        for message in findings:
            say(f"FINDING: {message}", YELLOW)
        say_old_plans(plans)
        if lints:
            say(f"{len(lints)} {'lint' if len(lints) == 1 else 'lints'} against the event plan", YELLOW)
    is_fine = all(result.passed for result in results) and not findings and not lints and (allow_empty or not empty)
    leave(Exit.FINE if is_fine else Exit.FINDINGS)


def _findings(results: list[Result]) -> list[str]:
    """What is to be said of values that rules could not use, of all tests together."""
    counts = Counts()
    for result in results:
        count_unusable(counts, result.case.book.account_id, result.unusable)
    return list(text_findings(counts.unusable))


def _rules_of(cases: list[Case]) -> list[Path]:
    """The files in which the rules of tests stand."""
    return list(dict.fromkeys(Path(one.file) for case in cases for one in case.book.locations))


def _cases(paths: list[Path], *, as_json: bool) -> list[Case]:
    """The cases of all files; the errors of all of them end the command together."""
    cases, errors = [], {}
    for path in find(paths):
        try:
            cases.extend(load_cases(path))
        except RulesError as error:
            errors.update(dict.fromkeys(error.errors))  # several scenarios may share their rules
    if errors:
        refuse(sorted(errors), as_json=as_json)
    return cases


# ---------------------------------------------------------------- for people


def _report(results: list[Result]) -> None:
    file = ""
    for result in results:
        if result.case.file != file:
            file = result.case.file
            say(file)
        if result.passed:
            say(f"  ✓ {result.case.name}", GREEN)
        else:
            _report_failed(result)
    failed = sum(not result.passed for result in results)
    counts = f"{len(results) - failed} passed" + (f", {failed} failed" if failed else "")
    say(counts, RED if failed else GREEN)


def _report_failed(result: Result) -> None:
    say(f"  ✗ {result.case.name}", RED)
    for surprise in result.surprises:
        first, *rest = surprise_words(surprise)
        say(f"    {result.case.file}:{surprise.mark.line}: {first}", RED)
        for line in rest:
            say(f"      {line}")
    say()
    print_texts(texts(result.explanation), indent=4)
    say()


# ---------------------------------------------------------------- for programs


def _data(results: list[Result], empty: list[str], findings: list[str]) -> dict[str, Any]:
    failed = sum(not result.passed for result in results)
    return {
        "ok": not failed,
        "passed": len(results) - failed,
        "failed": failed,
        "empty": empty,
        "unusable": findings,
        "tests": [_result_data(result) for result in results],
    }


def _result_data(result: Result) -> dict[str, Any]:
    case = result.case
    about = {"file": case.file, "line": case.mark.line, "name": case.name, "passed": result.passed}
    if result.passed:
        return about
    surprises = [
        {"line": one.mark.line, "column": one.mark.column, "told": surprise_words(one)} for one in result.surprises
    ]
    return {**about, "surprises": surprises, "explanation": as_data(result.explanation)}


app = one_command(play_scenarios, "test", "kittiwake test rules --only cart")
