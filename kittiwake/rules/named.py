"""Named matches, written out: what `matches` defines takes the place of its name in every rule.

Pure. Called by `documents` before rules are read, so that checks, fingerprints and compilers see plain matches. What is
wrong inside a definition is said there, once; what is wrong only where a name is used, at the use.
"""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from kittiwake.rules.check.match import check_match
from kittiwake.rules.check.paths import check_paths
from kittiwake.rules.errors import Code, KeyPath, RuleError
from kittiwake.rules.limits import ID_CHARS_MAX, LIST_MAX, MATCHES_MAX, NAMES_DEEP_MAX, NODES_MAX
from kittiwake.rules.model.base import shown
from kittiwake.rules.model.named import NAME_PATTERN, NamedMatches, NamedMatchObject
from kittiwake.rules.ruleset import EVERY_ACCOUNT, NamedMatch
from kittiwake.rules.source.match_places import with_matches, with_matches_of_header
from kittiwake.rules.source.tree import Location, Node, child, moved, size
from kittiwake.rules.source.validation import keys_of, read

MATCHES: Final = "matches"
MATCH: Final = "match"
UNREADABLE: Final = "contact.updated"
"""Stands for a match that cannot be written out, so that the rest of its rule is checked; it goes beside "*"."""


class _Definition(msgspec.Struct, frozen=True):
    """A definition as it is used."""

    node: Node
    """Written out: a text, an object, or a list of them."""
    deep: int
    """Names within names, itself included."""
    nodes: int
    """How many values it has."""


class _Use(msgspec.Struct, frozen=True):
    """A name where a match may stand."""

    name: object
    location: Location
    beside: dict[str, Node]
    """What else the object says: `where`, `same`, `item`."""


