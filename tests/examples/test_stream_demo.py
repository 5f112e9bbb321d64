"""`make stream-demo`, for half a minute: events go in, triggers come out, and what it says in the end is so."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import types
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from rich.console import Console
from typer.testing import CliRunner

from examples.stream import __main__ as demo
from examples.stream.visits import steps
from examples.stream.words import event_in_words, outcome_in_words, reason_in_words
from kittiwake.cli.main import app
from tests.examples.running import ROOT, python
from tests.services.emulators import bigquery, pubsub
from tests.services.skipping import skip_or_fail

SECONDS = 27  # the first purchase that is told of late comes after 20, and what it takes back after 22
ADDRESS = re.compile(r"http://127[.]0[.]0[.]1:(\d+)/v1/\S+:pull")


class Ran(NamedTuple):
    """What a run of the demo said and left."""

    said: str
    folder: Path

    def lines(self, name: str) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.folder / name).read_text().splitlines()]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    skip_or_fail(pubsub.missing())
    skip_or_fail(bigquery.missing())
    folder = tmp_path_factory.mktemp("stream-demo")
    return Ran(python("-m", "examples.stream", "--seconds", str(SECONDS), "--output", folder), folder)


def test_every_event_that_went_in_and_every_trigger_that_came_out_is_shown(ran: Ran) -> None:
    events, triggers = ran.lines("events.jsonl"), ran.lines("triggers.jsonl")
    assert len(re.findall(r"^[\d:.]+ +→ ", ran.said, re.MULTILINE)) == len(events) > 20
    assert [row["trigger_id"][:8] for row in triggers] == re.findall(r" ← .* (\w{8})…$", ran.said, re.MULTILINE)
    revoked = sum(row["decision"] == "revoked" for row in triggers)
    assert f"\n{len(events)} events in, {len(triggers) - revoked} triggers out, {revoked} taken back; " in ran.said


def test_within_half_a_minute_there_are_silences_a_sequence_a_milestone_an_audience_and_a_revocation(ran: Ran) -> None:
    seen = {(row["rule_id"], row["kind"], row["decision"]) for row in ran.lines("triggers.jsonl")}
    assert seen >= {
        ("cart-abandonment", "fired", "fired"),
        ("cart-abandonment", "fired", "revoked"),
        ("browse-abandonment", "fired", "fired"),
        ("checkout-abandonment", "fired", "fired"),
        ("high-intent", "fired", "fired"),
        ("loyalty-milestone", "fired", "fired"),
        ("vip", "entered", "fired"),
        ("vip", "exited", "fired"),
    }
    assert "dan   cart-abandonment taken back" in ran.said


def test_the_tables_are_shown_too(ran: Ran) -> None:
    assert re.search(r"^ +loyalty-milestone +fired +suppressed +superseded +1 *$", ran.said, re.MULTILINE)


def test_the_command_it_ends_with_explains_the_triggers_that_came_out(ran: Ran) -> None:
    contact, command = re.findall(r"^Why[?] The story of (\w+):\n  (.*)$", ran.said, re.MULTILINE)[0]
    words = command.split()
    assert Path(ROOT, words[0]).samefile(Path(sys.executable).with_name("kittiwake"))
    answer = CliRunner().invoke(app, words[1:])
    assert answer.exit_code == 0, answer.output
    triggers = {row["trigger_id"]: row for row in ran.lines("triggers.jsonl") if row["contact_id"] == contact}
    standing = [trigger_id for trigger_id, row in triggers.items() if row["decision"] == "fired"]
    assert standing
    assert [trigger_id for trigger_id in standing if trigger_id not in answer.output] == []


# ---------------------------------------------------------------- how it ends


@contextmanager
def opened(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The demo as a process whose shop is open, and the port of its Pub/Sub."""
    skip_or_fail(pubsub.missing())
    command = [sys.executable, "-m", "examples.stream", "--no_tables", "--output", str(folder)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout
            said = ""
            while not (found := ADDRESS.search(said)):
                line = process.stdout.readline()
                assert line, said
                said += line
            yield process, found[1]
        finally:
            process.kill()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_whatever_ends_it_it_tells_where_to_look_and_leaves_no_process(tmp_path: Path, how: signal.Signals) -> None:
    with opened(tmp_path) as (process, port):
        assert started_with(port)
        process.send_signal(how)
        said, _ = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert "events.jsonl" in said
    assert "Traceback" not in said
    assert "killed" not in (tmp_path / "job.log").read_text(), "the job has not ended when it was asked to"
    assert gone(port)


def test_a_signal_whose_interrupt_a_library_swallows_closes_the_shop_all_the_same() -> None:
    skip_or_fail(pubsub.missing())
    from examples.stream import house, shop, view

    closing, topic = threading.Event(), house.Topic("", "", "")
    with suppress(KeyboardInterrupt):
        demo.interrupting(closing)(signal.SIGINT, None)
    one = shop.Shop(view.View(Console()), Path(), Path(), 1, closing)
    job = house.Job([], subprocess.Popen(["sleep", "60"]), Path(os.devnull))
    try:
        with pytest.raises(KeyboardInterrupt):
            one._wait_for_job(house.House("", topic, topic, None, job))
    finally:
        job.process.kill()
        job.process.wait()


def started_with(port: str) -> list[str]:
    """Processes that were told of the emulator at the port: the job, and the emulator itself. Linux only."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            told = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
        except OSError:
            continue
        if f":{port}\0".encode() in told or f"--port={port}\0".encode() in told:
            found.append(process.name)
    return found


def gone(port: str) -> bool:
    """Whether nobody listens at the port, and nobody runs who was to."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", int(port))) != 0 and not started_with(port)


