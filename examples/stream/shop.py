"""The shop while it is open: publishes what happens when it happens, shows what comes out, and tells where to look."""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from google.api_core.exceptions import DeadlineExceeded, GoogleAPIError
from google.pubsub_v1 import PublisherClient, PubsubMessage, SubscriberClient

from examples.stream import house
from examples.stream.house import House
from examples.stream.view import View
from examples.stream.visits import Due, steps
from examples.stream.words import Row
from kittiwake.time.instants import SECOND_US, format_instant
from kittiwake.transforms.clock import now_us

INTERRUPTED: Final = 130
ACCOUNT: Final = "acme"
HEARTBEAT_S: Final = 0.2
"""Beam's local runner does nothing else while it waits for a message: so there is one, which no rule needs."""
PULL_S: Final = 1.0
CALL_S: Final = 5.0
"""For any other call of Pub/Sub. Google's clients would try again for ten minutes, and closing would wait for them."""
READY_S: Final = 60.0
"""So long the job may take to start."""
LAST_S: Final = 4.0
"""After the last event the shop stays so long: what it still causes at once is to be seen."""
SQL: Final = """SELECT rule_id, kind, decision, reason, number
FROM `{dataset}.rule_stats`
ORDER BY rule_id, kind, decision, reason"""


_LEFT: Final = {
    "events.jsonl": "what went in",
    "triggers.jsonl": "what came out, in the order it came",
    "job.log": "what the job said",
}


class Shop:
    """One run of the demo."""

    def __init__(self, view: View, output: Path, rules: Path, seed: int, closing: threading.Event) -> None:
        """`closing` is set when somebody asks to close: a library may swallow the `KeyboardInterrupt` that says so."""
        self._view, self._output, self._rules, self._seed = view, output, rules, seed
        self._closing = closing
        self._sent = Counter[str]()
        self._told = Counter[tuple[str, str]]()
        self._standing: dict[str, Row] = {}
        """Triggers by id, in the newest revision."""

    def open_for(self, seconds: float | None, tables_missing: str | None) -> int:
        """Opens, shows, closes, and tells; the exit code.

        Raises:
            NotStartedError: an emulator does not start.
        """
        self._output.mkdir(parents=True, exist_ok=True)
        say = self._view.say
        say("Starting the Pub/Sub emulator" + ("" if tables_missing else ", BigQuery's") + " and the job …")
        if tables_missing:
            say(f"Without tables: {tables_missing}", "dim")
        failed, is_open = False, False
        with (
            suppress(KeyboardInterrupt),
            house.running(self._output, self._rules, with_tables=not tables_missing) as running,
        ):
            try:
                self._wait_for_job(running)
                is_open = True
                self._tell_ways(running)
                failed = not self._watch(running, seconds)
            except KeyboardInterrupt:
                say("\nClosing …")
            self._tell_tables(running)
        if not is_open:
            say("Closed before it was open.")
            return INTERRUPTED
        return self._tell(failed)

    def _wait_for_job(self, running: House) -> None:
        """Until it takes messages, so that what is shown first is not late."""
        until = time.monotonic() + READY_S
        while not (running.job.is_ready or running.job.has_ended or time.monotonic() > until):
            if self._closing.wait(0.1):
                raise KeyboardInterrupt

    def _watch(self, running: House, seconds: float | None) -> bool:
        """Publishes and shows until the time is over; whether the job has lived to see it."""
        self._view.heading()
        with (
            (self._output / "events.jsonl").open("w") as events,
            (self._output / "triggers.jsonl").open("w") as triggers,
            _published() as publish,
            _pulled(running.triggers.job) as pulled,
        ):
            begin = time.monotonic()
            coming = steps(self._seed)
            due = next(coming)
            while not running.job.has_ended:
                if self._closing.is_set():
                    raise KeyboardInterrupt
                open_s = time.monotonic() - begin
                if seconds is not None and open_s > seconds:
                    return True
                while due.at_s <= open_s and (seconds is None or due.at_s < seconds - LAST_S):
                    record = _record(due)
                    line = json.dumps(record)
                    publish(running.events.name, line)
                    events.write(line + "\n")
                    events.flush()
                    self._sent["events"] += 1
                    self._view.event(now_us(), record, due.step.held_up_s)
                    due = next(coming)
                publish(running.events.name, _heartbeat(self._sent["heartbeats"]))
                self._sent["heartbeats"] += 1
                self._show(pulled, triggers)
        return False

    def _show(self, pulled: queue.Queue[bytes], triggers: Any) -> None:
        """What comes out until the next heartbeat."""
        until = time.monotonic() + HEARTBEAT_S
        while (left_s := until - time.monotonic()) > 0:
            with suppress(queue.Empty):
                line = pulled.get(timeout=left_s)
                row = json.loads(line)
                triggers.write(line.decode() + "\n")
                triggers.flush()
                self._told[row["rule_id"], row["decision"] if row["decision"] == "revoked" else row["kind"]] += 1
                known = self._standing.get(row["trigger_id"])
                if known is None or known["revision"] < row["revision"]:
                    self._standing[row["trigger_id"]] = row
                self._view.trigger(now_us(), row)

    # ------------------------------------------------------------ what is told

    def _tell_ways(self, running: House) -> None:
        say = self._view.say
        say("$ " + " ".join(running.job.command).replace(" --", " \\\n    --"), "dim")
        say("\nThe shop is open; Ctrl-C closes it. Triggers come two seconds after they are due: events may be late.")
        say("Meanwhile, in another terminal, what a consumer gets:")
        url = f"http://{running.address}/v1/{running.triggers.look}:pull"
        say(f"  curl -s {url} -H content-type:application/json -d '{{\"maxMessages\": 5}}'")

    def _tell_tables(self, running: House) -> None:
        if running.bigquery is None or running.job.has_ended:
            return
        self._view.say("\nWhat the job has written into BigQuery:")
        self._view.say(SQL.format(dataset=house.DATASET), "dim")
        self._view.table(house.query(running.bigquery, SQL))

    def _tell(self, failed: bool) -> int:
        """Where to look."""
        say = self._view.say
        revoked = sum(number for (_, what), number in self._told.items() if what == "revoked")
        say(
            f"\n{self._sent['events']} events in, {self._told.total() - revoked} triggers out, {revoked} taken back; "
            f"{self._sent['heartbeats']} heartbeats that no rule needs"
        )
        if failed:
            say(f"The job has ended by itself; the end of {self._output / 'job.log'}:", "bold red")
            say((self._output / "job.log").read_text(errors="replace")[-2_000:])
            return 1
        for name, what in _LEFT.items():
            say(f"  {self._output / name!s:{len(str(self._output)) + 18}}{what}")
        if contact := self._somebody():
            say(f"Why? The story of {contact}:\n  {self._explain(contact)}")
        return 0

    def _somebody(self) -> str | None:
        """Whose story is the richest: most of what stands in the end."""
        fired = Counter(row["contact_id"] for row in self._standing.values() if row["decision"] == "fired")
        return max(fired, key=lambda contact: (fired[contact], contact)) if fired else None

    def _explain(self, contact: str) -> str:
        kittiwake, rules = house.shown(Path(sys.executable).with_name("kittiwake")), house.shown(self._rules)
        events, until = self._output / "events.jsonl", format_instant(now_us())
        return f"{kittiwake} explain --rules {rules} --input {events} --contact {contact} --until {until}"


