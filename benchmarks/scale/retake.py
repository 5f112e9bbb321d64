"""`python -m benchmarks.scale.retake`: measures what the calculator starts from, and writes it wherever it stands.

To `measured.json`, which `measured.py` reads, and to the tables of docs/explanation/scale.md and benchmarks.md, so that
nobody types a figure. It wants a machine with nothing beside it; the load that there was is written with the figures.
"""

from __future__ import annotations

import argparse
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from benchmarks import machine
from benchmarks.scale import stages
from benchmarks.scale.measured import TAKEN, TAKEN_PATH
from benchmarks.streaming import silence
from kittiwake.time.instants import HOUR_US

ROOT: Final = Path(__file__).parents[2]
STAGES, SILENCE = PARTS = "stages", "silence"


def main() -> None:
    """Measure, and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.retake", description=__doc__)
    parser.add_argument("--parts", default=";".join(PARTS), help=f"({';'.join(PARTS)}); the other stays as it is")
    parser.add_argument("--hours", type=float, default=12.0, help="of the stages' load (12)")
    parser.add_argument("--repeats", type=int, default=3, help="of the stages, of which the least CPU counts (3)")
    asked = parser.parse_args()
    parts = asked.parts.split(";")
    if unknown := {*parts} - {*PARTS}:
        parser.error(f"--parts names {', '.join(sorted(unknown))}: write {' or '.join(PARTS)}")
    if not stages.HOURS_MIN <= asked.hours <= 24 or asked.repeats < 1:
        parser.error(f"--hours has to be {stages.HOURS_MIN:g} to 24, and --repeats 1 or more")
    logging.disable(logging.WARNING)
    found = dict(TAKEN)
    if STAGES in parts:
        found[STAGES] = _of_stages(asked.hours, asked.repeats)
    if SILENCE in parts:
        found[SILENCE] = _of_silence()
    TAKEN_PATH.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    subprocess.run([sys.executable, "-m", "benchmarks.scale.pages"], cwd=ROOT, check=True)  # which reads it anew


def _of_stages(hours: float, repeats: int) -> dict[str, Any]:
    facts = _facts()
    found = stages.measure(int(hours * HOUR_US), repeats)
    return {**facts, "hours": hours, "repeats": repeats, "found": _rounded(found._asdict())}


def _of_silence() -> dict[str, Any]:
    facts = _facts()
    found = silence.measure(silence.CONTACTS, silence.CONTACTS_OVER_GRPC)
    return {
        **facts,
        "contacts": found.contacts,
        "contacts_over_grpc": found.contacts_over_grpc,
        "spans": [_rounded(one._asdict()) for one in found.spans],
        "over_grpc": [_rounded(one._asdict()) for one in found.over_grpc],
    }


def _facts() -> dict[str, Any]:
    facts = machine.facts(ROOT)
    return {"date": facts["date"], "cores": facts["cores"], "load": facts["load_before"]}


def _rounded(found: dict[str, float]) -> dict[str, float]:
    """To three digits: no figure is better than that."""
    return {name: value if isinstance(value, int) else float(f"{value:.3g}") for name, value in found.items()}


if __name__ == "__main__":
    main()
