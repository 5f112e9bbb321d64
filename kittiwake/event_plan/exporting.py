"""What rules need of events, as JSON Schema for those who send them.

Pure. Called by `kittiwake events export`. Required is without what an event takes no part in a rule, or counts for
nothing: keys, what is added up, what is waited for. What a `where` compares may lack, and then is not met.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final, NamedTuple

from kittiwake.event_plan.check.values import types_needed
from kittiwake.event_plan.uses import Need, Types, Use, types_named, uses_in
from kittiwake.event_plan.uses_before import types_before, uses_before
from kittiwake.event_types import UNMATCHED_BY_ANY, UPDATED
from kittiwake.rules.compile.match import matches_of, types_of
from kittiwake.rules.diagnostics import each
from kittiwake.rules.json_schema import DIALECT
from kittiwake.rules.ruleset import Preparing, RuleSet

_JSON: Final = {"text": "string", "bool": "boolean", "list": "array"}
_KEYS: Final = ("string", "number", "boolean")
"""What a key may be."""


class Needed(NamedTuple):
    """One use of a property, as events are sent."""

    event_type: str
    path: tuple[str, ...]
    """Dotted; through lists."""
    types: frozenset[str]
    """By JSON's words; empty: any."""
    is_date: bool
    is_required: bool
    rule_id: str


def schema_of_needs(ruleset: RuleSet) -> dict[str, Any]:
    """The schema that every event of the accounts has to meet, whatever its type."""
    needs = [one for account_id in ruleset.accounts for one in _needs_of(ruleset, account_id)]
    types = sorted({*_types_of(ruleset), *(one.event_type for one in needs)})
    definitions = {name: _event(name, [one for one in needs if one.event_type == name]) for name in types}
    return {
        "$schema": DIALECT,
        "title": "What the rules need of events",
        "description": f"Made from ruleset_version {ruleset.version}. Events of other types are free.",
        "type": "object",
        "required": ["type"],
        "allOf": [
            {
                "if": {"properties": {"type": {"const": name}}, "required": ["type"]},
                "then": {"$ref": f"#/$defs/{name.replace('~', '~0').replace('/', '~1')}"},
            }
            for name in types
        ],
        "$defs": definitions,
    }


# ---------------------------------------------------------------- what is needed


def _types_of(ruleset: RuleSet) -> Iterator[str]:
    """The types that producers send: those that are named and not derived."""
    for account_id, account in ruleset.accounts.items():
        derived = {one.event for said in ruleset.preparing(account_id) for one in said.derive or ()}
        for authored in account.rules:
            if authored.rule.mode != "off":
                yield from (one.name for one in types_named(authored.rule) if one.name not in derived)
        for key in account.preparing.locations:
            yield from (one.name for one in types_before(account.preparing, key) if one.name not in derived)


def _needs_of(ruleset: RuleSet, account_id: str) -> Iterator[Needed]:
    account, preparing = ruleset.account(account_id), ruleset.preparing(account_id)
    every = [name for name in dict.fromkeys(_types_of(ruleset)) if not name.startswith(UNMATCHED_BY_ANY)]
    for authored in account.rules:
        if authored.rule.mode != "off":
            for use in uses_in(authored.rule):
                yield from _sent(use, authored.rule.id, preparing, every)
    for key in account.preparing.locations:
        for use in uses_before(account.preparing, key):
            yield from _sent(use, key, preparing, every)


def _sent(use: Use, rule_id: str, preparing: Iterable[Preparing], every: list[str]) -> Iterator[Needed]:
    """A use, of the events that are sent: of a derived one it is the list of its parent."""
    if use.of_contact:
        yield _needed(UPDATED, use.path, use, rule_id, preparing)._replace(is_required=False)
        return
    derivations = [one for said in preparing for one in said.derive or ()]
    for event_type in dict.fromkeys(name for written in use.types for name in ([written] if written != "*" else every)):
        parents = [one for one in derivations if one.event == event_type]
        if not parents:
            yield _needed(event_type, use.path, use, rule_id, preparing)
        for one in parents:
            in_elements = use.path[0] not in (one.keep or ())
            path = (one.each, *(use.path if one.as_ is None else ())) if in_elements else use.path
            for parent in sorted({name for match in matches_of(one.from_) for name in match.types}):
                yield _needed(parent, path, use, rule_id, preparing)


