"""The report: what batch and stream cost on each runner, at what pace a stream keeps up, and what it keeps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from benchmarks.runners.kept import Kept
from benchmarks.runners.paces import Paced
from benchmarks.runners.runs import Measured

MILLION = 1_000_000
SECONDS_MIN = 0.01
"""Of a run without its start, which on a busy machine may come out as nothing."""
COSTS = (
    "on", "cores", "wall s", "CPU s", "of the engine", "of its workers", "peak MB", "start, wall s", "start, CPU s",
    "events / wall s", "without start", "events / CPU s", "CPU s / M events", "without start", "decisions",
)  # fmt: skip
PACES = ("events / s", "for s", "behind, median s", "behind at the end, s", "keeps up", "cores busy", "decisions")
KEPT = ("history", "events", "contacts", "when", "of contacts", "median bytes", "p99", "most")


def costs(found: Iterable[Measured]) -> str:
    """A row a case; one that decided otherwise has no figures."""
    return table(COSTS, [_cost(one) for one in found])


def _cost(one: Measured) -> list[str]:
    head = [one.case.name, str(one.case.cores)]
    if one.wrong is not None:
        return [*head, *("–" for _ in COSTS[3:]), _wrong(one.wrong)]
    more_wall_s, more_s = (max(SECONDS_MIN, whole - start) for whole, start in _with_and_without_start(one))
    return [
        *head,
        *(f"{value:,.1f}" for value in (one.wall_s, one.cpu_s)),
        *(f"{value:,.1f}" if one.case.on_engine else "–" for value in (one.engine_s, one.workers_s)),
        f"{one.peak_mb:,.0f}",
        *(f"{value:,.1f}" for value in (one.start_wall_s, one.start_cpu_s)),
        *(f"{one.events / value:,.0f}" for value in (one.wall_s, more_wall_s, one.cpu_s)),
        *(f"{value / one.events * MILLION:,.0f}" for value in (one.cpu_s, more_s)),
        "as `replay`",
    ]


def _with_and_without_start(one: Measured) -> list[tuple[float, float]]:
    return [(one.wall_s, one.start_wall_s), (one.cpu_s, one.start_cpu_s)]


def paces(found: Iterable[Paced]) -> str:
    """A row a pace."""
    return table(PACES, [_pace(one) for one in found])


def _pace(one: Paced) -> list[str]:
    head = [f"{one.per_second:g}", f"{one.lasts_s:g}"]
    if one.wrong is not None:
        return [*head, "–", "–", "–", "–", _wrong(one.wrong)]
    kept_up = "yes" if one.kept_up else "**no**"
    return [*head, f"{one.middle_s:.2f}", f"{one.end_s:.1f}", kept_up, f"{one.cpu_share:.2f}", "as `replay`"]


def kept(found: Iterable[tuple[str, Kept]]) -> str:
    """Two rows a history: what is kept at the end, and the most that ever was of each contact."""
    rows = []
    for name, one in found:
        head = [name, f"{one.events:,}", f"{one.contacts:,}"]
        for when, sizes in (("after the last event", one.at_the_end), ("the most of each, at any time", one.at_most)):
            rows.append([*head, when, f"{len(sizes):,}", *(f"{size:,}" for size in _spread(sizes))])
    return table(KEPT, rows)


def _spread(sizes: Sequence[int]) -> list[int]:
    return [sizes[min(len(sizes) - 1, int(len(sizes) * share))] for share in (0.5, 0.99, 1)] if sizes else [0, 0, 0]


def _wrong(why: str) -> str:
    return f"**wrong**: {why.splitlines()[0]}"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown, the first column to the left."""
    marks = ["---", *("--:" for _ in head[1:])]
    return "".join(f"| {' | '.join(row)} |\n" for row in (head, marks, *rows))
