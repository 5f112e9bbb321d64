"""Random accounts with catalogue rules, decided by a host and by what is known to be right.

    python -m tests.catalogue batch --accounts 5000     # replay, under rules that change, against the oracle
    python -m tests.catalogue prism --accounts 500      # the streaming job on Prism, out of order, against replay
    python -m tests.catalogue faults --accounts 200     # both streaming steps on the fault-injecting runner, the oracle

Exit code 1 if one differs, which is reported. `--first` begins at another; `--seconds` ends early.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.time.instants import parse_instant
from tests.examples.running import Ran
from tests.input.inputs import write_lines
from tests.oracle import clock
from tests.oracle.published import Together, newest_us, together
from tests.oracle.values import canonical, exact
from tests.oracle.worlds_catalog import catalog_world_of_versions
from tests.oracle.worlds_versions import VersionedWorld
from tests.pipelines.test_worlds import rows_by_contact
from tests.runners import prism
from tests.runners.drawn import differences, published, report, write_events
from tests.runners.jobs import LOOPBACK, stream_on_engine
from tests.runners.shops import differing, kittiwake
from tests.stream.test_items import difference_by_faults

Draw = Callable[[int], VersionedWorld]
"""The world of a seed."""

ACCOUNTS: Final = 100
"""Of a run of a host."""
START: Final = "2035-01-01T00:00:00Z"
"""When the runs start: after every event."""
SEEDS_APART: Final = 10**9
"""Of two draws of one seed: more than the seeds that are sampled, so that no world comes twice."""
LATENESS_US: Final = 15 * clock.DAY
"""Of the stream, in which events come up to five minutes out of order."""


def main(arguments: list[str] | None = None) -> int:
    """0: all are equal."""
    parser = argparse.ArgumentParser(prog="python -m tests.catalogue", description=__doc__)
    parser.add_argument("host", choices=("batch", "prism", "faults"))
    parser.add_argument("--accounts", type=int, default=200, help="how many (default 200)")
    parser.add_argument("--first", type=int, default=0, help="which of them is the first")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no more after so long")
    asked = parser.parse_args(arguments)
    numbers = range(asked.first, asked.first + asked.accounts)
    if asked.host == "faults":
        return _each(numbers, 1, asked.seconds, difference_by_faults)
    if asked.host == "batch":
        return _each(numbers, ACCOUNTS, asked.seconds, lambda first: by_replay(first, ACCOUNTS))
    with TemporaryDirectory() as folder:
        prism.binary()
        with prism.running(Path(folder)) as endpoint:
            return _each(numbers, ACCOUNTS, asked.seconds, lambda first: _by_prism(endpoint, first))


def _each(numbers: range, step: int, seconds: float, difference: Callable[[int], str]) -> int:
    """Go through the accounts, as many at once as a host is given."""
    begun, done, wrong = time.monotonic(), 0, 0
    for first in numbers[::step]:
        if time.monotonic() - begun > seconds:
            break
        found = difference(first)
        wrong += bool(found)
        done += step
        print(found or f"{done:,} accounts, {time.monotonic() - begun:.0f} s", flush=True)
    print(f"{done:,} accounts, {wrong} runs differ")
    return int(bool(wrong))


def _drawn(first: int, accounts: int, draw: Draw = catalog_world_of_versions) -> tuple[Together, random.Random]:
    rng = random.Random(f"catalogue {first}")
    return together(rng, accounts, draw=draw), rng


def _bygone_world(seed: int) -> VersionedWorld:
    """The first world from a seed on whose events lie behind the clock: a stream refuses what lies ahead of it."""
    draws = (catalog_world_of_versions(each) for each in count(seed, SEEDS_APART))
    return next(drawn for drawn in draws if newest_us(drawn) < _now_us())


def _now_us() -> int:
    return time.time_ns() // 1_000


def by_replay(first: int, accounts: int) -> str:
    """How replay and the oracle differ on a draw; "": not at all."""
    drawn, rng = _drawn(first, accounts)
    with TemporaryDirectory() as name:
        folder = Path(name)
        history = load_rules(published(folder / "target", drawn))
        inputs = write_events(folder / "in", drawn, rng)
        settings = RunSettings(parse_instant(START), drawn.until_us, drawn.horizon_us)
        ran = replay(Programs(history, drawn.horizon_us), list(map(str, inputs)), folder / "out", settings)
        assert ran.counts.item_changes > 0, "items were drawn"
        wrong = differences(drawn, history, rows_by_contact(folder / "out"))
    return report(drawn, wrong) if wrong else ""


def _by_prism(endpoint: str, first: int) -> str:
    """How replay and the stream differ on a draw, up to an end behind the clock: no stream decides ahead of it."""
    drawn, rng = _drawn(first, ACCOUNTS, _bygone_world)
    with TemporaryDirectory() as name:
        folder = Path(name)
        lines = [canonical(exact(event)).encode() for of in drawn.worlds.values() for event in of.events]
        rules, until_us = folder / "rules", min(drawn.until_us, _now_us() - clock.HOUR)
        events = write_lines(folder / "events.jsonl", rng.sample(lines, len(lines)))
        rules.mkdir()
        for file, text in drawn.files(1).items():
            (rules / file).with_suffix(".yaml").write_bytes(text)
        kittiwake("publish", rules, folder / "target", "--effective-from", "always")
        kittiwake("freeze", folder / "target", "--at", clock.rfc3339(until_us))
        programs = Programs(load_rules(folder / "target"), LATENESS_US)
        settings = RunSettings(parse_instant(START), until_us, LATENESS_US)
        replay(programs, [str(events)], folder / "replay", settings)
        lateness = ("--allowed_lateness", f"{LATENESS_US // clock.SECOND}s")
        flags = ("--disorder", "5m", *lateness, "--event_seed", str(first), *LOOPBACK)
        ran = stream_on_engine(endpoint, folder / "target", events, folder / "out", *flags)
        wrong = differing(Ran(folder / "replay", "").rows("decisions"), ran.rows("decisions"))
    return "\n".join(f"first {first}: replay {one}\n  stream {other}" for one, other in wrong)


if __name__ == "__main__":
    sys.exit(main())
