"""The main job, run as its users do: in this process for speed, or as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

from kittiwake.batch.summary import Summary, from_text
from kittiwake.pipelines.backfill import main
from tests.input.inputs import START, write_rules

ROOT = Path(__file__).parent.parent.parent


class Ran(NamedTuple):
    """How a run ended, and what it said."""

    code: int
    out: str
    err: str
    output: Path

    @property
    def summary(self) -> Summary:
        return from_text((self.output / "summary.json").read_bytes())


class Job:
    """Runs the main job on inputs below one folder; rules and start of the run are filled in."""

    def __init__(self, folder: Path, capture: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.rules = write_rules(folder / "rules.yaml")
        self._capture = capture

    def __call__(self, inputs: str | Path | Sequence[str | Path], *flags: str, output: str = "out") -> Ran:
        argv = arguments(self.rules, inputs, self.folder / output, flags)
        self._capture.readouterr()
        code = main(argv)
        said = self._capture.readouterr()
        return Ran(code, said.out, said.err, self.folder / output)


def arguments(
    rules: Path, inputs: str | Path | Sequence[str | Path], output: Path, flags: Sequence[str] = ()
) -> list[str]:
    """The command line of a run, whose few lines need not arm every rule."""
    several = [inputs] if isinstance(inputs, str | Path) else inputs
    paths = ["--rules", str(rules), "--output", str(output), "--input", *map(str, several)]
    return [*([] if "--start" in flags else ["--start", START]), "--allow_empty", *flags, *paths]


def as_a_process(argv: Sequence[str], *before: str) -> subprocess.CompletedProcess[str]:
    """`python -m kittiwake.pipelines.backfill` as typed in the checkout, every warning an error but Beam's own."""
    command = [*before, sys.executable, "-m", "kittiwake.pipelines.backfill", *argv]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
