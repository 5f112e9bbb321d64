"""The step that decides, in the keeping of an engine that checkpoints: what it loses it has again, nothing is doubled.

Apache Flink holds the cells, bags and timers of `kittiwake.transforms.stream.evaluate` (see `steps.py`) in RocksDB.
Events come while the job runs, out of order and one of ten behind the watermark. A drain pushes the watermark to the
end of time.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import pytest

from kittiwake.reasons import Outcome
from tests.runners.flink import installing
from tests.runners.flink.cluster import Cluster, Steps, cluster
from tests.runners.flink.recorded_queue import BEAT_CONTACT
from tests.runners.flink.running import DEATH, FAULTS, SLOW, Fault, Run, Told, suffer
from tests.runners.places import MissingError
from tests.runners.shops import RULES, Case, differing, replayed, shop, twice

FAST: Final = 100


@pytest.fixture(scope="module")
def flink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    _here()
    with cluster(tmp_path_factory.mktemp("flink"), workers=2) as found:
        yield found


def _here() -> None:
    """Flink; skipped without it on a laptop, and by a Python that it is not built for."""
    if reason := installing.never():
        pytest.skip(reason)
    if os.environ.get("CI"):
        try:
            installing.got()
        except MissingError as error:
            pytest.fail(str(error))
    elif not installing.kept().exists():
        pytest.skip("Flink is not here: make runners gets it")


@pytest.mark.parametrize(
    "faults",
    [pytest.param(DEATH, id="a death"), pytest.param(FAULTS, id="deaths and a savepoint", marks=pytest.mark.nightly)],
)
def test_what_dies_goes_on_from_its_checkpoint_as_if_nothing_had_been(
    tmp_path: Path, seed: int, faults: Mapping[float, Fault]
) -> None:
    """A task manager killed; at night a Python worker before it, and two tasks made one at a savepoint."""
    _here()
    case = shop(tmp_path, seed) if faults is FAULTS else shop(tmp_path, seed, contacts=12, days=14)
    (tmp_path / "flink").mkdir()
    with (
        cluster(tmp_path / "flink", workers=3, steps=Steps.ONE) as flink,
        Run(flink, case, tmp_path / "run", seed, SLOW) as run,
    ):
        run.begin(2)
        suffer(run, faults)
        run.stop(drain=False)
        told = run.told()
    if faults is FAULTS:  # a loaded machine falls behind after a death: then late events come before decisions
        assert [row for row in told.committed["decisions"] if row["revision"]], "no late event has corrected anything"
    check(told, case, seed)


@pytest.mark.nightly
def test_a_freeze_and_then_a_drain_fires_nothing_from_there_on(flink: Cluster, tmp_path: Path, seed: int) -> None:
    """Frozen in the midst of the events: those after it are taken in, wait, and end with the job."""
    frozen_at = "2025-01-20T00:00:00Z"
    case = shop(tmp_path, seed, frozen_at=frozen_at)
    told = straight(flink, case, tmp_path, seed)
    check(told, case, seed)
    assert max(row["time"] for row in told.sent["decisions"]) < frozen_at


@pytest.mark.nightly
def test_a_drain_that_nobody_announced_fires_what_is_due_by_the_clock_and_ends(
    flink: Cluster, tmp_path: Path, seed: int
) -> None:
    """Rules that cannot be frozen; what the shop's events make due has been due for long."""
    tomorrow = (datetime.now(UTC) + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    events = shop(tmp_path, seed).events
    case = replayed(RULES, events, tmp_path / "until", tomorrow)
    check(straight(flink, case, tmp_path, seed), case, seed)


def straight(flink: Cluster, case: Case, folder: Path, seed: int) -> Told:
    """Without any fault."""
    with Run(flink, case, folder / "run", seed, FAST) as run:
        run.begin(2)
        run.reach(1)
        run.stop(drain=True)
        return run.told()


def check(told: Told, case: Case, seed: int) -> None:
    """Every id with its newest revision, field by field; nothing told twice, nothing late, the dead letters too."""
    wanted = case.replayed.rows("decisions")
    found = [row for row in told.committed["decisions"] if row["contact_id"] != BEAT_CONTACT]
    assert sum(row["decision"] == Outcome.FIRED for row in wanted) > 5
    wrong = differing(wanted, found)
    assert not wrong, f"seed {seed}: {len(wrong)} differ, {wrong[0][0]} is {wrong[0][1]}"
    assert not twice(found)
    assert not told.committed["late_events"]
    reasons = [sorted(row["reason"] for row in one) for one in (told.committed["dead_letters"], dead(case))]
    assert reasons[0] == reasons[1]


def dead(case: Case) -> list[dict[str, object]]:
    return list(case.replayed.rows("dead_letters"))
