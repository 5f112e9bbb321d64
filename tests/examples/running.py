"""Running the job on an example as a person does, and reading what it wrote."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).parent.parent.parent
Row = dict[str, Any]


class Ran(NamedTuple):
    """What a run of the job left and said."""

    folder: Path
    said: str

    def rows(self, name: str) -> list[Row]:
        """The rows of `decisions`, `triggers` or `dead_letters`."""
        parts = sorted((self.folder / name).glob("*.jsonl"))
        return [json.loads(line) for part in parts for line in part.read_text(encoding="utf-8").splitlines()]

    @property
    def summary(self) -> Row:
        found: Row = json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))
        return found


def python(*arguments: str | Path, cwd: Path = ROOT) -> str:
    """Run this Python; what it printed is returned, and it must have worked."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, *map(str, arguments)]
    ran = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout[-4_000:] + ran.stderr[-4_000:]
    return ran.stdout + ran.stderr


def backfill(rules: Path, events: Path, output: Path, *more: str) -> Ran:
    """Run the main job."""
    said = python("-m", "kittiwake.pipelines.backfill", "--rules", rules, "--input", events, "--output", output, *more)
    return Ran(output, said)


def verdicts(decisions: list[Row]) -> dict[str, int]:
    """How often each account, rule, kind, decision and reason came, in order."""
    names = ("account_id", "rule_id", "kind", "decision", "reason")
    counted = Counter(" ".join(str(row[name]) for name in names if row[name] is not None) for row in decisions)
    return dict(sorted(counted.items()))
