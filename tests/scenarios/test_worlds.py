"""The player against a batch: whatever comes late inside the horizon, what is known in the end is the same."""

from __future__ import annotations

from collections import Counter
from random import Random
from textwrap import indent
from typing import Any

import pytest

from kittiwake.explain.rendering import plain
from kittiwake.kernel.evaluate.decisions import unfinished
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Decision, Event
from kittiwake.reasons import Outcome
from kittiwake.rules.errors import RulesError
from kittiwake.rules.source.builder import Reading
from kittiwake.rules.source.tree import Location, node_of
from kittiwake.rules.source.tree import plain as plain_node
from kittiwake.rules.source.yaml import read_yaml
from kittiwake.scenarios.edits import edited
from kittiwake.scenarios.player import Player
from kittiwake.scenarios.rules import Edition, RuleBook, book_of, edition_of
from kittiwake.time.instants import HOUR_US
from tests.kernel.execution_modes import CONTACT
from tests.kernel.programs import ACCOUNT, listed_rules
from tests.laws.programs import START_US, WORLDS, World, dice_of, end_us, history

ROUNDS = 8
HORIZON_US = HOUR_US
"""That of the worlds' programs."""


@pytest.fixture(params=WORLDS, ids=str)
def case(request: pytest.FixtureRequest) -> World:
    return WORLDS[request.param]


def test_events_told_late_inside_the_horizon_end_as_a_batch_does(case: World, seed: int) -> None:
    rng = dice_of(f"late {case.rules}", seed)
    corrected = 0
    for _ in range(ROUNDS):
        events = history(rng, case, rng.randint(2, 20))
        player = Player(case.program(), CONTACT, START_US - HOUR_US)
        rows = arrived(player, events, end_us(events, case), rng)
        assert Counter(map(id, player._accepted)).total() == len(events)
        _ends_as_a_batch(player, rows)
        corrected += sum(row.late for row in rows)
    print(corrected, "rows were corrected")


def test_rules_edited_in_flight_end_as_if_all_versions_had_been_known(case: World, seed: int) -> None:
    rng = dice_of(f"edits {case.rules}", seed)
    for _ in range(ROUNDS):
        book = _book(case)._replace(whole_history=rng.random() < 0.5)
        events = history(rng, case, rng.randint(4, 20))
        player = Player(book.versions(), CONTACT, START_US - HOUR_US)
        rows: list[Decision] = []
        for _ in range(rng.randint(1, 3)):
            until_us = player.clock_us + 6 * case.unit_us
            part = [one for one in events if player.clock_us <= one.time_us < until_us]
            rows += arrived(player, part, until_us, rng)
            book = book.publish(player.publishing_us(), _edited(book, rng))
            player.change_rules(book.versions())
        rest = [one for one in events if player.clock_us <= one.time_us]
        rows += arrived(player, rest, end_us(events, case), rng)
        _ends_as_a_batch(player, rows)


def arrived(player: Player, events: list[Event], until_us: int, rng: Random) -> list[Decision]:
    """All rows of events that arrive in any order inside the horizon."""
    arrivals = [(one.time_us + rng.choice((0, 0, 1, rng.randint(1, HORIZON_US))), one) for one in events]
    for arrives_us, event in sorted(arrivals, key=lambda pair: pair[0]):
        player.pass_to(max(player.clock_us, arrives_us))
        ago_us = player.clock_us - event.time_us
        player.add_event(event.type, event.properties, event_id=event.event_id, ago_us=ago_us)
    player.pass_to(max(player.clock_us, until_us))
    return player.take_decisions()


def _ends_as_a_batch(player: Player, rows: list[Decision]) -> None:
    """The newest rows are those of a batch, which is what is explained."""
    versions, evaluated_to_us = player.versions, player._state.evaluated_to_us
    assert evaluated_to_us is not None
    wanted = _batch(versions, player._accepted, evaluated_to_us)
    assert _shown(_newest(rows)) == _shown(_newest(wanted))
    explained = player.explanation()
    fired = Counter(row.rule_id for row in wanted if row.decision is Outcome.FIRED)
    assert {rule.rule_id: rule.fired for rule in explained.rules if rule.fired} == fired
    assert plain(explained)


def _newest(rows: list[Decision]) -> list[Decision]:
    """The newest row of every id; a reminder that is decided while an earlier one is held has two, if it restarts."""
    return [*{row.trigger_id: row for row in rows}.values()]


def _batch(versions: Versions, events: list[Event], until_us: int) -> list[Decision]:
    whole = advance(versions, new_state(CONTACT), events, until_us)
    return [*whole.decisions, *unfinished(versions, whole.state)]


def _shown(rows: list[Decision]) -> list[tuple[Any, ...]]:
    """What the rows that stand say of the facts; what is held may have been told before."""
    kept = [row for row in rows if row.decision not in (Outcome.REVOKED, Outcome.DEFERRED)]
    return sorted(map(_facts, kept))


def _facts(row: Decision) -> tuple[Any, ...]:
    outcome = (row.decision, str(row.reason), row.time_us, row.fired_at_us or 0)
    return (row.trigger_id, row.rule_id, row.instance, *outcome, row.include, row.rule_version, row.ruleset_version)


# ---------------------------------------------------------------- edits


def _book(case: World) -> RuleBook:
    return book_of(edition_of([Location("world", node_of(_document(case)))]), ACCOUNT)


def _document(case: World) -> dict[str, Any]:
    policy = f"policy:\n{indent(case.policy, '  ')}\n" if case.policy else ""
    found: dict[str, Any] = plain_node(read_yaml(f"{policy}rules:\n{listed_rules(case.rules)}", Reading("world")))
    return {"account": ACCOUNT, "timezone": case.zone, **found}


def _edited(book: RuleBook, rng: Random) -> Edition:
    """The rules with one changed, one gone or those of another world added; drawn anew where they cannot be used."""
    ids = [rule.rule.id for rule in book.newest.rules_of(ACCOUNT)]
    while True:
        other, number = _document(WORLDS[rng.choice([*WORLDS])]), len(book.published)
        added = [{**rule, "id": f"{rule['id']}-{number}"} for rule in other["rules"]]
        edits: list[dict[str, Any]] = [{"add": added}]
        if ids:
            edits += [{"change": {rng.choice(ids): _keys(rng)}}] * 3
            edits += [{"remove": rng.choice(ids)}]
        try:
            return edited(book, Location("edit", node_of(rng.choice(edits))))
        except RulesError:
            continue


def _keys(rng: Random) -> dict[str, Any]:
    keys: list[dict[str, Any]] = [
        {"wait": rng.choice(("30m", "3h", ["1h", "2h"], None))},
        {"unless": rng.choice(("c", {"event": "b", "same": "p"}, None))},
        {"per": rng.choice(("p", "q", None))},
        {"given": rng.choice(({"count": "a", "within": "3h", "gte": 2}, {"present": "b"}, None))},
        {"reentry": rng.choice(("1h", "once", "always"))},
        {"mode": rng.choice(("off", "shadow", "live"))},
        {"priority": rng.randint(0, 100)},
        {"include": {"n": "n"}},
    ]
    return rng.choice(keys)
