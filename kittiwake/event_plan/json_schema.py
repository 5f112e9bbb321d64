"""The JSON Schema of event plans, from which editors complete and check while one writes.

Pure. `events.schema.json` beside this module is its text, committed, so that an editor needs no Python.
"""

from __future__ import annotations

from typing import Any

from kittiwake.event_plan.model import PlanObject
from kittiwake.rules.json_schema import DIALECT, tidied
from kittiwake.rules.schema_parts import schema_of


def json_schema() -> dict[str, Any]:
    """The schema of an event plan."""
    made: dict[str, Any] = tidied(schema_of(PlanObject))
    description = (
        "Which events come, with which properties, and what has been seen of them; rules are checked against it."
    )
    return {"$schema": DIALECT, "title": "Kittiwake event plan", **made, "description": description}
