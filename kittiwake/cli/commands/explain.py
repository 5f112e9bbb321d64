"""`kittiwake explain`: one contact's story, and for what did not fire what it would have taken."""

from __future__ import annotations

from typing import Annotated

import typer

from kittiwake.batch.settings import RunSettings, end_of_run
from kittiwake.cli.console import AsJson, leave, one_command, usable_input
from kittiwake.cli.explanation_text import print_texts
from kittiwake.cli.options import (
    AllowedLateness,
    InputAccount,
    Inputs,
    Rules,
    ShapeName,
    Until,
    now_us,
    shape_of,
    span_us,
    until_us,
)
from kittiwake.errors import UnusableError
from kittiwake.explain.explanation import explain as explained
from kittiwake.explain.input import ContactInput, read_contact
from kittiwake.explain.model import Explanation, as_data, only_rules
from kittiwake.explain.rendering import texts
from kittiwake.input.files import find_files, refuse_shaped
from kittiwake.kernel.advance import advance
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.state import new_state
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.errors import RulesError
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import complain, say_json


def explain(
    rules: Rules,
    inputs: Inputs,
    contact: Annotated[str, typer.Option("--contact", help="Whose story: a contact_id.")],
    account: Annotated[str, typer.Option("--account", help="Of which account, if of several.")] = "",
    rule: Annotated[
        list[str] | None, typer.Option("--rule", help="Only of this rule; may be given several times.")
    ] = None,
    until: Until = "",
    allowed_lateness: AllowedLateness = "1h",
    shape: ShapeName = "canonical",
    input_account: InputAccount = None,
    all_properties: Annotated[
        bool, typer.Option("--all-properties", help="Show what no rule reads of an event too: addresses, cards, lists.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Tell one contact's story: every event, arming, disarming, deadline, gate and decision, and every near miss.

    Takes the rules and the input of a replay and settles to the same instant. Prints the contact's data.

    Exit codes: 0 told, 1 the input has no event of the contact, 2 the rules or the input cannot be used.
    """
    with usable_input(as_json=as_json):
        horizon_us = span_us("--allowed-lateness", allowed_lateness)
        settings = RunSettings(now_us(), until_us(until), horizon_us, shape=shape_of(shape, input_account))
        history = load_rules(*rules, by_account=True)
        files = find_files(inputs)
        refuse_shaped(files, settings.shape)
        found = read_contact(files, contact, settings)
        account_id = _account(found, contact, account)
        programs = Programs(history, settings.allowed_lateness_us)
        if account_id in programs.refused:
            raise RulesError(history.newest.refused[account_id])
        versions = programs.of(account_id)
        _refuse_unknown(versions, rule or [])
    events = found.accounts.get(account_id, [])
    if not events:
        _nobody(found, contact, as_json=as_json)
    end_us = end_of_run(settings, found.counts, versions.frozen_at_us)
    advanced = advance(versions, new_state(contact), events, end_us, trace=True)
    story = explained(versions, advanced.state, advanced.trace, all_properties=all_properties)
    if rule:
        story = only_rules(story, frozenset(rule))
    _tell(story, found, as_json=as_json)


def _account(found: ContactInput, contact: str, account: str) -> str:
    if account or len(found.accounts) <= 1:
        return account or next(iter(found.accounts), "")
    several = ", ".join(sorted(found.accounts))
    raise UnusableError(f"contact {contact} is of several accounts, {several}: say which with --account")


def _refuse_unknown(versions: Versions, rule_ids: list[str]) -> None:
    known = dict.fromkeys(rule.rule_id for program in versions.programs for rule in program.rules)
    for rule_id in rule_ids:
        if rule_id not in known:
            account_id = versions.newest.account_id
            raise UnusableError(f"account {account_id} has no rule {rule_id}; it has {', '.join(known)}")


def _nobody(found: ContactInput, contact: str, *, as_json: bool) -> None:
    message = f"the input has no event of contact {contact}"
    if as_json:
        say_json({"ok": False, "errors": [{"message": message}]})
    else:
        complain(message)
        _tell_dead(found)
    leave(Exit.FINDINGS)


def _tell(story: Explanation, found: ContactInput, *, as_json: bool) -> None:
    if as_json:
        say_json({"ok": True, **as_data(story)})
        return
    print_texts(texts(story))
    _tell_dead(found)


def _tell_dead(found: ContactInput) -> None:
    """Events that could not be read may be the contact's too."""
    number = sum(found.counts.dead_letters.values())
    if number:
        complain(f"{number} of the records read are no events: {', '.join(sorted(found.counts.dead_letters))}")


app = one_command(explain, "explain")
