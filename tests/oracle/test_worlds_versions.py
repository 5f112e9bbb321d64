"""The versioned worlds reach what they are meant to reach, and what holds of all of them."""

from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from tests.oracle import clock
from tests.oracle.oracle import decide, decide_versions
from tests.oracle.values import canonical, exact
from tests.oracle.worlds import ACCOUNT, CONTACT, World, world
from tests.oracle.worlds_versions import VersionedWorld, retention_world, versioned_world

SEEDS = 500
ENOUGH = 300
"""So many reach every reason more than five times."""
CI_SEEDS = 50
FORGETTING = 150
"""So few show how often retention forgets."""
IN_PARTS = [range(CI_SEEDS), pytest.param(range(CI_SEEDS, SEEDS), marks=pytest.mark.nightly)]
MODES = (False, True)
Rows = list[dict[str, Any]]


def decisions(of: VersionedWorld, *, stream: bool) -> Rows:
    """What the oracle decides in the world."""
    return decide_versions(
        of.versions,
        of.events,
        of.until_us,
        account=ACCOUNT,
        contact=CONTACT,
        allowed_lateness_us=of.allowed_lateness_us,
        limits=of.limits,
        stream=stream,
    )


def alone(of: World) -> Rows:
    """What it decides in a world of one version."""
    settings: dict[str, Any] = {"allowed_lateness_us": of.allowed_lateness_us, "limits": of.limits}
    return decide(of.document, of.events, of.until_us, account=ACCOUNT, contact=CONTACT, **settings)


@pytest.fixture(scope="module", params=[ENOUGH, pytest.param(SEEDS, marks=pytest.mark.nightly)])
def worlds(request: pytest.FixtureRequest) -> list[VersionedWorld]:
    return [versioned_world(seed) for seed in range(request.param)]


@pytest.fixture(scope="module")
def rows(worlds: list[VersionedWorld]) -> dict[bool, list[Rows]]:
    return {stream: [decisions(each, stream=stream) for each in worlds] for stream in MODES}


def test_every_new_reason_occurs_in_both_modes(rows: dict[bool, list[Rows]]) -> None:
    for stream in MODES:
        seen = Counter(row["reason"] for decided in rows[stream] for row in decided)
        assert {"rule_changed", "rule_removed", "forgotten", "not_ready", "unless", "deleted", None} <= set(seen)
        assert min(seen[name] for name in ("rule_changed", "rule_removed", "forgotten")) > 5
    assert any(row["partial_history"] for decided in rows[True] for row in decided)
    assert not any(row["partial_history"] for decided in rows[False] for row in decided)
    assert sum(one != other for one, other in zip(*rows.values(), strict=True)) > len(rows[True]) / 10


def test_rows_name_their_versions(worlds: list[VersionedWorld], rows: dict[bool, list[Rows]]) -> None:
    for stream in MODES:
        for of, decided in zip(worlds, rows[stream], strict=True):
            for row in decided:
                assert 0 <= row["rule_of"] <= row["ruleset"] < len(of.versions)
                let_go = row["reason"] in ("rule_changed", "rule_removed")
                assert row["rule_of"] == row["ruleset"] - let_go
                assert row["rule_id"] in {"contact:attributes", *_ids(of.versions[row["rule_of"]][1])}


def test_ids_are_unique(rows: dict[bool, list[Rows]]) -> None:
    for stream in MODES:
        for decided in rows[stream]:
            assert max(Counter(map(_identity, decided)).values(), default=1) == 1


def test_starts_rise_and_meet_the_events(worlds: list[VersionedWorld]) -> None:
    met = 0
    for of in worlds:
        starts = [start for start, _ in of.versions if start is not None]
        assert starts == sorted(set(starts))
        assert all(start is not None for start, _ in of.versions[1:])
        met += bool({*starts} & {clock.parse_instant(event["time"]) for event in of.events})
    assert {len(of.versions) for of in worlds} == {1, 2, 3, 4}
    assert met > len(worlds) / 4


def test_a_seed_is_a_world(worlds: list[VersionedWorld]) -> None:
    assert [versioned_world(seed) for seed in range(0, len(worlds), 40)] == worlds[::40]


def test_arrival_order_does_not_matter(worlds: list[VersionedWorld], rows: dict[bool, list[Rows]]) -> None:
    for stream in MODES:
        for of, decided in zip(worlds[::10], rows[stream][::10], strict=True):
            assert decisions(replace(of, events=of.events[::-1]), stream=stream) == decided


@pytest.mark.parametrize("seeds", IN_PARTS, ids=str)
@pytest.mark.parametrize("stream", MODES)
def test_the_same_document_again_decides_as_one_version(stream: bool, seeds: range) -> None:
    for seed in seeds:
        for of in (world(seed), retention_world(seed)):
            times = sorted({clock.parse_instant(event["time"]) or 0 for event in of.events})
            starts = [None, *times[1::3], times[-1] + clock.DAY]
            again = VersionedWorld([(at, of.document) for at in starts], *_settings(of))
            assert _told(decisions(again, stream=stream)) == _told(alone(of)), seed


@pytest.mark.parametrize("seeds", IN_PARTS, ids=str)
def test_identical_documents_from_a_start_on_differ_in_nothing_but_the_entries_at_it(seeds: range) -> None:
    """A batch looks back on all; before the start nothing is decided, and it opens and uses up what it may."""
    for seed in seeds:
        of = world(seed)
        first = min(clock.parse_instant(event["time"]) or 0 for event in of.events)
        late = VersionedWorld([(first - 1, of.document)], *_settings(of))
        assert _told(decisions(late, stream=False)) == _told(alone(of)), seed


def test_stream_and_batch_agree_on_a_contact_that_begins_under_the_newest_version(
    worlds: list[VersionedWorld],
) -> None:
    for seed, of in enumerate(worlds):
        newest = of.versions[-1][0]
        events = [event for event in of.events if newest is None or (clock.parse_instant(event["time"]) or 0) >= newest]
        young = replace(of, events=events)
        assert _told(decisions(young, stream=True)) == _told(decisions(young, stream=False)), seed


@pytest.mark.parametrize("seeds", [FORGETTING, pytest.param(SEEDS, marks=pytest.mark.nightly)])
def test_retention_worlds_forget(seeds: int) -> None:
    decided = [alone(retention_world(seed)) for seed in range(seeds)]
    forgotten = sum(any(row["reason"] == "forgotten" for row in rows) for rows in decided)
    changed = sum(_told(rows) != _told(alone(world(seed))) for seed, rows in enumerate(decided))
    assert forgotten > seeds / 11
    assert changed > seeds / 5


def _settings(of: World) -> tuple[Any, ...]:
    return of.events, of.until_us, of.allowed_lateness_us, of.limits


def _told(rows: Rows) -> list[str]:
    """The rows without their versions, as text."""
    return sorted(
        canonical(exact({**row, "ruleset": None, "rule_of": None, "opener": str(row["opener"])})) for row in rows
    )


def _identity(row: dict[str, Any]) -> str:
    """What makes a decision this one: of an edge its time too, and whether it is a refusal for lack of room."""
    names = ("rule_id", "kind", "instance", "opener", "threshold", "reminder", "occurrence")
    edge = None if row["kind"] == "fired" else [row["time_us"], row["reason"] == "limit"]
    return canonical(exact({name: row[name] for name in names} | {"edge": edge}))


def _ids(document: dict[str, Any]) -> set[str]:
    return {rule["id"] for rule in document["rules"]}
