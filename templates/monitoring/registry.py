"""What can be watched of a running job: its own metrics, and what Google's services count of the same job.

Names and labels of the services' metrics are from Google's lists; none could be asked for here. `${…}` is filled in by
Terraform: the job, its subscription and its topic.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from kittiwake.stream.logs import LOG_EVENTS
from kittiwake.stream.metrics import METRICS, Metric, MetricKind
from kittiwake.stream.volumes import LAST_DAY, RECALLED_DAY, RULES_MAX, USUAL_DAY


class ServicePanel(StrEnum):
    """Parts of the dashboard beside those of the job's own metrics, by title."""

    AGE = "Age of the watermark, and lag"
    BACKLOG = "Messages that wait"
    PUBLISHING = "Publishing to the topic of triggers"
    LOG = "Log lines by event"
    RULES = "Triggers by rule, the last day and a usual one"
    RECALLED = "Triggers recalled by hand in the last day, by rule"


class ServiceMetric(NamedTuple):
    """A metric of a service of Google's."""

    name: str
    """Its type, as Cloud Monitoring calls it."""
    matchers: str
    """Which of its series are those of this job."""
    unit: str
    meaning: str
    panel: ServicePanel
    label: str = ""
    """By which it counts; empty: each value stands for itself."""

    @property
    def is_by_rule(self) -> bool:
        """Whether each rule has a series, written once an hour."""
        return self.panel in (ServicePanel.RULES, ServicePanel.RECALLED)


_JOB: Final = 'job_name="${job}"'
WATERMARK_AGE: Final = ServiceMetric(
    "dataflow.googleapis.com/job/data_watermark_age",
    _JOB,
    "seconds",
    "how far the watermark is behind: nothing is decided beyond it",
    ServicePanel.AGE,
)
SYSTEM_LAG: Final = ServiceMetric(
    "dataflow.googleapis.com/job/system_lag",
    _JOB,
    "seconds",
    "how long the longest waiting element has been in work",
    ServicePanel.AGE,
)
UNDELIVERED: Final = ServiceMetric(
    "pubsub.googleapis.com/subscription/num_undelivered_messages",
    'subscription_id="${subscription}"',
    "messages",
    "messages that the job has not acknowledged",
    ServicePanel.BACKLOG,
)
OLDEST_UNACKED: Final = ServiceMetric(
    "pubsub.googleapis.com/subscription/oldest_unacked_message_age",
    'subscription_id="${subscription}"',
    "seconds",
    "age of the oldest of them",
    ServicePanel.BACKLOG,
)
PUBLISH_REQUESTS: Final = ServiceMetric(
    "pubsub.googleapis.com/topic/send_request_count",
    'topic_id="${topic}"',
    "requests",
    "requests to publish triggers, by `response_class`",
    ServicePanel.PUBLISHING,
    "response_class",
)
LOG_LINES: Final = ServiceMetric(
    "logging.googleapis.com/user/${job}-log-events",
    'monitored_resource="dataflow_step"',
    "lines",
    f"lines of the job's log, by `event`, of which there are {len(LOG_EVENTS)}",
    ServicePanel.LOG,
    "event",
)
RULE_TRIGGERS: Final = ServiceMetric(
    LAST_DAY,
    _JOB,
    "triggers",
    f"triggers of a rule in the last day, by `account_id` and `rule_id`, of {RULES_MAX} rules and the rest as one; "
    "written by `kittiwake.pipelines.volumes`",
    ServicePanel.RULES,
)
RULE_TRIGGERS_USUAL: Final = ServiceMetric(
    USUAL_DAY,
    _JOB,
    "triggers",
    "the same on a usual day: the median of the same day of four weeks",
    ServicePanel.RULES,
)
RULE_TRIGGERS_RECALLED: Final = ServiceMetric(
    RECALLED_DAY,
    _JOB,
    "triggers",
    "triggers of a rule that `kittiwake.pipelines.recall` took back in the last day, of rules that have some; "
    "the job's own counters know nothing of a recall",
    ServicePanel.RECALLED,
)
SERVICE_METRICS: Final = (
    WATERMARK_AGE,
    SYSTEM_LAG,
    UNDELIVERED,
    OLDEST_UNACKED,
    PUBLISH_REQUESTS,
    LOG_LINES,
    RULE_TRIGGERS,
    RULE_TRIGGERS_USUAL,
    RULE_TRIGGERS_RECALLED,
)
"""All of them."""

Watched = Metric | ServiceMetric
EVERYTHING: Final[tuple[Watched, ...]] = (*METRICS, *SERVICE_METRICS)

EXPORTED: Final = {MetricKind.COUNTER: ("",), MetricKind.DISTRIBUTION: ("_COUNT", "_MAX", "_MEAN", "_MIN")}
"""What Dataflow adds to a metric's name for each value of it that it gives to Cloud Monitoring."""
