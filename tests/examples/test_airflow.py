"""The DAG of examples/airflow under the real Airflow, in an environment of its own; its options go to our parsers."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from kittiwake.time.instants import DAY_US, parse_instant

GROUP = "airflow"
# Its operator needs no Beam to be imported, and Beam's dependencies would have to be found beside Airflow's.
BEAM_PROVIDER = "apache-airflow-providers-apache-beam>=6,<7"
COMPLETE = ".complete"
MIDNIGHT_US = parse_instant("2026-11-02T00:00:00Z")


def python_with_airflow(root: Path) -> Path:
    """Installed below the environment this runs in, once for what pyproject.toml asks for; minutes, and 2 GB."""
    wanted = list(tomllib.loads((root / "pyproject.toml").read_text())["dependency-groups"][GROUP])
    folder = Path(sys.prefix) / f"{GROUP}-{hashlib.sha256(repr(wanted).encode()).hexdigest()[:8]}"
    python = folder / "bin/python"
    if not (folder / COMPLETE).exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*pip, *wanted], check=True)
        subprocess.run([*pip, "--no-deps", BEAM_PROVIDER], check=True)
        (folder / COMPLETE).touch()
    return python


@pytest.mark.nightly
def test_the_daily_dag_is_one_for_airflow_and_its_options_are_ours(root: Path, tmp_path: Path) -> None:
    command = [
        python_with_airflow(root),
        root / "tests/examples/airflow_dag.py",
        root / "examples/airflow/kittiwake_daily.py",
    ]
    ran = subprocess.run(
        command, env={**os.environ, "AIRFLOW_HOME": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    assert found["tasks"] == {"wait_for_late_events": ["backfill"], "backfill": ["reconcile"], "reconcile": []}
    assert found["runs"] == ["-m", "kittiwake.pipelines.backfill", "DataflowRunner"]

    from kittiwake.pipelines.options import backfill, reconcile

    run = backfill.parse_options([*found["backfill"], "--runner=DataflowRunner"])
    assert (run.run.until_us, run.from_us) == (MIDNIGHT_US, MIDNIGHT_US - 101 * DAY_US)

    argv = shlex.split(found["reconcile"])
    assert argv[1:3] == ["-m", "kittiwake.pipelines.reconcile"]
    options = reconcile.parse_options(argv[3:])
    assert options.span == (MIDNIGHT_US - DAY_US, MIDNIGHT_US)
