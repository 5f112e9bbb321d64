"""Every host decides what the kernel decides of the conformance histories, many in one run.

Replay and the streaming step on an adversarial runner play all of them; Beam's runners a crowd that the seed of the
run draws, and all of them at night.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from random import Random

import pytest
from msgspec.structs import replace

from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.kernel.evaluate.decisions import unfinished
from kittiwake.kernel.evaluate.feeds import silences_in
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.versions import Versions
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.output.rows import Mode, decision_row
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from kittiwake.scenarios.player import event_of
from kittiwake.stream.contact.timer_grid import TimerSettings
from kittiwake.time.instants import HOUR_US, SECOND_US, format_instant, parse_instant
from kittiwake.values import canonical
from tests.conformance.crowds import Crowd, Record, crowds, streamed
from tests.conformance.histories import History, given, histories
from tests.input.inputs import rows
from tests.kernel.execution_modes import CONTACT
from tests.pipelines.running import Job
from tests.stream.generated_cases import differences, emitted_by_key, expected_by_key
from tests.stream.test_hosting import play
from tests.stream.test_runners import WAITS as RUNNER_WAITS
from tests.stream.test_runners import check as compare
from tests.stream.test_runners import run_on_a_test_stream

START = "9100-01-01T00:00:00Z"
"""When runs start, by the clock: after every event."""
CROWDS = range(len(crowds()))
VERSIONED = [
    history
    for history in histories()
    if len(history.documents) > 1
    and not any({"feeds", "breaker"} & {*(one.get("policy") or {})} for _, one in history.documents)
]
STREAM_CROWD = 8
"""Histories of one run of Beam's streaming runner."""
ONE_AND_AT_NIGHT_ALL = pytest.mark.parametrize(
    "number", [None, *(pytest.param(number, marks=pytest.mark.nightly) for number in CROWDS)]
)
WAITS = (
    TimerSettings(),
    TimerSettings(0, SECOND_US),
    TimerSettings(10 * SECOND_US, 60 * SECOND_US),
    TimerSettings(1_500_000, 1_000),
)


@pytest.fixture
def job(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Job:
    """The batch job, on files below `tmp_path`."""
    return Job(tmp_path, capsys)


@pytest.mark.parametrize("number", CROWDS)
def test_replay_decides_the_same(number: int, seed: int, tmp_path: Path) -> None:
    crowd = crowds()[number]
    rules, inputs = crowd.write(tmp_path, Random(f"{seed} {number}"))
    settings = RunSettings(parse_instant(START), crowd.until_us)
    summary = replay(Programs(load(rules), HOUR_US), [*map(str, inputs)], tmp_path / "out", settings)
    assert sum(summary.counts.dead_letters.values()) == 0
    assert not (wrong := differing(crowd, tmp_path / "out")), wrong


@ONE_AND_AT_NIGHT_ALL
def test_the_batch_job_decides_the_same(number: int | None, seed: int, job: Job, tmp_path: Path) -> None:
    rng = Random(f"batch {seed} {number}")
    crowd = rng.choice(crowds()) if number is None else crowds()[number]
    (tmp_path / "crowd").mkdir()
    job.rules, inputs = crowd.write(tmp_path / "crowd", rng)
    ran = job(inputs, "--start", START, "--until", format_instant(crowd.until_us))
    assert not (wrong := differing(crowd, ran.output)), wrong


@pytest.mark.parametrize("number", CROWDS)
def test_the_streaming_step_decides_the_same_however_a_runner_treats_it(number: int, seed: int) -> None:
    rng = Random(f"stream {seed} {number}")
    waits = rng.choice(WAITS)
    crowd = crowds()[number]
    world = crowd.streamed(waits)
    runner = play(world, waits, rng)
    assert not runner.late
    assert not runner.dead
    wrong = differences(expected_by_key(world), emitted_by_key(runner.emitted))
    assert not wrong, f"{names(crowd, wrong)}\n{wrong}"


@pytest.mark.parametrize("history", VERSIONED, ids=lambda history: history.name)
def test_the_streaming_step_brings_versions_into_force_at_their_instants(history: History, seed: int) -> None:
    """As a stream without a snapshot knows them: it looks back on what was since a rule came."""
    rng = Random(f"versions {seed} {history.name}")
    waits = rng.choice(WAITS)
    world = streamed(history.rule_set_history, history.raw_events, history.until_us, waits)
    runner = play(world, waits, rng)
    wrong = differences(expected_by_key(world), emitted_by_key(runner.emitted))
    assert not runner.late
    assert not runner.dead
    assert not wrong, wrong


@ONE_AND_AT_NIGHT_ALL
def test_the_streaming_step_on_beams_runner_decides_the_same(number: int | None, seed: int) -> None:
    rng = Random(f"test stream {seed} {number}")
    crowd = rng.choice(crowds(STREAM_CROWD)) if number is None else crowds()[number]
    world = crowd.streamed(RUNNER_WAITS)
    run_on_a_test_stream(world, rng)
    compare(world, "stream", str(sorted(crowd.names.items())))


def names(crowd: Crowd, wrong: str) -> list[str]:
    """The cases of the accounts that a text names."""
    return [f"{account} is {name}" for account, name in crowd.names.items() if account in wrong]


# ---------------------------------------------------------------- rows


def differing(crowd: Crowd, output: Path) -> str:
    """What the rows of a run lack and invent, by case; empty: nothing."""
    programs = Programs(crowd.rules, HOUR_US)
    found: dict[str, list[str]] = defaultdict(list)
    for row in rows(output / "decisions"):
        found[row["account_id"]].append(canonical({**row, "mode": ""}))
    lines = []
    for account, name in crowd.names.items():
        wanted = decided(programs.of(account), crowd.events[account], crowd.until_us)
        if sorted(found[account]) != sorted(wanted):
            lacks = sorted({*wanted} - {*found[account]})
            invents = sorted({*found[account]} - {*wanted})
            lines += [name, *(f"  lacks   {row}" for row in lacks), *(f"  invents {row}" for row in invents)]
    return "\n".join(lines)


def decided(versions: Versions, records: list[Record], until_us: int) -> list[str]:
    """The rows that the kernel leaves of every contact."""
    happened = tuple(event_of(versions.newest.account_id, CONTACT, record) for record in records)
    versions = replace(versions, silences=silences_in(versions, happened))
    contacts = sorted({one.contact_id for one in happened if one.contact_id is not None})
    return [row for contact_id in contacts for row in _decided_of(versions, happened, contact_id, until_us)]


def _decided_of(versions: Versions, happened: tuple[Event, ...], contact_id: str, until_us: int) -> list[str]:
    own = tuple(one for one in happened if one.contact_id in (None, contact_id))
    advanced = advance(versions, new_state(contact_id), given(versions, own, contact_id), until_us)
    ended = [*advanced.decisions, *unfinished(versions, advanced.state)]
    return [canonical({**decision_row(one, Mode.REPLAY), "mode": ""}) for one in ended]
