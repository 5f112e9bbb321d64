"""What is run: each case a tool, a set of rules, and the sizes of data at which it is of interest."""

from __future__ import annotations

import subprocess
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NamedTuple

from benchmarks.rulesets import ABSENT, ONE, PRESENT, TWELVE, UNGATED

ROOT: Final = Path(__file__).parent.parent
PEERS: Final = Path(__file__).parent / "peers"
UNTIL: Final = "2025-11-04T00:00:00+00:00"
"""The end of the generated day: what falls due later is fired by no tool."""

BASE: Final = "loop"
"""Case (a), whose cost and result the others are held against."""

HUGE: Final = 20_000_000
"""4.6 GB: run where it is asked for (`--sizes`)."""
LARGE: Final = 5_000_000
MEDIUM: Final = 1_000_000
SMALL: Final = 200_000
FOR_RULES: Final = 20_000
"""Events by which the growth with the number of rules is measured: 200 rules fire some 300,000 times on them."""


PAIRS: Final = "pairs_digest"
"""The set of (contact, fired_at)."""
RULES: Final = "rules_digest"
"""With the rule."""
WHOLES: Final = "whole_digest"
"""With rule, kind and id."""
FLINK: Final = "flink"
"""What a case needs that is no package of this Python."""


class Case(NamedTuple):
    """One line of the results."""

    name: str
    label: str
    tool: str
    """A script of `peers/`, or `replay`, or `pipeline`."""
    module: str
    """What has to be installed."""
    rules: str = ONE
    workers: int = 1
    events_max: int = HUGE
    agrees_with: str = BASE
    agrees_on: str = PAIRS
    """Of the triggers' digests, the one that has to agree."""
    grows: bool = False
    """Whether it only serves to show the growth with the number of rules."""

    @property
    def is_ours(self) -> bool:
        """Whether it is Kittiwake."""
        return self.tool in {"replay", "pipeline"}

    @property
    def has_processes(self) -> bool:
        """Whether its workers are processes of their own, whose memory is added up."""
        return self.is_ours and self.workers > 1


def _several_rules(tool: str, rules: str, label: str, events_max: int) -> Case:
    module = "msgspec" if tool == "replay" else "apache_beam"
    name = f"{tool}, {label}"
    if rules == TWELVE:
        other = "pipeline" if tool == "replay" else "replay"
        return Case(name, name, tool, module, rules, 1, HUGE, f"{other}, {label}", WHOLES)
    return Case(name, name, tool, module, rules, 1, events_max)


def _ungated(name: str, label: str, tool: str, workers: int = 1) -> Case:
    """The twelve without gates: two tools that have to agree by rule."""
    other = "duckdb, 12 ungated" if tool == "replay" else "replay, 12 ungated"
    module = {"replay": "msgspec", "duckdb_twelve": "duckdb"}[tool]
    return Case(name, label, tool, module, UNGATED, workers, HUGE, other, RULES)


def _growing(rules: str, label: str) -> Case:
    name = f"replay, {label}"
    reference = BASE if rules.startswith(ABSENT) else name
    return Case(name, name, "replay", "msgspec", rules, 1, FOR_RULES, reference, grows=True)


CASES: Final = (
    Case(BASE, "plain loop, orjson (a)", "loop_orjson", "orjson"),
    Case("loop-msgspec", "plain loop, msgspec", "loop_msgspec", "msgspec"),
    Case("duckdb", "DuckDB SQL, 1 thread", "duckdb_sql", "duckdb"),
    Case("duckdb-2", "DuckDB SQL, 2 threads", "duckdb_sql", "duckdb", workers=2),
    Case("polars", "Polars, 1 thread", "polars_lazy", "polars"),
    Case("bytewax", "Bytewax, hand-written state", "bytewax_state", "bytewax", events_max=LARGE),
    Case("flink", "Flink SQL, 1 task", "flink_sql", FLINK, events_max=LARGE),
    Case("replay", "**kittiwake replay**", "replay", "msgspec"),
    Case("pipeline", "**pipeline**, 1 worker", "pipeline", "apache_beam"),
    Case("pipeline-2", "**pipeline**, 2 workers", "pipeline", "apache_beam", workers=2, events_max=LARGE),
    *(
        case
        for tool in ("replay", "pipeline")
        for case in (
            _several_rules(tool, TWELVE, "12 rules", MEDIUM),
            _several_rules(tool, f"{ABSENT}200", "1 + 200 absent rules", MEDIUM),
        )
    ),
    _ungated("replay, 12 ungated", "replay, 12 rules without gates", "replay"),
    _ungated("duckdb, 12 ungated", "DuckDB SQL, 12 queries, 1 thread", "duckdb_twelve"),
    _ungated("duckdb-2, 12 ungated", "DuckDB SQL, 12 queries, 2 threads", "duckdb_twelve", workers=2),
    *(_growing(f"{ABSENT}{n}", f"1 + {n} absent rules") for n in (20, 50, 100)),
    *(_growing(f"{PRESENT}{n}", f"{n} matching rules") for n in (20, 50, 100, 200)),
)


def missing(case: Case) -> str | None:
    """Why a case cannot run here; None: it can."""
    if case.module == FLINK:
        return None if flinks_python() else "Flink is not here: make runners gets it"
    modules = [case.module, *(["psutil"] if case.has_processes else [])]
    absent = [module for module in modules if not find_spec(module)]
    return f"{absent[0]} is not installed (pip install '.[beam,bench]')" if absent else None


@cache
def flinks_python() -> str:
    """The Python that Flink is installed in, or an empty text; asked of a process of its own, since that takes Beam."""
    ask = "from tests.runners.flink import installing as i; print(i.python() if i.kept().exists() else '')"
    said = subprocess.run([sys.executable, "-c", ask], cwd=ROOT, capture_output=True, text=True, check=False)
    return said.stdout.strip()


def command(case: Case, source: Path, rules: Path, output: Path) -> list[str]:
    """The whole command of a case: a fresh interpreter, which reads `source` and writes below `output`."""
    if not case.is_ours:
        python = flinks_python() if case.module == FLINK else sys.executable
        return [python, str(PEERS / f"{case.tool}.py"), str(source), str(output), UNTIL, *_threads(case)]
    flags = ["--rules", str(rules), "--input", str(source), "--output", str(output), "--until", UNTIL]
    flags.append("--allow_empty")  # the smallest inputs arm not every rule
    if case.tool == "replay":
        return [sys.executable, "-m", "kittiwake.cli.main", "replay", *flags]
    return [sys.executable, "-m", "kittiwake.pipelines.backfill", *flags, f"--direct_num_workers={case.workers}"]


def _threads(case: Case) -> list[str]:
    return [str(case.workers)] if case.tool in {"duckdb_sql", "duckdb_twelve", "polars_lazy"} else []
