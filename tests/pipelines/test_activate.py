"""Triggers of a backfill go to a topic when somebody wants it: only fresh ones, each once, no episode twice."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from kittiwake.input.bigquery.addresses import dataset_of
from kittiwake.kernel.batch import decide_history
from kittiwake.model import Decision, Event, EventIds
from kittiwake.output.row_matching import not_delivered, thing_of
from kittiwake.output.rows import Mode, decision_line
from kittiwake.reasons import NotActivated, Outcome
from kittiwake.stream.records import decision_record
from kittiwake.stream.tables.rows import decision_table_row
from kittiwake.stream.tables.schema import DECISIONS, TRIGGERS
from kittiwake.time.instants import DAY_US, HOUR_US
from tests.kernel.programs import START, at, exact, program
from tests.stream.sample_records import AT_US, CLOCK_US, decision

if TYPE_CHECKING:
    from tests.services.tables import Tables
    from tests.services.topics import Topics

pytest.importorskip("duckdb")
pytest.importorskip("google.pubsub_v1")
activate = pytest.importorskip("kittiwake.pipelines.activate")
activating = pytest.importorskip("kittiwake.pipelines.decisions.activating")
columns = pytest.importorskip("kittiwake.pipelines.decisions.columns")
stores = pytest.importorskip("kittiwake.pipelines.decisions.store")

SECRET = re.compile(r"\bc-1\b")
NOW_US = AT_US + HOUR_US


def fired(number: int, fired_us: int = AT_US, **changes: Any) -> Decision:
    """A trigger of an episode of its own."""
    first_us = AT_US - number * DAY_US
    events = EventIds(f"e{number}", f"e{number}", 1, first_us, first_us, "cart.item_added")
    usual = {"events": events, "threshold": None, "replaces": (), "time_us": fired_us, "fired_at_us": fired_us}
    return decision(f"{number:032x}", **{**usual, **changes})


NEW, OLD, FUTURE = fired(1), fired(2, NOW_US - 6 * HOUR_US), fired(3, NOW_US + 1)
SENT, AGAIN = fired(4), fired(5)
HELD = fired(6, decision=Outcome.SUPPRESSED, fired_at_us=None)
RUN = [NEW, OLD, FUTURE, SENT, AGAIN, HELD]
SAME_EPISODE = decision("f" * 32, events=AGAIN.events, threshold=None, replaces=())
BY_STREAM = [SENT, SAME_EPISODE, fired(1, stale=True)]


def folder_of(path: Path, decisions: list[Decision], mode: Mode) -> Path:
    """What a host has written."""
    (path / "decisions").mkdir(parents=True)
    lines = b"".join(decision_line(one, mode) + b"\n" for one in decisions)
    (path / "decisions/part-00000-of-00001.jsonl").write_bytes(lines)
    return path


@pytest.fixture
def run(
    tmp_path: Path, topics: Topics, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., tuple[int, str]]:
    """Runs the command on `RUN`: the exit code, and what it says, which names nobody."""
    monkeypatch.setattr(activate, "now_us", lambda: NOW_US)
    run_folder = folder_of(tmp_path / "run", RUN, Mode.BACKFILL)
    stream = folder_of(tmp_path / "stream", BY_STREAM, Mode.STREAM)

    def run(topic: str, *flags: str, record: str = str(tmp_path / "record.jsonl")) -> tuple[int, str]:
        where = ["--from-run", str(run_folder), "--sent", str(stream), "--topic", topic, "--record", record]
        capsys.readouterr()
        code = activate.main([*where, "--fire-if-fresh", "6h", *flags])
        said = "".join(capsys.readouterr())
        assert not SECRET.search(said)
        return code, said

    return run


def test_what_is_fresh_and_new_is_sent_once_and_the_rest_is_counted(
    topics: Topics, run: Callable[..., tuple[int, str]]
) -> None:
    pair = topics.create()
    code, said = run(pair.topic, "--dry-run")
    counts = [line.split(maxsplit=2)[2].rsplit(maxsplit=1) for line in said.splitlines() if line.startswith("  acme")]
    not_sent = NotActivated.ALREADY_SENT, NotActivated.NOT_YET_DUE, NotActivated.SAME_EPISODE, NotActivated.TOO_OLD
    assert (code, counts) == (0, [["to be sent", "1"], *([str(why), "1"] for why in not_sent)])
    code, said = run(pair.topic, "--yes")
    assert (code, said.splitlines()[-1].split(",")[0]) == (0, f"1 sent to {pair.topic}")
    (message,) = topics.pull(pair.subscription, 1)
    assert message.data == decision_line(NEW, Mode.BACKFILL)
    assert (message.attributes["trigger_id"], message.attributes["decision"]) == (NEW.trigger_id, "fired")
    code, said = run(pair.topic, "--yes")
    assert (code, said.splitlines()[0]) == (0, f"0 to be sent to {pair.topic}")
    assert topics.pull_all(pair.subscription) == []


def test_what_was_being_sent_when_a_run_was_killed_is_sent_again_only_if_somebody_says_so(
    topics: Topics, run: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pair = topics.create()
    with monkeypatch.context() as patched:
        patched.setattr(activate.Publisher, "publish", _interrupt)
        assert run(pair.topic, "--yes")[0] == 130
    with (tmp_path / "record.jsonl").open("ab") as record:
        record.write(b'{"trigger_id": "')  # killed while it wrote a line
    code, said = run(pair.topic, "--yes")
    assert (code, f"{NotActivated.UNCONFIRMED}" in said, "--resend-unconfirmed" in said) == (0, True, True)
    assert run(pair.topic, "--yes", "--resend-unconfirmed")[0] == 0
    assert [one.data for one in topics.pull_all(pair.subscription)] == [decision_line(NEW, Mode.BACKFILL)]
    states = [json.loads(line)["state"] for line in (tmp_path / "record.jsonl").read_text().splitlines()]
    assert states == ["claimed", "claimed", "published"]


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def test_a_topic_that_is_not_there_takes_nothing_and_nothing_counts_as_sent(
    topics: Topics, run: Callable[..., tuple[int, str]]
) -> None:
    missing = f"{topics.create().topic}-gone"
    code, said = run(missing, "--yes")
    assert (code, f"there is no topic {missing}" in said) == (2, True)
    assert "1 to be sent" in run(missing, "--dry-run")[1]


def test_nothing_is_sent_that_nobody_has_confirmed(
    topics: Topics, run: Callable[..., tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pair = topics.create()
    code, said = run(pair.topic)
    assert (code, "nobody is there to be asked: say --yes" in said) == (2, True)
    monkeypatch.setattr(activate.sys.stdin, "isatty", lambda: True, raising=False)
    monkeypatch.setattr(activate, "ask", lambda question: question != f"Send 1 messages to {pair.topic}?")
    assert run(pair.topic)[0] == 1
    assert topics.pull_all(pair.subscription) == []


def test_tables_are_activated_as_files_are(
    topics: Topics, tables: Tables, run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    dataset = dataset_of(tables.create_dataset())
    assert dataset
    tables.create(dataset, DECISIONS, TRIGGERS)
    for mode, decisions in ((Mode.BACKFILL, RUN), (Mode.STREAM, BY_STREAM)):
        rows = [{**decision_table_row(decision_record(one), CLOCK_US), "mode": mode} for one in decisions]
        for name in ("decisions", "triggers"):
            assert tables.client.insert_rows_json(dataset.table(name), rows) == []
    pair, address = topics.create(), f"bq://{dataset.path}"
    flags = ["--from-run", address, "--topic", pair.topic, "--fire-if-fresh", "6h", "--record", f"{address}.activated"]
    for sent in (address, f"{address}.triggers"):
        assert activate.main([*flags, "--sent", sent, "--yes"]) == 0
    assert [one.data for one in topics.pull_all(pair.subscription)] == [decision_line(NEW, Mode.BACKFILL)]
    found = tables.query(f"SELECT state, topic FROM `{dataset.table('activated')}` ORDER BY state")
    assert found == [{"state": state, "topic": pair.topic} for state in ("claimed", "published")]


def test_it_chooses_as_the_law_of_lists_of_rows_does(seed: int) -> None:
    """Histories at random, each of a contact of its own; a stream has sent what a part of the events fires."""
    dice = random.Random(f"activate {seed}")
    cart = program("{when: a, wait: 1d, unless: b, per: p}")
    run_lines, sent_lines, expected = [], [], set()
    for number in range(60):
        every = [
            Event(
                at(START) + dice.randrange(240) * HOUR_US,
                str(n),
                dice.choice("aaab"),
                exact({"p": dice.choice((1, 2))}),
            )
            for n in range(10)
        ]
        of_run, of_stream = (
            decide_history(cart, f"c{number}", events, at(START) + 100 * DAY_US).decisions
            for events in (every, every[dice.randrange(9) :])
        )
        sent = [one for one in of_stream if one.decision is Outcome.FIRED]
        expected |= {one.trigger_id for one in not_delivered(map(thing_of, of_run), map(thing_of, sent))}
        run_lines += [decision_line(one, Mode.BACKFILL) for one in of_run]
        sent_lines += [decision_line(one, Mode.STREAM) for one in of_stream]
    run, stream = (
        [stores.batch_of([columns.values_of_line(line) for line in lines], columns.SCHEMA)]
        for lines in (run_lines, sent_lines)
    )
    with stores.open_store() as store:
        activating.load(store, run, stream, [], [])
        choices = activating.choose(store, at(START) + 200 * DAY_US, 1_000 * DAY_US, resend_unconfirmed=False)
        assert {row["trigger_id"] for row in activating.chosen(store)} == expected
    assert {one.why_not for one in choices} >= {None, NotActivated.ALREADY_SENT, NotActivated.SAME_EPISODE}
