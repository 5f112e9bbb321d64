"""The job gives contacts the item changes that replay gives them, and writes the same rows and snapshots."""

from __future__ import annotations

from pathlib import Path
from random import Random

from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.instants import format_instant
from tests.batch.items import RULES, lines
from tests.batch.test_item_join import UNTIL_US
from tests.input.inputs import START_US, as_sets, write_lines
from tests.pipelines.running import Job


def test_the_job_decides_catalogue_rules_as_replay_does_and_counts_the_same(
    job: Job, tmp_path: Path, seed: int
) -> None:
    job.rules = tmp_path / "rules"
    job.rules.mkdir()
    for account_id in ("acme", "beta"):
        (job.rules / f"{account_id}.yaml").write_text(RULES.format(account=account_id))
    written = lines(Random(f"job {seed}"), 300)
    inputs = [write_lines(tmp_path / "a.jsonl", written[:150]), write_lines(tmp_path / "b.jsonl", written[150:])]
    ran = job(inputs, "--until", format_instant(UNTIL_US), "--snapshots", output="job")
    settings = RunSettings(START_US, until_us=UNTIL_US, snapshots=True)
    summary = replay(Programs(load(job.rules)), list(map(str, inputs)), tmp_path / "replay", settings)
    assert ran.code == (Exit.FINE if summary.is_fine(allow_empty=False) else Exit.FINDINGS), ran.err
    assert as_sets(tmp_path / "job", ["mode"]) == as_sets(tmp_path / "replay", ["mode"])
    assert ran.summary.counts == summary.counts
    assert summary.counts.item_changes > 50
    assert summary.triggers > 10
    found = [path.read_bytes().splitlines() for path in (tmp_path / "job" / "snapshots").glob("items-*.jsonl")]
    wanted = (tmp_path / "replay" / "snapshots" / "items-00000-of-00001.jsonl").read_bytes().splitlines()
    assert sorted(line for lines_ in found for line in lines_) == sorted(wanted)
