"""The steps of the demo, each said in a sentence with its command, then done."""

from __future__ import annotations

import shutil
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from examples.bigquery import history
from examples.bigquery.history import rfc3339
from examples.bigquery.services import (
    BACKFILL,
    EVENTS,
    EVENTS_TABLE,
    STREAM,
    SUBSCRIPTION,
    TRIGGERS,
    Services,
    StepFailedError,
    streaming,
)

ROOT: Final = Path(__file__).parent.parent.parent
RULES: Final = Path("examples/shop/rules")
WARM: Final = "warm-start"
"""What the run is called that the stream starts from."""
LATENESS: Final = ("--allowed_lateness", "8d")
"""The local runner's watermark is the clock: all that a contact has done before its newest event is late to it."""
CATCH_UP_S: Final = 180.0
"""At most so long the stream may take for its days; then it is compared as it is."""
FIRED: Final = """SELECT COUNT(*) AS number FROM triggers_latest
WHERE decision = 'fired' AND time >= @from_time AND time < @until_time"""
BY_RULE: Final = """SELECT account_id, rule_id, kind, COUNT(*) AS triggers
FROM triggers_latest GROUP BY account_id, rule_id, kind ORDER BY account_id, rule_id, kind"""
UNLUCKY: Final = """SELECT contact_id FROM decisions_latest WHERE account_id = 'acme' AND decision = 'suppressed'
AND time >= @from_time AND time < @until_time GROUP BY contact_id ORDER BY COUNT(*) DESC, contact_id LIMIT 1"""


