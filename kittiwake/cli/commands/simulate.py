"""`kittiwake simulate`: what rules would have done with the events of some weeks; nothing is sent."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from kittiwake.cli.console import AsJson, leave, one_command, usable_input
from kittiwake.cli.goals import GoalTypes, Within, goal_of
from kittiwake.cli.options import (
    AllowedLateness,
    AllowEmpty,
    InputAccount,
    Inputs,
    QueryFile,
    Rules,
    RulesAndInputs,
    SamplePart,
    ShapeNames,
    Strict,
    Until,
    Workers,
    inputs_of,
    rules_and_inputs,
    shapes_of,
)
from kittiwake.cli.pages import Force, HtmlFile, refuse_page, write_page
from kittiwake.cli.run_settings import settings_of
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.rules.ruleset import RuleSet
from kittiwake.simulate.data import as_data
from kittiwake.simulate.deciding import Hosted
from kittiwake.simulate.model import Question, Simulation
from kittiwake.simulate.report import render
from kittiwake.simulate.sampling import percent_of
from kittiwake.simulate.simulation import simulate as run
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import say_json, say_text
from kittiwake.terminal.progress import progress


def simulate(
    words: RulesAndInputs = None,
    rules: Rules = None,
    inputs: Inputs = None,
    query: QueryFile = None,
    goal: GoalTypes = None,
    within: Within = "7d",
    sample: SamplePart = "",
    until: Until = "",
    allowed_lateness: AllowedLateness = "1h",
    shape: ShapeNames = None,
    input_account: InputAccount = None,
    strict: Strict = False,
    allow_empty: AllowEmpty = False,
    workers: Workers = None,
    html: HtmlFile = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Say what rules would have done with these events: reach, losses, load, and what a goal says of it.

    Sends nothing, and writes nothing but the page of --html. The numbers are those of a replay of the same files.

    Exit codes: 0 it is said, 1 there are findings, as of a replay, or no event of the goal came (unless
    --allow-empty); 2 the rules or an input cannot be used.
    """
    with usable_input(as_json=as_json):
        locations, named = rules_and_inputs(rules, words, inputs)
        refuse_page(html, force=force)
        shapes, (files, of_query) = shapes_of(shape, input_account, named), inputs_of(named, query)
        settings = replace(settings_of(until, allowed_lateness, shapes), query=of_query, allow_empty=allow_empty)
        question = Question(goal_of(goal or [], within), percent_of("--sample", sample))
        history = load_rules(*locations, by_account=not strict)
        programs = Programs(history, settings.allowed_lateness_us, shape=settings.shape)
        with progress(quiet=as_json, speaker="simulate") as on_progress:
            simulation = run(programs, files, Hosted(settings, on_progress, workers), question)
        if html is not None:
            _write(html, simulation, ", ".join(locations), named, history.newest.ruleset, force=force)
    _report(simulation, as_json=as_json)
    leave(Exit.FINE if simulation.is_fine(allow_empty=allow_empty) else Exit.FINDINGS)


def _write(html: Path, simulation: Simulation, rules: str, inputs: list[str], ruleset: RuleSet, *, force: bool) -> None:
    from kittiwake.describe.document import describe  # noqa: PLC0415 - for a page only
    from kittiwake.report.asked import Asked  # noqa: PLC0415
    from kittiwake.report.of_simulation import simulation_page  # noqa: PLC0415

    asked = Asked(rules, tuple(inputs), describe(ruleset))
    write_page(html, lambda: simulation_page(simulation, asked), force=force)


def _report(simulation: Simulation, *, as_json: bool) -> None:
    if as_json:
        say_json({"ok": simulation.summary.stopped is None, **as_data(simulation)})
    else:
        say_text(render(simulation))


app = one_command(simulate, "simulate", "kittiwake simulate rules 'events/*.jsonl' --goal order.completed --within 7d")
