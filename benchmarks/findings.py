"""What a benchmark found, and the file it is kept in. Read by the tables and the plot."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from benchmarks.cases import BASE, CASES, Case


class Fired(NamedTuple):
    """What a run fired; see `benchmarks.agreement`."""

    triggers: int
    pairs: int
    pairs_digest: str
    whole_digest: str
    rules_digest: str = ""
    """Empty in results that are older than it."""


@dataclass(frozen=True)
class Run:
    """One run of one case."""

    case: str
    events: int
    repeat: int
    exit_code: int
    wall_s: float
    cpu_s: float
    peak_mb: float
    peak_sum_mb: float
    processes: int
    fired: Fired | None


@dataclass
class Results:
    """All that one `python -m benchmarks` found."""

    machine: dict[str, Any]
    seed: int
    data: dict[str, dict[str, Any]]
    skipped: dict[str, str]
    sizes: list[int]
    """Of the data that tools were compared on, rising."""
    rules_events: int
    """The size by which the growth with the number of rules was measured."""
    runs: list[Run] = field(default_factory=list)

    def of(self, case: str, events: int) -> list[Run]:
        """The runs of a case at a size."""
        return [run for run in self.runs if run.case == case and run.events == events]

    def middle(self, case: str, events: int, name: str) -> float | None:
        """The median of a number; None if the case has no right run at that size."""
        if verdict(self, case, events) not in {"right", "unchecked"}:
            return None
        return float(median(getattr(run, name) for run in self.of(case, events)))

    def cpu(self, case: str, events: int) -> float | None:
        """Median CPU seconds."""
        return self.middle(case, events, "cpu_s")

    def ratio(self, case: str, events: int, to: str = BASE) -> float | None:
        """CPU of a case in that of another at the same size."""
        cost, other = self.cpu(case, events), self.cpu(to, events)
        return None if cost is None or not other else cost / other


def case_named(name: str) -> Case:
    """The case of a name."""
    return next(case for case in CASES if case.name == name)


def verdict(results: Results, name: str, events: int) -> str:
    """Whether a case is right: every run of it fired what every run of the case it is held against fired.

    "right", "wrong", "failed", "unchecked" (there was nothing to hold it against), or "" if it was not run.
    """
    case, found = case_named(name), results.of(name, events)
    if not found:
        return ""
    if any(run.exit_code or run.fired is None for run in found):
        return "failed"
    facts = _facts(case, found)
    others = _facts(case, results.of(case.agrees_with, events))
    if len(facts) > 1 or (others and facts != others):
        return "wrong"
    return "right" if name == BASE or (others and case.agrees_with != name) else "unchecked"


def _facts(case: Case, runs: list[Run]) -> set[tuple[int, str]]:
    """What the runs fired: a trigger written twice makes another number."""
    fired = [run.fired for run in runs if run.fired is not None]
    return {(one.triggers, getattr(one, case.agrees_on)) for one in fired}


def save(results: Results, path: Path) -> None:
    """Write the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = asdict(results)
    data["runs"] = [{**run, "fired": fired._asdict() if fired else None} for run, fired in _with_fired(results, data)]
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")


def _with_fired(results: Results, data: dict[str, Any]) -> list[tuple[dict[str, Any], Fired | None]]:
    return [(raw, run.fired) for raw, run in zip(data["runs"], results.runs, strict=True)]


def load(path: Path) -> Results:
    """Read a file that `save` wrote."""
    data = json.loads(path.read_text(encoding="utf-8"))
    runs = [Run(**{**run, "fired": Fired(**run["fired"]) if run["fired"] else None}) for run in data.pop("runs")]
    return Results(**data, runs=runs)
