"""Checks of `digest`: a rule with instances, and a field by which the best is found.

Pure. Called by `check.document`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from kittiwake.rules.diagnostics import Diagnostic, check_range
from kittiwake.rules.errors import Code
from kittiwake.rules.limits import LISTED_MAX
from kittiwake.rules.model.catalog import ItemObject
from kittiwake.rules.model.rule import Rule


def check_digest(rule: Rule, wrong: frozenset[str]) -> Iterator[Diagnostic[Code]]:
    """Where it has a meaning, and what it names; `wrong` are clauses that could not be read."""
    digest = rule.digest
    if digest is None:
        return
    yield from check_range(digest.max, ("digest", "max"), 1, LISTED_MAX, "the number listed")
    if not wrong & {"when", "audience", "per"}:
        yield from _check_instances(rule)
    if rule.reaches is not None:
        message = "each threshold of reaches leaves a trigger of its own"
        yield Diagnostic(("digest",), Code.CLAUSE, message, "Delete digest, or reaches", at_key=True)
    if digest.highest is not None and digest.lowest is not None:
        message = "a digest is ordered by highest or by lowest, not by both"
        yield Diagnostic(("digest", "lowest"), Code.CLAUSE, message, "Delete one of them", at_key=True)
    if "include" not in wrong:
        yield from _check_field(rule, "highest", digest.highest)
        yield from _check_field(rule, "lowest", digest.lowest)


def _check_instances(rule: Rule) -> Iterator[Diagnostic[Code]]:
    if rule.audience is not None:
        message = "digest has no meaning in an audience rule"
        yield Diagnostic(("digest",), Code.KIND, message, "Delete it: a contact is in or out as a whole", at_key=True)
    elif rule.when is not None and rule.per is None and not isinstance(rule.when, ItemObject):
        message = "a digest lists instances, and this rule has but one"
        advice = "Write what splits a contact, such as per: product_id, or delete digest"
        yield Diagnostic(("digest",), Code.CLAUSE, message, advice, at_key=True)


def _check_field(rule: Rule, word: str, name: str | None) -> Iterator[Diagnostic[Code]]:
    fields = rule.include or {}
    if name is None or name in fields:
        return
    close = difflib.get_close_matches(name, fields, 1)
    advice = f"Write {close[0]}" if close else f"Write include: {{{name}: …}}, or delete {word}"
    yield Diagnostic(("digest", word), Code.CLAUSE, f"include has no field {name}", advice)
