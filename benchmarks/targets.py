"""What the cost is meant to be, each a sentence and a number to measure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from benchmarks.cases import LARGE, MEDIUM
from benchmarks.findings import Results


class Target(NamedTuple):
    """A bound on what was measured."""

    text: str
    bound: float
    unit: str
    measure: Callable[[Results], float | None]


def _worst(measures: list[float | None]) -> float | None:
    known = [one for one in measures if one is not None]
    return max(known) if known else None


def _among(rules: str) -> Callable[[Results], float | None]:
    """The dearer of the two hosts, at the largest size that was measured: many rules against one."""

    def measure(results: Results) -> float | None:
        for size in reversed(results.sizes):
            ratios = [results.ratio(f"{tool}, {rules}", size, to=tool) for tool in ("replay", "pipeline")]
            if (worst := _worst(ratios)) is not None:
                return worst
        return None

    return measure


TARGETS: Final = (
    Target("`kittiwake replay`, one rule, CPU against (a), 1 M events", 0.4, "×", lambda r: r.ratio("replay", MEDIUM)),
    Target("`kittiwake replay`, one rule, CPU against (a), 5 M events", 0.4, "×", lambda r: r.ratio("replay", LARGE)),
    Target("the same against DuckDB, 1 M events", 1.0, "×", lambda r: r.ratio("replay", MEDIUM, to="duckdb")),
    Target("the same against DuckDB, 5 M events", 1.0, "×", lambda r: r.ratio("replay", LARGE, to="duckdb")),
    Target("pipeline, one rule, CPU against (a), 1 M events", 2.0, "×", lambda r: r.ratio("pipeline", MEDIUM)),
    Target("pipeline, one rule, CPU against (a), 5 M events", 1.0, "×", lambda r: r.ratio("pipeline", LARGE)),
    Target("pipeline, CPU against Bytewax, 5 M events", 1.0, "×", lambda r: r.ratio("pipeline", LARGE, to="bytewax")),
    Target("replay, 12 rules, CPU against (a), 1 M events", 1.7, "×", lambda r: r.ratio("replay, 12 rules", MEDIUM)),
    Target("12 rules, CPU against one rule, the dearer host", 3.0, "×", _among("12 rules")),
    Target("200 absent rules more, CPU against one rule", 1.3, "×", _among("1 + 200 absent rules")),
    Target("pipeline, 1 worker, peak memory, 5 M events", 400, " MB", lambda r: r.middle("pipeline", LARGE, "peak_mb")),
)
