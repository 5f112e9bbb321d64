"""Imports the DAG under the real Airflow, and prints what it is. Run by tests/examples/test_airflow.py."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from importlib import util
from typing import Any


def main(path: str) -> None:
    """Print what the DAG in a file is."""
    dag = _imported(path).dag
    backfill = dag.get_task("backfill")
    options = {name: _rendered(dag, value) for name, value in backfill.pipeline_options.items()}
    found = {
        "tasks": {task.task_id: sorted(task.downstream_task_ids) for task in dag.tasks},
        "runs": [*backfill.py_options, backfill.py_file, backfill.runner],
        "backfill": [f"--{name}={value}" for name, value in options.items()],
        "reconcile": _rendered(dag, dag.get_task("reconcile").bash_command),
    }
    print(json.dumps(found))


def _imported(path: str) -> Any:
    spec = util.spec_from_file_location("kittiwake_daily", path)
    assert spec
    assert spec.loader
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _rendered(dag: Any, text: str) -> str:
    """A text as Airflow fills it in for the run of a day."""
    from airflow.sdk.execution_time import macros

    context: dict[str, Any] = {
        "data_interval_start": datetime(2026, 11, 1, tzinfo=UTC),
        "data_interval_end": datetime(2026, 11, 2, tzinfo=UTC),
        "ds": "2026-11-01",
        "ds_nodash": "20261101",
        "macros": macros,
    }
    return str(dag.get_template_env().from_string(text).render(context))


if __name__ == "__main__":
    main(sys.argv[1])
