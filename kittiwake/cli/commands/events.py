"""`kittiwake events`: tracking plans of other tools into an event plan, and what rules need of who sends events."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from kittiwake.cli.console import GroupedCommand, example_text, leave, usable_input
from kittiwake.cli.event_plans import without_plans
from kittiwake.errors import UnusableError
from kittiwake.event_plan.exporting import schema_of_needs
from kittiwake.event_plan.reading import read_plan
from kittiwake.event_plan.tracking_plans.importing import PLAN_BYTES_MAX, Document, import_plans, parse_document
from kittiwake.event_plan.writing import plan_yaml
from kittiwake.regular_files import open_file, why_not
from kittiwake.rules.errors import RulesError
from kittiwake.rules.loader import load
from kittiwake.rules.ruleset import EVERY_ACCOUNT, RuleSet, rule_set
from kittiwake.terminal.exit_codes import Exit
from kittiwake.terminal.printing import YELLOW, complain, say_json, say_text

app = typer.Typer(
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Tracking plans into an event plan (import), and what rules need of events (export).",
)

SHOWN_MAX = 10
"""What was not read is listed so far: the first lines show what it is."""


@app.command("import", cls=GroupedCommand, epilog=example_text("kittiwake events import plan.json > rules/events.yaml"))
def import_(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Tracking plans, JSON: Segment Protocols, Snowplow's schemas, bundles of JSON Schemas, or one of an "
            "event each; and folders of them; - for a pipe.",
            metavar="PLANS...",
        ),
    ],
    account: Annotated[str | None, typer.Option("--account", help="The account whose events these are.")] = None,
    shape: Annotated[
        str,
        typer.Option(
            "--input-shape",
            "--input_shape",
            help="segment: name types and properties as that shape of input does; a plan of Segment is always read so.",
        ),
    ] = "canonical",
) -> None:
    """Print tracking plans as an event plan.

    Exit codes: 0 it is printed, 2 a file is no tracking plan.
    """
    with usable_input(as_json=False):
        if shape not in ("canonical", "segment"):
            raise UnusableError(f"--input-shape: {shape} names no events: write segment, or leave it out")
        documents = [_document(file) for path in paths for file in _files(path)]
        found = import_plans(documents, account, as_segment=shape == "segment")
        text = plan_yaml(found.plan)
        try:
            read_plan("events.yaml", text.encode())
        except RulesError as error:
            raise UnusableError(f"the event plan could not be read again, import fewer files: {error}") from None
    say_text(text)
    if found.unread:
        complain(f"{len(found.unread)} names or references could not be used:", YELLOW)
        for name in found.unread[:SHOWN_MAX]:
            complain(f"  {name[:200]}", None)
    leave(Exit.FINE)


def _files(path: Path) -> list[Path]:
    """A file, or the JSON files of a folder and below it."""
    if not path.is_dir():
        return [path]
    files = sorted(one for one in path.rglob("*.json") if one.is_file())
    if not files:
        raise UnusableError(f"there is no *.json in {path}: tracking plans are JSON")
    return files


def _document(path: Path) -> Document:
    try:
        with open_file(path) as file:
            content = file.read(PLAN_BYTES_MAX + 1)
    except OSError as error:
        raise UnusableError(f"{path} cannot be read: {why_not(path, error)}") from None
    return parse_document(str(path), path.stem, content)


@app.command(
    "export", cls=GroupedCommand, epilog=example_text("kittiwake events export --rules rules > needed.schema.json")
)
def export(
    rules: Annotated[list[Path], typer.Option("--rules", help="Rules file or folder, several times if need be.")],
    account: Annotated[
        str | None, typer.Option("--account", help="Only what the rules of this account, and of every one, need.")
    ] = None,
) -> None:
    """Print what rules need of events as JSON Schema, for those who send them.

    Exit codes: 0 it is printed, 2 the rules cannot be used.
    """
    with usable_input(as_json=False):
        ruleset = load(*without_plans(rules))
        schema = schema_of_needs(ruleset if account is None else _only(ruleset, account))
    say_json(schema)
    leave(Exit.FINE)


def _only(ruleset: RuleSet, account_id: str) -> RuleSet:
    """The rules of an account, and those of every account."""
    if account_id not in ruleset.accounts:
        known = ", ".join(sorted(ruleset.accounts))
        raise UnusableError(f"--account: there are no rules of account {account_id}; there are {known}")
    return rule_set({name: one for name, one in ruleset.accounts.items() if name in (EVERY_ACCOUNT, account_id)})
