"""What a smoke run is asked for, and what follows from it: the names of all that it makes, sizes and paces.

Pure, but for the parser's own messages.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

EVENTS: Final = 1_000
EVENTS_MAX: Final = 10_000
"""The shop's pace is fixed, so more events only take longer: this many take some three quarters of an hour."""
LABEL: Final = "kittiwake-smoke"
"""On everything that has labels; its value is the run."""

_PROJECT: Final = re.compile(r"[a-z][a-z0-9.:-]{4,61}[a-z0-9]")
_REGION: Final = re.compile(r"[a-z]+-[a-z]+[0-9]+")
_BUCKET: Final = re.compile(r"[a-z0-9][a-z0-9._-]{1,220}[a-z0-9]")
_TEMPLATE: Final = re.compile(r"gs://[^/\s]+/\S+\.json")
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]+")
_SUBNETWORK: Final = re.compile(r"\S*regions/[^/\s]+/subnetworks/[^/\s]+")


class Pace(NamedTuple):
    """How fast the shop and the job go."""

    lead_s: int = 60
    """`--min_lead` of the job: from here on it knows of rules and freezes."""
    margin_s: int = 30
    """Beyond the lead, for a command to start on a busy machine."""
    poll_s: int = 15
    settle_s: int = 10
    """`--settle_delay` of the job."""
    shops: int = 3
    """As many streets of the demo's shop: some four events a second."""
    rest_s: int = 25
    """After a part: the longest `wait` of the rules is 14 s, and the shop's tills are 12 s behind."""
    ask_s: float = 5.0
    """Between two questions, and two heartbeats: without messages the watermark would stand."""


@dataclass(frozen=True)
class Settings:
    """One run."""

    run_id: str
    project: str
    region: str
    bucket: str
    template: str
    output: Path
    events: int = EVENTS
    service_account: str | None = None
    subnetwork: str | None = None
    dataflow_endpoint: str | None = None
    pace: Pace = field(default_factory=Pace)

    @property
    def name(self) -> str:
        """Of the job, and what all other names begin with."""
        return f"{LABEL}-{self.run_id}"

    @property
    def prefix(self) -> str:
        """Of the run's objects in the bucket."""
        return f"{self.name}/"

    @property
    def folder(self) -> str:
        """Where they are."""
        return f"gs://{self.bucket}/{self.name}"

    @property
    def target(self) -> str:
        """Where the rules are published."""
        return f"{self.folder}/rules"

    @property
    def events_topic(self) -> str:
        """Where events are published."""
        return f"projects/{self.project}/topics/{self.name}-events"

    @property
    def triggers_topic(self) -> str:
        """Where the job publishes what fires."""
        return f"projects/{self.project}/topics/{self.name}-triggers"

    @property
    def events_subscription(self) -> str:
        """The job's own."""
        return f"projects/{self.project}/subscriptions/{self.name}-events"

    @property
    def triggers_subscription(self) -> str:
        """From which the run counts what was published."""
        return f"projects/{self.project}/subscriptions/{self.name}-triggers"

    @property
    def dataset(self) -> str:
        """Where the rows are: `PROJECT.DATASET`."""
        return f"{self.project}.{self.name.replace('-', '_')}"

    @property
    def labels(self) -> dict[str, str]:
        """Of what the run makes."""
        return {LABEL: self.run_id}

    def parameters(self, snapshots: str | None = None) -> dict[str, str]:
        """Parameters of the template `stream`."""
        found = {
            "inputSubscription": self.events_subscription,
            "outputTopic": self.triggers_topic,
            "dataset": self.dataset,
            "rules": self.target,
            "settle_delay": f"{self.pace.settle_s}s",
            "min_lead": f"{self.pace.lead_s}s",
            "poll_interval": f"{self.pace.poll_s}s",
        }
        return found if snapshots is None else {**found, "snapshots": snapshots}

    def hide_names(self, text: str) -> str:
        """A text without the names of whose project it is, and without addresses of mail."""
        for name, word in ((self.bucket, "BUCKET"), (self.project, "PROJECT")):
            text = text.replace(name, word)
        return re.sub(r"[^@\s:\"']+@[\w.-]+", "ACCOUNT", text)


