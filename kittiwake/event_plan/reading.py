"""From the bytes of an event plan to its model, with everything that is wrong with it at once, located.

Pure, but for `load_plan`. Called by the command.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from kittiwake.event_plan.model import PlanObject
from kittiwake.regular_files import open_file
from kittiwake.rules.errors import Code, RuleError, RulesError
from kittiwake.rules.loader import location_of, unreadable
from kittiwake.rules.source.tree import Location, Node, child
from kittiwake.rules.source.validation import read

PLAN_BYTES_MAX: Final = 4_000_000
"""A plan: a hundred types of twenty properties with their commonest values take a quarter of it."""


def load_plan(path: Path | str) -> PlanObject:
    """The event plan of a file.

    Raises:
        RulesError: with everything that is wrong with it.
    """
    try:
        with open_file(path) as file:
            content = file.read(PLAN_BYTES_MAX + 1)
    except OSError as error:
        raise RulesError([unreadable(Path(path), error)]) from None
    return read_plan(str(path), content)


def read_plan(name: str, content: bytes) -> PlanObject:
    """The event plan of a file already fetched; JSON if its name ends so, else YAML.

    Raises:
        RulesError: with everything that is wrong with it.
    """
    errors: list[RuleError] = []
    location = location_of(name, content, errors, PLAN_BYTES_MAX)
    errors = [_of_a_plan(error) for error in errors]
    found = _plan(location, errors) if location is not None else None
    if found is None or errors:
        raise RulesError(errors)
    return found


def _of_a_plan(error: RuleError) -> RuleError:
    """An error of reading, with the advice that fits a plan."""
    advice = {
        Code.EMPTY: "Write events: with the types of events",
        Code.TOO_LARGE: "Leave values out, or profile fewer types of events",
    }.get(error.code if isinstance(error.code, Code) else Code.SYNTAX)
    return error if advice is None else error._replace(advice=advice)


def _plan(location: Location, errors: list[RuleError]) -> PlanObject | None:
    if not isinstance(location.node.value, dict):
        advice = "Write events: with the types of events, each with its properties"
        errors.append(location.error((), Code.WRONG_SHAPE, "an event plan is one object", advice))
        return None
    if "rules" in location.node.value:
        message = "these are rules, in a file that is named as an event plan is"
        errors.append(location.error(("rules",), Code.UNKNOWN_KEY, message, "Give the file another name", at_key=True))
        return None
    filled = Location(location.file, _named_alone_filled(location.node), location.base)
    found = read(PlanObject, filled, errors)
    return found.model if found is not None else None


def _named_alone_filled(plan: Node) -> Node:
    """With an empty object for each type and property that is only named: there is nothing to say of it."""
    events = child(plan, "events")
    if events is None or not isinstance(events.value, dict):
        return plan
    types = {name: _with_properties(_object(node)) for name, node in events.value.items()}
    return _replaced(plan, {"events": _replaced(events, types)})


def _with_properties(event: Node) -> Node:
    properties = child(event, "properties")
    if properties is None or not isinstance(properties.value, dict):
        return event
    filled = {path: _object(node) for path, node in properties.value.items()}
    return _replaced(event, {"properties": _replaced(properties, filled)})


def _object(node: Node) -> Node:
    return Node({}, node.mark) if node.value is None else node


def _replaced(node: Node, parts: dict[str, Node]) -> Node:
    return Node({**node.value, **parts}, node.mark, node.keys, node.origin)
