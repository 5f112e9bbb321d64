"""Triggers by rule and day, counted by BigQuery; and points of them, given to Cloud Monitoring.

Called by `kittiwake.pipelines.volumes`. Values that a person typed travel as parameters, never in the SQL.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery, monitoring_v3

from kittiwake.errors import UnusableError
from kittiwake.input.bigquery.addresses import Dataset
from kittiwake.output.rows import Mode
from kittiwake.pipelines.google.bigquery_errors import raise_unusable
from kittiwake.pipelines.google.bigquery_tables import BIGQUERY_TIMEOUT_S
from kittiwake.pipelines.google.error_text import LOG_IN, first_line
from kittiwake.reasons import ByHand, Outcome
from kittiwake.stream.tables.schema import TRIGGERS, WRITTEN_AT
from kittiwake.stream.volumes import LAST_DAY, RECALLED_DAY, USUAL_DAY, WEEKS, DayCount, RuleVolume

SERIES_MAX: Final = 200
"""Of one request: more are refused."""
_DAY: Final = timedelta(days=1)
_WEEK_S: Final = 7 * 86_400

_SQL: Final = f"""SELECT account_id, rule_id, DIV(TIMESTAMP_DIFF(@now, {WRITTEN_AT}, SECOND), {_WEEK_S}) AS weeks_ago,
  COUNT(DISTINCT IF(decision = '{Outcome.FIRED}' AND revision = 0, trigger_id, NULL)) AS number,
  COUNT(DISTINCT IF(reason = '{ByHand.RECALLED}', trigger_id, NULL)) AS recalled
FROM `{{table}}`
WHERE {WRITTEN_AT} > @since AND {WRITTEN_AT} <= @now
  AND MOD(TIMESTAMP_DIFF(@now, {WRITTEN_AT}, SECOND), {_WEEK_S}) < 86400
  AND mode = '{Mode.STREAM}' AND (decision = '{Outcome.FIRED}' AND revision = 0 OR reason = '{ByHand.RECALLED}')
GROUP BY account_id, rule_id, weeks_ago"""
"""By when rows were written, which is their partition: a late start counts its backlog on the day it was sent."""


def count_days(client: bigquery.Client, dataset: Dataset, now: datetime) -> list[DayCount]:
    """Triggers, and what was recalled of them, of the day before `now` and of the same days of the weeks before.

    Raises:
        UnusableError: the table cannot be read.
    """
    table = dataset.table(TRIGGERS.name)
    since = now - WEEKS * timedelta(seconds=_WEEK_S) - _DAY
    parameters = [bigquery.ScalarQueryParameter(name, "TIMESTAMP", at) for name, at in (("now", now), ("since", since))]
    config = bigquery.QueryJobConfig(query_parameters=parameters)
    with raise_unusable(table, "see --dataset, and launch the job once with --create_tables"):
        rows = client.query(_SQL.format(table=table), job_config=config, timeout=BIGQUERY_TIMEOUT_S).result()
        return [DayCount(*(row[name] for name in DayCount._fields)) for row in rows]


def monitoring_client() -> monitoring_v3.MetricServiceClient:
    """Google's client for metrics. No request is made yet.

    Raises:
        UnusableError: it finds no credentials.
    """
    try:
        return monitoring_v3.MetricServiceClient()
    except GoogleAuthError as error:
        raise UnusableError(
            f"Cloud Monitoring: no credentials that Google takes: {first_line(error)}. Log in: {LOG_IN}"
        ) from error


def write_points(client: Any, project: str, job_name: str, volumes: Sequence[RuleVolume], now: datetime) -> int:
    """Give a point of each metric and rule to Cloud Monitoring; how many.

    Raises:
        UnusableError: it does not take them.
    """
    found = list(_series(project, job_name, volumes, now))
    try:
        for begin in range(0, len(found), SERIES_MAX):
            client.create_time_series(name=f"projects/{project}", time_series=found[begin : begin + SERIES_MAX])
    except GoogleAPIError as error:
        role = "It takes roles/monitoring.metricWriter"
        raise UnusableError(f"Cloud Monitoring refuses metrics of {project}: {first_line(error)}. {role}") from error
    return len(found)


def _series(
    project: str, job_name: str, volumes: Sequence[RuleVolume], now: datetime
) -> Iterator[monitoring_v3.TimeSeries]:
    interval = monitoring_v3.TimeInterval(end_time=now.astimezone(UTC))
    for one in volumes:
        labels = {"job_name": job_name, "account_id": one.account_id, "rule_id": one.rule_id}
        for name, number in ((LAST_DAY, one.number), (USUAL_DAY, one.usual), (RECALLED_DAY, one.recalled or None)):
            if number is not None:
                yield monitoring_v3.TimeSeries(
                    metric={"type": name, "labels": labels},
                    resource={"type": "global", "labels": {"project_id": project}},
                    points=[monitoring_v3.Point(interval=interval, value={"double_value": float(number)})],
                )
