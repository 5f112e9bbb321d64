"""Partitions and contacts that do not fit into memory: the decisions and counts of those that do, and little memory."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import tempfile
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kittiwake.batch.contacts import decide_at_once, decide_at_once_with_state
from kittiwake.batch.counts import Counts, add
from kittiwake.batch.event_rows import Groups, Row, Subject, group
from kittiwake.batch.gathering import size_of
from kittiwake.batch.oversized_contacts import decide_in_slices
from kittiwake.batch.partitions import HELD_BYTES, contacts_of
from kittiwake.batch.record_batches import RecordBatcher, read_batch
from kittiwake.input.bulk import Table
from kittiwake.kernel.plan.limits import DEFAULT_LIMITS
from kittiwake.kernel.plan.versions import as_versions
from kittiwake.model import Decision
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.compile.accounts import Plan, plan_of
from kittiwake.rules.compile.versions import compile_versions
from kittiwake.rules.documents import load_document
from kittiwake.scenarios.player import event_of
from kittiwake.values import canonical
from tests.batch import oversized
from tests.oracle.chosen_worlds import CHOSEN
from tests.oracle.worlds import ACCOUNT, CONTACT, World, with_few_ids, world
from tests.oracle.worlds_versions import VersionedWorld, retention_world, versioned_world

WORLDS = 200
"""So many meet what only versions bring about."""
CHUNK = 100
IN_CHUNKS = pytest.mark.parametrize(
    "first", [0, *(pytest.param(first, marks=pytest.mark.nightly) for first in range(CHUNK, WORLDS, CHUNK))]
)
START_US = 1_790_000_000_000_000

DecidedAndCounted = tuple[list[Decision], Counts]


def of_world(of: World) -> tuple[Plan, list[Row], int]:
    """What a host has when it comes to decide the contact of a world."""
    limits = DEFAULT_LIMITS._replace(**(of.limits or {}))
    program = compile_account(
        load_document(of.document), ACCOUNT, allowed_lateness_us=of.allowed_lateness_us, limits=limits
    )
    events = [event_of(ACCOUNT, CONTACT, event) for event in of.events]
    rows = [(one.time_us, one.event_id, one.type, canonical(one.properties).encode()) for one in events]
    return plan_of(as_versions(program)), [row for row in rows if program.wants(row[2])], of.until_us


def at_once(plan: Plan, rows: list[Row], until_us: int) -> DecidedAndCounted:
    counts = Counts()
    return decide_at_once(plan, CONTACT, list(rows), until_us, counts), counts


def in_slices(plan: Plan, rows: list[Row], until_us: int, held_bytes: int) -> DecidedAndCounted:
    counts = Counts()
    coming = iter(sorted(rows))
    return list(decide_in_slices(plan, CONTACT, coming, until_us, counts, held_bytes)), counts


# ---------------------------------------------------------------- oversized contacts


@pytest.mark.parametrize("held_bytes", [0, 3_000])
@IN_CHUNKS
def test_an_oversized_contact_is_decided_and_counted_as_if_it_fitted(first: int, held_bytes: int, seed: int) -> None:
    """Equal rows in equal order; with nothing held, every slice is an instant."""
    for number in range(seed * WORLDS + first, seed * WORLDS + first + CHUNK):
        plan, rows, until_us = of_world(world(number))
        if rows:  # of a contact without any, a host knows nothing
            assert in_slices(plan, rows, until_us, held_bytes) == at_once(plan, rows, until_us), number


@pytest.mark.parametrize("held_bytes", [0, 3_000])
@IN_CHUNKS
def test_an_oversized_contact_of_which_few_ids_are_remembered_is_decided_and_counted_as_if_it_fitted(
    first: int, held_bytes: int, seed: int
) -> None:
    """The kernel alone, sliced, decides so too; and the limit matters: duplicates count again that were none."""
    counted = unlimited = 0
    for number in range(seed * WORLDS + first, seed * WORLDS + first + CHUNK):
        whole, few = world(number), with_few_ids(world(number), 1 + number % 4)
        plan, rows, until_us = of_world(few)
        if rows:
            decisions, counts = in_slices(plan, rows, until_us, held_bytes)
            assert (decisions, counts) == at_once(plan, rows, until_us), number
            kept = Counts()
            assert decide_at_once_with_state(plan, CONTACT, list(rows), until_us, kept)[0] == decisions, number
            assert kept.ids_forgotten == counts.ids_forgotten, number
            counted, unlimited = counted + counts.duplicates, unlimited + at_once(*of_world(whole))[1].duplicates
    assert counted < unlimited


@pytest.mark.parametrize("held_bytes", [0, 3_000])
def test_an_oversized_contact_under_versions_is_decided_and_counted_as_if_it_fitted(held_bytes: int, seed: int) -> None:
    counted = Counts()
    for number in range(seed * WORLDS, (seed + 1) * WORLDS):
        plan, rows, until_us = of_versioned_world(versioned_world(number))
        if rows:
            decisions, counts = in_slices(plan, rows, until_us, held_bytes)
            assert (decisions, counts) == at_once(plan, rows, until_us), number
            add(counted, counts)
    # What only versions bring about has happened.
    assert min(counted.unneeded, counted.forgotten) > 0
    assert {"rule_changed", "rule_removed"} <= {verdict.reason for verdict in counted.verdicts}


@pytest.mark.parametrize("held_bytes", [0, 3_000])
@IN_CHUNKS
def test_an_oversized_contact_that_falls_silent_is_forgotten_as_if_it_fitted(
    first: int, held_bytes: int, seed: int
) -> None:
    forgotten = 0
    for number in range(seed * WORLDS + first, seed * WORLDS + first + CHUNK):
        plan, rows, until_us = of_world(retention_world(number))
        if rows:
            found = in_slices(plan, rows, until_us, held_bytes)
            assert found == at_once(plan, rows, until_us), number
            forgotten += found[1].forgotten
    assert forgotten > CHUNK // 25


def of_versioned_world(of: VersionedWorld) -> tuple[Plan, list[Row], int]:
    limits = DEFAULT_LIMITS._replace(**(of.limits or {}))
    versions = [(start, load_document({**document, "account": ACCOUNT})) for start, document in of.versions]
    plan = plan_of(compile_versions(versions, ACCOUNT, allowed_lateness_us=of.allowed_lateness_us, limits=limits))
    events = [event_of(ACCOUNT, CONTACT, event) for event in of.events]
    rows = [(one.time_us, one.event_id, one.type, canonical(one.properties).encode()) for one in events]
    return plan, [row for row in rows if plan.wanted is None or row[2] in plan.wanted], of.until_us


@pytest.mark.parametrize("name", CHOSEN)
def test_chosen_oversized_contacts_are_decided_as_if_they_fitted(name: str) -> None:
    plan, rows, until_us = of_world(CHOSEN[name])
    assert in_slices(plan, rows, until_us, 0) == in_slices(plan, rows, until_us, HELD_BYTES)
    assert in_slices(plan, rows, until_us, 0) == at_once(plan, rows, until_us)


def test_duplicates_are_recognised_within_the_horizon_across_slices() -> None:
    """An id that comes back: within the horizon of the last event that counted a duplicate, beyond it an event."""
    rules = {"id": "r", "when": "a.b"}
    plan = plan_of(as_versions(compile_account(load_document({"account": ACCOUNT, "rules": [rules]}), ACCOUNT)))
    hour = plan.versions.horizon_us
    rows = [(START_US + at, "e", "a.b", b"{}") for at in (0, 0, hour, hour + 1, 2 * hour, 3 * hour)]
    decisions, counts = in_slices(plan, rows, START_US + 3 * hour, 0)
    assert [one.time_us - START_US for one in decisions] == [0, hour + 1]
    assert (counts.duplicates, counts.unsettled) == (3, 1)


def test_thresholds_of_any_size_survive_the_disk() -> None:
    rules = {"id": "r", "when": "a.b", "reaches": {"sum": "n", "at": [0.5, 10**30]}}
    plan = plan_of(as_versions(compile_account(load_document({"account": ACCOUNT, "rules": [rules]}), ACCOUNT)))
    rows = [(START_US + n, f"e{n}", "a.b", b'{"n":%d}' % 10**30) for n in range(2)]
    decisions, counts = in_slices(plan, rows, START_US + 9, 0)
    assert (decisions, counts) == at_once(plan, rows, START_US + 9)
    assert {str(one.threshold) for one in decisions} == {"0.5", str(10**30)}


# ---------------------------------------------------------------- partitions


def batches_of(groups: Groups, dice: random.Random) -> list[bytes]:
    """Batches of one partition among which every contact's rows are dealt out."""
    dealt: list[Groups] = [{} for _ in range(5)]
    for subject, rows in groups.items():
        for row in rows:
            dice.choice(dealt).setdefault(subject, []).append(row)
    return [batch for some in dealt for batch in packed(some)]


