"""The join of bounded input: contacts are given what a join in memory gives them, however little memory there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from kittiwake.batch import replay as driver
from kittiwake.batch.counts import Counts
from kittiwake.batch.intake import Intake
from kittiwake.batch.items.gathering import ItemGathering
from kittiwake.batch.items.join import joined
from kittiwake.batch.items.rows import InterestRows, rows_of_items
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.summary import Summary, from_text
from kittiwake.input.events import parse_event
from kittiwake.kernel import decide_history
from kittiwake.kernel.items.facts import ItemFact
from kittiwake.kernel.items.index import HeldInterest, decode, encode, state_after
from kittiwake.kernel.items.join import joined as joined_in_memory
from kittiwake.model import Event
from kittiwake.output.item_snapshots import (
    INTERESTS_MAX,
    BadItemSnapshot,
    ItemSnapshot,
    is_item_row,
    item_snapshot_line,
    item_snapshot_of,
)
from kittiwake.output.rows import Mode, decision_line
from kittiwake.output.snapshot_set import MANIFEST, manifest_of
from kittiwake.output.snapshots import digest_of
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load, load_files
from kittiwake.time.instants import HOUR_US, format_instant, parse_instant
from kittiwake.values import parse_json, parse_sound
from tests.batch.items import BEGIN_US, RULES, lines
from tests.input.inputs import START_US, record, write_lines, write_rules
from tests.input.test_shape_table import block_of
from tests.kernel.item_shards import Shard, counted

UNTIL_US = BEGIN_US + 20 * HOUR_US

Given = set[tuple[str, str, int, str, str, str]]


def programs_of(*accounts: str) -> Programs:
    return Programs(load_files({f"{one}.yaml": RULES.format(account=one).encode() for one in accounts}))


def given(programs: Programs, written: list[bytes], held_bytes: int) -> tuple[list[tuple[object, ...]], Counts]:
    """What the batch join gives whom, in no order."""
    counts = Counts()
    settings = RunSettings(START_US)
    intake = Intake(settings, programs.wanted, counts, programs.refused, programs.wanted_of_items)
    interest, found = InterestRows(programs), list[tuple[object, ...]]()
    with ItemGathering(held_bytes) as items:
        for at in range(0, len(written), 7):
            taken = intake.take("here", block_of(written[at : at + 7]))
            items.add(rows_of_items(taken.items))
            items.add(interest.of(taken.table))
        for table in joined(programs, items.in_order(), UNTIL_US, counts):
            found += [(*row[:-1], str(parse_sound(row[-1]))) for row in zip(*table, strict=True)]
    return found, counts


def in_memory(programs: Programs, written: list[bytes]) -> Iterator[tuple[object, ...]]:
    """What the join in memory gives whom, before the end."""
    events = [parse_event(line, "here", START_US) for line in written]
    for account_id in ("acme", "beta"):
        own = [event for event in events if isinstance(event, Event) and event.account_id == account_id]
        plan = programs.plan(account_id)
        if plan.catalog is None:
            continue
        of_items = [event for event in own if event.item_id is not None and event.time_us < UNTIL_US]
        for contact_id in sorted({event.contact_id for event in own if event.contact_id is not None}):
            of_contact = [event for event in own if event.contact_id == contact_id]
            for one in joined_in_memory(plan.versions, plan.catalog, of_items, of_contact, contact_id):
                yield account_id, contact_id, one.time_us, one.event_id, one.type, str(one.properties)


@pytest.mark.parametrize("accounts", [("acme", "beta"), ("beta",)], ids=str)
@pytest.mark.parametrize("held_bytes", [10**9, 5_000], ids=["memory", "disk"])
def test_contacts_are_given_what_a_join_in_memory_gives_them_once(
    seed: int, held_bytes: int, accounts: tuple[str, ...]
) -> None:
    programs, total = programs_of(*accounts), 0
    for turn in range(6):
        written = lines(Random(f"{seed} {turn}"), 120)
        found, counts = given(programs, written, held_bytes)
        assert sorted(found, key=str) == sorted(in_memory(programs, written), key=str)
        assert len(found) == counts.item_changes
        total += len(found)
    assert total > 50


@pytest.mark.parametrize("held_bytes", [10**9, 20_000], ids=["memory", "disk"])
def test_replay_decides_as_the_kernel_with_the_item_changes_of_each_contact(
    tmp_path: Path, seed: int, held_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(driver, "HELD_BYTES", held_bytes)
    monkeypatch.setattr(driver, "HELD_ITEM_BYTES", held_bytes)
    total = 0
    for turn in range(3):
        folder = tmp_path / str(turn)
        folder.mkdir()
        written = lines(Random(f"replay {seed} {turn}"), 150)
        summary, programs = _replay(folder, written)
        wanted = set(_decided(programs, written))
        assert set((folder / "out" / "decisions" / PART).read_bytes().splitlines()) == wanted
        total += len(wanted)
        assert from_text((folder / "out" / "summary.json").read_bytes()) == summary
        assert 0 < summary.counts.concerned <= summary.counts.contacts
    assert total > 20


PART = "part-00000-of-00001.jsonl"


def _replay(folder: Path, written: list[bytes], snapshots: bool = False) -> tuple[Summary, Programs]:
    for account_id in ("acme", "beta"):
        (folder / f"{account_id}.yaml").write_text(RULES.format(account=account_id))
    programs = Programs(load(folder / "acme.yaml", folder / "beta.yaml"))
    write_lines(folder / "events.jsonl", written)
    settings = RunSettings(START_US, until_us=UNTIL_US, snapshots=snapshots)
    return replay(programs, [str(folder / "events.jsonl")], folder / "out", settings), programs


def _decided(programs: Programs, written: list[bytes]) -> Iterator[bytes]:
    events = [parse_event(line, "here", START_US) for line in written]
    found = [event for event in events if isinstance(event, Event) and event.time_us < UNTIL_US]
    for account_id in ("acme", "beta"):
        plan = programs.plan(account_id)
        assert plan.catalog is not None
        own = [event for event in found if event.account_id == account_id]
        of_items = [event for event in own if event.item_id is not None]
        for contact_id in sorted({event.contact_id for event in own if event.contact_id is not None}):
            of_contact = [event for event in own if event.contact_id == contact_id]
            changes = joined_in_memory(plan.versions, plan.catalog, of_items, of_contact, contact_id)
            wanted = plan.versions.needed([*of_contact, *changes])
            for decision in decide_history(plan.versions, contact_id, wanted, UNTIL_US).decisions:
                yield decision_line(decision, Mode.REPLAY)


# ---------------------------------------------------------------- snapshots


def test_an_index_that_starts_from_the_snapshots_of_items_goes_on_as_if_it_had_seen_everything(
    tmp_path: Path, seed: int
) -> None:
    """The events since come in any order, and some of those just before again."""
    dice = Random(f"snapshots {seed}")
    written = lines(dice, 250)
    _, programs = _replay(tmp_path, written, snapshots=True)
    events = [event for line in written if isinstance(event := parse_event(line, "here", START_US), Event)]
    shards = dict(_shards(programs, tmp_path / "out" / "snapshots"))
    later = [event for event in events if event.time_us >= UNTIL_US - HOUR_US // 2]
    for event in dice.sample(later, len(later)):
        for (account_id, item_id), shard in shards.items():
            if event.account_id == account_id and event.item_id in (None, item_id):
                shard.take(event)
    assert len(shards) == 6
    for (account_id, item_id), shard in shards.items():
        for contact_id in {event.contact_id for event in events if event.contact_id is not None}:
            own = [one for one in events if one.account_id == account_id]
            of_items = [one for one in own if one.item_id == item_id]
            of_contact = [one for one in own if one.contact_id == contact_id]
            wanted = joined_in_memory(shard.versions, shard.plan, of_items, of_contact, contact_id)
            found = [one for one in shard.given.get(contact_id, []) if one.time_us >= UNTIL_US]
            assert counted(found) == counted(one for one in wanted if one.time_us >= UNTIL_US)


def _shards(programs: Programs, folder: Path) -> Iterator[tuple[tuple[str, str], Shard]]:
    found: dict[tuple[str, str], Shard] = {}
    for text in (folder / "items-00000-of-00001.jsonl").read_bytes().splitlines():
        row = item_snapshot_of(parse_json(text))
        assert isinstance(row, ItemSnapshot)
        assert row.evaluated_to_us == UNTIL_US
        plan = programs.plan(row.account_id)
        assert plan.catalog is not None
        shard = found.setdefault(
            (row.account_id, row.item_id), Shard(row.item_id, plan.versions, plan.catalog, plan.versions.horizon_us)
        )
        if row.state is not None:
            shard.state = encode(row.state)
        shard.interests.extend(row.interests)
    yield from found.items()


def test_files_of_snapshots_name_those_of_items_and_a_run_without_catalogue_rules_has_none(tmp_path: Path) -> None:
    _replay(tmp_path, lines(Random(1), 30), snapshots=True)
    manifest = manifest_of((tmp_path / "out" / "snapshots" / MANIFEST).read_bytes())
    assert sorted(manifest) == ["items-00000-of-00001.jsonl", "part-00000-of-00001.jsonl"]
    plain = Programs(load(write_rules(tmp_path / "plain.yaml")))
    settings = RunSettings(START_US, until_us=UNTIL_US, snapshots=True)
    replay(plain, [str(tmp_path / "events.jsonl")], tmp_path / "plain", settings)
    manifest = manifest_of((tmp_path / "plain" / "snapshots" / MANIFEST).read_bytes())
    assert sorted(manifest) == ["part-00000-of-00001.jsonl"]


def test_a_row_that_was_altered_is_refused() -> None:
    state = state_after([ItemFact(5, "e", "t", "{}", (("price", "1"),))], 9, HOUR_US)
    row = parse_json(item_snapshot_line(("acme", "p"), 9, state, [HeldInterest("c", 1, 20)]))
    assert is_item_row(row)
    assert item_snapshot_of(row) == ("acme", "p", 9, state, (HeldInterest("c", 1, 20),))
    for name, value in (("interests", []), ("state", None), ("item_id", "q"), ("digest", None)):
        assert isinstance(item_snapshot_of({**row, name: value}), BadItemSnapshot)
    bare = {name: value for name, value in row.items() if name not in ("state", "digest")}
    assert isinstance(item_snapshot_of({**bare, "digest": digest_of(bare)}), BadItemSnapshot)


def test_an_item_that_many_watch_has_several_rows_of_which_one_has_its_state(tmp_path: Path) -> None:
    viewed = [
        record(event_id=f"v{at}", contact_id=f"c{at}", type="product.viewed", properties={"product_id": "p1"},
               time="2026-11-02T01:00:00Z")
        for at in range(INTERESTS_MAX + 5)
    ]  # fmt: skip
    priced = record(event_id="i", contact_id=..., item_id="p1", type="price.changed", properties={"price": 5})
    _replay(tmp_path, [*viewed, priced], snapshots=True)
    ((_, shard),) = _shards(Programs(load(tmp_path / "acme.yaml")), tmp_path / "out" / "snapshots")
    assert len(shard.interests) == INTERESTS_MAX + 5
    assert decode(shard.state).last["price"][3] == "5"


def test_ten_thousand_changes_of_an_item_in_a_minute_reach_everyone_who_watches_it(tmp_path: Path) -> None:
    viewed = [
        record(event_id=f"v{at}", contact_id=f"c{at}", type="product.viewed", properties={"product_id": "p1"},
               time="2026-11-02T01:00:00Z")
        for at in range(3)
    ]  # fmt: skip
    changed = [
        record(event_id=f"i{at}", contact_id=..., item_id="p1", type="price.changed", properties={"price": 10 - at % 2},
               time=format_instant(parse_instant("2026-11-02T01:00:30Z") + at * 6_000))
        for at in range(10_000)
    ]  # fmt: skip
    summary, _ = _replay(tmp_path, [*changed, *viewed])
    assert (summary.counts.item_changes, summary.counts.concerned) == (30_000, 3)
    assert summary.triggers == 3 * 5_000
