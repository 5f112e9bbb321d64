"""`{in: vip}` written out: wherever a condition names an audience, the tree of that rule stands in its place.

Pure. Called by `documents` once all documents are read, before rules are fingerprinted: so that an edit of an audience
is an edit of every rule that names it, and that nothing after this has to know of names.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Any

import msgspec
from msgspec.structs import replace

from kittiwake.rules.check.conditions import leaves, references
from kittiwake.rules.errors import Code, KeyPath, RuleError
from kittiwake.rules.fingerprint import rule_version
from kittiwake.rules.limits import DEPTH_MAX, WRITTEN_OUT_MAX
from kittiwake.rules.model.conditions import (
    AllOfConditions,
    AnyOfConditions,
    ConditionTree,
    InAudience,
    NotCondition,
)
from kittiwake.rules.model.rule import Rule
from kittiwake.rules.ruleset import EVERY_ACCOUNT, AccountRules, AuthoredRule

CLAUSES = ("given", "still", "audience")


class Audiences(msgspec.Struct, frozen=True):
    """What rules of one account may name."""

    rules: Mapping[str, AuthoredRule]
    """Every rule of the account and of "*", by its id."""
    trees: dict[str, ConditionTree]
    """Of those that are audiences, the trees written out, in so far as they could be."""
    elsewhere: Collection[str]
    """Audiences of single accounts, which rules of "*" may not name."""
    unread: Collection[str]
    """Rules that could not be read, which have errors of their own."""


def write_out(
    accounts: dict[str, AccountRules], unread: Collection[str], errors: list[RuleError]
) -> dict[str, AccountRules]:
    """The accounts, audiences that their rules name written out; `errors` added for those that cannot be."""
    if not any(_names_any(authored.rule) for of in accounts.values() for authored in of.rules):
        return accounts
    shared = accounts.get(EVERY_ACCOUNT, AccountRules(EVERY_ACCOUNT)).rules
    found = {}
    for name, account in accounts.items():
        others = [] if name != EVERY_ACCOUNT else [one for of in accounts.values() for one in of.rules]
        seen = shared if name == EVERY_ACCOUNT else (*account.rules, *shared)
        rules = {authored.rule.id: authored for authored in reversed(seen)}
        elsewhere = {one.rule.id for one in others if one.rule.audience is not None} - rules.keys()
        audiences = Audiences(rules, {}, elsewhere, unread)
        _write_out_audiences(audiences, account.rules, errors)
        written = tuple(_written_out(authored, audiences, errors) for authored in account.rules)
        found[name] = replace(account, rules=written)
    return found


def _names_any(rule: Rule) -> bool:
    return next(references(rule), None) is not None


# ---------------------------------------------------------------- audiences that name audiences


def _write_out_audiences(audiences: Audiences, own: tuple[AuthoredRule, ...], errors: list[RuleError]) -> None:
    """Write the audiences out, those first that others name; errors for rings that begin with one of the account's own.

    Not by recursion: a chain may be as long as an account has rules.
    """
    named = {name: _named(authored.rule, audiences) for name, authored in audiences.rules.items()}
    left = {name for name, authored in audiences.rules.items() if authored.rule.audience is not None}
    while ready := sorted(name for name in left if not named[name] & left):
        for name in ready:
            tree = audiences.rules[name].rule.audience
            assert tree is not None
            if named[name] <= audiences.trees.keys():
                tree = _replaced(tree, audiences.trees)
                if _size(tree) <= WRITTEN_OUT_MAX and _depth(tree) <= DEPTH_MAX:
                    audiences.trees[name] = tree
        left -= {*ready}
    rings = _rings({name: sorted(named[name] & left) for name in sorted(left)})
    for ring in rings:
        authored = audiences.rules[ring[0]]
        if authored in own:
            errors.append(_in_a_ring(authored, ring))


def _named(rule: Rule, audiences: Audiences) -> set[str]:
    """The audiences that the tree of an audience rule names."""
    names = (leaf.in_ for path, leaf in references(rule) if path[0] == "audience")
    return {name for name in names if name in audiences.rules and audiences.rules[name].rule.audience is not None}


def _rings(named: Mapping[str, list[str]]) -> list[list[str]]:
    """The rings among audiences each of which is in one or leads to one, each from its first id on."""
    rings: dict[frozenset[str], list[str]] = {}
    for start in named:
        way = [start]
        while (following := named[way[-1]][0]) not in way:
            way.append(following)
        ring = way[way.index(following) :]
        first = ring.index(min(ring))
        rings.setdefault(frozenset(ring), ring[first:] + ring[:first])
    return list(rings.values())


def _in_a_ring(authored: AuthoredRule, ring: list[str]) -> RuleError:
    shown = " → ".join([*ring, ring[0]])
    after = ring[1] if len(ring) > 1 else ring[0]
    path = next(path for path, leaf in references(authored.rule) if path[0] == "audience" and leaf.in_ == after)
    message = f"these audiences name one another: {shown}"
    return authored.location.error((*path, "in"), Code.AUDIENCE_RING, message, "Take one of them out of the ring")


# ---------------------------------------------------------------- rules


def _written_out(authored: AuthoredRule, audiences: Audiences, errors: list[RuleError]) -> AuthoredRule:
    """The rule with the audiences it names written out; as it was where that cannot be."""
    named = list(references(authored.rule))
    if not named:
        return authored
    wrong = [error for path, leaf in named if (error := _misnamed(authored, path, leaf.in_, audiences))]
    errors.extend(wrong)
    if wrong or any(leaf.in_ not in audiences.trees for _, leaf in named):
        return authored  # what is wrong with the audiences is reported where they stand
    clauses = {name: written for name in CLAUSES if (written := getattr(authored.rule, name)) is not None}
    whole = {name: _replaced(written, audiences.trees) for name, written in clauses.items()}
    large = [name for name, written in whole.items() if _size(written) > WRITTEN_OUT_MAX or _depth(written) > DEPTH_MAX]
    if large:
        errors.extend(_too_much(authored, name, whole[name]) for name in large)
        return authored
    rule = authored.rule.model_copy(update=whole)
    return replace(authored, rule=rule, written=authored.rule, version=rule_version(rule))


def _misnamed(authored: AuthoredRule, path: KeyPath, name: str, audiences: Audiences) -> RuleError | None:
    """What is wrong with the name of an audience."""
    if name in audiences.unread:
        return None
    found = audiences.rules.get(name)
    if found is not None and found.rule.audience is not None:
        return None
    where = (*path, "in")
    if found is not None:
        message = f"the rule {name} is no audience"
        advice = "Name a rule that has audience, or write its conditions here"
        return authored.location.error(where, Code.NO_AUDIENCE, message, advice)
    if name in audiences.elsewhere:
        message = f"{name} is an audience of one account, and this is a rule of every one"
        return authored.location.error(where, Code.NO_AUDIENCE, message, 'Move the audience to "*", or this rule to it')
    known = sorted(one for one, of in audiences.rules.items() if of.rule.audience is not None)
    close = difflib.get_close_matches(name, known, 1)
    shown = f"Name one of {', '.join(known[:10])}" if known else "Write a rule with this id and audience: …"
    message = f"there is no audience {name}"
    return authored.location.error(where, Code.NO_AUDIENCE, message, f"Did you mean {close[0]}?" if close else shown)


def _too_much(authored: AuthoredRule, clause: str, written: Any) -> RuleError:
    size = _size(written)
    message = f"with the audiences it names written out, this has {size} conditions, more than {WRITTEN_OUT_MAX}"
    if size <= WRITTEN_OUT_MAX:
        message = f"with the audiences it names written out, this is nested deeper than {DEPTH_MAX}"
    return authored.location.error((clause,), Code.GUARDRAIL, message, "Name fewer, or smaller, audiences", at_key=True)


# ---------------------------------------------------------------- trees


def _replaced(written: Any, trees: Mapping[str, ConditionTree]) -> Any:
    """Conditions with a tree in the place of each name that has one."""
    if isinstance(written, list):
        return [_replaced(one, trees) for one in written]
    if isinstance(written, InAudience):
        return trees.get(written.in_, written)
    if isinstance(written, AllOfConditions):
        return written.model_copy(update={"all": _replaced(written.all, trees)})
    if isinstance(written, AnyOfConditions):
        return written.model_copy(update={"any": _replaced(written.any, trees)})
    if isinstance(written, NotCondition):
        return written.model_copy(update={"not_": _replaced(written.not_, trees)})
    return written


def _size(written: Any) -> int:
    return sum(1 for _ in leaves(written))


def _depth(written: Any) -> int:
    return max((len(path) for path, _ in leaves(written)), default=0)
