"""`kittiwake explain`: what happened to one contact, and for what did not fire what it would have taken."""

from __future__ import annotations

from typing import Annotated, NoReturn

import typer

from kittiwake.batch.settings import RunSettings
from kittiwake.cli.console import AsJson, leave, one_command, usable_input
from kittiwake.cli.explanation_text import print_texts
from kittiwake.cli.options import (
    AllowedLateness,
    InputAccount,
    Inputs,
    QueryFile,
    Rules,
    ShapeNames,
    Until,
    inputs_of,
    now_us,
    shapes_of,
)
from kittiwake.explain.contact import explain_files
from kittiwake.explain.input import ContactInput
from kittiwake.explain.model import Explanation, as_data, only_rules
from kittiwake.explain.rendering import texts
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.settings import duration_us, instant_us
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import complain, say_json


def explain(
    rules: Rules,
    contact: Annotated[str, typer.Option("--contact", help="Whose story: a contact_id.")],
    inputs: Inputs = None,
    query: QueryFile = None,
    account: Annotated[str, typer.Option("--account", help="Of which account, if of several.")] = "",
    rule: Annotated[
        list[str] | None, typer.Option("--rule", help="Only of this rule; may be given several times.")
    ] = None,
    until: Until = "",
    allowed_lateness: AllowedLateness = "1h",
    shape: ShapeNames = None,
    input_account: InputAccount = None,
    all_properties: Annotated[
        bool, typer.Option("--all-properties", help="Show what no rule reads of an event too: addresses, cards, lists.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Explain one contact: every event, arming, disarming, deadline, gate and decision, and every near miss.

    Takes the rules and the input of a replay and decides up to the same instant. Prints the contact's data.

    Exit codes: 0 it is explained, 1 the input has no event of the contact, 2 the rules or the input cannot be used.
    """
    with usable_input(as_json=as_json):
        horizon_us = duration_us("--allowed-lateness", allowed_lateness)
        shapes, (files, of_query) = shapes_of(shape, input_account, inputs or []), inputs_of(inputs, query)
        until_us = instant_us("--until", until or None)
        settings = RunSettings(now_us(), until_us, horizon_us, shape=shapes.shape, shapes=shapes.each, query=of_query)
        history = load_rules(*rules, by_account=True)
        explanation, found = explain_files(
            history, files, contact, account, settings, rule_ids=rule or (), all_properties=all_properties
        )
    if explanation is None:
        _nobody(found, contact, as_json=as_json)
    if rule:
        explanation = only_rules(explanation, frozenset(rule))
    _report(explanation, found, as_json=as_json)


def _nobody(found: ContactInput, contact: str, *, as_json: bool) -> NoReturn:
    message = f"the input has no event of contact {contact}"
    if as_json:
        say_json({"ok": False, "errors": [{"message": message}]})
    else:
        complain(message)
        _report_dead_letters(found)
    leave(Exit.FINDINGS)


def _report(explanation: Explanation, found: ContactInput, *, as_json: bool) -> None:
    if as_json:
        say_json({"ok": True, **as_data(explanation)})
        return
    print_texts(texts(explanation))
    _report_dead_letters(found)


def _report_dead_letters(found: ContactInput) -> None:
    """Events that could not be read may be the contact's too."""
    number = sum(found.counts.dead_letters.values())
    if number:
        complain(f"{number} of the records read are no events: {', '.join(sorted(found.counts.dead_letters))}")


app = one_command(explain, "explain")
