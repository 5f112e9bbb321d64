"""At what pace a stream still keeps up: some seconds of events at a pace, and how far behind it is at their end."""

from __future__ import annotations

import shutil
from pathlib import Path
from statistics import median
from typing import Final, NamedTuple

from benchmarks.cases import ROOT
from benchmarks.generate import END
from benchmarks.rulesets import TWELVE, write_rules
from benchmarks.runners.behind import Clocked, decided, marked, schedule_of
from benchmarks.runners.cases import Case, command
from benchmarks.runners.deciding import frozen, stream_difference
from benchmarks.runners.family import family
from benchmarks.runners.runs import SAID_CHARS_MAX, SEED
from kittiwake.stream.recorded_schedule import Disorder
from kittiwake.time.instants import DAY_US, SECOND_US, instant_of
from tests.examples.running import Ran, python

DISORDER: Final = ("--disorder=1m", "--late=30m")
"""The watermark waits a minute; one of ten comes up to half an hour late, and corrects."""
DISORDER_US: Final = Disorder(60 * SECOND_US, 1_800 * SECOND_US)
KEPT_UP_S: Final = 2.0
"""Behind at the end: more than Beam takes for a bundle or two."""


class Paced(NamedTuple):
    """How a pace went."""

    per_second: float
    lasts_s: float
    wrong: str | None
    middle_s: float
    """Behind, in the median."""
    end_s: float
    """Behind when the last event was due."""
    cpu_share: float
    """CPU seconds a second of the whole run, its start and its end with it."""

    @property
    def kept_up(self) -> bool:
        """Whether it was not behind at the end."""
        return self.end_s <= KEPT_UP_S


def pace(case: Case, per_second: float, lasts_s: float, folder: Path) -> Paced:
    """Run a stream at a pace."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    number = int(per_second * lasts_s)
    python("-m", "benchmarks.generate", f"--events={number}", f"--seed={SEED}", f"--output={folder / 'drawn'}")
    events = marked((folder / "drawn").read_bytes().splitlines(), folder / "events.jsonl")
    rules = write_rules(TWELVE, folder / "rules")
    replayed = frozen(rules, events, instant_of(END) + 2 * DAY_US, folder)
    output, log = folder / "out", folder / "job.log"
    flags = (*case.flags(folder), *DISORDER, f"--pace={per_second:g}/s")
    with family(case.cores) as counted, case.engine(folder) as endpoint:
        counted.run(command(case, folder / "target", events, output, endpoint, flags), ROOT, log)
    cost, ran = counted.cost, Ran(output, "")
    if cost.exit_code:
        wrong = f"ended with {cost.exit_code}: {log.read_text(errors='replace')[-SAID_CHARS_MAX:]}"
        return Paced(per_second, lasts_s, wrong, 0.0, 0.0, 0.0)
    middle_s, end_s = _behind(Clocked(schedule_of(events, DISORDER_US), per_second, output), output)
    wrong = stream_difference(ran, replayed)
    return Paced(per_second, lasts_s, wrong, middle_s, end_s, cost.cpu_s / cost.wall_s)


def _behind(clocked: Clocked, output: Path) -> tuple[float, float]:
    clocked.look()
    advances = clocked.advances([*decided(output, set())])
    middle_us = median(one.behind_us for one in advances)
    return middle_us / SECOND_US, (clocked.over_us - clocked.allowed_us(advances[-1].newest_us)) / SECOND_US
