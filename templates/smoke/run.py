"""Does the steps of a run, one after the other, each within its time; what it has done is in the journal."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NoReturn

from google.api_core.exceptions import GoogleAPIError
from google.auth.exceptions import GoogleAuthError
from requests import RequestException

from kittiwake.errors import UnusableError
from kittiwake.pipelines.decisions.files import RunFolder
from kittiwake.pipelines.decisions.tables import DatasetRows, Side, sent_rows
from kittiwake.reasons import Outcome as Decided
from kittiwake.stream.tables.schema import TRIGGERS
from templates.heartbeat import MESSAGE
from templates.smoke import commands
from templates.smoke.commands import CommandError
from templates.smoke.comparing import DIFFERENCES_SHOWN, Compared, compare
from templates.smoke.dataflow import ENDED, Dataflow, State
from templates.smoke.journal import Done, Journal, Outcome
from templates.smoke.places import Places, PlacesError
from templates.smoke.settings import Pace
from templates.smoke.shop import Delivery, deliveries, parts
from templates.smoke.steps import STEPS, TEAR_DOWN_S, Step

RULES: Final = Path(__file__).parent / "rules"
TICK_S: Final = 0.5
"""Between two publications."""
LATENESS: Final = "1h"
"""The job's default."""
SEEK_BACK: Final = timedelta(hours=1, minutes=5)
"""The allowed lateness, and clocks that differ."""
KITTIWAKE: Final = "kittiwake.cli.main"
EXPECTED: Final = (
    PlacesError, CommandError, UnusableError, GoogleAPIError, GoogleAuthError, RequestException, OSError,
)  # fmt: skip


class StepFailedError(Exception):
    """A step has not come to what it has to."""


class Deadline:
    """The end of a step's time."""

    def __init__(self, step: Step) -> None:
        self._step, self._until = step, time.monotonic() + step.limit_s

    @property
    def left_s(self) -> float:
        """Seconds, or none."""
        return max(self._until - time.monotonic(), 0)

    def sleep(self, seconds: float, what: str) -> None:
        """Wait; `what` is waited for, if the time is over.

        Raises:
            StepFailedError: it is over.
        """
        if seconds >= self.left_s:
            raise StepFailedError(
                f"{what} has taken longer than the {self._step.limit_s / 60:.0f} minutes of this step"
            )
        time.sleep(seconds)


