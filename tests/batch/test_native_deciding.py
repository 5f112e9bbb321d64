"""The accelerator's decider, an optimisation that may say "not me": whatever it decides, the kernel decides as well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, Final

import pytest

from benchmarks.generate import draw, lines
from benchmarks.rulesets import TWELVE, write_rules
from kittiwake.batch.contacts import pick_counted
from kittiwake.batch.deciding import contacts as deciding
from kittiwake.batch.deciding.known import KNOWN, REASONS
from kittiwake.batch.deciding.plan import plan_of
from kittiwake.batch.event_rows import Groups, Row, group, key_of_row
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.input.bulk import read_tables
from kittiwake.input.native import blocks
from kittiwake.kernel.plan.program import Program
from kittiwake.kernel.plan.versions import as_versions
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.time.instants import DAY_US, END_OF_TIME_US, HOUR_US, parse_instant
from tests.accelerator import needed
from tests.batch.deciders import Beside, beside, known_part, program_of, rows_of
from tests.batch.known_worlds import known_world
from tests.oracle.small_worlds import small_worlds
from tests.oracle.worlds import world
from tests.oracle.worlds_versions import VersionedWorld
from tests.simulation.dense import dense_world

START_US: Final = parse_instant("2026-06-01T12:00:00Z")
RARE: Final = 1_000
"""Worlds in which every reason occurs, however rare it is."""
SHOP_UNTIL_US: Final = parse_instant("2025-11-04T00:00:00Z")


def by_night(least: int, most: int) -> pytest.MarkDecorator:
    """A size, and another for the night."""
    return pytest.mark.parametrize("size", [least, pytest.param(most, marks=pytest.mark.nightly)])


class Seen:
    """What was compared so far."""

    def __init__(self) -> None:
        self.taken = self.left = 0
        self.reasons: Counter[str] = Counter()

    def add(self, both: Beside, where: object) -> None:
        """Both, of one history: equal to the byte, in the order of their making."""
        if both.found is None:
            self.left += 1
            return
        self.taken += 1
        found, expected = both.as_bytes()
        assert found == expected, f"{where}: the accelerator decides otherwise than the kernel"
        self.reasons.update(str(one.reason) for one in both.found.decisions)


@needed
@by_night(60, 4_000)
def test_worlds_of_what_it_knows_are_decided_as_the_kernel_decides_them(size: int) -> None:
    seen = Seen()
    for seed in range(size):
        of = known_world(seed)
        program = program_of(of.document)
        assert plan_of(program) is not None, f"seed {seed}: a clause is not known"
        seen.add(beside(program, of.rows, of.until_us), f"known world {seed}")
    assert seen.taken > size / 3
    unseen = {str(reason) for reason in REASONS} - set(seen.reasons)
    assert len(unseen) <= (0 if size > RARE else 6), unseen


@needed
@by_night(5, 300)
@pytest.mark.parametrize("worlds", [world, dense_world], ids=["oracle", "simulator"])
def test_random_worlds_cut_to_what_it_knows_are_decided_as_the_kernel_decides_them(worlds: Any, size: int) -> None:
    seen = Seen()
    for seed in range(size):
        of = worlds(seed)
        document = known_part(of.versions[0][1] if isinstance(of, VersionedWorld) else of.document, of.limits)
        if document is not None:
            program = program_of(document, of.limits)
            for apart in (True, False):
                rows = rows_of(of.events, of.until_us, apart=apart)
                seen.add(beside(program, rows, of.until_us), f"{worlds.__name__} {seed}")
    assert seen.taken > size / 10


@needed
@by_night(80, 1)
def test_small_histories_are_decided_as_the_kernel_decides_them(size: int) -> None:
    """One in so many of them."""
    seen = Seen()
    programs: dict[str, Program] = {}
    for number, of in enumerate(islice(small_worlds(), 0, None, size)):
        rule = str(of.document["rules"])
        programs[rule] = programs.get(rule) or program_of(of.document)
        rows = rows_of(of.events, of.until_us, apart=number % 3 > 0)
        seen.add(beside(programs[rule], rows, of.until_us), of)
    assert seen.taken > 9 * 1093 / size / 2


# ---------------------------------------------------------------- the shop


def _shop(events: int, folder: Path) -> tuple[Programs, Iterator[tuple[tuple[str, str], list[Row]]]]:
    programs = Programs(load(write_rules(TWELVE, folder)))
    text = "".join(lines(draw(events, seed=7))).encode()
    table = read_tables(text.splitlines(), 0, END_OF_TIME_US, programs.wanted, programs.wanted_of_items).contacts.table
    groups: Groups = {}
    group(groups, table)
    return programs, ((subject, _distinct(rows)) for subject, rows in groups.items())


def _distinct(rows: list[Row]) -> list[Row]:
    same: dict[tuple[int, str, str], list[Row]] = {}
    for row in sorted(rows):
        same.setdefault(key_of_row(row), []).append(row)
    return [pick_counted(each) for each in same.values()]


@needed
@by_night(500, 100_000)
def test_every_contact_of_the_shop_is_taken_and_decided_as_the_kernel_decides_it(size: int, tmp_path: Path) -> None:
    programs, contacts = _shop(size, tmp_path)
    seen = Seen()
    for number, ((account_id, contact_id), rows) in enumerate(contacts):
        until_us = SHOP_UNTIL_US + (0, 40 * DAY_US, 380 * DAY_US)[number % 3]
        program = programs.of(account_id).programs[0]
        seen.add(beside(program, rows, until_us, contact_id), contact_id)
    assert seen.left == 0
    assert seen.taken > size / 30


@needed
def test_a_replay_writes_the_same_to_the_byte_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = Programs(load(write_rules(TWELVE, tmp_path)))
    source = tmp_path / "events.jsonl"
    source.write_text("".join(lines(draw(600, seed=3))), encoding="utf-8")
    replay(programs, [str(source)], tmp_path / "with", RunSettings(SHOP_UNTIL_US))
    monkeypatch.setattr(blocks, "installed", lambda: None)
    replay(programs, [str(source)], tmp_path / "without", RunSettings(SHOP_UNTIL_US))
    assert _files(tmp_path / "with") == _files(tmp_path / "without")


def _files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# ---------------------------------------------------------------- what is left

RULE: Final[dict[str, Any]] = {"id": "r", "when": "a.a", "wait": "1h"}


EVERYTHING_OF_POLICY: Final[dict[str, Any]] = {
    "consent": {"purpose": "news", "default": "granted"},
    "holdout": {"percent": 5, "salt": "s"},
    "frequency": [{"max": 1, "per": "2d"}],
    "quiet_hours": {"from": "21:00", "to": "08:00"},
    "arbitration": {"within": "1h", "max": 1},
    "channels": {"email": {"frequency": [{"max": 2, "per": "day"}]}},
}
EVERYTHING_OF_RULES: Final[list[dict[str, Any]]] = [
    {**RULE, "when": {"event": "a.a", "where": {"k": "p"}}, "given": {"count": "b.b", "gte": 1}, "reentry": "2d"},
    {"id": "sequence", "when": {"sequence": ["a.a", "b.b"], "within": "1h"}, "include": {"k": "k"}},
    {"id": "audience", "audience": {"count": "b.b", "gte": 2}},
    {"id": "reaches", "when": "a.a", "reaches": {"count": True, "at": [2]}},
    {"id": "field", "when": "a.a", "wait": {"field": "n", "unit": "days"}},
    {"id": "until", "when": "a.a", "wait": {"until": "on", "offset": "-1d"}},
]


@pytest.mark.parametrize(
    "more",
    [
        {"still": {"present": "b.b", "within": "1d"}},
        {"rollout": {"percent": 50}},
        {"variants": {"a": 50, "b": 50}},
        {"wait": [{"until": "on", "offset": "-2d"}, {"until": "on", "offset": "-1d"}]},
        {"given": {"count": "b.b", "within": "today", "gte": 1}},
        {"given": {"distinct": "k", "of": "b.b", "gte": 1}},
        {"given": {"contact": {"tier": "gold"}}},
        {"unless": {"event": "b.b", "where": {"cart.id": "c"}}},
        {"unless": {"event": "b.b", "where": {"k": {"contains": "c"}}}},
        {"include": {"tier": "contact.tier"}},
        {"per": "cart.id"},
    ],
    ids=str,
)
def test_a_rule_with_a_clause_that_it_does_not_know_is_left(more: dict[str, Any]) -> None:
    known = program_of({"account": "acme", "rules": [RULE]})
    other = program_of({"account": "acme", "rules": [RULE, {**RULE, **more, "id": "other"}]})
    assert plan_of(known) is not None
    assert plan_of(other) is None


@pytest.mark.parametrize("kind", KNOWN, ids=lambda kind: kind.__name__)
def test_what_a_part_gets_one_day_is_left_until_it_is_known(kind: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of the names is asked for: without it a rule set that has it is left."""
    document = {"account": "acme", "policy": EVERYTHING_OF_POLICY, "rules": EVERYTHING_OF_RULES}
    program = program_of(document)
    assert plan_of(program) is not None
    monkeypatch.setitem(KNOWN, kind, frozenset())
    assert plan_of(program) is None


