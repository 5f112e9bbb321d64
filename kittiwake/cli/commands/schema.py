"""`kittiwake schema`: the JSON Schema that editors complete rules and scenarios from."""

from __future__ import annotations

from typing import Annotated

import typer

from kittiwake.cli.console import one_command
from kittiwake.rules.json_schema import json_schema
from kittiwake.scenarios.models import json_schema as schema_of_scenarios
from kittiwake.terminal.printing import say_json


def schema(
    scenarios: Annotated[bool, typer.Option("--scenarios", help="Of scenario files instead of rules files.")] = False,
) -> None:
    """Print the JSON Schema of rules files, or of scenario files."""
    if scenarios:
        say_json(schema_of_scenarios())
    else:
        say_json(json_schema())


app = one_command(schema, "schema")
