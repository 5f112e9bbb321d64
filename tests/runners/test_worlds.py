"""Random accounts, under rules that change, are decided on an engine as `replay` decides them, field by field.

`tests.oracle.accounts` says how many jobs of 60 accounts there are. What is drawn depends on the run's seed alone.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

import pytest

from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.instants import parse_instant
from tests.examples.running import Ran
from tests.oracle import clock
from tests.oracle.accounts import parts
from tests.oracle.published import together
from tests.pipelines.running import as_a_process
from tests.pipelines.test_worlds_versions import START, published, write_events
from tests.runners.jobs import LOOPBACK, facts

WORLDS = 60


@pytest.mark.parametrize("part", parts(WORLDS), ids="part{}".format)
def test_random_accounts_under_versions_are_decided_as_by_replay(
    endpoint: str, tmp_path: Path, seed: int, part: int
) -> None:
    rng = random.Random(f"runners {seed} {part}")
    drawn = together(rng, WORLDS, added=part > 0)
    target = published(tmp_path / "target", drawn)
    write_events(tmp_path / "in", drawn, rng)
    events, output = tmp_path / "in" / "*.jsonl*", tmp_path / "replay"
    until, lateness = clock.rfc3339(drawn.until_us), f"{drawn.horizon_us // clock.SECOND}s"
    flags = ("--start", START, "--until", until, "--allowed_lateness", lateness)
    settings = RunSettings(parse_instant(START), drawn.until_us, drawn.horizon_us)
    replay(Programs(load_rules(target), drawn.horizon_us), [str(events)], output, settings)
    expected = Ran(output, "")
    places = ("--rules", str(target), "--input", str(events), "--output", str(tmp_path / "out"))
    engine = ("--runner=PortableRunner", f"--job_endpoint={endpoint}", *LOOPBACK)
    ran = as_a_process([*places, *engine, *flags])
    assert ran.returncode in (Exit.FINE, Exit.FINDINGS), ran.stderr[-4_000:]
    assert facts(Ran(tmp_path / "out", "")) == facts(expected)
    assert {"fired", "suppressed", "cancelled"} <= Counter(row["decision"] for row in expected.rows("decisions")).keys()