def _record(due: Due) -> Row:
    """The event of a step that is told of now."""
    time_us = now_us() - round(due.step.held_up_s * SECOND_US)
    return {
        "event_id": f"e{due.number:05}",
        "account_id": ACCOUNT,
        "contact_id": due.contact,
        "type": due.step.type,
        "time": format_instant(time_us // 1_000 * 1_000),
        "properties": due.step.properties,
    }


def _heartbeat(number: int) -> str:
    fields = {"event_id": f"h{number}", "account_id": ACCOUNT, "contact_id": "nobody", "type": "shop.heartbeat"}
    return json.dumps({**fields, "time": format_instant(now_us())})


# ---------------------------------------------------------------- Pub/Sub


@contextmanager
def _published() -> Iterator[Any]:
    """A function that publishes a line to a topic."""
    with PublisherClient() as client:
        yield lambda topic, line: client.publish(
            topic=topic, messages=[PubsubMessage(data=line.encode())], timeout=CALL_S
        )


@contextmanager
def _pulled(subscription: str) -> Iterator[queue.Queue[bytes]]:
    """What comes out, pulled by a thread of its own."""
    found: queue.Queue[bytes] = queue.Queue()
    over = threading.Event()

    def pull() -> None:
        with SubscriberClient() as client:
            while not over.is_set():
                with suppress(DeadlineExceeded, GoogleAPIError):
                    answer = client.pull(subscription=subscription, max_messages=100, timeout=PULL_S, retry=None)
                    for one in answer.received_messages:
                        found.put(one.message.data)
                    if ids := [one.ack_id for one in answer.received_messages]:
                        client.acknowledge(subscription=subscription, ack_ids=ids, timeout=CALL_S, retry=None)

    thread = threading.Thread(target=pull, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        over.set()
        thread.join(PULL_S + CALL_S)  # it ends with the process else, as a daemon