class Names:
    """The named matches of documents. What is wrong with them, and with their uses, is added to a list of errors."""

    def __init__(self, documents: Iterable[Location], errors: list[RuleError]) -> None:
        """Reads the definitions of all documents."""
        self._errors = errors
        self._own: dict[str, dict[str, Location]] = {}
        self._read: dict[tuple[str, str], _Definition | None] = {}
        self._open: list[tuple[str, str]] = []
        """The definitions that are being read, each for the one before."""
        self._used: set[tuple[str, str]] = set()
        self._right: dict[tuple[str, str], tuple[Any, Location]] = {}
        """The matches of the definitions that can be used."""
        self._nodes: Counter[str] = Counter()
        """How many values have been written out in an account."""
        for document in documents:
            self._define(document)
        for account_id, own in self._own.items():
            self._refuse_taken(account_id, own)
            for name in own:
                self._definition((account_id, name))

    def of(self, account_id: str) -> tuple[NamedMatch, ...]:
        """What an account has defined, and whether anything has used it by now."""
        own = self._own.get(account_id, {})
        return tuple(NamedMatch(name, at, (account_id, name) in self._used) for name, at in own.items())

    def unused_in(self, document: Location) -> list[tuple[Any, Location]]:
        """The matches of a document that nothing has used by now: no rule brings them to the checks of a whole file."""
        return [
            (match, at)
            for (account_id, name), (match, at) in self._right.items()
            if at.file == document.file and account_id == account_of(document) and (account_id, name) not in self._used
        ]

    def written_out(self, rule: Location, account_id: str) -> Location:
        """A rule with every name in it replaced by the match that it stands for."""
        if not isinstance(rule.node.value, dict):
            return rule
        return with_matches(rule, lambda at: self.match_written_out(at, account_id))

    def header_written_out(self, document: Location) -> Location:
        """A document, its rules left alone, with every name in it replaced."""
        return with_matches_of_header(document, lambda at: self.match_written_out(at, account_of(document)))

    def match_written_out(self, at: Location, account_id: str) -> Node:
        """A match with the names in it replaced."""
        found = self._match(at, account_id)
        return Node(UNREADABLE, at.node.mark) if found is None else found

    # ------------------------------------------------------------ definitions

    def _define(self, document: Location) -> None:
        """Take in the definitions of a document."""
        matches = document.at(MATCHES)
        if matches is None:
            return
        if not isinstance(matches.node.value, dict) or not matches.node.value:
            message = "matches must be an object that names matches"
            advice = "Write, say, matches: {purchase: {event: order.completed, where: {test: {ne: true}}}}"
            self._errors.append(document.error((MATCHES,), Code.WRONG_SHAPE, message, advice, at_key=True))
            return
        own = self._own.setdefault(account_of(document), {})
        for name in matches.node.value:
            if not re.fullmatch(NAME_PATTERN, name):
                message = f"{shown(name)} is no name of a match: it starts with a letter and has up to {ID_CHARS_MAX}"
                advice = "Write, say, purchase"
                self._say(matches, (name,), Code.BAD_NAME, f"{message} letters, digits, _ and -", advice)
            elif name in own:
                self._say_taken(matches, name, own[name])
            else:
                own[name] = matches
        if len(own) > MATCHES_MAX:
            message = f"account {account_of(document)} names {len(own)} matches, more than {MATCHES_MAX}"
            self._errors.append(document.error((MATCHES,), Code.GUARDRAIL, message, "Name fewer", at_key=True))

    def _refuse_taken(self, account_id: str, own: dict[str, Location]) -> None:
        """No account gives another meaning to a name of "*": a rule that is moved there would mean another thing."""
        shared = self._own.get(EVERY_ACCOUNT, {})
        for name, matches in own.items() if account_id != EVERY_ACCOUNT else ():
            if name in shared:
                self._say_taken(matches, name, shared[name])

    def _say_taken(self, matches: Location, name: str, by: Location) -> None:
        mark = by.mark((name,), at_key=True)
        where = f"{by.file}:{mark.line}" if mark.line else by.file
        message = f"the name {name} is taken by the match at {where}"
        self._say(matches, (name,), Code.NAMED_MATCH, message, "Give one of them another name")

    def _say(self, at: Location, path: KeyPath, code: Code, message: str, advice: str) -> None:
        self._errors.append(at.error(path, code, message, advice, at_key=True))

    def _definition(self, key: tuple[str, str]) -> _Definition | None:
        """A definition written out; None, and errors added, if it cannot be used."""
        if key not in self._read:
            self._open.append(key)
            self._read[key] = self._new_definition(*key)
            self._open.pop()
        return self._read[key]

    def _new_definition(self, account_id: str, name: str) -> _Definition | None:
        matches = self._own[account_id][name]
        written = matches.at(name)
        assert written is not None
        node = self._match(written, account_id)
        if node is None or not self._is_right(matches, (account_id, name), node):
            return None
        deep = 1 + max((self._deep(use, account_id) for use in self._uses(written, account_id)), default=0)
        if deep > NAMES_DEEP_MAX:
            message = f"{name} names a match that names another, and so on, more than {NAMES_DEEP_MAX} deep"
            self._say(matches, (name,), Code.GUARDRAIL, message, "Write the innermost matches out")
            return None
        return _Definition(node, deep, size(node))

    def _is_right(self, matches: Location, key: tuple[str, str], node: Node) -> bool:
        """Whether a definition can be used; what is wrong with it by itself is said at it."""
        name = key[1]
        before, keys = len(self._errors), {name: matches.mark((name,), at_key=True)}
        at = Location(matches.file, Node({name: node}, matches.node.mark, keys), matches.base)
        found = read(NamedMatches, at, self._errors)
        if found is not None and not found.wrong:
            match = found.model.own_keys[name]
            self._right[key] = match, Location(at.file, node, (*at.base, name))
            for one in (*check_match(match, (name,), item=True), *check_paths(match, (name,))):
                self._errors.append(at.error(one.path, one.code, one.message, one.advice, at_key=one.at_key))
        return len(self._errors) == before

    # ------------------------------------------------------------ uses

    def _match(self, at: Location, account_id: str) -> Node | None:
        """A match with the names in it written out; None, and errors added, if one cannot be."""
        if not isinstance(at.node.value, list):
            use = self._use(at, account_id)
            return self._alone(use, account_id) if use else _remembered(at) if self._open else at.node
        found: list[Node | None] = []
        for i in range(len(at.node.value)):
            entry = at.at(i)
            assert entry is not None
            node = self._match(entry, account_id) if not isinstance(entry.node.value, list) else entry.node
            listed = node is not None and node is not entry.node and isinstance(node.value, list)
            found.extend(node.value if node is not None and listed else [node])
            if len(found) > LIST_MAX:  # which is refused, and would only grow
                break
        if len(found) == len(at.node.value) and all(new is old for new, old in zip(found, at.node.value, strict=True)):
            return at.node
        nodes = [node for node in found if node is not None]
        return Node(nodes, at.node.mark) if len(nodes) == len(found) else None

    def _uses(self, at: Location, account_id: str) -> Iterator[_Use]:
        several = isinstance(at.node.value, list)
        entries = [at.at(i) for i in range(len(at.node.value))] if several else [at]
        yield from (use for entry in entries if entry is not None and (use := self._use(entry, account_id)))

    def _use(self, at: Location, account_id: str) -> _Use | None:
        """The use of a name, if it is one: `{match: …}`, or a text that is a name."""
        value = at.node.value
        if isinstance(value, str):
            return _Use(value, at, {}) if self._key(value, account_id) else None
        if not isinstance(value, dict) or MATCH not in value:
            return None
        return _Use(value[MATCH].value, at, {key: node for key, node in value.items() if key != MATCH})

    def _key(self, name: object, account_id: str) -> tuple[str, str] | None:
        for whose in (account_id, EVERY_ACCOUNT):
            if isinstance(name, str) and name in self._own.get(whose, {}):
                return whose, name
        return None

    def _deep(self, use: _Use, account_id: str) -> int:
        key = self._key(use.name, account_id)
        found = self._read.get(key) if key else None
        return found.deep if found else 0

    def _alone(self, use: _Use, account_id: str) -> Node | None:
        """What takes the place of a use."""
        key = self._key(use.name, account_id)
        if key is None:
            self._errors.append(self._unknown(use, account_id))
            return None
        self._used.add(key)
        if key in self._open:
            self._errors.append(self._ring(use, key))
            return None
        found = self._definition(key)
        if not self._are_keys(use) or found is None or not self._has_room(use, found, account_id):
            return None
        copy = moved(found.node, use.location.node.mark)
        if not use.beside:
            return copy
        entries = [self._joined(entry, use) for entry in (copy.value if isinstance(copy.value, list) else [copy])]
        joined = [entry for entry in entries if entry is not None]
        if len(joined) < len(entries):
            return None
        return Node(joined, copy.mark) if isinstance(copy.value, list) else joined[0]

    def _joined(self, entry: Node, use: _Use) -> Node | None:
        """An alternative of a definition with what stands beside its name."""
        at, mark = use.location, entry.mark
        said = entry.value if isinstance(entry.value, dict) else {"event": entry}
        parts = {**use.beside, **said}
        for key in said.keys() & use.beside.keys():
            if key != "where":
                message = f"{key} stands here and in the named match {use.name} already"
                self._say(at, (key,), Code.SAME, message, "Write it in one of the two")
                return None
            parts[key] = Node({"all": Node([said[key], use.beside[key]], mark)}, mark, {"all": mark})
        order = [*said, *(key for key in use.beside if key not in said)]
        return Node({key: parts[key] for key in order}, mark, {key: at.node.keys.get(key, mark) for key in order})

    def _are_keys(self, use: _Use) -> bool:
        """Whether what stands beside a name may."""
        known = keys_of(NamedMatchObject)
        wrong = [key for key in use.beside if key not in known]
        for key in wrong:
            close = difflib.get_close_matches(key, known, 1)
            advice = f"Did you mean {close[0]}?" if close else f"Write one of {', '.join(known)}"
            message = f"{key} cannot stand beside match"
            if key == "event":
                message, advice = f"{message}: {use.name} says its events itself", "Delete one of the two"
            self._say(use.location, (key,), Code.UNKNOWN_KEY, message, advice)
        return not wrong

    def _has_room(self, use: _Use, found: _Definition, account_id: str) -> bool:
        before = self._nodes[account_id]
        self._nodes[account_id] += found.nodes
        if self._nodes[account_id] <= NODES_MAX:
            return True
        if before <= NODES_MAX:
            message = f"named matches, written out, make more than {NODES_MAX:,} values in account {account_id}"
            advice = f"Shorten the lists in {use.name}, or use fewer names"
            self._errors.append(use.location.error((), Code.TOO_LARGE, message, advice))
        return False

    def _ring(self, use: _Use, key: tuple[str, str]) -> RuleError:
        names = [name for _, name in self._open[self._open.index(key) :]]
        message = f"{names[0]} is defined by itself: {' → '.join([*names, names[0]])}"
        alone = f"If the type is meant, write {{event: {names[0]}}}"
        return use.location.error(
            (MATCH,), Code.NAMED_MATCH, message, "Take one out of the ring" if names[1:] else alone
        )

    def _unknown(self, use: _Use, account_id: str) -> RuleError:
        known = [name for whose in dict.fromkeys((account_id, EVERY_ACCOUNT)) for name in self._own.get(whose, {})]
        close = difflib.get_close_matches(str(use.name), known, 1)
        advice = f"Did you mean {close[0]}?" if close else f"Write one of {', '.join(known[:20])}"
        if isinstance(use.name, str) and "." in use.name:
            advice = f"A type of events stands under event: {{event: {use.name}}}"
        elif not known:
            advice = "Define it beside rules: matches: {NAME: {event: …}}"
        message = f"there is no named match {shown(use.name)}"
        return use.location.error((MATCH,), Code.NAMED_MATCH, message, advice)


def account_of(document: Location) -> str:
    """Whose a document is, as far as it can be read; empty where it does not say."""
    found = child(document.node, "account")
    return found.value if found is not None and isinstance(found.value, str) else ""


def _remembered(at: Location) -> Node:
    """A match of a definition whose parts know where they were written."""
    if not isinstance(at.node.value, dict):
        return at.node
    parts = {key: Node(part.value, part.mark, part.keys, at.at(key)) for key, part in at.node.value.items()}
    return Node(parts, at.node.mark, at.node.keys)
