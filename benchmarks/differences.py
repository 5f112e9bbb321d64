"""`python -m benchmarks.differences`: two rule sets over the same events, of which one rule was edited.

The shop of `benchmarks.generate` and its twelve rules in ten accounts. One edit concerns nearly every contact (the wait
of carts), one few (the offset of renewals). Each run is a process of its own and those that it starts: their CPU is
added up. Runs with another number of processes have to find the same.

    python -m benchmarks.differences                        # 500,000 events
    python -m benchmarks.differences --events 5000000 --workers 2
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final, NamedTuple

from benchmarks.measuring import Cost, run
from benchmarks.rulesets import TWELVE, write_rules

COMMAND: Final = ("-c", "from kittiwake.cli.entry import main; main()")
AIM_S: Final = 60
"""Seconds in which five million events are to be compared on two cores."""


class Edit(NamedTuple):
    """What an author changes in one of the twelve rules, in every account."""

    name: str
    old: str
    new: str


EDITS: Final = (
    Edit("carts", "when: cart.item_added\n    wait: 1h", "when: cart.item_added\n    wait: 2h"),
    Edit("renewals", "offset: -7d", "offset: -5d"),
)


def main() -> int:
    """Run the cases and print a table; 1 if runs of one edit found different things."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=500_000, help="how many (default 500,000)")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers of processes (default 1 2)")
    asked = parser.parse_args()
    print("| edit | contacts | processes | wall s | CPU s | CPU µs an event | peak MB of a process | differences |")
    print("| --- | --- | --: | --: | --: | --: | --: | --: |")
    is_equal = True
    with TemporaryDirectory() as text:
        folder = Path(text)
        old, events = write_rules(TWELVE, folder / "old"), folder / "events.jsonl"
        generate = ("-m", "benchmarks.generate", "--events", str(asked.events), "--output", str(events))
        subprocess.run([sys.executable, *generate], check=True)
        for edit in EDITS:
            new = _edited(folder / edit.name, edit)
            for options in ((), ("--only-affected",)):
                found = [_run(folder, (old, new, events), options, workers) for workers in asked.workers]
                for workers, one in zip(asked.workers, found, strict=True):
                    print(_row(edit, options, workers, one, asked.events), flush=True)
                is_equal &= all(one.differences == found[0].differences for one in found)
    print(f"\nThe aim for 5,000,000 events on two cores: {AIM_S} s.")
    return 0 if is_equal else 1


def _edited(folder: Path, edit: Edit) -> Path:
    rules = write_rules(TWELVE, folder)
    for path in rules.iterdir():
        text = path.read_text(encoding="utf-8")
        assert edit.old in text, path
        path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
    return rules


class _Found(NamedTuple):
    cost: Cost
    differences: dict[str, Any]
    """What the command printed, but for when it was run."""


def _run(folder: Path, arguments: tuple[Path, ...], options: tuple[str, ...], workers: int) -> _Found:
    words = [*map(str, arguments), *options, "--workers", str(workers), "--fail-on", "nothing", "--json"]
    log = folder / "found.json"
    cost = run([sys.executable, *COMMAND, "diff", *words], folder, log)
    if cost.exit_code != 0:
        sys.exit(log.read_text(encoding="utf-8"))
    found = json.loads(log.read_text(encoding="utf-8"))
    del found["replay"]["start"]
    return _Found(cost, found)


def _row(edit: Edit, options: tuple[str, ...], workers: int, found: _Found, events: int) -> str:
    cost, whose = found.cost, "affected" if options else "all"
    number = sum(found.differences[one] for one in ("gained", "lost", "moved", "altered", "reason"))
    micros = cost.cpu_s / events * 1e6
    figures = f"{cost.wall_s:.1f} | {cost.cpu_s:.1f} | {micros:.1f} | {cost.peak_mb:.0f} | {number:,}"
    return f"| {edit.name} | {whose} | {workers} | {figures} |"


if __name__ == "__main__":
    sys.exit(main())