def _row(hours: float, event_type: str, text: str = "{}", number: int = 0) -> Row:
    return START_US + int(hours * HOUR_US), f"e{number}", event_type, text.encode()


@needed
@pytest.mark.parametrize(
    ("rows", "is_taken"),
    [
        ([_row(0, "a.a", '{"k":"p1","v":5}')], True),
        ([_row(0, "a.a", '{"k":"p1","v":5}'), _row(0, "b.b", number=1)], False),
        ([_row(0, "a.a", '{"k":"p1","v":5}'), _row(1, "contact.deleted", number=1)], False),
        ([_row(0, "a.a", '{"k":"p1","v":5}'), _row(500 * 24, "b.b", number=1)], False),
        ([_row(0, "a.a", '{"v":5}')], False),
        ([_row(0, "a.a", '{"k":"p1","v":"5"}')], False),
        ([_row(0, "a.a", '{"k":"p1","v":5e0}')], False),
        ([_row(0, "a.a", '{"k":"p\\"1","v":5}')], False),
        ([_row(0, "contact.updated", '{"timezone":"\\u0045urope/Berlin"}')], False),
        ([], False),
    ],
)
def test_of_a_contact_that_may_be_in_doubt_it_says_nothing(rows: list[Row], is_taken: bool) -> None:
    rule = {"id": "r", "when": {"event": "a.a", "where": {"v": {"gt": 1}}}, "wait": "1h", "per": "k"}
    program = program_of({"account": "acme", "rules": [rule]})
    found = deciding.decide(
        as_versions(program), "c", rows, START_US + 501 * DAY_US if not is_taken else START_US + DAY_US
    )
    assert (found is not None) is is_taken


def test_without_it_nothing_is_decided_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    versions = as_versions(program_of({"account": "acme", "rules": [RULE]}))
    off = blocks.Accelerator("9.0", "off by KITTIWAKE_NATIVE=0", None)
    for found in (None, off):
        monkeypatch.setattr(blocks, "installed", lambda found=found: found)
        assert deciding.decide(versions, "c", [_row(0, "a.a")], START_US + DAY_US) is None
