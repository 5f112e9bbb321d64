"""The job decides as the brute-force oracle does: random worlds through files, shuffle and workers, many in one job.

The job has 30 accounts, at night 80, each with a document of its own. What is drawn depends on the run's seed alone,
so that the seed in pytest's header repeats a failure.
"""

from __future__ import annotations

import json
import random
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.summary import Summary
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.terminal.exit_codes import Exit
from kittiwake.time.instants import parse_instant
from tests.input.inputs import as_sets, write_lines
from tests.oracle import clock
from tests.oracle.values import canonical, exact
from tests.oracle.worlds import World, world
from tests.pipelines.running import Job
from tests.properties.comparison import Rows, difference_of, expected, story

WORLDS = 80
FEW = 30
DRAWN_FROM = 8  # the worlds of a job are one in so many: neighbours in time
CONTACTS = 3
FILES = ("a.jsonl", "b.jsonl.gz", "c.jsonl", "d.jsonl.gz", "e.jsonl")
START = "2035-01-01T00:00:00Z"

Subject = tuple[str, str]


class Drawn(NamedTuple):
    """What one job is given: a world for each contact, all with one end and one horizon."""

    worlds: dict[Subject, World]
    until_us: int
    horizon_us: int


@pytest.mark.parametrize("worlds", [FEW, pytest.param(WORLDS, marks=pytest.mark.nightly)])
def test_random_histories_through_the_job_equal_the_oracle(job: Job, tmp_path: Path, seed: int, worlds: int) -> None:
    """With one worker, with two, and by replay, which also has to count the same."""
    rng = random.Random(f"{seed} 0")
    drawn = draw(rng, worlds)
    job.rules, inputs = write_accounts(tmp_path / "rules", drawn), write_events(tmp_path / "in", drawn, rng)
    flags = ["--start", START, "--until", clock.rfc3339(drawn.until_us)]
    flags += ["--allowed_lateness", f"{drawn.horizon_us // clock.SECOND}s"]
    one = job(inputs, *flags, output="one")
    two = job(inputs, *flags, "--direct_num_workers=2", output="two")
    settings = RunSettings(parse_instant(START), drawn.until_us, drawn.horizon_us)
    programs = Programs(load(job.rules), drawn.horizon_us)
    by_replay = replay(programs, list(map(str, inputs)), tmp_path / "replay", settings)

    assert one.code == two.code == (Exit.FINDINGS if by_replay.findings else Exit.FINE), one.err + two.err
    assert not (wrong := differences(drawn, one.output)), report(drawn, wrong, seed)
    assert as_sets(two.output) == as_sets(one.output)
    assert as_sets(tmp_path / "replay", without=["mode"]) == as_sets(one.output, without=["mode"])
    assert counts_of(one.summary) == counts_of(two.summary) == counts_of(by_replay)
    # Something was drawn: most contacts have events that a rule reads, and some events are copies.
    assert len(drawn.worlds) // 2 < by_replay.counts.contacts <= len(drawn.worlds)
    assert by_replay.counts.duplicates > len(FILES)
    assert sum(by_replay.counts.verdicts.values()) > len(drawn.worlds)


# ---------------------------------------------------------------- in


def draw(rng: random.Random, worlds: int) -> Drawn:
    """Worlds whose histories end near one another, so that one end of the run cuts through many of them."""
    seeds = sorted(rng.sample(range(10**9), worlds * DRAWN_FROM), key=lambda each: newest_us(world(each)))
    first = rng.randrange(len(seeds) - worlds + 1)
    chosen = seeds[first : first + worlds]
    until_us = rng.choice(sorted(world(each).until_us for each in chosen)[worlds // 2 :])
    horizon_us = world(rng.choice(chosen)).allowed_lateness_us
    drawn = {}
    for each in chosen:
        for number in range(rng.randint(1, CONTACTS)):
            account, contact = f"w{each}", f"c{number}"
            drawn[account, contact] = as_one_of_many(world(each, number), account, contact, until_us, horizon_us)
    return Drawn(drawn, until_us, horizon_us)


def newest_us(of: World) -> int:
    return max(clock.parse_instant(event["time"]) or 0 for event in of.events)


def as_one_of_many(of: World, account: str, contact: str, until_us: int, horizon_us: int) -> World:
    """The world with names of its own, under what is the same for all of a job."""
    events = [{**event, "account_id": account, "contact_id": contact} for event in of.events]
    return World({**of.document, "account": account}, events, until_us, horizon_us)


def write_accounts(folder: Path, drawn: Drawn) -> Path:
    """A folder with the rules of every account, each in a file."""
    folder.mkdir()
    for (account, _), of in drawn.worlds.items():
        (folder / f"{account}.json").write_text(canonical(exact(of.document)), encoding="utf-8")
    return folder


def write_events(folder: Path, drawn: Drawn, rng: random.Random) -> list[Path]:
    """Everybody's events in no order, some twice, in several files."""
    folder.mkdir()
    lines = [canonical(exact(event)).encode() for of in drawn.worlds.values() for event in of.events]
    lines += rng.sample(lines, len(lines) // 10)
    rng.shuffle(lines)
    cuts = sorted(rng.sample(range(len(lines)), len(FILES) - 1))
    bounds = zip([0, *cuts], [*cuts, len(lines)], strict=True)
    return [write_lines(folder / name, lines[low:high]) for name, (low, high) in zip(FILES, bounds, strict=True)]


# ---------------------------------------------------------------- out


def differences(drawn: Drawn, output: Path) -> dict[Subject, str]:
    """Where the rows of a run and the oracle's decisions disagree, by contact."""
    found = rows_by_contact(output)
    assert set(found) <= set(drawn.worlds)
    compared = {
        subject: difference_of(expected(of, *subject), found.get(subject, [])) for subject, of in drawn.worlds.items()
    }
    return {subject: text for subject, text in compared.items() if text}


def rows_by_contact(output: Path) -> dict[Subject, Rows]:
    found: dict[Subject, Rows] = defaultdict(list)
    for path in sorted((output / "decisions").iterdir()):
        for text in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(text, parse_float=Decimal)
            found[row["account_id"], row["contact_id"]].append(row)
    return found


def counts_of(summary: Summary) -> dict[str, Any]:
    """What a run counts that does not depend on the host."""
    return {"counts": summary.counts, "until": summary.until_us}


def report(drawn: Drawn, wrong: dict[Subject, str], seed: int) -> str:
    """Every contact that differs, the world of the smallest, and how to see it again."""
    smallest = min(wrong, key=lambda subject: len(drawn.worlds[subject].events))
    return "\n".join(
        [
            f"{len(wrong)} contacts differ; again with",
            f"  pytest tests/pipelines/test_worlds.py --hypothesis-seed={seed}",
            *(f"{subject}\n{text}" for subject, text in wrong.items()),
            f"the smallest, {smallest}:",
            story(drawn.worlds[smallest]),
        ]
    )
