"""What a main does to its process, and what importing us does not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

STATE = "print(gc.get_threshold()[0], len(logging.getLogger().filters))"
BEFORE = "import gc, logging, runpy, sys\n" + STATE + "\n"
IMPORTED = BEFORE + "import {module}\n" + STATE
STARTED = BEFORE + (
    "sys.argv = ['{module}', '--help']\n"
    "try:\n    runpy.run_module('{module}', run_name='__main__')\nexcept SystemExit:\n    pass\n" + STATE
)
GOOGLE = pytest.param("kittiwake.pipelines.google.gcs_rules", id="the entry point of gs://")


def states(code: str, root: Path) -> tuple[str, str]:
    """Thresholds of the collector and filters of the root logger, before and after."""
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    lines = ran.stdout.splitlines()
    return lines[0], lines[-1]


@pytest.mark.parametrize(
    "module", [GOOGLE, "kittiwake.pipelines.backfill", "kittiwake.pipelines.stream", "kittiwake.pipelines.reingest"]
)
def test_importing_a_module_of_the_jobs_changes_nothing_in_the_process(module: str, root: Path) -> None:
    if module != "kittiwake.pipelines.backfill":
        pytest.importorskip("google.cloud.bigquery")
    before, after = states(IMPORTED.format(module=module), root)
    assert after == before


@pytest.mark.parametrize("module", ["backfill", "stream", "reingest", "reconcile", "activate", "recall", "volumes"])
def test_a_main_prepares_its_process(module: str, root: Path) -> None:
    if module != "backfill":
        pytest.importorskip("google.cloud.bigquery")
    before, after = states(STARTED.format(module=f"kittiwake.pipelines.{module}"), root)
    assert (before, after) == (before, "1000000 1")
    assert before != after
