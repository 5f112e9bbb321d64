"""`kittiwake schema`: the JSON Schema that editors complete rules and scenarios from."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Annotated, Any, Final

import typer

from kittiwake.cli.console import one_command
from kittiwake.event_plan.json_schema import json_schema as schema_of_plans
from kittiwake.rules.json_schema import json_schema
from kittiwake.scenarios.models import json_schema as schema_of_scenarios
from kittiwake.shape_files.models import json_schema as schema_of_shapes
from kittiwake.terminal.printing import say_json


class Documents(StrEnum):
    """Files that have a schema."""

    RULES = "rules"
    SCENARIOS = "scenarios"
    SHAPES = "shapes"
    EVENTS = "events"


_SCHEMAS: Final[dict[Documents, Callable[[], dict[str, Any]]]] = {
    Documents.RULES: json_schema,
    Documents.SCENARIOS: schema_of_scenarios,
    Documents.SHAPES: schema_of_shapes,
    Documents.EVENTS: schema_of_plans,
}


def schema(
    scenarios: Annotated[bool, typer.Option("--scenarios", help="The same as --of scenarios.")] = False,
    of: Annotated[Documents, typer.Option("--of", help="Of which files.")] = Documents.RULES,
) -> None:
    """Print the JSON Schema of rules files, of scenario files, or of shape files."""
    say_json(_SCHEMAS[Documents.SCENARIOS if scenarios else of]())


app = one_command(schema, "schema")
