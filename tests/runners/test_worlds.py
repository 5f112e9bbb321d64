"""Random accounts, under rules that change, are decided on an engine as `replay` decides them, field by field.

`KITTIWAKE_RUNNER_WORLDS` is how many accounts there are (default 60). What is drawn depends on the run's seed alone.
"""

from __future__ import annotations

import os
import random
from collections import Counter
from pathlib import Path

from tests.examples.running import Ran, python
from tests.oracle import clock
from tests.oracle.published import together
from tests.pipelines.test_worlds_versions import START, published, write_events
from tests.runners.jobs import LOOPBACK, facts, on_engine

WORLDS = int(os.environ.get("KITTIWAKE_RUNNER_WORLDS", "60"))


def test_random_accounts_under_versions_are_decided_as_by_replay(endpoint: str, tmp_path: Path, seed: int) -> None:
    rng = random.Random(f"runners {seed}")
    drawn = together(rng, WORLDS)
    target = published(tmp_path / "target", drawn)
    write_events(tmp_path / "in", drawn, rng)
    events, output = tmp_path / "in" / "*.jsonl*", tmp_path / "replay"
    until, lateness = clock.rfc3339(drawn.until_us), f"{drawn.horizon_us // clock.SECOND}s"
    flags = ("--start", START, "--until", until, "--allowed_lateness", lateness)
    command = ("-m", "kittiwake.cli.main", "replay", "--rules", target, "--input", events, "--output", output)
    expected = Ran(output, python(*command, *flags))
    ran = on_engine(endpoint, target, events, tmp_path / "out", *LOOPBACK, *flags)
    assert facts(ran) == facts(expected)
    assert {"fired", "suppressed", "cancelled"} <= Counter(row["decision"] for row in expected.rows("decisions")).keys()
