"""What a run would do and make, and what is paid for. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from templates.smoke.dataflow import MACHINE, WORKERS_MAX
from templates.smoke.settings import Settings
from templates.smoke.shop import deliveries
from templates.smoke.steps import EXPECTED_MINUTES, LIMIT_MINUTES, STEPS

PRICES = "https://cloud.google.com/dataflow/pricing"


def plan(settings: Settings) -> Iterator[str]:
    """Line by line."""
    yield f"Run {settings.run_id} in {settings.project}, {settings.region}; the label of all is {settings.labels}."
    yield from ("", "Steps, each with the minutes after which it has failed:")
    for number, step in enumerate(STEPS, 1):
        yield f"  {number}. {step.name:<11}{step.limit_s / 60:>4.0f}  {step.sentence}"
    yield f"  {len(STEPS) + 1}. {'tear down':<15}  What was made is deleted, also after a failure or Ctrl-C."
    yield from ("", "Made, and deleted:")
    yield from (
        f"  {name}"
        for name in (
            settings.events_topic,
            settings.triggers_topic,
            settings.events_subscription,
            settings.triggers_subscription,
            f"{settings.dataset} (tables and views)",
            f"{settings.folder}/ (rules, snapshots, staged files)",
            f"job {settings.name}, launched three times from {settings.template}",
        )
    )
    yield from ("", *_paid(settings))


def _paid(settings: Settings) -> Iterator[str]:
    sent = deliveries(settings.run_id, settings.events, settings.pace.shops)
    copies = sum(one.is_copy for one in sent)
    yield f"Paid for, for some {EXPECTED_MINUTES} minutes and never more than {LIMIT_MINUTES}, by {PRICES}:"
    yield f"  1 to {WORKERS_MAX} streaming workers of {MACHINE} (2 vCPU, 8 GB), and Streaming Engine"
    yield "  3 machines of Dataflow's launcher, some minutes each"
    yield f"  {len(sent):,} messages of 300 bytes ({copies:,} of them twice), some MB in BigQuery and in the bucket"
    hours = WORKERS_MAX * LIMIT_MINUTES / 60
    yield f"At most {hours * 2:.0f} vCPU hours and {hours * 8:.0f} GB hours of workers."
    yield "The report has what the jobs have used, by their own metrics."
