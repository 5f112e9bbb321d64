"""How an explanation says a change of an attribute: what a rule wants, and what became of it at a `contact.updated`.

Pure. Called by the files that word matches and events that do not match.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from kittiwake.explain.values import type_words
from kittiwake.explain.wording import listed, path_words, value_words
from kittiwake.kernel.evaluate.change import Updated
from kittiwake.kernel.plan.change import Change, ChangeKind
from kittiwake.values import lookup

_WORDS: Final = {
    ChangeKind.DROPS_BY: "drops by",
    ChangeKind.RISES_BY: "rises by",
    ChangeKind.DROPS_BELOW: "drops below",
    ChangeKind.RISES_ABOVE: "rises above",
    ChangeKind.BECOMES: "becomes",
}


def change_words(change: Change) -> str:
    """What is wanted: `contact.tier becomes "gold" from "silver"`."""
    name = f"contact.{path_words(change.path)}"
    percent = "%" if change.percent else ""
    shown = "" if change.kind is ChangeKind.CHANGES else f" {value_words(change.operand)}{percent}"
    before = f" from {listed([value_words(one) for one in change.before], 'or')}" if change.before else ""
    return f"{name} {_WORDS.get(change.kind, 'changes')}{shown}{before}"


def changed_words(change: Change, properties: Mapping[str, Any], attributes: Mapping[str, Any]) -> str:
    """What an event made of the attribute: `contact.tier was "lead" before and is "silver", a text`."""
    name = f"contact.{path_words(change.path)}"
    if change.path[0] not in properties:
        return f"it does not name {change.path[0]}"
    before = lookup(attributes.before if isinstance(attributes, Updated) else {}, change.path)
    had = f"{name} was not known before" if before is None else f"{name} was {value_words(before)} before"
    after = lookup(attributes, change.path)
    if after is None:
        return f"{had} and is gone"
    return f"{had} and is {value_words(after)}, {type_words(after)}"
