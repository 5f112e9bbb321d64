"""Alerting policies and the log-based metric, as the services' own messages have them in JSON.

Terraform fills in `${…}`.
"""

from __future__ import annotations

from typing import Any, Final

from kittiwake.stream.logs import LOG_EVENTS
from templates.monitoring.alerts import ALERTS, Alert
from templates.monitoring.registry import LOG_LINES

RUNBOOK: Final = "docs/how-to/runbook.md"
"""Where it lies in a checkout; Terraform's variable `runbook` says where it can be read."""

_EVALUATE_EVERY_S: Final = 30
_ANY_EVENT: Final = "|".join(one.name for one in LOG_EVENTS)


def policy(alert: Alert) -> dict[str, Any]:
    """An `AlertPolicy`."""
    words = alert.name.replace("_", " ")
    return {
        "displayName": f"${{job}}: {words}",
        "combiner": "OR",
        "severity": alert.urgency.value,
        "documentation": {
            "subject": f"${{job}}: {words}",
            "content": _content(alert),
            "mimeType": "text/markdown",
        },
        "conditions": [
            {
                "displayName": f"{words}: {alert.when}",
                "conditionPrometheusQueryLanguage": {
                    "query": alert.query,
                    "duration": f"{alert.for_s}s",
                    "evaluationInterval": f"{_EVALUATE_EVERY_S}s",
                },
            }
        ],
        "userLabels": {"job": "${job}", "alert": alert.name},
    }


def _content(alert: Alert) -> str:
    watched = "\n".join(f"- `{one.name}`: {one.meaning}" for one in alert.metrics)
    return f"What to do: ${{runbook}}#{alert.section}\n\n{alert.when}:\n\n{watched}\n"


def policies() -> dict[str, Any]:
    """All of them, by name."""
    return {alert.name: policy(alert) for alert in ALERTS}


def log_metric() -> dict[str, Any]:
    """The `LogMetric` of our log lines. A worker's envelope has our line as text, so its event is cut out of it."""
    return {
        "name": LOG_LINES.name.removeprefix("logging.googleapis.com/user/"),
        "description": LOG_LINES.meaning,
        "filter": (
            'resource.type="dataflow_step" AND resource.labels.job_name="${job}" '
            f'AND jsonPayload.message=~"\\"event\\": \\"({_ANY_EVENT})\\""'
        ),
        "labelExtractors": {"event": 'REGEXP_EXTRACT(jsonPayload.message, "\\"event\\": \\"([a-z_]+)\\"")'},
        "metricDescriptor": {
            "metricKind": "DELTA",
            "valueType": "INT64",
            "unit": "1",
            "labels": [{"key": "event", "valueType": "STRING", "description": "which event was logged"}],
        },
    }
