"""`kittiwake witness`: shortest histories by which a rule fires and by which each gate refuses it, as scenarios."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from kittiwake.cli.console import AsJson, leave, one_command, usable_input
from kittiwake.cli.rule_accounts import account_of_rule
from kittiwake.errors import UnusableError
from kittiwake.kernel.plan.program import Program
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.errors import RulesError
from kittiwake.rules.loader import load
from kittiwake.scenarios.files import load_cases
from kittiwake.scenarios.run import play
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import YELLOW, complain, say, say_json, say_text
from kittiwake.witness.model import Missing, Witness
from kittiwake.witness.scenario import case_data, case_name, scenario_text
from kittiwake.witness.searching import Search

INVENTED_ACCOUNT = "acme"
"""Whose events a history is of, if the rule is one of every account."""


def witness(
    rules: Annotated[Path, typer.Argument(help="Rules file or folder.", metavar="RULES")],
    rule: Annotated[str, typer.Argument(help="The id of a rule.", metavar="RULE")],
    account: Annotated[
        str, typer.Option("--account", help="Whose rule, if several accounts have one.", show_default=False)
    ] = "",
    output: Annotated[
        Path | None,
        typer.Option("--output", help="New scenario file, such as rules/cart.test.yaml; left out: standard output."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find a shortest history by which a rule fires, and one by which each of its gates refuses it.

    They are printed as a scenario file, which kittiwake test keeps.

    Exit codes: 0 the rule fires by one, 1 no history was found by which it fires, and why is said; 2 the rules, the
    rule or the output cannot be used.
    """
    with usable_input(as_json=as_json):
        if output is not None and output.exists():
            raise UnusableError(f"--output: {output} is there already, and is left as it is: name another file")
        ruleset = load(rules)
        account_id = account_of_rule(ruleset, rule, account) or INVENTED_ACCOUNT
        found = [_kept(one, rules, rule, account_id) for one in _search(compile_account(ruleset, account_id), rule)]
        witnesses = [one for one in found if isinstance(one, Witness)]
        text = scenario_text(rule, account_id, _path_of(rules, output), witnesses)
        if output is not None and witnesses:
            _write(output, text)
    missing = [one for one in found if isinstance(one, Missing)]
    if as_json:
        cases, lacking = [case_data(rule, one) for one in witnesses], [_missing_data(one) for one in missing]
        say_json({"ok": True, "account": account_id, "rule": rule, "witnesses": cases, "missing": lacking})
    else:
        if output is None and witnesses:
            say_text(text)
        for one in witnesses if output is not None else ():
            say(f"found: {case_name(rule, one)}")
        for lack in missing:
            complain(_missing_words(rule, lack), YELLOW)
        if output is not None and witnesses:
            say(f"written to {output}: kittiwake test {output}")
    leave(Exit.FINDINGS if any(one.gate is None for one in missing) else Exit.FINE)


def _search(program: Program, rule: str) -> list[Witness | Missing]:
    if not any(one.rule_id == rule for one in program.rules):
        return [Missing(None, "its mode is off: nothing of it is decided. Write mode: live", True, 0)]
    search = Search(program, rule)
    return [search.fires(), *(search.refused(gate) for gate in search.gates)]


def _kept(one: Witness | Missing, rules: Path, rule: str, account_id: str) -> Witness | Missing:
    """A witness that `kittiwake test` keeps; it is played as it will be written."""
    if isinstance(one, Missing):
        return one
    with TemporaryDirectory() as folder:
        file = Path(folder) / "witness.test.yaml"
        file.write_text(scenario_text(rule, account_id, str(rules.resolve()), [one]), encoding="utf-8")
        try:
            (case,) = load_cases(file)
        except RulesError as error:  # such as a type that no event may have; the file is gone for whoever reads it
            return Missing(one.gate, f"no scenario can say so: {error.errors[0].message}", False, 1)
        if play(case).passed:
            return one
    return Missing(one.gate, "what was found does not hold as a scenario", False, 1)


def _path_of(rules: Path, output: Path | None) -> str:
    """The path of the rules from the scenario file."""
    return str(rules) if output is None else os.path.relpath(rules.resolve(), output.resolve().parent)


def _write(output: Path, text: str) -> None:
    try:
        with output.open("x", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise UnusableError(f"--output: cannot write {output}: {error.strerror or error}") from error


def _missing_words(rule: str, one: Missing) -> str:
    what = f"{rule} can never fire" if one.gate is None else f"{rule} is never refused by {one.gate}"
    if one.is_proven:
        return f"{what}: {one.why}"
    doubt = f"none of {one.tried:,} histories that were tried shows otherwise"
    return f"perhaps {what}: {one.why + '; ' if one.why else ''}{doubt}"


def _missing_data(one: Missing) -> dict[str, object]:
    return {
        "gate": None if one.gate is None else str(one.gate),
        "why": one.why,
        "is_proven": one.is_proven,
        "tried": one.tried,
    }


app = one_command(witness, "witness", "kittiwake witness rules cart-abandonment --output rules/witness.test.yaml")