class Demo:
    """One run."""

    def __init__(self, services: Services, output: Path, contacts: int) -> None:
        self._services, self._output, self._contacts = services, output, contacts
        self._span = history.span_before(datetime.now(UTC))
        self._rules = str(output / "rules")
        self._records = history.records(contacts, self._span)
        self._step = 0

    def run(self) -> None:
        """All steps.

        Raises:
            StepFailedError: one has failed, or a trigger differs.
        """
        shutil.rmtree(self._output / "rules", ignore_errors=True)
        self._output.mkdir(parents=True, exist_ok=True)
        self._load()
        self._backfill()
        self._look()
        self._snapshots()
        self._stream()
        self._reconcile()

    def _load(self) -> None:
        schema = "event_id,account_id,contact_id,item_id,type,time:TIMESTAMP,properties:JSON"
        self._say(
            f"The shop's {len(self._records):,} events go into a table, partitioned by day and clustered by contact.",
            ["bq", "load", "--source_format=NEWLINE_DELIMITED_JSON", "--time_partitioning_field=time",
             "--clustering_fields=account_id,contact_id", EVENTS_TABLE, "events.jsonl", schema],
        )  # fmt: skip
        lines = history.table_lines(self._records)
        (self._output / "events.jsonl").write_bytes(lines)
        print(f"{self._services.load(lines):,} rows loaded")
        self._do(
            "The rules become version 1 of a target, from which every job takes them.",
            ["kittiwake", "publish", str(RULES), self._rules, "--effective-from", "always"],
        )

    def _backfill(self) -> None:
        begin, _, end = map(rfc3339, self._span)
        command = ["python", "-m", "kittiwake.pipelines.backfill", "--rules", self._rules, "--input", f"bq://{EVENTS_TABLE}",
                   "--from", begin, "--until", end, *LATENESS]  # fmt: skip
        self._do("What would BigQuery read? Nothing is read for the answer.", [*command, "--estimate"])
        self._do("The backfill decides over all days, into tables.", [*command, "--output", f"bq://{BACKFILL}"])

    def _look(self) -> None:
        self._ask("What fired, by rule.", BY_RULE, {})
        _, cut, end = self._span
        days = {"from_day": ("DATE", cut.date()), "until_day": ("DATE", end.date())}
        acme = {"account_id": ("STRING", "acme")}
        self._ask("What each gate refused in the last days.", Path("examples/bigquery/funnel.sql"), acme | days)
        times = {"from_time": ("TIMESTAMP", cut), "until_time": ("TIMESTAMP", end)}
        for row in self._services.query(UNLUCKY, BACKFILL, times):
            contact = {"contact_id": ("STRING", row["contact_id"])}
            self._ask(
                "Why did this contact not get more?", Path("examples/bigquery/why_not.sql"), acme | contact | times
            )

    def _snapshots(self) -> None:
        begin, cut, end = map(rfc3339, self._span)
        self._do(
            "The rules are frozen as of last midnight: the stream decides as far as the backfill has, and no further.",
            ["kittiwake", "freeze", self._rules, "--at", end],
        )
        self._do(
            "A backfill that ends a week earlier leaves the state of every contact, for the stream.",
            ["python", "-m", "kittiwake.pipelines.backfill", "--rules", self._rules, "--input", f"bq://{EVENTS_TABLE}",
             "--from", begin, "--until", cut, *LATENESS, "--snapshots", "--output", f"bq://{BACKFILL}.warm_",
             "--run_id", WARM],
        )  # fmt: skip

    def _stream(self) -> None:
        command = ["python", "-m", "kittiwake.pipelines.stream", "--subscription", SUBSCRIPTION, "--rules", self._rules,
                   "--trigger_topic", TRIGGERS, "--dataset", STREAM, "--create_tables",
                   "--snapshots", f"bq://{BACKFILL}.warm_snapshots@{WARM}", *LATENESS,
                   "--settle_delay", "2s"]  # fmt: skip
        self._say("The stream starts from that state.", command)
        log = self._output / "stream.log"
        with streaming(self._services, command, log) as job:
            later = history.streamed(self._records, self._span)
            self._say(
                f"It is given the {len(later):,} events since, and of the hour before, through Pub/Sub.",
                ["gcloud", "pubsub", "subscriptions", "seek", SUBSCRIPTION,
                 f"--time={rfc3339(self._span.cut - history.SEEK_BACK)}"],
            )  # fmt: skip
            self._services.publish(later)
            self._wait_for_triggers(job)
            self._say(
                "The rules are frozen, so that the job can be drained; here it is interrupted.",
                ["gcloud", "dataflow", "jobs", "drain", "JOB_ID"],
            )
        print(f"what it said: {log}")

    def _wait_for_triggers(self, job: subprocess.Popen[bytes]) -> None:
        """Until the stream has fired as much as the backfill has; whether it is the same is not asked here."""
        times = {"from_time": ("TIMESTAMP", self._span.cut), "until_time": ("TIMESTAMP", self._span.end)}
        expected = self._number(FIRED, BACKFILL, times)
        self._wait(job, "decided about them", lambda: self._number(FIRED, STREAM, times) >= expected)
        found = self._number(FIRED, STREAM, times)
        print(f"the stream has fired {found:,} triggers of these days, the backfill {expected:,}")

    def _number(self, sql: str, dataset: str, parameters: Mapping[str, tuple[str, Any]]) -> int:
        return int(self._services.query(sql, dataset, parameters)[0]["number"])

    def _wait(self, job: subprocess.Popen[bytes], what: str, is_so: Callable[[], bool]) -> None:
        """Until it is so, or too long."""
        until = time.monotonic() + CATCH_UP_S
        while not is_so():
            if job.poll() is not None:
                raise StepFailedError(f"the streaming job has ended by itself; {self._output}/stream.log says why")
            if time.monotonic() > until:
                print(f"the stream has not {what} within {CATCH_UP_S:.0f} s")
                return
            time.sleep(1)

    def _reconcile(self) -> None:
        _, cut, end = map(rfc3339, self._span)
        self._do(
            "Are they the same, trigger by trigger?",
            ["python", "-m", "kittiwake.pipelines.reconcile", "--stream", f"bq://{STREAM}", "--backfill", f"bq://{BACKFILL}",
             "--from", cut, "--until", end, "--strict"],
        )  # fmt: skip
        print(f"\nThey are. Events, rules and the stream's log are in {self._output}; {EVENTS} is gone.")

    def _ask(self, sentence: str, sql: str | Path, parameters: Mapping[str, tuple[str, Any]]) -> None:
        text = sql if isinstance(sql, str) else (ROOT / sql).read_text(encoding="utf-8")
        shown = " ".join(sql.split()) if isinstance(sql, str) else f"$(cat {sql})"
        given = [f"--parameter={name}:{kind}:{value}" for name, (kind, value) in parameters.items()]
        words = history.typed(["bq", "query", "--use_legacy_sql=false", f"--dataset_id={BACKFILL}", *given])
        self._head(sentence, f'{words} "{shown}"')
        print(*history.in_columns(self._services.query(text, BACKFILL, parameters), 12), sep="\n")

    def _do(self, sentence: str, command: Sequence[str]) -> None:
        self._say(sentence, command)
        self._services.run(command)

    def _say(self, sentence: str, command: Sequence[str]) -> None:
        self._head(sentence, history.typed(command))

    def _head(self, sentence: str, command: str) -> None:
        self._step += 1
        print(f"\n{self._step}. {sentence}\n   $ {command}", flush=True)
