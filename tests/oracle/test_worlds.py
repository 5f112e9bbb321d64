"""The worlds reach what they are meant to reach: every reason, every clause, ties, edges, and each the same again."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from tests.oracle import clock
from tests.oracle.additions import drawn_additions, with_additions
from tests.oracle.dice import Dice
from tests.oracle.names import written_out
from tests.oracle.oracle import decide
from tests.oracle.small_worlds import small_worlds
from tests.oracle.worlds import ACCOUNT, CONTACT, World, world

SEEDS = 1200
ENOUGH = 400
LIVE = 1 / 100
"""Rules with a clause that leave decisions, by world: of a clause that is rarer, add to what `additions` draws."""
DATES = 1 / 300
"""Rules with several reminders of one date of which a later one is decided, by world."""
REASONS = {
    ("fired", None),
    ("suppressed", "not_ready"),
    ("suppressed", "condition_unmet"),
    ("suppressed", "no_consent"),
    ("suppressed", "rollout"),
    ("suppressed", "holdout"),
    ("suppressed", "reentry"),
    ("suppressed", "outranked"),
    ("suppressed", "frequency_cap"),
    ("suppressed", "expired"),
    ("suppressed", "shadow"),
    ("suppressed", "superseded"),
    ("suppressed", "limit"),
    ("suppressed", "not_entered"),
    ("cancelled", "unless"),
    ("cancelled", "exited"),
    ("cancelled", "deleted"),
    ("cancelled", "merged"),
    ("deferred", "quiet_hours"),
    ("deferred", "arbitration"),
}
_CLAUSES = (
    "when given still wait unless per restart reaches audience emits include mode priority reentry keep group "
    "transactional expires live_from sequence within where same contact all any not eq ne gt gte lt lte in not_in "
    "exists contains starts_with empty path "
    "drops_by rises_by drops_below rises_above becomes changes "
    "count sum distinct avg min max last between present absent of field unit "
    "default until offset at repeat policy history_from consent holdout frequency quiet_hours arbitration days on "
    "matches match description owner tags "
    "cast number instant derive from each keep as repeats"
)
CLAUSES = (*_CLAUSES.split(), "variants", "rollout", "percent", "salt", "channel", "channels", "except", "calendar")


def decisions(of: World) -> list[dict[str, Any]]:
    """What the oracle decides in the world."""
    return decide(
        of.document,
        of.events,
        of.until_us,
        account=ACCOUNT,
        contact=CONTACT,
        allowed_lateness_us=of.allowed_lateness_us,
        limits=of.limits,
    )


@pytest.fixture(scope="module", params=[ENOUGH, pytest.param(SEEDS, marks=pytest.mark.nightly)])
def worlds(request: pytest.FixtureRequest) -> list[World]:
    return [world(seed) for seed in range(request.param)]


@pytest.fixture(scope="module")
def rows(worlds: list[World]) -> list[list[dict[str, Any]]]:
    return [decisions(each) for each in worlds]


def test_every_reason_occurs(rows: list[list[dict[str, Any]]]) -> None:
    seen = Counter((row["decision"], row["reason"]) for decided in rows for row in decided)
    assert set(seen) == REASONS
    assert {row["kind"] for decided in rows for row in decided} == {"fired", "entered", "exited"}


def test_most_worlds_decide_something(rows: list[list[dict[str, Any]]]) -> None:
    assert sum(bool(decided) for decided in rows) > 0.6 * len(rows)


def test_every_field_takes_its_values(rows: list[list[dict[str, Any]]]) -> None:
    every = [row for decided in rows for row in decided]
    for name in ("threshold", "reminder", "occurrence", "instance", "include", "events"):
        assert any(row[name] for row in every), name
    assert any(row["opener"] == "expiry" for row in every)
    assert any(row["fired_at_us"] not in (None, row["time_us"]) for row in every)
    assert any(row["events"] and row["events"]["count"] > 2 for row in every)


def test_every_clause_occurs(worlds: list[World]) -> None:
    names = {name for each in worlds for name in names_in(each.document)}
    assert not set(CLAUSES) - names
    reentries = {str(rule.get("reentry"))[-1:] for each in worlds for rule in each.document["rules"]}
    assert {"e", "s"} < reentries  # once, always, and durations
    assert {len(step) for each in worlds for step in values_in(each.document, "sequence")} == {2, 3, 4, 5}


def test_a_clause_that_arms_is_not_only_written(worlds: list[World], rows: list[list[dict[str, Any]]]) -> None:
    """Rules of every shape leave decisions, not only stand in documents."""
    live: Counter[str] = Counter()
    for each, decided in zip(worlds, rows, strict=True):
        ids = {row["rule_id"] for row in decided}
        for rule, as_written in zip(written_out(each.document)["rules"], each.document["rules"], strict=True):
            live.update([*names_in(rule), *({"match"} & {*names_in(as_written)})] if rule["id"] in ids else ())
        beside = {name: part for name, part in each.document.items() if name in ("cast", "repeats", "derive")}
        live.update(names_in(beside) if decided else ())
    thin = {
        name: live[name] for name in CLAUSES if live[name] < LIVE * len(worlds) and name not in ("policy", "consent")
    }
    policies = {
        "history_from",
        "holdout",
        "frequency",
        "quiet_hours",
        "arbitration",
        "days",
        "channels",
        "matches",
        "calendar",
    }
    assert set(thin) <= policies


def test_lists_of_dates_come_to_their_later_reminders(worlds: list[World], rows: list[list[dict[str, Any]]]) -> None:
    decided = 0
    for each, of_world in zip(worlds, rows, strict=True):
        later = {row["rule_id"] for row in of_world if row["reminder"]}
        decided += sum(rule["id"] in later and _is_of_dates(rule["wait"]) for rule in each.document["rules"])
    assert decided >= DATES * len(worlds)


def _is_of_dates(wait: Any) -> bool:
    return isinstance(wait, list) and isinstance(wait[0], dict) and "until" in wait[0]


def test_history_has_ties_copies_nights_and_zones(worlds: list[World]) -> None:
    ids = [Counter(event["event_id"] for event in each.events) for each in worlds]
    assert sum(max(each.values()) > 1 for each in ids) > len(worlds) / 4
    times = [Counter(clock.parse_instant(event["time"]) for event in each.events) for each in worlds]
    assert sum(max(each.values()) > 1 for each in times) > len(worlds) / 2
    zones = {str(event.get("properties", {}).get("timezone")) for each in worlds for event in each.events}
    assert {"America/Toronto", "Europe/Berlin", "Asia/Kolkata", "Mars/Olympus", "None"} <= zones
    assert {each.limits is None for each in worlds} == {True, False}


def test_worlds_that_are_asked_to_have_additions_have_some() -> None:
    assert all(drawn_additions(with_additions(seed), Dice(seed)) for seed in range(9))
    assert not all(drawn_additions(seed, Dice(seed)) for seed in range(9))


def test_a_seed_is_a_world(worlds: list[World]) -> None:
    assert [world(seed) for seed in range(0, len(worlds), 40)] == worlds[::40]


def test_arrival_order_does_not_matter_to_the_oracle(worlds: list[World], rows: list[list[dict[str, Any]]]) -> None:
    for each, decided in zip(worlds[::10], rows[::10], strict=True):
        turned = World(each.document, each.events[::-1], each.until_us, each.allowed_lateness_us, each.limits)
        assert decisions(turned) == decided


def test_small_worlds_are_every_history() -> None:
    every = list(small_worlds())
    assert len(every) == 9 * sum(3**length for length in range(7))
    seen = Counter((row["decision"], row["reason"]) for each in every[::7] for row in decisions(each))
    assert {("fired", None), ("cancelled", "unless"), ("suppressed", "reentry"), ("cancelled", "exited")} <= set(seen)


def names_in(part: Any) -> Iterator[str]:
    """Every key written anywhere in the part."""
    if isinstance(part, dict):
        yield from part
        for value in part.values():
            yield from names_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from names_in(value)


def values_in(part: Any, name: str) -> Iterator[Any]:
    """Everything that stands under the key anywhere in the part."""
    if isinstance(part, dict):
        yield from (value for key, value in part.items() if key == name)
        for value in part.values():
            yield from values_in(value, name)
    elif isinstance(part, list):
        for value in part:
            yield from values_in(value, name)
