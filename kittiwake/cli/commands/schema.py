"""`kittiwake schema`: the JSON Schema that editors complete rules, scenarios and event plans from."""

from __future__ import annotations

from typing import Annotated

import typer

from kittiwake.cli.console import one_command, usable_input
from kittiwake.errors import UnusableError
from kittiwake.event_plan.json_schema import json_schema as schema_of_plans
from kittiwake.rules.json_schema import json_schema
from kittiwake.scenarios.models import json_schema as schema_of_scenarios
from kittiwake.terminal.printing import say_json


def schema(
    scenarios: Annotated[bool, typer.Option("--scenarios", help="Of scenario files instead of rules files.")] = False,
    events: Annotated[bool, typer.Option("--events", help="Of event plans (events.yaml) instead.")] = False,
) -> None:
    """Print the JSON Schema of rules files, of scenario files, or of event plans."""
    with usable_input(as_json=False):
        if scenarios and events:
            raise UnusableError("--scenarios and --events are of two kinds of files: give one of them")
    if scenarios:
        say_json(schema_of_scenarios())
    elif events:
        say_json(schema_of_plans())
    else:
        say_json(json_schema())


app = one_command(schema, "schema")
