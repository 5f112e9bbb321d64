"""A contact to which nothing that differs between two rule sets can matter is decided alike by both, counts included.

On random worlds of the oracle: edits of rules, and histories from which the events that matter are left out.
`KITTIWAKE_EDITS` is how many worlds (default 25, nightly 1,000).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
from msgspec.structs import replace

from kittiwake.batch.contacts import decide_at_once
from kittiwake.batch.counts import Counts
from kittiwake.batch.event_rows import Row
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.model import Decision
from kittiwake.rules.compile.accounts import Plan, plan_of
from kittiwake.rules.compile.versions import compile_versions
from kittiwake.rules.documents import load_document
from kittiwake.scenarios.player import event_of
from kittiwake.simulate.difference.concern import concern_of
from kittiwake.values import canonical
from tests.oracle.worlds import ACCOUNT, CONTACT
from tests.oracle.worlds_versions import VersionedWorld, versioned_world

ASKED = os.environ.get("KITTIWAKE_EDITS")
CHUNK = 25
CHUNKS = -(-int(ASKED or 1_000) // CHUNK)


def _edits(of: VersionedWorld) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Its versions, one after the other, and each rule of the first taken away."""
    documents = [document for _, document in of.versions]
    yield from pairwise(documents)
    rules = documents[0]["rules"]
    for at, rule in enumerate(rules) if len(rules) > 1 else ():
        if "audience" not in rule:  # which another may name
            yield documents[0], {**documents[0], "rules": [*rules[:at], *rules[at + 1 :]]}


def _plan(of: VersionedWorld, document: dict[str, Any]) -> Plan:
    limits = DEFAULT_LIMITS._replace(**(of.limits or {}))
    rules = load_document(document)
    return plan_of(
        compile_versions([(None, rules)], ACCOUNT, allowed_lateness_us=of.allowed_lateness_us, limits=limits)
    )


def _rows(of: VersionedWorld) -> Iterator[Row]:
    for one in of.events:
        event = event_of(ACCOUNT, CONTACT, one)
        yield event.time_us, event.event_id, event.type, canonical(event.properties).encode()


def _decided(plan: Plan, rows: list[Row], until_us: int) -> tuple[list[Decision], Counts]:
    counts = Counts()
    needed = [row for row in rows if plan.wanted is None or row[2] in plan.wanted]
    counts.unneeded += len(rows) - len(needed)
    decisions = decide_at_once(plan, CONTACT, needed, until_us, counts) if needed else []
    return [replace(one, ruleset_version="") for one in decisions], counts


@pytest.mark.parametrize(
    "chunk", [0, *(pytest.param(chunk, marks=() if ASKED else pytest.mark.nightly) for chunk in range(1, CHUNKS))]
)
def test_without_an_event_that_matters_to_what_differs_both_rule_sets_decide_alike(chunk: int) -> None:
    seen = Counter[str]()
    for seed in range(chunk * CHUNK, (chunk + 1) * CHUNK):
        of = versioned_world(seed)
        for before, after in _edits(of):
            old, new = _plan(of, before), _plan(of, after)
            concern = concern_of(old, new)
            if concern is None or before == after:
                seen["anything may matter" if concern is None else "no edit"] += 1
                continue
            rows = [row for row in _rows(of) if row[2] not in concern]
            found = _decided(old, [*rows], of.until_us)
            assert found == _decided(new, [*rows], of.until_us), f"seed {seed}: {after}"
            seen["decided alike"] += 1
            seen["with decisions"] += bool(found[0])
    assert seen["with decisions"] > CHUNK // 10, seen
