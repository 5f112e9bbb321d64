"""The streaming job on an engine with watermarks of its own: what stands in the end is what `replay` decides.

Recorded events come out of order, and one of ten behind the watermark. The rules are frozen at an instant after the
last event, so that the end is one: nothing is settled beyond it, however far the watermark goes.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from examples.shop import generate
from kittiwake.reasons import Outcome
from tests.engines import boot
from tests.engines.jobs import LOOPBACK, by_id, processes, stream_on_engine, streamed
from tests.examples.running import ROOT, Ran, python

FROZEN_AT = "2025-02-10T00:00:00Z"
DISORDER = ("--disorder", "5m", "--late", "2d", "--allowed_lateness", "5d", "--pace", "50/s")
"""So slow that an engine keeps up: taken in faster, what is late meets in one bag what it should have come before."""


class Case(NamedTuple):
    """Published rules, events, and what `replay` decides of them."""

    rules: Path
    events: Path
    replayed: Ran


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory, seed: int) -> Case:
    folder = tmp_path_factory.mktemp("stream")
    events = generate.write(folder / "shop", 40, seed, 35)
    target = folder / "target"
    kittiwake("publish", ROOT / "examples/shop/rules", target, "--effective-from", "always")
    kittiwake("freeze", target, "--at", FROZEN_AT)
    output = folder / "replay"
    kittiwake("replay", "--rules", target, "--input", events, "--output", output, "--until", FROZEN_AT)
    return Case(target, events, Ran(output, ""))


def kittiwake(*arguments: str | Path) -> None:
    python("-m", "kittiwake.cli.main", *arguments)


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


def check(ran: Ran, case: Case, seed: int) -> None:
    """Every id with its newest revision, field by field; nothing told twice; the dead letters too."""
    wanted, found = by_id(case.replayed.rows("decisions")), by_id(ran.rows("decisions"))
    assert sum(row["decision"] == Outcome.FIRED for row in wanted.values()) > 30
    wrong = sorted(one for one in {*wanted, *found} if wanted.get(one) != found.get(one))
    assert not wrong, f"seed {seed}: {len(wrong)} differ, {wanted.get(wrong[0])} is {found.get(wrong[0])}"
    revisions = [(row["trigger_id"], row["revision"]) for row in ran.rows("decisions")]
    assert len(revisions) == len(set(revisions))
    assert ran.rows("late_events") == []
    reasons = [sorted(row["reason"] for row in one.rows("dead_letters")) for one in (ran, case.replayed)]
    assert reasons[0] == reasons[1]
