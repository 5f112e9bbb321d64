"""The streaming job on an engine with watermarks of its own: what stands in the end is what `replay` decides.

Recorded events come out of order, and one of ten behind the watermark. The rules are frozen at an instant after the
last event (see `shops`).
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kittiwake.reasons import DeadLetterReason, Outcome
from tests.examples.running import Ran
from tests.runners import boot
from tests.runners.jobs import LOOPBACK, processes, stream_on_engine, streamed
from tests.runners.shops import FROZEN_AT, Case, differing, replayed, shop, twice

DISORDER = ("--disorder", "5m", "--late", "2d", "--allowed_lateness", "5d", "--pace", "50/s")
"""So slow that an engine keeps up: taken in faster, what is late meets in one bag what it should have come before."""


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, seed: int) -> Case:
    return shop(tmp_path_factory.mktemp("stream"), seed)


def test_what_stands_in_the_end_is_what_replay_decides(endpoint: str, case: Case, tmp_path: Path, seed: int) -> None:
    flags = (*DISORDER, "--event_seed", str(seed), *LOOPBACK)
    ran = stream_on_engine(endpoint, case.rules, case.events, tmp_path / "out", *flags)
    check(ran, case, seed)
    told = ran.rows("decisions")
    assert [row for row in told if row["revision"] > 0], f"seed {seed}: no late event has corrected anything"
    assert len(list((tmp_path / "out" / "decisions").iterdir())) > 20, "decided while events came, not all at the end"


def test_so_it_does_by_workers_that_the_engine_starts(endpoint: str, case: Case, tmp_path: Path, seed: int) -> None:
    flags = ("--disorder", "5m", "--event_seed", str(seed), *processes(tmp_path))
    ran = stream_on_engine(endpoint, case.rules, case.events, tmp_path / "out", *flags)
    assert (tmp_path / boot.WORKERS).read_text().split()
    check(ran, case, seed)
    assert not [row for row in ran.rows("decisions") if row["revision"] > 0]


def test_so_it_does_in_this_process_where_everything_is_taken_in_first(case: Case, tmp_path: Path, seed: int) -> None:
    check(streamed(case.rules, case.events, tmp_path / "out", *DISORDER, "--event_seed", str(seed)), case, seed)


def test_an_event_of_the_year_2200_moves_nobodys_deadline(endpoint: str, case: Case, tmp_path: Path, seed: int) -> None:
    """It is a dead letter, and the watermark goes by the others: what stands is what stands without it."""
    events, lines = tmp_path / "events.jsonl", case.events.read_bytes().splitlines(keepends=True)
    third = len(lines) // 3
    lines[third:third] = [bad_clock(line, number) for number, line in enumerate(lines[third : third + 3])]
    events.write_bytes(b"".join(lines))
    hurt = replayed(case.rules, events, tmp_path, FROZEN_AT)
    flags = (*DISORDER, "--event_seed", str(seed), *LOOPBACK)
    ran = stream_on_engine(endpoint, case.rules, events, tmp_path / "out", *flags)
    check(ran, hurt, seed)
    assert not differing(case.replayed.rows("decisions"), ran.rows("decisions"))
    reasons = [row["reason"] for row in ran.rows("dead_letters")]
    assert reasons.count(DeadLetterReason.TIME_IN_FUTURE) >= 3
    assert len(list((tmp_path / "out" / "decisions").iterdir())) > 20, "decided while events came, not all at the end"


def bad_clock(line: bytes, number: int) -> bytes:
    """An event of the same contact, by a clock that is centuries ahead."""
    return (
        json.dumps({**json.loads(line), "event_id": f"bad-{number}", "time": "2200-01-01T00:00:00Z"}).encode() + b"\n"
    )


def check(ran: Ran, case: Case, seed: int) -> None:
    """Every id with its newest revision, field by field; nothing told twice; the dead letters too."""
    wanted, found = case.replayed.rows("decisions"), ran.rows("decisions")
    assert sum(row["decision"] == Outcome.FIRED for row in wanted) > 30
    wrong = differing(wanted, found)
    assert not wrong, f"seed {seed}: {len(wrong)} differ, {wrong[0][0]} is {wrong[0][1]}"
    assert not twice(found)
    assert ran.rows("late_events") == []
    reasons = [sorted(row["reason"] for row in one.rows("dead_letters")) for one in (ran, case.replayed)]
    assert reasons[0] == reasons[1]
