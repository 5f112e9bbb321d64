"""What would keep a streaming job from running, found before it is launched: everything at once.

Called by `pipelines.stream`, for `--check` and at each launch. Nothing is changed, and no message is taken. Google is
asked as whoever launches: the workers of Dataflow are somebody else, so a permission that is lacking here is then only
told. What a service does not answer (emulators know no permissions) is told as unknown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from enum import StrEnum
from typing import Any, Final, NamedTuple

from apache_beam.options.pipeline_options import GoogleCloudOptions
from google.api_core.exceptions import (
    Forbidden,
    GoogleAPIError,
    MethodNotImplemented,
    NotFound,
    Unauthenticated,
    Unauthorized,
)
from google.auth.exceptions import GoogleAuthError
from google.cloud import bigquery
from google.pubsub_v1 import PublisherClient, SubscriberClient
from requests import RequestException

from kittiwake.batch.report import rules_text
from kittiwake.errors import UnusableError
from kittiwake.rules.compile.accounts import RulesUsed
from kittiwake.rules.errors import RulesError
from kittiwake.rules.publishing.errors import TargetError
from kittiwake.rules.publishing.loading import load_rules
from kittiwake.stream.rules_source.source import rules_source
from kittiwake.stream.rules_source.view import RulesSource
from kittiwake.stream.tables.schema import TABLES
from kittiwake.time.instants import format_instant
from pipelines.google.bigquery_tables import client_of, compare, location_fits, location_of
from pipelines.google.error_text import LOG_IN, first_line
from pipelines.options.recorded import RecordedOptions
from pipelines.options.stream import StreamOptions
from pipelines.runner import is_dataflow
from transforms.clock import now_us
from transforms.stream.seed import SnapshotSource
from transforms.stream.snapshot_sources import find_snapshots

TIMEOUT_S: Final = 20
"""For one question to Pub/Sub: the launch waits for it."""
DELETED_TOPIC: Final = "_deleted-topic_"
"""What Pub/Sub calls the topic of a subscription that has outlived it."""


class Verdict(StrEnum):
    """How something that was looked at is."""

    OK = "ok"
    REFUSED = "refused"
    """The rules of an account, which keeps its last good version: launched all the same."""
    UNKNOWN = "unknown"
    """It could not be found out: launched all the same."""
    WRONG = "error"


class Finding(NamedTuple):
    """Something that was looked at."""

    verdict: Verdict
    text: str


class Checked(NamedTuple):
    """What was found."""

    findings: tuple[Finding, ...]
    rules: RulesSource | None = None
    """For the job; None: they cannot be run."""
    snapshots: tuple[SnapshotSource, ...] = ()
    """The files to start from."""

    @property
    def problems(self) -> list[str]:
        """What has to be put right before."""
        return [one.text for one in self.findings if one.verdict is Verdict.WRONG]


def check(options: StreamOptions) -> Checked:
    """Look at everything that the job needs and whose name could be read."""
    findings: list[Finding] = []
    rules = _rules(options, findings)
    topic = _subscription(options, findings) if options.subscription else None
    if options.trigger_topic:
        _topic(options, topic, findings)
    if options.dataset is not None:
        _tables(options, findings)
    if options.events is not None:
        _events(options, options.events, findings)
    snapshots = _snapshots(options, findings) if options.snapshots else ()
    return Checked(tuple(findings), rules, snapshots)


def _rules(options: StreamOptions, findings: list[Finding]) -> RulesSource | None:
    try:
        rules = rules_source(
            *options.rules,
            allowed_lateness_us=options.allowed_lateness_us,
            poll_interval_us=options.poll_interval_us,
            min_lead_us=options.min_lead_us,
        )
        known = rules.view(now_us())
    except RulesError as error:
        findings += (Finding(Verdict.WRONG, str(one)) for one in error.errors)
        findings += _of_accounts(options)
        return None
    except (TargetError, ValueError) as error:
        findings.append(Finding(Verdict.WRONG, str(error)))
        return None
    findings += _that_keep(known.programs.used)
    frozen = "" if known.frozen_at_us is None else f", FROZEN at {format_instant(known.frozen_at_us)}"
    findings.append(Finding(Verdict.OK, f"{rules_text(known.programs.used)}{frozen}"))
    return rules


def _that_keep(used: RulesUsed) -> Iterator[Finding]:
    """Accounts whose rules in some version of a target cannot be used."""
    for one in used.refused:
        what = f"keeps rule set {one.keeps}" if one.keeps else "has no rules, and its events are dropped"
        text = f"account {one.account_id} {what}: rule set {one.ruleset_version} cannot be used, {one.errors[0]}"
        yield Finding(Verdict.REFUSED, text)


def _of_accounts(options: StreamOptions) -> Iterator[Finding]:
    """Why files of rules are run all or none, where those of some accounts could be."""
    with suppress(RulesError, TargetError):
        refused = ", ".join(load_rules(*options.rules, by_account=True).newest.refused)
        message = f"without the rules of {refused} the events of it would be gone, and what is pending cancelled"
        advice = "mend them; or publish into a target, where an account keeps its last good version"
        yield Finding(Verdict.WRONG, f"{message}: {advice}")


def _events(options: StreamOptions, events: RecordedOptions, findings: list[Finding]) -> None:
    try:
        files = events.source(options.shape).recording.files
    except UnusableError as error:
        findings.append(Finding(Verdict.WRONG, str(error)))
        return
    size = sum(file.size for file in files)
    findings.append(Finding(Verdict.OK, f"recorded events: {len(files)} files, {size:,} bytes"))


# ---------------------------------------------------------------- Pub/Sub


def _subscription(options: StreamOptions, findings: list[Finding]) -> str | None:
    """Look at the subscription; its topic."""
    name = options.subscription or ""
    asked = _Asked(f"subscription {name}", options, findings)
    client = asked.about(SubscriberClient)
    found = client and asked.about(lambda: client.get_subscription(subscription=name, timeout=TIMEOUT_S, retry=None))
    if not found:
        return None
    if found.topic == DELETED_TOPIC:
        asked.wrong("its topic has been deleted: no event will come")
    elif found.push_config.push_endpoint or found.bigquery_config.table or found.cloud_storage_config.bucket:
        asked.wrong("it pushes or exports its messages: create one that is pulled, for this job alone")
    else:
        asked.ok(f"of {found.topic}")
    asked.permitted(client.test_iam_permissions, name, ("pubsub.subscriptions.consume",))
    return str(found.topic)


def _topic(options: StreamOptions, read: str | None, findings: list[Finding]) -> None:
    name = options.trigger_topic or ""
    asked = _Asked(f"trigger topic {name}", options, findings)
    client = asked.about(PublisherClient)
    if not client or not asked.about(lambda: client.get_topic(topic=name, timeout=TIMEOUT_S, retry=None)):
        return
    if name == read:
        asked.wrong("it is the topic that events are read from: triggers would come in as events")
    else:
        asked.ok("is there")
    asked.permitted(client.test_iam_permissions, name, ("pubsub.topics.publish",))


class _Asked:
    """Asks Google about one thing, and makes sentences of what it does not want to say."""

    def __init__(self, what: str, options: StreamOptions, findings: list[Finding]) -> None:
        self._what, self._findings = what, findings
        self._is_dataflow = is_dataflow(options.runner)

    def ok(self, text: str) -> None:
        self._findings.append(Finding(Verdict.OK, f"{self._what}: {text}"))

    def wrong(self, text: str) -> None:
        self._findings.append(Finding(Verdict.WRONG, f"{self._what}: {text}"))

    def unknown(self, text: str) -> None:
        self._findings.append(Finding(Verdict.UNKNOWN, f"{self._what}: {text}"))

    def about(self, question: Callable[[], Any]) -> Any:
        """The answer; None: it has been told why there is none."""
        try:
            return question()
        except NotFound:
            self.wrong("is not there. Create it, or write its name as it is")
        except (Forbidden, Unauthorized, Unauthenticated) as error:
            self._denied(f"you may not look at it: {first_line(error)}")
        except MethodNotImplemented:
            self.unknown("whether it is fit for the job: the service does not answer (an emulator?)")
        except GoogleAuthError as error:
            self.wrong(f"no credentials that Google takes: {first_line(error)}. Log in: {LOG_IN}")
        except (GoogleAPIError, RequestException, OSError) as error:
            self.wrong(f"cannot be looked at: {first_line(error)}")
        return None

    def permitted(self, test: Callable[..., Any], resource: str, permissions: Sequence[str]) -> None:
        """Tell the permissions that are lacking."""
        request = {"resource": resource, "permissions": list(permissions)}
        try:
            granted = set(test(request=request, timeout=TIMEOUT_S, retry=None).permissions)
        except MethodNotImplemented:
            self.unknown("permissions: the service does not say (an emulator?)")
        except (GoogleAPIError, GoogleAuthError) as error:
            self.unknown(f"permissions: {first_line(error)}")
        else:
            self.granted(permissions, granted)

    def granted(self, permissions: Sequence[str], granted: set[str]) -> None:
        """Tell which of the permissions are not granted."""
        if lacking := [one for one in permissions if one not in granted]:
            self._denied(f"you lack {', '.join(lacking)}")

    def _denied(self, text: str) -> None:
        """The workers of Dataflow are a service account of their own, who may do what its launcher may not."""
        if self._is_dataflow:
            page = "docs/how-to/run-the-streaming-job.md"
            self.unknown(f"{text}; what counts is the service account of the workers ({page})")
        else:
            self.wrong(text)


# ---------------------------------------------------------------- BigQuery


def _tables(options: StreamOptions, findings: list[Finding]) -> None:
    dataset = options.dataset
    assert dataset is not None
    asked = _Asked(f"dataset {dataset.project}.{dataset.name}", options, findings)
    try:
        client = client_of(dataset)
    except UnusableError as error:
        findings.append(Finding(Verdict.WRONG, str(error)))
        return
    location = location_of(client, dataset)
    if location is not None:
        _location(asked, location, options)
    problems = compare(client, dataset, may_lack=options.create_tables)
    findings += (Finding(Verdict.WRONG, one) for one in problems)
    if location is not None and not problems:
        asked.ok("tables are to be created where missing" if options.create_tables else "all tables are as they should")
        _permissions(client, options, asked)


def _location(asked: _Asked, location: str, options: StreamOptions) -> None:
    """Rows that cross the world are slow, cost money, and may be against the law."""
    if not is_dataflow(options.runner):
        return
    region = GoogleCloudOptions(list(options.beam_flags)).region
    if region is None:
        asked.unknown(f"it lies in {location}: say --region, so that the job runs there")
    elif not location_fits(region, location):
        asked.wrong(f"it lies in {location}, and --region is {region}: run the job where its rows are")


_ON_TABLES: Final = ("bigquery.tables.get", "bigquery.tables.updateData")


def _permissions(client: bigquery.Client, options: StreamOptions, asked: _Asked) -> None:
    assert options.dataset is not None
    if options.create_tables:
        asked.unknown("whether you may create tables: BigQuery cannot be asked")
        return
    for table in TABLES:
        try:
            path = bigquery.TableReference.from_string(options.dataset.table(table.name))
            answer = client.test_iam_permissions(path, _ON_TABLES, timeout=TIMEOUT_S, retry=None)
        except (GoogleAPIError, GoogleAuthError, RequestException, OSError) as error:
            asked.unknown(f"permissions: BigQuery does not say ({first_line(error)})")
            return
        asked.granted(_ON_TABLES, set(answer.get("permissions", ())))


# ---------------------------------------------------------------- snapshots


def _snapshots(options: StreamOptions, findings: list[Finding]) -> tuple[SnapshotSource, ...]:
    """The files, of each of which the first row has been read."""
    try:
        found = find_snapshots(options.snapshots)
    except UnusableError as error:
        findings.append(Finding(Verdict.WRONG, f"--snapshots: {error}"))
        return ()
    until = format_instant(found.settled_us)
    text = f"{len(found.sources)} file(s) of snapshots, settled until {until}: give the job every event since then"
    findings.append(Finding(Verdict.OK, text))
    return found.sources
