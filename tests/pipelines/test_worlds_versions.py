"""The job and replay, run from a target, decide as the brute-force oracle does under the versions in it.

`tests.oracle.accounts` says how many jobs of 80 accounts there are. What is drawn depends on the run's seed alone.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.rules.publishing.local import LocalTarget
from kittiwake.rules.publishing.publish import publish
from kittiwake.rules.versions import RuleSetHistory
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.instants import HOUR_US, parse_instant
from tests.input.inputs import as_sets, write_lines
from tests.oracle import clock
from tests.oracle.accounts import parts
from tests.oracle.oracle import decide_versions
from tests.oracle.published import Subject, Together, story, together
from tests.oracle.values import canonical, exact
from tests.pipelines.running import Job
from tests.pipelines.test_worlds import counts_of, rows_by_contact
from tests.properties.comparison import Rows, difference_of

WORLDS = 80
START = "2035-01-01T00:00:00Z"


@pytest.mark.parametrize("part", parts(WORLDS), ids="part{}".format)
def test_random_histories_under_versions_equal_the_oracle(job: Job, tmp_path: Path, seed: int, part: int) -> None:
    """A backfill and a replay over one target with three versions: equal rows and counts, those of the oracle."""
    rng = random.Random(f"versions {seed} {part}")
    drawn = together(rng, WORLDS, added=part > 0)
    job.rules = published(tmp_path / "target", drawn)
    inputs = write_events(tmp_path / "in", drawn, rng)
    flags = ["--start", START, "--until", clock.rfc3339(drawn.until_us)]
    flags += ["--allowed_lateness", f"{drawn.horizon_us // clock.SECOND}s"]
    by_job = job(inputs, *flags, output="job")
    history = load_rules(job.rules)
    settings = RunSettings(parse_instant(START), drawn.until_us, drawn.horizon_us)
    by_replay = replay(Programs(history, drawn.horizon_us), list(map(str, inputs)), tmp_path / "replay", settings)

    assert by_job.code == (Exit.FINDINGS if by_job.summary.findings else Exit.FINE), by_job.err
    assert not (wrong := differences(drawn, history, by_job.output)), report(drawn, wrong)
    assert as_sets(tmp_path / "replay", without=["mode"]) == as_sets(by_job.output, without=["mode"])
    assert counts_of(by_job.summary) == counts_of(by_replay)
    # Something was drawn: each version decides, rules change under what is pending, and contacts are forgotten.
    rows = [row for found in rows_by_contact(by_job.output).values() for row in found]
    assert {row["ruleset_version"] for row in rows} == {one.ruleset.version for one in history.versions}
    assert {"rule_changed", "rule_removed"} & {row["reason"] for row in rows}
    assert by_replay.counts.forgotten > 0


def published(folder: Path, drawn: Together) -> Path:
    """A target with the versions of a draw."""
    for number, start in enumerate(drawn.starts):
        now_us = 0 if start is None else start - HOUR_US
        publish(LocalTarget(folder), drawn.files(number), start, now_us)
    return folder


def write_events(folder: Path, drawn: Together, rng: random.Random) -> list[Path]:
    """Everybody's events in no order, some twice, in two files."""
    folder.mkdir()
    lines = [canonical(exact(event)).encode() for of in drawn.worlds.values() for event in of.events]
    lines += rng.sample(lines, len(lines) // 10)
    rng.shuffle(lines)
    cut = rng.randrange(len(lines))
    return [write_lines(folder / "a.jsonl", lines[:cut]), write_lines(folder / "b.jsonl.gz", lines[cut:])]


# ---------------------------------------------------------------- out


def differences(drawn: Together, history: RuleSetHistory, output: Path) -> dict[Subject, str]:
    """Where the rows of a run and the oracle's decisions disagree, by contact."""
    found = rows_by_contact(output)
    assert set(found) <= set(drawn.worlds)
    compared = {subject: _difference(drawn, history, subject, found.get(subject, [])) for subject in drawn.worlds}
    return {subject: text for subject, text in compared.items() if text}


def _difference(drawn: Together, history: RuleSetHistory, subject: Subject, rows: Rows) -> str:
    of, (account, contact) = drawn.worlds[subject], subject
    wanted = decide_versions(
        of.versions,
        of.events,
        of.until_us,
        account=account,
        contact=contact,
        allowed_lateness_us=of.allowed_lateness_us,
    )
    before = len(drawn.starts) - len(of.versions)  # the account came later
    texts = [one.ruleset.version for one in history.versions][before:]
    of_oracle = sorted(_placed(row, texts[row["ruleset"]], row["time_us"]) for row in wanted)
    of_host = sorted(_placed(row, row["ruleset_version"], clock.parse_instant(row["time"])) for row in rows)
    other = "" if of_oracle == of_host else f"  versions: the oracle {of_oracle}\n  the host {of_host}"
    return difference_of(wanted, rows) or other


def _placed(row: dict[str, Any], version: str, time_us: int | None) -> tuple[Any, ...]:
    return time_us, row["rule_id"], row["decision"], version


def report(drawn: Together, wrong: dict[Subject, str]) -> str:
    """Every contact that differs, and the world of the smallest."""
    smallest = min(wrong, key=lambda subject: len(drawn.worlds[subject].events))
    differing = (f"{subject}\n{text}" for subject, text in wrong.items())
    return "\n".join(
        [f"{len(wrong)} contacts differ", *differing, f"the smallest, {smallest}:", story(drawn.worlds[smallest])]
    )
