"""`make runners`: gets the engines, runs the backfill on each, and compares every row with `replay`'s.

Then the step that decides is hurt in Flink's keeping (`tests.runners.flink`), where that can be had.

Exit code 1 if a row differs, or if no engine can be had. An engine that cannot be had is told, with what it would take.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from examples.cdnow.convert import convert
from examples.cdnow.fetch import DEFAULT, fetch
from examples.shop import generate as shop
from tests.examples.running import ROOT, Ran, python
from tests.runners.dask import cluster as dask
from tests.runners.flink import installing
from tests.runners.flink.__main__ import main as hurt
from tests.runners.jobs import ENGINES, LOOPBACK, facts, on_engine, processes, replayed
from tests.runners.places import MissingError

Facts = dict[str, list[str]]

ALLOWED = "--allow_empty"
"""What is generated has accounts without rules, and not every type that rules need: `replay` allows it too."""


class Case(NamedTuple):
    """A history and the rules for it."""

    name: str
    rules: Path
    events: Path


def main() -> int:
    """Run what can be run; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.runners")
    parser.add_argument("--events", type=int, default=1_000_000, help="generated, beside the two examples")
    asked = parser.parse_args()
    engines = dict(_had())
    has_dask = _has_dask()
    if not engines and not has_dask:
        return 1
    with TemporaryDirectory() as folder:
        cases = list(_cases(Path(folder), asked.events))
        return 0 if _all_same(cases, engines, has_dask, Path(folder)) and _survives_on_flink() else 1


def _has_dask() -> bool:
    try:
        dask.require()
    except MissingError as error:
        print(f"dask: not here. {error}")
        return False
    return True


def _survives_on_flink() -> bool:
    """Whether it does, or Flink is not here."""
    try:
        installing.got()
    except MissingError as error:
        print(f"Flink itself: not here. {error}")
        return True
    return hurt(["faults"]) == 0


def _all_same(cases: list[Case], engines: dict[str, Path], has_dask: bool, folder: Path) -> bool:
    """Every case is run, whatever came of those before it."""
    same = True
    for case in cases:
        expected = facts(replayed(case.rules, case.events, folder / "replay"))
        same &= _same_on_engines(case, expected, engines, folder)
        if has_dask:
            with dask.running() as cluster:
                run = partial(dask.on_dask, cluster, case.rules, case.events, folder / "out", ALLOWED)
                same &= _is_same(f"{case.name} on dask, {dask.WORKERS} processes", expected, run)
    return same


def _had() -> Iterator[tuple[str, Path]]:
    for name, engine in ENGINES.items():
        started = time.monotonic()
        try:
            yield name, engine.get()
        except MissingError as error:
            print(f"{name}: not here. {error}")
        else:
            print(f"{name}: {engine.kept()} ({time.monotonic() - started:.1f} s)", flush=True)


def _cases(folder: Path, events: int) -> Iterator[Case]:
    for name in ("shop", "cdnow", "generated"):
        (folder / name).mkdir()
    yield Case("shop", ROOT / "examples/shop/rules", shop.write(folder / "shop", 400, 7, 180))
    purchases = convert(fetch(ROOT / DEFAULT), folder / "cdnow")
    yield Case("CDNOW", ROOT / "examples/cdnow/rules", purchases)
    many = folder / "generated" / "events.jsonl"
    python("-m", "benchmarks.generate", "--events", str(events), "--output", many)
    yield Case(f"{events:,} generated", ROOT / "benchmarks/rules/twelve.yaml", many)


def _same_on_engines(case: Case, expected: Facts, engines: dict[str, Path], folder: Path) -> bool:
    """Whether all engines, with both kinds of workers, decide as `replay` does."""
    same = True
    for name in engines:
        with ENGINES[name].running(folder) as endpoint:
            for workers, flags in {"LOOPBACK": LOOPBACK, "PROCESS": processes(folder)}.items():
                run = partial(on_engine, endpoint, case.rules, case.events, folder / "out", ALLOWED, *flags)
                same &= _is_same(f"{case.name} on {name}, {workers}", expected, run)
    return same


def _is_same(what: str, expected: Facts, run: Callable[[], Ran]) -> bool:
    started = time.monotonic()
    found = facts(run())
    wall_s = time.monotonic() - started
    agrees = found == expected
    verdict = f"{len(found['decisions']):,} decisions, as replay" if agrees else "NOT AS REPLAY"
    print(f"{what}: {verdict}; {wall_s:.1f} s", flush=True)
    return agrees


if __name__ == "__main__":
    sys.exit(main())
