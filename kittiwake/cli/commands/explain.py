"""`kittiwake explain`: what happened to one contact, and for what did not fire what it would have taken."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, NoReturn

import typer

from kittiwake.batch.report import dead_letter_lines
from kittiwake.batch.settings import RunSettings
from kittiwake.cli.console import AsJson, leave, one_command, usable_input
from kittiwake.cli.explanation_text import print_texts
from kittiwake.cli.options import (
    AllowedLateness,
    AllowEmpty,
    InputAccount,
    Inputs,
    QueryFile,
    Rules,
    RulesAndInputs,
    ShapeNames,
    Until,
    inputs_of,
    now_us,
    rules_and_inputs,
    shapes_of,
)
from kittiwake.cli.pages import Force, HtmlFile, refuse_page, write_page
from kittiwake.errors import UnusableError
from kittiwake.explain.contact import explain_files
from kittiwake.explain.input import ContactInput
from kittiwake.explain.model import Explanation, as_data, only_rules
from kittiwake.explain.rendering import texts
from kittiwake.explain.tables import Tables
from kittiwake.input.bigquery.addresses import is_bigquery, table_address
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.rules.ruleset import RuleSet
from kittiwake.settings import duration_us, instant_us
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import complain, say_json


def explain(
    contact: Annotated[str, typer.Option("--contact", help="Whose story: a contact_id.")],
    words: RulesAndInputs = None,
    rules: Rules = None,
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
    allow_empty: AllowEmpty = False,
    html: HtmlFile = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Explain one contact: every event, arming, disarming, deadline, gate and decision, and every near miss.

    Takes the rules and the input of a replay and decides up to the same instant. Prints the contact's data.
    Of a table (--input bq://PROJECT.DATASET.TABLE) only the contact's rows are read, and --until says up to when.

    Exit codes: 0 it is explained, 1 the input has no event of the contact, or no rule needs one of them (unless
    --allow-empty), 2 the rules or the input cannot be used.
    """
    with usable_input(as_json=as_json):
        refuse_page(html, force=force)
        horizon_us = duration_us("--allowed-lateness", allowed_lateness)
        until_us = instant_us("--until", until or None)
        locations, named = rules_and_inputs(rules, words, inputs)
        inputs, tables = _tables_of(named, until_us, shape)
        shapes, (files, of_query) = shapes_of(shape, input_account, inputs), inputs_of(inputs, query)
        settings = RunSettings(
            now_us(),
            until_us,
            horizon_us,
            shape=shapes.shape,
            shapes=shapes.each,
            query=of_query,
            allow_empty=allow_empty,
        )
        history = load_rules(*locations, by_account=True)
        explanation, found, empty = explain_files(
            history,
            files,
            contact,
            account,
            settings,
            rule_ids=rule or (),
            all_properties=all_properties,
            tables=tables,
        )
        if explanation is not None and rule:
            explanation = only_rules(explanation, frozenset(rule))
        if explanation is not None and html is not None:
            _write(html, explanation, ", ".join(locations), tuple(named), history.newest.ruleset, force=force)
    if explanation is None:
        _nobody(found, contact, as_json=as_json, allow_empty=allow_empty)
    if empty and not as_json:
        complain(f"EMPTY: {empty}")
    _report(explanation, found, empty, as_json=as_json)
    leave(Exit.FINDINGS if empty and not allow_empty else Exit.FINE)


def _tables_of(inputs: list[str], until_us: int | None, shape: list[str] | None) -> tuple[list[str], Tables]:
    """The inputs that are files, and those that are tables.

    Raises:
        UnusableError: there are tables, and what they need is missing.
    """
    addresses = tuple(location for location in inputs if is_bigquery(location))
    if addresses and until_us is None:
        advice = "say up to when, as `until` of the backfill's summary does"
        raise UnusableError(f"--until: of {addresses[0]} only the contact is read, and not where it ends: {advice}")
    if addresses and shape:
        raise UnusableError(f"--input-shape: {addresses[0]} is read by canonical columns: name a view that has them")
    files = [location for location in inputs if location not in addresses]
    return files, Tables(tuple(map(str, map(table_address, addresses))), lambda text: complain(text, None))


def _nobody(found: ContactInput, contact: str, *, as_json: bool, allow_empty: bool) -> NoReturn:
    message = f"the input has no event of contact {contact}"
    if as_json:
        say_json({"ok": False, "errors": [{"message": message}]})
    else:
        complain(message)
        _report_dead_letters(found)
    leave(Exit.FINE if allow_empty else Exit.FINDINGS)


def _write(
    html: Path, explanation: Explanation, rules: str, inputs: tuple[str, ...], ruleset: RuleSet, *, force: bool
) -> None:
    from kittiwake.describe.document import describe  # noqa: PLC0415 - for a page only
    from kittiwake.report.asked import Asked  # noqa: PLC0415
    from kittiwake.report.of_explanation import explanation_page  # noqa: PLC0415

    asked = Asked(rules, inputs, describe(ruleset))
    write_page(html, lambda: explanation_page(explanation, asked), force=force)


def _report(explanation: Explanation, found: ContactInput, empty: str, *, as_json: bool) -> None:
    if as_json:
        say_json({"ok": True, "empty": [empty] if empty else [], **as_data(explanation)})
        return
    print_texts(texts(explanation))
    _report_dead_letters(found)


def _report_dead_letters(found: ContactInput) -> None:
    """Events that could not be read may be the contact's too."""
    number = sum(found.counts.dead_letters.values())
    if number:
        complain(f"{number} of the records read are no events: {', '.join(sorted(found.counts.dead_letters))}")
        for line in dead_letter_lines(found.counts):
            complain(line, None)


app = one_command(explain, "explain", "kittiwake explain --rules rules --input 'events/*.jsonl' --contact c-42")
