"""Edits of rules: documents with rules changed, added and removed, and the policy changed.

Pure. Called for a `publish` of a scenario and of a `Story`. What an edit touches stands in documents of its own, at the
line of the edit, so that everything that is wrong with it is reported there.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple, TypeAlias

from kittiwake.rules.errors import Code, KeyPath, RuleError, RulesError, show_path
from kittiwake.rules.recipes import USE
from kittiwake.rules.ruleset import EVERY_ACCOUNT
from kittiwake.rules.source.tree import Location, Node, child, moved
from kittiwake.scenarios.rules import Edition, RuleBook, edition_of

Entries: TypeAlias = list[tuple[Node, KeyPath]]
"""Rules of an edit, each with the path at which it stands."""

EDITS: Final = ("change", "add", "remove", "policy")
"""What an edit may say."""


class _Rule(NamedTuple):
    """A rule as it is written, and where."""

    account_id: str
    node: Node


def edited(book: RuleBook, edit: Location) -> Edition:
    """The newest rules of the book with the edit that is written at a location, of an account and the rules of "*".

    Raises:
        RulesError: with everything that is wrong with it, at that location.
    """
    every = [entry for location in book.locations for entry in _rules(location)]
    rules = {name: rule for name, rule in every if _concerns(book, rule.account_id)}
    errors = list(_unknown(book, edit, rules))
    changed = {name: edit.at("change", name) for name in _keys(edit.at("change"))}
    gone = {*changed, *_names(edit.at("remove"))}
    own = [location for location in book.locations if _account(location) == book.account_id]
    policies = [location for location in own if location.at("policy")]
    drop_policy = edit.at("policy") is not None
    locations = [_without(one, gone, drop_policy=drop_policy and one in policies) for one in book.locations]
    paths: list[KeyPath] = []
    for account_id in dict.fromkeys((EVERY_ACCOUNT, book.account_id)):
        of = [name for name in changed if name in rules and rules[name].account_id == account_id]
        entries = [(_changed(rules[name].node, at), at.base) for name in of if (at := changed[name]) is not None]
        if account_id == book.account_id:
            entries += _added(edit)
        policy = _policy(book, edit) if account_id == book.account_id else None
        if entries or policy is not None:
            location, paths = _document(edit, account_id, entries, policy)
            locations.append(location)
            errors.extend(_found_in([*map(_definitions, book.locations), location], paths, edit))
    if errors:
        raise RulesError(set(errors))
    return _together(locations, paths, edit)


def _together(locations: list[Location], paths: Sequence[KeyPath], edit: Location) -> Edition:
    """The rules of all documents, of which the last is that of the edit."""
    try:
        return edition_of(locations)
    except RulesError as error:
        relocated = [
            one._replace(path=_relocated(one.path, paths, edit)) if one.file == edit.file else one
            for one in error.errors
        ]
        raise RulesError(relocated) from None


def _concerns(book: RuleBook, account_id: str) -> bool:
    return account_id in (EVERY_ACCOUNT, book.account_id)


def _account(location: Location) -> str:
    found = child(location.node, "account")
    return "" if found is None else str(found.value)


def _rules(location: Location) -> Iterator[tuple[str, _Rule]]:
    rules = child(location.node, "rules")
    for node in rules.value if rules is not None else ():
        yield _name(node), _Rule(_account(location), node)


def _name(rule: Node) -> str:
    """The id of a rule, or the recipe that names it."""
    found = child(rule, "id") or child(rule, USE)
    return "" if found is None else str(found.value)


def _keys(location: Location | None) -> list[str]:
    return list(location.node.value) if location is not None and isinstance(location.node.value, dict) else []


def _names(location: Location | None) -> list[str]:
    if location is None:
        return []
    value = location.node.value
    return [str(node.value) for node in value] if isinstance(value, list) else [str(value)]


# ---------------------------------------------------------------- what is wrong with the edit itself


def _unknown(book: RuleBook, edit: Location, rules: dict[str, _Rule]) -> Iterator[RuleError]:
    removing = edit.at("remove")
    removed = _names(removing)
    for name in _keys(edit.at("change")):
        path = ("change", name)
        if name not in rules:
            yield edit.error(path, Code.NOT_A_CHOICE, *_no_rule(book, name, rules), at_key=True)
        elif name in removed:
            yield edit.error(path, Code.CLAUSE, f"{name} is removed as well", "Keep one of them", at_key=True)
        elif edit.at(*path, "id") is not None:
            message = "an edit keeps the id of its rule"
            yield edit.error((*path, "id"), Code.CLAUSE, message, f"Remove {name} and add another rule", at_key=True)
    for i, name in enumerate(removed):
        if name not in rules:
            several = removing is not None and isinstance(removing.node.value, list)
            where: KeyPath = ("remove", i) if several else ("remove",)
            yield edit.error(where, Code.NOT_A_CHOICE, *_no_rule(book, name, rules))


def _no_rule(book: RuleBook, name: str, rules: Iterable[str]) -> tuple[str, str]:
    known = list(rules)
    close = difflib.get_close_matches(name, known, 1)
    advice = f"Did you mean {close[0]}?" if close else f"Write one of {', '.join(known)}"
    return f"account {book.account_id} has no rule {name} at that time", advice


def _found_in(locations: list[Location], paths: Sequence[KeyPath], edit: Location) -> Iterator[RuleError]:
    """What is wrong with the rules of an edit, in the last document, said of the edit."""
    try:
        _together(locations, paths, edit)
    except RulesError as error:
        # Which channels there are the other documents say.
        yield from (one for one in error.errors if one.code is not Code.UNKNOWN_CHANNEL)


def _relocated(path: str, paths: Sequence[KeyPath], edit: Location) -> str:
    found = re.match(r"rules\[(\d+)\](.*)", path)
    if found:
        return show_path(paths[int(found[1])]) + found[2]
    return show_path(edit.base) + (f".{path}" if path else "")


# ---------------------------------------------------------------- new documents


def _without(location: Location, gone: set[str], *, drop_policy: bool) -> Location:
    """A document without some of its rules, and without its policy."""
    rules = child(location.node, "rules")
    if rules is None:
        return location
    kept = [node for node in rules.value if _name(node) not in gone]
    entries = {key: node for key, node in location.node.value.items() if not (drop_policy and key == "policy")}
    return Location(
        location.file, Node({**entries, "rules": Node(kept, rules.mark)}, location.node.mark, location.node.keys)
    )


def _definitions(location: Location) -> Location:
    """A document without its rules and its policy: what rules of other documents may name."""
    node = location.node
    if child(node, "rules") is None:  # a recipe
        return location
    entries = {key: part for key, part in node.value.items() if key not in ("policy", "rules")}
    return Location(location.file, Node({**entries, "rules": Node([], node.mark)}, node.mark, node.keys))


def _changed(node: Node, at: Location) -> Node:
    """An object with the keys that are written at a location; those without a value taken away."""
    written = {key: part for key, part in at.node.value.items() if part.value is not None}
    before = {key: moved(part, at.node.mark) for key, part in node.value.items() if key not in at.node.value}
    entries = {**before, **written}
    return Node(entries, at.node.mark, {key: at.node.keys.get(key, at.node.mark) for key in entries})


def _added(edit: Location) -> Entries:
    added = edit.at("add")
    if added is None:
        return []
    if isinstance(added.node.value, list):
        return [(node, (*added.base, i)) for i, node in enumerate(added.node.value)]
    return [(added.node, added.base)]


def _policy(book: RuleBook, edit: Location) -> Node | None:
    """The policy that holds, with the edit's keys."""
    at = edit.at("policy")
    if at is None:
        return None
    for account_id in (book.account_id, EVERY_ACCOUNT):
        for location in book.locations:
            policy = child(location.node, "policy") if _account(location) == account_id else None
            if policy is not None:
                return _changed(policy, at)
    return _changed(Node({}, at.node.mark), at)


def _document(edit: Location, account_id: str, entries: Entries, policy: Node | None) -> tuple[Location, list[KeyPath]]:
    """The document of an edit, and where in the scenario each of its rules stands."""
    mark = edit.node.mark
    parts = {"account": Node(account_id, mark), "rules": Node([node for node, _ in entries], mark)}
    if policy is not None:
        parts["policy"] = policy
    return Location(edit.file, Node(parts, mark, dict.fromkeys(parts, mark))), [path for _, path in entries]