def as_json(settings: Settings) -> dict[str, Any]:
    """For the journal."""
    return {**settings.__dict__, "output": str(settings.output), "pace": settings.pace._asdict()}


def from_json(found: dict[str, Any]) -> Settings:
    """Of the journal."""
    return Settings(**{**found, "output": Path(found["output"]), "pace": Pace(**found["pace"])})


# ---------------------------------------------------------------- options


def parser() -> argparse.ArgumentParser:
    """Of `python -m templates.smoke`."""
    made = argparse.ArgumentParser(
        prog="python -m templates.smoke",
        description="Run the streaming job in your project for half an hour, and compare every row with a replay.",
        epilog="It costs money: --dry_run says what for. Everything that it makes it deletes, also after Ctrl-C.",
    )
    add = made.add_argument
    add("--project", help="the project that pays, such as shop-1")
    add("--region", help="where the job runs, such as europe-west4")
    add("--bucket", help="a bucket in that region; the run keeps to a folder of its own")
    add("--template", help="the template of the stream: gs://BUCKET/templates/stream-TAG.json")
    add("--service_account_email", metavar="EMAIL", help="of the workers; it is granted what the run makes")
    add("--subnetwork", help="regions/REGION/subnetworks/NAME; workers then have no public addresses")
    add("--events", type=int, default=EVENTS, help=f"how many; default: {EVENTS:,}")
    add("--output", type=Path, default=Path("out/smoke"), help="reports go there, a folder a run; default: out/smoke")
    add("--dataflow_endpoint", metavar="URL", help="another address of Dataflow's interface")
    add("--dry_run", action="store_true", help="print the steps, the names and what is paid for, and ask nobody")
    add("--keep", action="store_true", help="delete nothing in the end, nor cancel the job: you pay until --tear_down")
    add("--resume", type=Path, metavar="FOLDER", help="go on with a run that was kept or killed, from its folder")
    add("--tear_down", type=Path, metavar="FOLDER", help="only delete what the run of this folder has made")
    return made


def problems_of(typed: argparse.Namespace) -> list[str]:
    """What is wrong with the options of a new run; empty: nothing."""
    found = [
        problem
        for name, pattern, advice in _FORMS
        if (problem := _problem(name, getattr(typed, name), pattern, advice)) is not None
    ]
    if not 100 <= typed.events <= EVENTS_MAX:
        found.append(f"--events {typed.events}: write 100 to {EVENTS_MAX:,}")
    return found


_FORMS: Final = (
    ("project", _PROJECT, "the project's id, such as shop-1"),
    ("region", _REGION, "a region, such as europe-west4"),
    ("bucket", _BUCKET, "the name of a bucket, without gs://"),
    ("template", _TEMPLATE, "gs://BUCKET/templates/stream-TAG.json, which `make template` writes"),
    ("service_account_email", _EMAIL, "NAME@PROJECT.iam.gserviceaccount.com"),
    ("subnetwork", _SUBNETWORK, "regions/REGION/subnetworks/NAME"),
)
_OPTIONAL: Final = ("service_account_email", "subnetwork")


def _problem(name: str, value: str | None, pattern: re.Pattern[str], advice: str) -> str | None:
    if value is None:
        return None if name in _OPTIONAL else f"--{name} is missing: write {advice}"
    return None if pattern.fullmatch(value) else f"--{name} {value}: write {advice}"


def settings_of(typed: argparse.Namespace, run_id: str) -> Settings:
    """A new run, of options without problems."""
    return Settings(
        run_id, typed.project, typed.region, typed.bucket, typed.template, typed.output / run_id, typed.events,
        typed.service_account_email, typed.subnetwork, typed.dataflow_endpoint,
    )  # fmt: skip


def run_options(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options as they are typed."""
    return parser().parse_args(argv)
