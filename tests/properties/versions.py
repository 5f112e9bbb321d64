"""Kernel and oracle side by side under several versions of a rule set."""

import random
from collections.abc import Callable, Sequence
from typing import Any

from kittiwake.kernel.batch import decide_history
from kittiwake.kernel.evaluate.decisions import unfinished
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.items.join import of_contact
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.kernel.plan.program import ATTRIBUTES_RULE
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Decision, Event
from kittiwake.output.rows import decision_row
from kittiwake.rules.compile.versions import compile_versions
from kittiwake.rules.documents import load_document
from kittiwake.rules.ruleset import RuleSet
from kittiwake.scenarios.player import event_of
from tests.kernel.execution_modes import through_bytes
from tests.oracle import clock
from tests.oracle.oracle import decide_versions
from tests.oracle.worlds import ACCOUNT, CONTACT
from tests.oracle.worlds_versions import VersionedWorld
from tests.properties.comparison import Rows, difference_of, story_of

Decide = Callable[[Versions, list[Event], int], list[Decision]]


def expected(world: VersionedWorld, *, stream: bool) -> Rows:
    """The oracle's decisions."""
    return decide_versions(
        world.versions,
        world.events,
        world.until_us,
        account=ACCOUNT,
        contact=CONTACT,
        allowed_lateness_us=world.allowed_lateness_us,
        limits=world.limits,
        stream=stream,
    )


def compiled(world: VersionedWorld, *, stream: bool) -> Versions:
    """The versions of a world as programs."""
    return compile_versions(
        [(effective_us, load_document(document)) for effective_us, document in world.versions],
        ACCOUNT,
        allowed_lateness_us=world.allowed_lateness_us,
        limits=DEFAULT_LIMITS._replace(**(world.limits or {})),
        whole_history=not stream,
    )


def events_of(world: VersionedWorld) -> list[Event]:
    return [event_of(ACCOUNT, CONTACT, event) for event in world.events]


def at_once(versions: Versions, events: list[Event], until_us: int) -> list[Decision]:
    """As a batch decides."""
    return decide_history(versions, CONTACT, events, until_us).decisions


def sliced(stops_us: Sequence[int]) -> Decide:
    """As a stream does in which nothing is late."""

    def decide(versions: Versions, events: list[Event], until_us: int) -> list[Decision]:
        state, decisions, before_us = new_state(CONTACT), list[Decision](), -(2**62)
        for stop_us in [*(one for one in stops_us if one < until_us), until_us]:
            given = [event for event in events if before_us <= event.time_us < stop_us]
            advanced = advance(versions, state, given, stop_us)
            assert not advanced.late
            state, before_us = through_bytes(advanced.state), stop_us
            decisions += advanced.decisions
        return [*decisions, *unfinished(versions, state)]

    return decide


def slices(world: VersionedWorld, seed: int) -> list[int]:
    """Instants to settle to on the way: of events, of versions, and a little later."""
    dice = random.Random(seed)
    times = [clock.parse_instant(event["time"]) or 0 for event in world.events]
    times += [effective_us for effective_us, _ in world.versions if effective_us is not None]
    chosen = [dice.choice(times) + dice.choice((0, 1, clock.HOUR)) for _ in range(dice.randint(1, 5))]
    return sorted(set(chosen))


def difference(world: VersionedWorld, decide: Decide, *, stream: bool) -> str:
    """What the two sides decide differently, as text for a person; empty when they agree."""
    versions = compiled(world, stream=stream)
    found = decide(versions, of_contact(versions, events_of(world), CONTACT), world.until_us)
    sets = [load_document(document) for _, document in world.versions]
    wanted = [_with_versions(row, sets) for row in expected(world, stream=stream)]
    return difference_of(wanted, [decision_row(one) for one in found], TEXTS)


TEXTS = ("rule_version", "ruleset_version", "partial_history")


def _with_versions(row: dict[str, Any], sets: list[RuleSet]) -> dict[str, Any]:
    """A row of the oracle with the fingerprints of the versions it names."""
    texts = {one.rule.id: one.version for one in sets[row["rule_of"]].rules_of(ACCOUNT)}
    texts[ATTRIBUTES_RULE] = ""
    return {**row, "ruleset_version": sets[row["ruleset"]].version, "rule_version": texts[row["rule_id"]]}


def story(world: VersionedWorld) -> str:
    """The world as a person reads it."""
    return story_of(world.versions, world)
