"""Each night a backfill up to midnight on Dataflow, and then the proof that the stream agrees: a DAG of Airflow 3.

Copy it into your folder of DAGs, and write your own names into the constants. It needs the providers `apache-beam`,
`google` and `standard`, and on Airflow's workers an environment with `kittiwake[beam,gcp,query]` (`VENV`).
docs/how-to/orchestrate.md says what each task does, and what to do when one fails.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from airflow.providers.apache.beam.operators.beam import BeamRunPythonPipelineOperator
from airflow.providers.google.cloud.operators.dataflow import DataflowConfiguration
from airflow.providers.standard.operators.bash import BashOperator
from airflow.providers.standard.sensors.time_delta import TimeDeltaSensor
from airflow.sdk import DAG
from airflow.timetables.interval import CronDataIntervalTimetable

PROJECT: Final = "shop-1"
REGION: Final = "europe-west4"
VENV: Final = "/opt/kittiwake"
RULES: Final = "gs://shop-1-rules/published"
EVENTS: Final = "bq://shop-1.raw.events"
STREAM: Final = "bq://shop-1.marketing"
BACKFILL: Final = "gs://shop-1-backfill/{{ ds }}"
BUCKET: Final = "gs://shop-1-dataflow"

LATE: Final = timedelta(hours=2)
"""How long after midnight the last events of a day may come in: the stream's allowed lateness, and what loads take."""
HISTORY_DAYS: Final = 100
"""How far the rules look back: a backfill that began with the day would know nothing of what came before."""

DAY_BEGIN: Final = "{{ data_interval_start | ts }}"
DAY_END: Final = "{{ data_interval_end | ts }}"
HISTORY_BEGIN: Final = f"{{{{ (data_interval_start - macros.timedelta(days={HISTORY_DAYS})) | ts }}}}"

with DAG(
    "kittiwake_daily",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2026, 11, 1, tzinfo=UTC),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=10)},
) as dag:
    wait = TimeDeltaSensor(task_id="wait_for_late_events", delta=LATE, mode="reschedule")

    backfill = BeamRunPythonPipelineOperator(
        task_id="backfill",
        py_interpreter=f"{VENV}/bin/python",
        retries=0,  # the folder has to be empty: look first at what a run has left
        py_options=["-m"],
        py_file="kittiwake.pipelines.backfill",
        runner="DataflowRunner",
        dataflow_config=DataflowConfiguration(
            job_name="kittiwake-backfill-{{ ds_nodash }}", project_id=PROJECT, location=REGION
        ),
        pipeline_options={
            "rules": RULES,
            "input": EVENTS,
            "from": HISTORY_BEGIN,
            "until": DAY_END,
            "output": BACKFILL,
            "temp_location": f"{BUCKET}/temp",
            "setup_file": f"{VENV}/setup.py",
        },
    )

    reconcile = BashOperator(
        task_id="reconcile",
        bash_command=(
            f"{VENV}/bin/python -m kittiwake.pipelines.reconcile --stream {STREAM} --backfill {BACKFILL}"
            f" --from '{DAY_BEGIN}' --until '{DAY_END}' --output {STREAM}.differences_{{{{ ds_nodash }}}}"
        ),
        retries=0,  # it would only find the same again
    )

    wait >> backfill >> reconcile
