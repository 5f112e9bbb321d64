"""What the accelerator decides beside what the kernel decides, of random worlds cut to the rules that it knows."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, combinations
from typing import Any, NamedTuple

import msgspec

from kittiwake.batch.deciding import contacts as deciding
from kittiwake.batch.deciding.plan import plan_of
from kittiwake.batch.event_rows import Row, event_of
from kittiwake.kernel import DecidedHistory, decide_sorted_history
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.versions import as_versions
from kittiwake.rules import RulesError, compile_account, load_document
from kittiwake.scenarios.player import event_of as parsed
from kittiwake.values import canonical
from tests.oracle.worlds import ACCOUNT, CONTACT

NEVER_KNOWN = ("cast", "derive", "repeats")
"""Parts of a document beside its rules."""


class Beside(NamedTuple):
    """What became of a history, by both; `found` None: it was left to the kernel."""

    found: DecidedHistory | None
    expected: DecidedHistory

    def as_bytes(self) -> list[list[bytes]]:
        """Both as bytes, decisions in the order they were made."""
        return [_bytes_of(one) for one in self if one is not None]


def _bytes_of(whole: DecidedHistory) -> list[bytes]:
    rest = whole._replace(decisions=[], pending={})
    pending = sorted((name, one.number, one.next_due_us) for name, one in whole.pending.items())
    ids = [[None if one.events is None else one.events.first_type, one] for one in whole.decisions]
    return [repr(rest).encode(), msgspec.json.encode(pending), *map(msgspec.json.encode, ids)]


def program_of(document: Mapping[str, Any], limits: Mapping[str, int] | None = None) -> Program:
    """The program of a document."""
    chosen = DEFAULT_LIMITS._replace(**(limits or {}))
    return compile_account(load_document(dict(document)), ACCOUNT, limits=chosen)


def known_part(document: Mapping[str, Any], limits: Mapping[str, int] | None = None) -> dict[str, Any] | None:
    """The document with the rules that the accelerator knows, and the policy as far; None: with none."""
    beside = {name: part for name, part in document.items() if name not in (*NEVER_KNOWN, "rules", "policy")}
    beside.setdefault("account", ACCOUNT)
    policy = {
        name: part
        for name, part in document.get("policy", {}).items()
        if _is_known({**beside, "policy": {name: part}, "rules": [{"id": "any", "when": "a.a", "wait": "1h"}]}, limits)
    }
    whole = {**beside, "policy": policy}
    rules = [known for rule in document["rules"] if (known := _known_rule(whole, rule, limits)) is not None]
    return {**whole, "rules": rules} if rules else None


def _known_rule(whole: dict[str, Any], rule: dict[str, Any], limits: Mapping[str, int] | None) -> dict[str, Any] | None:
    """A rule with as many of its clauses as the accelerator knows, two left out at most; None: it knows none."""
    for left_out in chain([()], combinations(rule, 1), combinations(rule, 2)):
        kept = {name: clause for name, clause in rule.items() if name not in left_out}
        if "include" in left_out:
            kept["include"] = {"sku": "k", "total": "v"}
        if _is_known({**whole, "rules": [kept]}, limits):
            return kept
    return None


def _is_known(document: Mapping[str, Any], limits: Mapping[str, int] | None) -> bool:
    try:
        return plan_of(program_of(document, limits)) is not None
    except RulesError:  # it needs what was cut
        return False


def rows_of(events: list[dict[str, Any]], until_us: int, *, apart: bool) -> list[Row]:
    """The rows of a history as a batch host hands them over; `apart`: no two share an instant."""
    read = [parsed(ACCOUNT, CONTACT, raw) for raw in events]
    rows = [
        (one.time_us + (place if apart else 0), one.event_id, one.type, canonical(one.properties).encode())
        for place, one in enumerate(read)
    ]
    named = {(event_id, event_type): row for row in sorted(rows, reverse=True) for _, event_id, event_type, _ in [row]}
    return sorted(row for row in named.values() if row[0] < until_us)


def beside(program: Program, rows: list[Row], until_us: int, contact_id: str = CONTACT) -> Beside:
    """What both decide of a history."""
    versions = as_versions(program)
    rows = [row for row in rows if program.wants(row[2])]
    events = [event_of(row) for row in rows]
    return Beside(
        deciding.decide(versions, contact_id, rows, until_us),
        decide_sorted_history(versions, contact_id, events, until_us),
    )