def packed(groups: Groups) -> list[bytes]:
    batcher = RecordBatcher(1)
    for (account_id, contact_id), rows in groups.items():
        columns = map(list, zip(*rows, strict=True))
        batcher.add(Table([account_id] * len(rows), [contact_id] * len(rows), *columns))
    return [batch for _, batch in batcher.batches()]


def crowd(dice: random.Random) -> Groups:
    """Contacts of one event and of hundreds, with duplicates, and names that sort oddly."""
    subjects = [(account, contact) for account in ("a", "a\x00", "é") for contact in ("", "1", "10", "2", "ü")]
    return {subject: [random_row(dice) for _ in range(dice.choice((1, 2, 30, 300)))] for subject in subjects}


def random_row(dice: random.Random) -> Row:
    number = dice.randint(0, 99)
    return START_US + number % 7, f"e{number}", dice.choice("ab"), b'{"n":%d}' % dice.randint(0, 1)


@pytest.mark.parametrize("held_bytes", [0, 10_000, 100_000, HELD_BYTES])
def test_a_partition_gives_every_row_of_every_contact_in_order_of_contacts(held_bytes: int, seed: int) -> None:
    dice = random.Random(seed)
    for _ in range(10):
        groups = crowd(dice)
        found = [(subject, list(rows)) for subject, rows in contacts_of(iter(batches_of(groups, dice)), held_bytes)]
        assert [subject for subject, _ in found] == sorted(groups)
        assert {subject: sorted(rows) for subject, rows in found} == {s: sorted(rows) for s, rows in groups.items()}


