"""`kittiwake schema`: the JSON Schema that editors complete rules, scenarios, event plans and shape files from."""

from __future__ import annotations

from typing import Annotated

import typer

from kittiwake.cli.console import one_command, usable_input
from kittiwake.errors import UnusableError
from kittiwake.event_plan.json_schema import json_schema as schema_of_plans
from kittiwake.rules.json_schema import json_schema
from kittiwake.scenarios.models import json_schema as schema_of_scenarios
from kittiwake.shape_files.models import json_schema as schema_of_shapes
from kittiwake.terminal.printing import say_json


def schema(
    scenarios: Annotated[bool, typer.Option("--scenarios", help="Of scenario files instead of rules files.")] = False,
    events: Annotated[bool, typer.Option("--events", help="Of event plans (events.yaml) instead.")] = False,
    shapes: Annotated[bool, typer.Option("--shapes", help="Of shape files instead.")] = False,
) -> None:
    """Print the JSON Schema of rules files, of scenario files, of event plans, or of shape files."""
    kinds = {
        "--scenarios": (scenarios, schema_of_scenarios),
        "--events": (events, schema_of_plans),
        "--shapes": (shapes, schema_of_shapes),
    }
    asked = [name for name, (is_asked, _) in kinds.items() if is_asked]
    with usable_input(as_json=False):
        if len(asked) > 1:
            raise UnusableError(f"{' and '.join(asked)} are of several kinds of files: give one of them")
    _, print_of = kinds[asked[0]] if asked else (True, json_schema)
    say_json(print_of())


app = one_command(schema, "schema", "kittiwake schema > rules.schema.json")