def test_a_job_that_fails_is_told_with_what_it_said(tmp_path: Path) -> None:
    skip_or_fail(pubsub.missing())
    (tmp_path / "rules.yaml").write_text("account: acme\nrules:\n  - {id: a, when: a.b, weight: 3}\n")
    command = ["-m", "examples.stream", "--no_tables", "--output", tmp_path / "out", "--rules", tmp_path / "rules.yaml"]
    done = subprocess.run(
        [sys.executable, *map(str, command)], cwd=ROOT, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1
    assert "The job has ended by itself" in done.stdout
    assert "weight" in done.stdout


def test_what_is_missing_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        assert demo.main([]) == 1
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
    said = capsys.readouterr()
    assert (said.out, said.err) == ("", f"the demo cannot start: {pubsub.missing()}\n")


def test_who_interrupts_it_while_modules_load_gets_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Loading(types.ModuleType):
        def __getattr__(self, name: str) -> Any:
            raise KeyboardInterrupt

    monkeypatch.setattr(pubsub, "missing", lambda: None)
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setitem(sys.modules, "examples.stream.shop", Loading("examples.stream.shop"))
    assert demo.main([]) == 130
    assert capsys.readouterr().out == "Closed before it was open.\n"


# ---------------------------------------------------------------- people and words


def test_people_do_the_same_again_and_one_thing_after_the_other() -> None:
    first, again = (list(islice(steps(3), 300)) for _ in range(2))
    assert first == again
    assert [due.at_s for due in first] == sorted(due.at_s for due in first)
    assert len({due.number for due in first}) == 300


def test_rules_that_somebody_has_changed_are_told_by_their_fields() -> None:
    row = {
        "rule_id": "my-own", "kind": "fired", "decision": "fired", "reason": None, "revision": 2,
        "instance": {"product_id": "p-1"}, "include": {"price": 3},
    }  # fmt: skip
    assert reason_in_words(row) == "product_id=p-1 price=3"
    assert reason_in_words({**row, "rule_id": "cart-abandonment", "include": {}}) == "product_id=p-1"
    assert outcome_in_words(row) == "fired again (2)"
    assert event_in_words({"total": 3, "checkout_id": "k-1", "order_id": "o-1"}) == "$3.00  o-1"
