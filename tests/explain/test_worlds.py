"""Explanations of random worlds: whatever happens is told, and being watched changes nothing."""

from __future__ import annotations

from collections import Counter

import pytest

from kittiwake.explain.explanation import explain
from kittiwake.explain.model import Explanation, Stage, as_data
from kittiwake.explain.rendering import plain
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Decision, Event
from kittiwake.output.rows import line
from kittiwake.reasons import Outcome
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.documents import load_document
from kittiwake.scenarios.player import event_of
from tests.oracle.worlds import ACCOUNT, CONTACT, World, world

WORLDS = 300
CHUNK = 100


@pytest.mark.parametrize("first", range(0, WORLDS, CHUNK))
def test_every_world_can_be_explained(first: int) -> None:
    for seed in range(first, first + CHUNK):
        program, events, until_us = prepared(world(seed))
        watched = advance(program, new_state(CONTACT), events, until_us, trace=True)
        assert watched.decisions == advance(program, new_state(CONTACT), events, until_us).decisions, seed
        explanation = explain(program, watched.state, watched.trace)
        assert plain(explanation), seed
        assert line(as_data(explanation)), seed
        _check(explanation, watched.decisions, seed)


def prepared(of: World) -> tuple[Program, list[Event], int]:
    limits = DEFAULT_LIMITS._replace(**(of.limits or {}))
    ruleset = load_document(of.document)
    program = compile_account(ruleset, ACCOUNT, allowed_lateness_us=of.allowed_lateness_us, limits=limits)
    events = [event_of(ACCOUNT, CONTACT, event) for event in of.events]
    mine = [event for event in events if (event.account_id, event.contact_id) == (ACCOUNT, CONTACT)]
    return program, mine, of.until_us


def _check(explanation: Explanation, decisions: tuple[Decision, ...], seed: int) -> None:
    """Each rule's firings and refusals are all there, and a rule of which nothing fired says why."""
    fired = Counter(one.rule_id for one in decisions if one.decision is Outcome.FIRED)
    refused = Counter(one.rule_id for one in decisions if one.decision is not Outcome.FIRED)
    for rule in explanation.rules:
        assert rule.fired == fired[rule.rule_id], (seed, rule)
        gated = [miss for miss in rule.misses if miss.stage is Stage.GATED and not miss.what.startswith("held by ")]
        assert len(gated) == refused[rule.rule_id], (seed, rule)
        assert rule.fired or rule.nearest, (seed, rule)
