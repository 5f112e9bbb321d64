"""`python -m benchmarks.runners.watch`: looks on while the stream runs on Prism, and says whether its watermark moves.

The events of a generated shop come at a pace, out of order and late, into a worker that is a process of its own. Every
ten seconds a line; at the end the longest stall, whether memory grew, and whether what stands is what `replay` decides.
Exit code 1 if it is not.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Final, NamedTuple

from benchmarks import machine
from benchmarks.cases import ROOT
from benchmarks.measuring import MB, SECONDS_A_LOOK
from benchmarks.runners.behind import Clocked, Rows, decided, marked, schedule_of
from benchmarks.runners.deciding import frozen, stream_difference
from benchmarks.runners.family import command_of, descendants, family, resident_bytes
from examples.shop import generate
from kittiwake.stream.recorded_schedule import IN_ORDER, Disorder
from kittiwake.time.durations import format_duration, parse_duration
from kittiwake.time.instants import DAY_US, MINUTE_US, SECOND_US, format_instant
from kittiwake.transforms.clock import now_us
from tests.examples.running import Ran
from tests.runners import prism
from tests.runners.jobs import processes

LOOK_S: Final = 10
DAYS: Final = 60
EVENTS_A_CONTACT: Final = 20
"""Of the shop, in sixty days; somewhat more contacts are drawn than that takes, and the shop ends a little earlier."""
DRAWN_SHARE: Final = 1.2
SEED: Final = 7
FROZEN_AFTER_US: Final = DAY_US
"""After the last event nothing is settled any more, so that there is an end to compare."""
WORKER: Final = "sdk_worker_main"


class Look(NamedTuple):
    """What was seen at one time."""

    passed_s: float
    put_out: int
    newest_us: int
    decided_us: int | None
    behind_us: int
    """From when the watermark allowed the newest decision to now, by the clock."""
    rows: int
    files: int
    engine_mb: float
    worker_mb: float


class Watched(NamedTuple):
    """A run, watched to its end."""

    looks: list[Look]
    """While events came."""
    rows: list[Rows]
    clocked: Clocked
    exit_code: int
    difference: str | None
    told: int
    corrected: int

    @property
    def lasts_s(self) -> float:
        """How long events came."""
        return (self.clocked.over_us - self.clocked.began_us) / SECOND_US


def main(argv: Sequence[str] | None = None) -> int:
    """Watch; 1 if the job failed, or what stands is not what `replay` decides."""
    asked = _parser().parse_args(argv)
    lasts_us = parse_duration(asked.lasts)
    assert lasts_us, f"--lasts {asked.lasts}: write 90s or 10m"
    folder = asked.cache.absolute()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    facts = machine.facts(ROOT)
    watched = _watch(folder, asked, int(asked.pace * lasts_us / SECOND_US))
    text = (
        "\n".join([_head(facts, asked), *map(line, (HEAD, MARKS, *map(cells, watched.looks))), "", *summary(watched)])
        + "\n"
    )
    (folder.parent / "engines-watch.md").write_text(text, encoding="utf-8")
    print(text)
    return 1 if watched.exit_code or watched.difference else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.runners.watch", description=__doc__)
    add = parser.add_argument
    add("--lasts", default="10m", help="so long events come (10m)")
    add("--pace", type=float, default=50, help="events a second (50)")
    add("--disorder", default="5m", help="as of the job (5m)")
    add("--late", default="12h", help="as of the job (12h)")
    add("--allowed_lateness", default="1d", help="as of the job (1d)")
    add("--cache", type=Path, default=ROOT / "out" / "bench" / "watch", help="where everything is written")
    return parser


def _watch(folder: Path, asked: argparse.Namespace, number: int) -> Watched:
    events, replayed = _prepared(folder, number)
    disorder = Disorder(_us(asked.disorder), _us(asked.late), 0)
    schedule = schedule_of(events, disorder)
    output = folder / "out"
    flags = [f"--pace={asked.pace:g}/s", f"--disorder={asked.disorder}", f"--late={asked.late}"]
    flags += [f"--allowed_lateness={asked.allowed_lateness}", *processes(folder)]
    with family(), prism.running(folder) as endpoint:
        places = ["--rules", folder / "target", "--events", events, "--output", output]
        engine = ["--runner=PortableRunner", f"--job_endpoint={endpoint}"]
        command = [sys.executable, "-m", "kittiwake.pipelines.stream", *map(str, places), *engine, *flags]
        with (folder / "job.log").open("wb") as words:
            job = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=words, stderr=words)
        clocked, rows = Clocked(schedule, asked.pace, output), list[Rows]()
        _wait(clocked, job)
        looks = [*_looks(job, clocked, output, rows)]
    ran = Ran(output, "")
    told = ran.rows("decisions")
    corrected = sum(row["revision"] > 0 for row in told)
    return Watched(looks, rows, clocked, job.returncode, stream_difference(ran, replayed), len(told), corrected)


def _prepared(folder: Path, number: int) -> tuple[Path, Ran]:
    """Rules and events, and what `replay` decides of them."""
    contacts = max(10, int(number / EVENTS_A_CONTACT * DRAWN_SHARE))
    drawn = generate.lines(contacts, SEED, DAYS)
    assert len(drawn) >= number, f"{contacts} contacts have {len(drawn):,} events only"
    events = marked(drawn[:number], folder / "events.jsonl")
    newest_us = max(time_us for time_us in schedule_of(events, IN_ORDER).times_us)
    return events, frozen(ROOT / "examples/shop/rules", events, newest_us + FROZEN_AFTER_US, folder)


def _us(text: str) -> int:
    found = parse_duration(text)
    assert found is not None, f"{text}: write 90s, 5m or 12h"
    return found


def _wait(clocked: Clocked, job: subprocess.Popen[bytes]) -> None:
    while not clocked.look():
        assert job.poll() is None, "the job has ended before an event came: see its log"
        time.sleep(SECONDS_A_LOOK)


# ---------------------------------------------------------------- looking on


def _looks(job: subprocess.Popen[bytes], clocked: Clocked, output: Path, rows: list[Rows]) -> Iterator[Look]:
    """A look every ten seconds, each told at once, and one at the end."""
    seen: set[str] = set()
    print(line(HEAD), flush=True)
    for number in range(1, sys.maxsize):
        try:
            job.wait(max(0.0, clocked.began_us / SECOND_US + number * LOOK_S - time.time()))
        except subprocess.TimeoutExpired:
            rows += decided(output, seen)
            clocked.look()
            look = _look(clocked, rows)
            print(line(cells(look)), flush=True)
            if now_us() < clocked.over_us:
                yield look
        else:
            rows += decided(output, seen)
            return


def _look(clocked: Clocked, rows: list[Rows]) -> Look:
    at_us = now_us()
    newest_us = max((one.newest_us for one in rows), default=None)
    allowed_us = clocked.began_us if newest_us is None else clocked.allowed_us(newest_us)
    sizes = {"engine": 0.0, "worker": 0.0}
    for one in descendants():
        role = "engine" if one.name == prism.kept().name else "worker" if WORKER in command_of(one.pid) else None
        if role:
            sizes[role] += resident_bytes(one.pid) / MB
    return Look(
        (at_us - clocked.began_us) / SECOND_US, clocked.put_out(at_us), clocked.newest_us(at_us), newest_us,
        at_us - allowed_us, sum(one.number for one in rows), len(rows), sizes["engine"], sizes["worker"],
    )  # fmt: skip


# ---------------------------------------------------------------- telling

HEAD: Final = (
    "wall s", "events put out", "newest put out", "newest decided", "behind, event time", "behind, wall s", "rows",
    "files", "Prism MB", "worker MB",
)  # fmt: skip
MARKS: Final = ("--:",) * len(HEAD)


def line(texts: Sequence[str]) -> str:
    """A row of a table."""
    return f"| {' | '.join(texts)} |"


def cells(look: Look) -> tuple[str, ...]:
    """What stands in it."""
    behind = "–" if look.decided_us is None else _in_minutes(look.newest_us - look.decided_us)
    return (
        f"{look.passed_s:.0f}", f"{look.put_out:,}", _minute(look.newest_us), _minute(look.decided_us), behind,
        f"{look.behind_us / SECOND_US:.1f}", f"{look.rows:,}", f"{look.files:,}", f"{look.engine_mb:.0f}",
        f"{look.worker_mb:.0f}",
    )  # fmt: skip


def _minute(time_us: int | None) -> str:
    return "–" if time_us is None else format_instant(time_us)[:16]


def _in_minutes(duration_us: int) -> str:
    return format_duration(duration_us // MINUTE_US * MINUTE_US)


def summary(watched: Watched) -> list[str]:
    """What came of it, in sentences."""
    clocked = watched.clocked
    advances = clocked.advances(watched.rows)
    times_us = [clocked.began_us, *(one.written_us for one in advances), clocked.over_us]
    stalls_s = [(after - before) / SECOND_US for before, after in pairwise(times_us)]
    behind_s = sorted(one.behind_us / SECOND_US for one in advances)
    late_s = behind_s[len(behind_s) * 99 // 100]
    memory = [_grown([getattr(one, name) for one in watched.looks]) for name in ("engine_mb", "worker_mb")]
    moved = f"The newest decision moved on {len(advances):,} times in {watched.lasts_s:.0f} s"
    behind = f"median {median(behind_s):.2f} s, 99 of 100 within {late_s:.2f} s, all within {behind_s[-1]:.2f} s"
    told = f"{watched.told:,} rows, {watched.corrected:,} of them corrections"
    said = "as `replay`" if watched.difference is None else f"**NOT as `replay`: {watched.difference}**"
    return [
        f"- {moved}; longest stall {max(stalls_s):.1f} s, median {median(stalls_s):.2f} s.",
        f"- From allowed by the watermark to written: {behind}.",
        f"- Memory, median of the first third and of the last: Prism {memory[0]}, worker {memory[1]}.",
        f"- Exit code {watched.exit_code}; {told}; ids and newest revisions: {said}.",
    ]


def _grown(sizes_mb: Sequence[float]) -> str:
    third = max(1, len(sizes_mb) // 3)
    return f"{median(sizes_mb[:third]):.0f} and {median(sizes_mb[-third:]):.0f} MB" if sizes_mb else "–"


def _head(facts: dict[str, Any], asked: argparse.Namespace) -> str:
    return (
        f"{facts['date']}: {facts['cpu']}, {facts['cores']} cores, Python {facts['python']}, Kittiwake at "
        f"{facts['commit']}, apache-beam {facts['packages'].get('apache-beam')}; {asked.pace:g} events a second for "
        f"{asked.lasts}, --disorder {asked.disorder} --late {asked.late} --allowed_lateness {asked.allowed_lateness}; "
        f"load of the machine before {facts['load_before']}, after {machine.load()}.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
