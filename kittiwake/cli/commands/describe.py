"""`kittiwake describe`: rules in plain sentences, for whoever signs them off."""

from __future__ import annotations

from typing import Annotated

import typer

from kittiwake.cli.console import AsJson, NamedRules, leave, named_rules, one_command, usable_input
from kittiwake.describe.document import as_data, describe, lines_of, markdown_of
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import say_json, say_text


def describe_rules(
    words: Annotated[
        list[str] | None,
        typer.Argument(
            help="Rules files or folders; or a target, of which the newest version is described, or REVISION:PATH.",
            metavar="RULES...",
        ),
    ] = None,
    rules: NamedRules = None,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print Markdown.")] = False,
    as_json: AsJson = False,
) -> None:
    """Describe each rule in plain sentences, every clause and gate of it, and what holds for all rules of an account.

    Exit codes: 0 they are described, 2 the rules cannot be used.
    """
    with usable_input(as_json=as_json):
        accounts = describe(load_rules(*named_rules(words, rules)).newest.ruleset)
    if as_json:
        say_json({"ok": True, **as_data(accounts)})
    else:
        say_text("\n".join(markdown_of(accounts) if as_markdown else lines_of(accounts)))
    leave(Exit.FINE)


app = one_command(describe_rules, "describe", "kittiwake describe rules --markdown > rules.md")
