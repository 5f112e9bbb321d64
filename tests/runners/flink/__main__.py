"""`python -m tests.runners.flink`: the step that decides in Flink's keeping, hurt and watched.

    faults    kill a Python worker and a task manager, go on with fewer tasks; for so many --seeds
    watch     so many --minutes of a shop: watermark, checkpoints and memory every ten seconds

Exit code 1 if what stands in the end is not what `replay` decides.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from tests.runners.flink import installing
from tests.runners.flink.cluster import Cluster, Steps, cluster
from tests.runners.flink.running import BEATS_HEARD, FAULTS, SETTLE, SLOW, Run, Told, suffer
from tests.runners.jobs import by_id
from tests.runners.places import MissingError
from tests.runners.shops import Case, differing, shop, twice

EVERY_S: Final = 10


def main(argv: Sequence[str] | None = None) -> int:
    """Run what is asked for; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.runners.flink")
    parser.add_argument("what", choices=("faults", "watch"))
    parser.add_argument("--seed", type=int, default=0, help="of the first run")
    parser.add_argument("--seeds", type=int, default=1, help="so many runs")
    parser.add_argument("--minutes", type=int, default=10, help="to watch")
    parser.add_argument("--contacts", type=int, default=400, help="of the shop that is watched")
    asked = parser.parse_args(argv)
    runs: dict[str, Callable[..., Iterator[bool]]] = {"faults": _faults, "watch": _watch}
    try:
        installing.got()
    except MissingError as error:
        print(f"Flink is not here. {error}")
        return 1
    with TemporaryDirectory() as folder, cluster(Path(folder), workers=3, steps=Steps.ONE) as flink:
        return 0 if all([*runs[asked.what](flink, Path(folder), asked)]) else 1


def _faults(flink: Cluster, folder: Path, asked: argparse.Namespace) -> Iterator[bool]:
    for seed in range(asked.seed, asked.seed + asked.seeds):
        case = shop(folder / f"seed-{seed}", seed)
        with Run(flink, case, folder / f"run-{seed}", seed, SLOW) as run:
            run.begin(2)
            suffer(run, FAULTS)
            run.stop(drain=False)
            yield _same(f"seed {seed}", run.told(), case)


def _same(what: str, told: Told, case: Case) -> bool:
    """Whether it is what `replay` decides; told in a line."""
    committed, sent = told.committed["decisions"], told.sent["decisions"]
    differ, doubled = differing(case.replayed.rows("decisions"), committed), twice(committed)
    wrong = len(differ) + len(doubled)
    verdict = f"{wrong} NOT AS REPLAY ({differ[:1]}, {doubled[:1]})" if wrong else "as replay"
    print(f"{what}: {len(committed)} rows, {verdict}; {_of_sent(committed, sent)}", flush=True)
    return not wrong


def _of_sent(committed: list[dict[str, Any]], sent: list[dict[str, Any]]) -> str:
    """What somebody would have heard that rows are told to before they are committed."""
    contents: defaultdict[tuple[str, int], set[str]] = defaultdict(set)
    for row in sent:
        contents[row["trigger_id"], row["revision"]].add(json.dumps(row, sort_keys=True))
    several = sum(len(one) > 1 for one in contents.values())
    ids = len(by_id(sent).keys() - by_id(committed).keys())
    return f"sent {len(sent)}, of them {several} ids and revisions in two wordings, {ids} ids that nobody takes back"


def _watch(flink: Cluster, folder: Path, asked: argparse.Namespace) -> Iterator[bool]:
    """A shop that takes as long at its pace."""
    case = shop(folder / "watched", asked.seed, contacts=asked.contacts)
    events = sum(1 for line in case.events.open("rb") if line.strip())
    per_second = max(1, events // (asked.minutes * 60))
    print(f"{events:,} events of {asked.contacts} contacts, {per_second}/s", flush=True)
    with Run(flink, case, folder / "watched-run", asked.seed, per_second) as run:
        run.begin(2)
        for line in _looks(run, asked.minutes * 60):
            print(line, flush=True)
        run.reach(1, BEATS_HEARD)
        run.stop(drain=False)
        yield _same("watched", run.told(), case)


def _looks(run: Run, for_s: int) -> Iterator[str]:
    yield "wall_s watermark checkpoints newest_bytes newest_ms memory_mb cpu_s"
    started = time.monotonic()
    while (passed_s := time.monotonic() - started) < for_s:
        kept = run.flink.rest.checkpoints(run.job)
        newest = kept["latest"]["completed"] or defaultdict(int)
        watermark_s = (run.flink.rest.watermark_ms(run.job, SETTLE) or 0) / 1_000
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(watermark_s)) if watermark_s > 0 else "none"
        sizes = (newest["checkpointed_size"], newest["end_to_end_duration"], run.flink.memory_bytes() >> 20)
        yield f"{passed_s:.0f} {at} {kept['counts']['completed']} {' '.join(map(str, sizes))} {run.flink.cpu_s():.0f}"
        time.sleep(EVERY_S)


if __name__ == "__main__":
    sys.exit(main())
