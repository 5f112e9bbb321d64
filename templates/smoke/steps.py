"""The steps of a smoke run: what each is called, how long it may take, what to do when it fails.

Pure. `run` does them.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Final, NamedTuple


class Step(NamedTuple):
    """A step."""

    name: str
    sentence: str
    limit_s: float
    """After which it has failed."""
    advice: str
    """What to do when it has failed."""


_LAUNCHER: Final = (
    "See the launcher's log and the job's in Cloud Logging: `gcloud logging read resource.type=dataflow_step`. "
    "`python -m kittiwake.pipelines.stream --check …` asks for what Dataflow needs."
)

STEPS: Final = (
    Step(
        "check", "Is the template there, and the bucket?", 60,
        "Log in with `gcloud auth application-default login`; name a template and a bucket that you may read.",
    ),
    Step(
        "create", "Topics, subscriptions, tables and the first rules.", 300,
        "You need roles/pubsub.admin, roles/bigquery.user and roles/storage.objectAdmin where the message says.",
    ),
    Step("launch", "The job from its template, and the first events, some late, some twice.", 1_500, _LAUNCHER),
    Step("update", "A rule more, and the job updated, while events come.", 1_500, _LAUNCHER),
    Step(
        "freeze", "The rules frozen, while events come.", 600,
        "Rows that come after a freeze say that a worker has not read it: see `rule_set_age_s` of the job.",
    ),
    Step(
        "drain", "The job drained: nothing may fire by it.", 1_200,
        "A drain that does not end can be cancelled: what is in the job is lost, and rows before it stand.",
    ),
    Step(
        "warm_start", "A backfill up to the freeze, and the job started from its snapshots.", 1_500,
        f"{_LAUNCHER} The backfill ran on this machine: its message is above.",
    ),
    Step(
        "go_on", "Unfrozen, the last events, and every row compared.", 1_200,
        "Rows that differ are in the report: send it back, for this is what the run is for.",
    ),
)  # fmt: skip
"""In their order."""

TEAR_DOWN_S: Final = 600
"""For the job to be cancelled, after which the rest is deleted all the same."""

ADVICE: Final = MappingProxyType({one.name: one.advice for one in STEPS})

LIMIT_MINUTES: Final = round(sum(one.limit_s for one in STEPS) / 60)
"""A run that takes longer has failed at some step."""
EXPECTED_MINUTES: Final = 35
"""By Google's documents a launch takes five minutes; it could not be measured yet."""