def test_only_what_does_not_fit_is_a_stream_and_that_is_in_order_of_ids(seed: int) -> None:
    dice = random.Random(seed)
    groups = crowd(dice)
    groups["a", "oversized"] = [random_row(dice) for _ in range(1_000)]
    held_bytes = 900 * size_of(random_row(dice))
    streams: dict[Subject, list[Row]] = {}
    for subject, rows in contacts_of(batches_of(groups, dice), held_bytes):
        if not isinstance(rows, list):
            streams[subject] = list(rows)
    assert streams == {("a", "oversized"): sorted(groups["a", "oversized"])}


@pytest.mark.parametrize("end", ["read", "left", "failed"])
def test_nothing_stays_on_the_disk(end: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    dice = random.Random(seed)
    batches = batches_of(crowd(dice), dice)
    if end == "read":
        list(contacts_of(batches, 10_000))
    elif end == "left":
        next(contacts_of(batches, 10_000))
    else:
        with pytest.raises(OSError, match="the runner"):
            list(contacts_of(failing(batches), 10_000))
    assert list(tmp_path.iterdir()) == []


def failing(batches: list[bytes]) -> Iterator[bytes]:
    yield from batches
    raise OSError("the runner cannot read on")


# ---------------------------------------------------------------- memory


def peak_bytes(work: Callable[[], object]) -> int:
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_an_oversized_contact_takes_a_fraction_of_the_memory_that_its_rows_alone_would_take() -> None:
    events = 60_000
    oversized.decide_batches(oversized.BUSY, held_bytes=100_000)  # what the first contact brings into memory for all
    groups: Groups = {}
    rows_alone = peak_bytes(lambda: [group(groups, read_batch(batch)) for batch in oversized.batches(events)])
    groups.clear()
    peak = peak_bytes(lambda: oversized.decide_batches(events, held_bytes=rows_alone // 30))
    assert peak < rows_alone / 3, (peak, rows_alone)


@pytest.mark.nightly
@pytest.mark.timeout(3_000)
def test_a_contact_of_five_million_events_is_decided_in_less_than_a_gigabyte(root: Path) -> None:
    """In a process of its own, whose memory is measured as the system sees it."""
    events = 5_000_000
    command = [sys.executable, "-m", "tests.batch.oversized", str(events)]
    ran = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True)
    told = json.loads(ran.stdout)
    assert told.pop("peak_bytes") < 10**9
    assert told == {
        "contacts": 1,
        "duplicates": events // 50,
        "fired": oversized.fired_of(events),
    }