@dataclass
class Run:
    """One run."""

    journal: Journal
    places: Places
    dataflow: Dataflow
    say: Callable[[str], None]
    python: Sequence[str] = commands.RUN

    def go(self) -> bool:
        """Do what is not done; whether all is."""
        for step in STEPS:
            if self.journal.done(step.name):
                continue
            self.say(f"{step.name}: {step.sentence}")
            if not self._do(step):
                return False
        return True

    def _do(self, step: Step) -> bool:
        begin, began = time.monotonic(), _now()
        found: dict[str, Any] = {}

        def record(outcome: Outcome, problem: str | None = None) -> None:
            seconds = time.monotonic() - begin
            self.journal.record(Done(step.name, outcome, began.isoformat(), seconds, found, problem))

        try:
            _DO[step.name](self, Deadline(step), found)
        except KeyboardInterrupt:
            record(Outcome.INTERRUPTED)
            raise
        except (StepFailedError, *EXPECTED) as error:
            record(Outcome.FAILED, str(error) or type(error).__name__)
            self.say(f"{step.name} has failed: {error}")
            return False
        record(Outcome.DONE)
        self.say(
            f"  {time.monotonic() - begin:.0f} s; " + ", ".join(f"{name} {value}" for name, value in found.items())
        )
        return True

    @property
    def _pace(self) -> Pace:
        return self.journal.settings.pace

    # ------------------------------------------------------------ steps

    def check(self, _: Deadline, found: dict[str, Any]) -> None:
        """Ask; make nothing."""
        found.update(self.places.check())

    def create(self, deadline: Deadline, _: dict[str, Any]) -> None:
        """Places, and the first version of the rules."""
        self.places.create()
        self._kittiwake("publish", self._rules("first"), self._target, "--effective-from", "always", deadline=deadline)

    def launch(self, deadline: Deadline, found: dict[str, Any]) -> None:
        """The job, and the first part."""
        if not self._is_running():
            self._launch(self.journal.settings.parameters(), update=False)
        self._wait_until_running(deadline)
        self._publish("launch", deadline, found)
        self._agree(deadline, found)

    def update(self, deadline: Deadline, found: dict[str, Any]) -> None:
        """A version more, and a new job in the place of the old one; the second part comes meanwhile."""
        if "updated" not in self.journal.facts:
            lead_s = self._pace.lead_s
            at = _stamp(_now() + timedelta(seconds=lead_s + self._pace.margin_s))
            more = ("--min-lead", f"{lead_s}s", "--effective-from", at)
            self._kittiwake("publish", self._rules("second"), self._target, *more, deadline=deadline, fine=(0, 1))
            self._launch(self.journal.settings.parameters(), update=True)
            self.journal.know(updated=True)
        self._publish("update", deadline, found)
        self._wait_until_running(deadline)
        self._agree(deadline, found)

    def freeze(self, deadline: Deadline, found: dict[str, Any]) -> None:
        """From an instant that every worker knows of before; events come before and after it."""
        if "frozen_at" not in self.journal.facts:
            at = _now() + timedelta(seconds=self._pace.lead_s + self._pace.margin_s)
            self.journal.know(frozen_at=_stamp(at))
        at = datetime.fromisoformat(self.journal.facts["frozen_at"])
        self._kittiwake("freeze", self._target, "--at", _stamp(at), deadline=deadline, fine=(0, 1))
        begin = at - timedelta(seconds=self._seconds_of("freeze") / 2)
        deadline.sleep(max((begin - _now()).total_seconds(), 0), "the freeze")
        self._publish("freeze", deadline, found)
        self._agree(deadline, found, until=_stamp(at))

    def drain(self, deadline: Deadline, found: dict[str, Any]) -> None:
        """What is pending stays undecided."""
        job_id = self.journal.jobs[-1]
        if self.dataflow.state(job_id) not in ENDED:
            self.dataflow.ask_for(job_id, State.DRAINED)
        self._wait_for(job_id, State.DRAINED, deadline)
        self._use(job_id)
        self._agree(deadline, found, until=self.journal.facts["frozen_at"], rests=False)

    def warm_start(self, deadline: Deadline, found: dict[str, Any]) -> None:
        """Snapshots of a backfill over all that was published, and what comes again changes nothing."""
        settings, frozen = self.journal.settings, self.journal.facts["frozen_at"]
        if not self._is_running():
            output = settings.output / "backfill"
            same = ("--rules", self._target, "--input", str(self._events), "--until", frozen)
            more = ("--allowed_lateness", LATENESS, "--snapshots", "--output", str(output))
            self._command("kittiwake.pipelines.backfill", *same, *more, deadline=deadline, fine=(0, 1))
            snapshots = self.places.upload(output / "snapshots", "snapshots")
            self.places.seek(datetime.fromisoformat(frozen) - SEEK_BACK)
            self._launch(settings.parameters(f"{snapshots}/*.jsonl"), update=False)
        self._wait_until_running(deadline)
        found["snapshots"] = sum(path.read_bytes().count(b"\n") for path in self._snapshots())

    def go_on(self, deadline: Deadline, found: dict[str, Any]) -> None:
        """What was pending is decided, and what comes now; then all rows are compared."""
        self._kittiwake("unfreeze", self._target, deadline=deadline, fine=(0, 1))
        self._publish("go_on", deadline, found)
        self._agree(deadline, found)
        self._hear(deadline, found)
        self._use(self.journal.jobs[-1])

    # ------------------------------------------------------------ the job

    def _launch(self, parameters: dict[str, str], *, update: bool) -> None:
        job_id = self.dataflow.launch(parameters, update=update)
        self.journal.started(job_id)
        self.say(f"  job {job_id}")

    def _is_running(self) -> bool:
        """Of a step that is done once more: whether its job is there already."""
        return bool(self.journal.jobs) and self.dataflow.state(self.journal.jobs[-1]) not in ENDED

    def _wait_until_running(self, deadline: Deadline) -> None:
        self._wait_for(self.journal.jobs[-1], State.RUNNING, deadline)

    def _wait_for(self, job_id: str, wanted: State, deadline: Deadline) -> None:
        while (state := self.dataflow.state(job_id)) != wanted:
            if state in ENDED:
                self._tell_end(job_id, state, wanted)
            deadline.sleep(self._pace.ask_s, f"job {job_id}, which is {state} and is to be {wanted},")

    def _tell_end(self, job_id: str, state: str, wanted: State) -> NoReturn:
        said = "; ".join(self.dataflow.errors(job_id)) or "Dataflow says no more"
        raise StepFailedError(f"job {job_id} is {state}, and was to be {wanted}: {said}")

    def _use(self, job_id: str) -> None:
        """Note what a job has used; it is no failure if Dataflow does not say."""
        try:
            used = self.dataflow.metrics(job_id)
        except EXPECTED:
            used = {}
        self.journal.know(used={**self.journal.facts.get("used", {}), job_id: used})

    # ------------------------------------------------------------ events

    @property
    def _events(self) -> Path:
        """Everything that was published, in its order."""
        return self.journal.settings.output / "events.jsonl"

    def _deliveries(self) -> list[Delivery]:
        settings = self.journal.settings
        return deliveries(settings.run_id, settings.events, settings.pace.shops)

    def _seconds_of(self, name: str) -> float:
        sent = self._deliveries()
        part = parts(len(sent))[name]
        return sent[part.end - 1].at_s - sent[part.begin].at_s

    def _publish(self, name: str, deadline: Deadline, found: dict[str, Any]) -> None:
        """A part, at the shop's pace, from where it was left."""
        sent = self._deliveries()
        part = parts(len(sent))[name]
        lines = self._events.read_bytes().splitlines() if self._events.exists() else []
        first = {json.loads(line)["event_id"]: line for line in lines}
        number = max(part.begin, len(lines))
        begin_s = time.monotonic() - (sent[number].at_s if number < part.end else 0)
        while number < part.end:
            now, batch = _now(), []
            while number < part.end and sent[number].at_s <= time.monotonic() - begin_s:
                batch.append(_line(sent[number], now, first))
                number += 1
            with self._events.open("ab") as file:
                file.write(b"".join(line + b"\n" for line in batch))
            self.places.publish(batch)
            deadline.sleep(TICK_S, "publishing")
        found |= {"events": part.end - part.begin}

    # ------------------------------------------------------------ rows

    def _agree(
        self, deadline: Deadline, found: dict[str, Any], until: str | None = None, *, rests: bool = True
    ) -> None:
        """Wait until the stream has the rows of a replay up to now, or to an instant.

        Raises:
            StepFailedError: it never has.
        """
        if rests and until is None:
            self._rest(deadline)
        wanted = self._replay(until or _stamp(_now()), deadline)
        while (compared := compare(wanted, self._written())).differences:
            self._note(compared)
            number = len(compared.differences)
            self._beat(deadline, f"the stream, of which {number} rows differ from the replay's {compared.rows},")
        self._note(compared)
        found |= {"rows": compared.rows, "fired": compared.fired, "taken_back": compared.taken_back}

    def _rest(self, deadline: Deadline) -> None:
        """Until nothing is pending."""
        until = time.monotonic() + self._pace.rest_s
        while time.monotonic() < until:
            self._beat(deadline, "what is pending")

    def _beat(self, deadline: Deadline, what: str) -> None:
        """Wait a little, with a message that no rule needs."""
        self.places.publish([MESSAGE])
        deadline.sleep(self._pace.ask_s, what)

    def _note(self, compared: Compared) -> None:
        shown = [one._asdict() for one in compared.differences[:DIFFERENCES_SHOWN]]
        self.journal.know(differences=shown)

    def _replay(self, until: str, deadline: Deadline) -> list[dict[str, Any]]:
        output = self.journal.settings.output / "replay"
        same = ("--rules", self._target, "--input", str(self._events), "--until", until)
        more = ("--allowed-lateness", LATENESS, "--allow-empty", "--output", str(output))
        self._kittiwake("replay", *same, *more, deadline=deadline)
        return _rows(RunFolder(str(output)).decisions())

    def _written(self) -> list[dict[str, Any]]:
        return _rows(DatasetRows(self.places.dataset, Side.STREAM).decisions())

    def _hear(self, deadline: Deadline, found: dict[str, Any]) -> None:
        """Wait until everything that the table of triggers says was sent has come from the topic, and nothing else."""
        address = self.places.dataset.address(TRIGGERS.name)
        sent = {(row["trigger_id"], row["revision"]) for row in _rows(sent_rows(address))}
        heard: set[tuple[str, int]] = set()
        while heard != sent:
            lacking, more = len(sent - heard), len(heard - sent)
            what = f"the topic of triggers, of which {lacking} have not come and {more} are in no row,"
            deadline.sleep(0 if (messages := self.places.pull()) else self._pace.ask_s, what)
            rows = map(json.loads, messages)
            heard |= {(row["trigger_id"], row["revision"]) for row in rows if row["decision"] == Decided.FIRED}
        found["published"] = len(sent)

    # ------------------------------------------------------------ commands

    @property
    def _target(self) -> str:
        return self.journal.settings.target

    def _rules(self, name: str) -> str:
        return str(RULES / name)

    def _snapshots(self) -> list[Path]:
        return sorted((self.journal.settings.output / "backfill" / "snapshots").glob("*.jsonl"))

    def _kittiwake(self, *arguments: str, deadline: Deadline, fine: Sequence[int] = (0,)) -> None:
        self._command(KITTIWAKE, *arguments, deadline=deadline, fine=fine)

    def _command(self, module: str, *arguments: str, deadline: Deadline, fine: Sequence[int]) -> None:
        commands.run(module, *arguments, within_s=deadline.left_s, fine=fine, python=self.python)

    # ------------------------------------------------------------ the end

    def tear_down(self) -> list[str]:
        """Cancel the job and delete what was made; what is left, one line each."""
        left = self._cancel()
        left += self.places.delete()
        if not left:
            self.journal.is_torn_down = True
            self.journal.save()
        return left

    def _cancel(self) -> list[str]:
        """Every job under the run's name: one whose launch was interrupted too."""
        try:
            for job_id in self.dataflow.active():
                self.dataflow.ask_for(job_id, State.CANCELLED)
            until = time.monotonic() + TEAR_DOWN_S
            while active := self.dataflow.active():
                if time.monotonic() > until:
                    return [f"job {one}: it does not end" for one in active]
                time.sleep(self._pace.ask_s)
        except EXPECTED as error:
            return [f"job {self.journal.settings.name}: {error}"]
        return []


_DO: Final[dict[str, Callable[[Run, Deadline, dict[str, Any]], None]]] = {
    "check": Run.check,
    "create": Run.create,
    "launch": Run.launch,
    "update": Run.update,
    "freeze": Run.freeze,
    "drain": Run.drain,
    "warm_start": Run.warm_start,
    "go_on": Run.go_on,
}


def _line(sent: Delivery, now: datetime, first: dict[str, bytes]) -> bytes:
    """The event as it is published; a copy is the same, byte for byte."""
    event_id = sent.fields["event_id"]
    if event_id not in first:
        happened = now - timedelta(seconds=sent.delay_s)
        first[event_id] = json.dumps({**sent.fields, "time": _stamp(happened, "milliseconds")}).encode()
    return first[event_id]


def _rows(batches: Iterable[Any]) -> list[dict[str, Any]]:
    return [row for batch in batches for row in batch.to_pylist()]


def _now() -> datetime:
    return datetime.now(UTC)


def _stamp(at: datetime, precision: str = "seconds") -> str:
    return at.isoformat(timespec=precision).replace("+00:00", "Z")