def _needed(event_type: str, path: tuple[str, ...], use: Use, rule_id: str, preparing: Iterable[Preparing]) -> Needed:
    types = frozenset(_JSON.get(one, one) for one in types_needed(use))
    if use.need is Need.KEY:
        types = frozenset(_KEYS)
    is_date = use.need is Need.DATE
    cast = _cast_to(event_type, path, preparing)
    if cast == "number" and "number" in types:
        types |= {"string"}
    elif cast == "instant" and is_date:
        types, is_date = frozenset({"number", "string"}), False
    required = use.need in (Need.KEY, Need.NUMBER, Need.DATE) or (use.need is Need.LIST and rule_id == "derive")
    return Needed(event_type, path, types, is_date, required and not use.optional, rule_id)


def _cast_to(event_type: str, path: tuple[str, ...], preparing: Iterable[Preparing]) -> str | None:
    """What a property is cast to, if it is; `number` or `instant`."""
    for one in (one for said in preparing for one in said.cast or ()):
        types: Types = tuple(types_of(one.event))
        if event_type in types or ("*" in types and not event_type.startswith(UNMATCHED_BY_ANY)):
            if path[-1] in (name for _, name in each(one.number, ())):
                return "number"
            if one.instant is not None and path[-1] in one.instant.counted():
                return "instant"
    return None


# ---------------------------------------------------------------- as a schema


def _event(event_type: str, needs: list[Needed]) -> dict[str, Any]:
    """An event of a type: its type, and its properties."""
    by_path: dict[tuple[str, ...], list[Needed]] = {}
    for one in needs:
        by_path.setdefault(one.path, []).append(one)
    properties: dict[str, Any] = {"type": "object"}
    for path, uses in sorted(by_path.items()):
        found = _schema_at(properties, path, is_required=any(one.is_required for one in uses))
        found |= _asked(uses, found.get("type"))
    about: dict[str, Any] = {"type": {"const": event_type}, "properties": properties}
    needed = ["type", "properties"] if any(one.is_required for one in needs) else ["type"]
    return {"title": event_type, "type": "object", "required": needed, "properties": about}


def _schema_at(schema: dict[str, Any], path: tuple[str, ...], *, is_required: bool) -> dict[str, Any]:
    """The schema of what stands at a path, made with the objects and lists that lead there."""
    for i, dotted in enumerate(path):
        if i:
            schema = _inside(schema, "items", "array")
        for name in dotted.split("."):
            schema.setdefault("type", "object")
            if is_required:
                schema["required"] = sorted({*schema.get("required", []), name})
            schema = schema.setdefault("properties", {}).setdefault(name, {})
    return schema


def _inside(schema: dict[str, Any], key: str, own_type: str) -> dict[str, Any]:
    schema.setdefault("type", own_type)
    found: dict[str, Any] = schema.setdefault(key, {})
    return found


def _asked(uses: list[Needed], known: str | list[str] | None) -> dict[str, Any]:
    """What uses ask of one property together; uses that contradict each other ask for a value that serves some."""
    asked = [one.types for one in uses if one.types]
    if known is not None:
        asked.append(frozenset([known] if isinstance(known, str) else known))
    said: dict[str, Any] = {}
    if asked:
        types = sorted(frozenset.intersection(*asked) or frozenset.union(*asked))
        said["type"] = types[0] if len(types) == 1 else types
    if any(one.is_date for one in uses):
        said["description"] = "a day (2026-11-01), or a time with its offset (2026-11-01T09:30:00Z)"
        said["pattern"] = r"^\d{4}-\d\d-\d\d([Tt ].+)?$"
    said["$comment"] = f"needed by {', '.join(sorted({one.rule_id for one in uses}))}"
    return said
