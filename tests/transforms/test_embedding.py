"""The public steps (`kittiwake.beam`) decide what `replay` decides, and refuse settings in words."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import apache_beam as beam
import pytest
from apache_beam.io.gcp.pubsub import PubsubMessage
from apache_beam.testing.util import assert_that
from apache_beam.transforms.window import FixedWindows, GlobalWindows

import kittiwake
from kittiwake.beam import (
    DeadLetterRecord,
    DecisionRecord,
    EvaluateHistories,
    EvaluateRules,
    LoadSnapshots,
    ParsedMessages,
    ParseMessages,
    PublishTriggers,
    ReadEventFiles,
    ReadRecordedEvents,
    WriteTables,
    published_rules,
)
from kittiwake.errors import UnusableError
from kittiwake.pipelines.runner import new_pipeline, runner_named
from kittiwake.settings import duration_us, instant_us
from kittiwake.time.instants import DAY_US, parse_instant

RULES = """
account: acme
rules:
  - {id: cart, when: cart.item_added, wait: 1h, unless: order.completed}
  - {id: third, when: page.viewed, reaches: {count: true, at: [3]}}
"""
UNTIL = "2026-11-03T00:00:00Z"
UNTIL_US = parse_instant(UNTIL)


def event(number: int, contact: int, type_: str, time: str) -> bytes:
    names = {"event_id": f"e{number}", "account_id": "acme", "contact_id": f"c{contact}", "type": type_, "time": time}
    return json.dumps(names).encode()


TYPES = ("cart.item_added", "page.viewed", "order.completed")
EVENTS = [
    event(number, number % 7, TYPES[number % 3], f"2026-11-01T{number // 3:02}:{number:02}:00Z") for number in range(60)
]


def clock() -> int:
    return UNTIL_US


@pytest.fixture
def rules(tmp_path: Path) -> kittiwake.Rules:
    (tmp_path / "rules.yaml").write_text(RULES)
    return kittiwake.load_rules(tmp_path / "rules.yaml")


@pytest.fixture
def events(tmp_path: Path) -> Path:
    (tmp_path / "events.jsonl").write_bytes(b"\n".join([*EVENTS, b"no event"]) + b"\n")
    return tmp_path / "events.jsonl"


@pytest.fixture
def replayed(rules: kittiwake.Rules, events: Path, tmp_path: Path) -> dict[str, dict[str, Any]]:
    kittiwake.replay(rules, events, tmp_path / "replay", until=UNTIL)
    files = (tmp_path / "replay" / "decisions").iterdir()
    found = rows_of(line for file in files for line in file.read_bytes().splitlines())
    assert {row["rule_id"] for row in found.values()} == {"cart", "third"}
    return found


def rows_of(lines: Iterable[bytes]) -> dict[str, dict[str, Any]]:
    """By id the newest row, without what says who wrote it."""
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        row = json.loads(line)
        if row["revision"] >= found.get(row["trigger_id"], row)["revision"]:
            found[row["trigger_id"]] = {key: value for key, value in row.items() if key != "mode"}
    return found


def run(build: Callable[[beam.Pipeline], dict[str, tuple[Any, Callable[[list[Any]], None]]]]) -> None:
    pipeline = new_pipeline(runner_named(None), [])
    for name, (found, check) in build(pipeline).items():
        assert_that(found, check, label=f"Check {name}")
    pipeline.run().wait_until_finish()


def decides(expected: dict[str, dict[str, Any]]) -> Callable[[list[Any]], None]:
    def check(records: list[DecisionRecord]) -> None:
        assert rows_of(record.row for record in records) == expected
        for record in records:
            row = json.loads(record.row)
            fields = (record.trigger_id, record.revision, record.account_id, record.rule_id, record.kind)
            assert fields == tuple(row[n] for n in ("trigger_id", "revision", "account_id", "rule_id", "kind"))
            assert (record.decision, record.time_us) == (row["decision"], parse_instant(row["time"]))

    return check


@pytest.mark.parametrize("from_files", [True, False], ids=["files", "records"])
def test_histories_are_decided_as_replay_decides_them(
    rules: kittiwake.Rules, events: Path, replayed: dict[str, dict[str, Any]], *, from_files: bool
) -> None:
    def fired(records: list[DecisionRecord]) -> None:
        assert {one.trigger_id for one in records} == {i for i, row in replayed.items() if row["decision"] == "fired"}

    def one_dead(rows: list[dict[str, Any]]) -> None:
        assert [row["reason"] for row in rows] == ["not_json"]

    def counted(summaries: list[dict[str, Any]]) -> None:
        assert [(one["stopped"], one["records"]) for one in summaries] == [(None, 61)]

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, Callable[[list[Any]], None]]]:
        lines = events.read_bytes().splitlines()
        source = ReadEventFiles(events) if from_files else beam.Create(lines).with_output_types(bytes)
        found = pipeline | "Source" >> source | EvaluateHistories(rules, until=UNTIL, partitions=3)
        return {
            "decisions": (found.decisions, decides(replayed)),
            "triggers": (found.triggers, fired),
            "dead letters": (found.dead_letters, one_dead),
            "summary": (found.summary, counted),
        }

    run(build)


def test_a_stream_is_decided_as_replay_decides_it(
    rules: kittiwake.Rules, events: Path, replayed: dict[str, dict[str, Any]]
) -> None:
    def one_dead(records: list[DeadLetterRecord]) -> None:
        assert [(one.reason, one.raw) for one in records] == [("not_json", b"no event")]

    def none(records: list[Any]) -> None:
        assert records == []

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, Callable[[list[Any]], None]]]:
        messages = [PubsubMessage(line, {}) for line in events.read_bytes().splitlines()]
        parsed = pipeline | beam.Create(messages) | ParseMessages(rules, clock=clock)
        found = parsed | EvaluateRules(rules, allowed_lateness="1h", clock=clock)
        return {
            "decisions": (found.decisions, decides(replayed)),
            "dead letters": (found.dead_letters, one_dead),
            "late events": (found.late_events, none),
        }

    run(build)


def test_a_stream_goes_on_from_the_snapshots_of_a_replay(rules: kittiwake.Rules, tmp_path: Path) -> None:
    """Two views are in the replay, the third is in the stream: the threshold of three is crossed there."""
    views = [event(n, 1, "page.viewed", f"2026-11-01T10:0{n}:00Z") for n in range(3)]
    (tmp_path / "before.jsonl").write_bytes(b"\n".join(views[:2]) + b"\n")
    before = {"until": "2026-11-01T10:01:30Z", "snapshots": True}
    assert kittiwake.replay(rules, tmp_path / "before.jsonl", tmp_path / "run", **before).triggers == 0

    def crossed(records: list[DecisionRecord]) -> None:
        assert [json.loads(one.row)["threshold"] for one in records] == [3]

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, Callable[[list[Any]], None]]]:
        states = pipeline | LoadSnapshots(str(tmp_path / "run" / "snapshots" / "*"), rules)
        messages = pipeline | beam.Create([PubsubMessage(views[2], {})])
        parsed = messages | ParseMessages(rules, clock=clock)
        found = parsed | EvaluateRules(rules, initial_states=states, clock=clock)
        return {"decisions": (found.decisions, crossed)}

    run(build)


HELD = f"{RULES}policy: {{feeds: {{order.completed: {{every: 6h, mode: hold}}}}}}\n"


def test_a_stream_goes_on_from_what_snapshots_know_of_feeds(tmp_path: Path) -> None:
    """Orders stop before the cut: of two carts due after it the first is held until one comes, the other passes."""
    (tmp_path / "rules.yaml").write_text(HELD)
    rules = kittiwake.load_rules(tmp_path / "rules.yaml")
    told = [(9, "order.completed", "00:00"), (1, "cart.item_added", "07:30"), (2, "cart.item_added", "12:00")]
    written = [event(n, n, kind, f"2026-11-01T{at}:00Z") for n, (_, kind, at) in enumerate(told)]
    written.append(event(9, 9, "order.completed", "2026-11-01T12:30:00Z"))
    (tmp_path / "before.jsonl").write_bytes(b"\n".join(written[:2]) + b"\n")
    kittiwake.replay(rules, tmp_path / "before.jsonl", tmp_path / "run", until="2026-11-01T08:00:00Z", snapshots=True)

    def fired(records: list[DecisionRecord]) -> None:
        found = [json.loads(one.row) for one in records]
        assert sorted((row["contact_id"], row["fired_at"][11:16]) for row in found) == [
            ("c1", "14:30"),
            ("c2", "13:00"),
        ]

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, Callable[[list[Any]], None]]]:
        states = pipeline | LoadSnapshots(str(tmp_path / "run" / "snapshots" / "*"), rules)
        messages = pipeline | beam.Create([PubsubMessage(line, {}) for line in written[2:]])
        parsed = messages | ParseMessages(rules, clock=clock)
        found = parsed | EvaluateRules(rules, initial_states=states, clock=clock)
        return {"triggers": (found.triggers, fired)}

    run(build)


def test_the_sinks_of_google_take_what_comes_of_evaluating(rules: kittiwake.Rules) -> None:
    """As a graph: the emulators run the steps behind them (`tests/pipelines/test_stream_run.py`)."""
    pipeline = beam.Pipeline()
    parsed = pipeline | beam.Create([PubsubMessage(EVENTS[0], {})]) | ParseMessages(rules)
    evaluated = parsed | EvaluateRules(rules)
    unsent = evaluated.triggers | PublishTriggers("projects/project-1/topics/triggers")
    refused = evaluated | WriteTables("project-1.marketing", decisions="fired")
    assert unsent.element_type == refused.element_type == DeadLetterRecord


ANN = {"type": "track", "userId": "ann", "timestamp": "2026-11-01T10:00:00Z"}
SEGMENT_CALLS = [
    json.dumps({**ANN, "messageId": "1", "event": "cart.item_added"}).encode(),
    json.dumps({**ANN, "messageId": "2", "event": "page.viewed"}).encode(),
]


@pytest.mark.parametrize("piping", ["whole", "labelled", "taken apart"])
def test_events_are_read_as_their_messages_were(rules: kittiwake.Rules, piping: str) -> None:
    """`EvaluateRules` is said nothing of a shape: it has it from `ParseMessages`."""

    def fired(records: list[DecisionRecord]) -> None:
        assert [(one.account_id, one.rule_id, one.decision) for one in records] == [("acme", "cart", "fired")]

    def none(records: list[Any]) -> None:
        assert records == []

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, Callable[[list[Any]], None]]]:
        messages = pipeline | beam.Create([PubsubMessage(call, {}) for call in SEGMENT_CALLS])
        parsed = messages | ParseMessages(rules, shape="segment", account_id="acme", max_age="7d", clock=clock)
        step = EvaluateRules(rules, clock=clock)
        if piping == "taken apart":
            parsed = ParsedMessages(parsed.events, parsed.dead_letters, of_items=parsed.of_items)
        found = parsed | ("Mine" >> step if piping == "labelled" else step)
        return {"decisions": (found.decisions, fired), "dead letters": (found.dead_letters, none)}

    run(build)


def test_events_without_the_settings_of_their_parsing_are_refused(rules: kittiwake.Rules) -> None:
    parsed = beam.Pipeline() | beam.Create([PubsubMessage(EVENTS[0], {})]) | ParseMessages(rules)
    with pytest.raises(UnusableError, match="whole and as it is"):
        _ = parsed._replace(events=parsed.events | beam.Map(lambda one: one)) | EvaluateRules(rules)
    with pytest.raises(UnusableError, match="whole and as it is"):
        _ = parsed.events | "Alone" >> EvaluateRules(rules)


def _messages() -> Any:
    return beam.Pipeline() | beam.Create([PubsubMessage(EVENTS[0], {})])


def _windowed_events(rules: kittiwake.Rules) -> Any:
    parsed = _messages() | ParseMessages(rules)
    windowed = parsed.events | beam.WindowInto(FixedWindows(60))
    windowed.kittiwake_intake = parsed.events.kittiwake_intake
    return parsed._replace(events=windowed) | EvaluateRules(rules)


WINDOWED = {
    "ParseMessages": lambda rules: _messages() | beam.WindowInto(FixedWindows(60)) | ParseMessages(rules),
    "EvaluateRules": _windowed_events,
    "EvaluateHistories": lambda rules: (
        beam.Pipeline() | beam.Create(EVENTS) | beam.WindowInto(FixedWindows(60)) | EvaluateHistories(rules)
    ),
}


@pytest.mark.parametrize("step", WINDOWED)
def test_windows_are_refused_with_what_to_write(rules: kittiwake.Rules, step: str) -> None:
    """A contact whose events lay in several windows was several contacts, and a purchase stopped nothing."""
    with pytest.raises(UnusableError) as refused:
        WINDOWED[step](rules)
    assert "FixedWindows" in str(refused.value)
    assert "remove WindowInto, or write beam.WindowInto(window.GlobalWindows())" in str(refused.value)


def test_messages_back_in_the_global_window_are_taken(rules: kittiwake.Rules) -> None:
    windowed = _messages() | beam.WindowInto(FixedWindows(60)) | "Undo" >> beam.WindowInto(GlobalWindows())
    assert (windowed | ParseMessages(rules) | EvaluateRules(rules)).triggers.element_type == DecisionRecord


OF_ANOTHER_TYPE = {
    "messages: give PubsubMessage, not <class 'bytes'>": lambda rules, p: (
        p | beam.Create([b"{}"]) | ParseMessages(rules)
    ),
    "messages: give PubsubMessage, not Dict[": lambda rules, p: p | beam.Create([{"a": 1}]) | ParseMessages(rules),
    "messages: give a PCollection[PubsubMessage]": lambda rules, p: p | ParseMessages(rules),
    "records: give bytes, not <class 'str'>": lambda rules, p: p | beam.Create(["{}"]) | EvaluateHistories(rules),
    "records: give a PCollection[bytes]": lambda rules, p: p | EvaluateHistories(rules),
}


@pytest.mark.parametrize("said", OF_ANOTHER_TYPE)
def test_input_of_another_type_is_refused(rules: kittiwake.Rules, said: str) -> None:
    with pytest.raises(UnusableError) as refused:
        OF_ANOTHER_TYPE[said](rules, beam.Pipeline())
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("step", "said"),
    [(ParseMessages, "give PubsubMessage, not str"), (EvaluateHistories, "give bytes, not str")],
    ids=["messages", "records"],
)
@pytest.mark.parametrize("hint", [Any, object, str | bytes | PubsubMessage], ids=["any", "object", "several"])
def test_the_first_element_of_another_type_is_refused_where_beam_knows_none(
    rules: kittiwake.Rules, step: Callable[..., Any], said: str, hint: Any
) -> None:
    pipeline = new_pipeline(runner_named(None), [])
    _ = pipeline | beam.Create(["secret"]) | beam.Map(lambda one: one).with_output_types(hint) | step(rules)
    with pytest.raises(Exception, match=said) as failed:
        pipeline.run().wait_until_finish()
    assert f"{said}: " in str(failed.value)


def test_messages_whose_type_beam_does_not_know_are_taken(rules: kittiwake.Rules) -> None:
    def one(records: list[DeadLetterRecord]) -> None:
        assert [record.reason for record in records] == ["not_json"]

    def build(pipeline: beam.Pipeline) -> dict[str, tuple[Any, Callable[[list[Any]], None]]]:
        data = pipeline | beam.Create([b"no event"])
        messages = data | beam.Map(lambda one: PubsubMessage(one, {})).with_output_types(Any)
        return {"dead letters": ((messages | ParseMessages(rules)).dead_letters, one)}

    run(build)


def test_files_read_in_one_shape_are_evaluated_in_no_other(rules: kittiwake.Rules, events: Path) -> None:
    with pytest.raises(UnusableError, match="give EvaluateHistories those of ReadEventFiles"):
        _ = beam.Pipeline() | ReadEventFiles(events, shape="segment", account_id="acme") | EvaluateHistories(rules)


NO_RULES = {
    "ParseMessages": lambda: ParseMessages("rules.yaml"),  # type: ignore[arg-type]
    "EvaluateRules": lambda: EvaluateRules("rules.yaml", allowed_lateness="1h"),  # type: ignore[arg-type]
    "EvaluateHistories": lambda: EvaluateHistories("rules.yaml"),  # type: ignore[arg-type]
    "published rules": lambda: EvaluateHistories(published_rules("gs://bucket/rules")),  # type: ignore[arg-type]
    "replay": lambda: kittiwake.replay("rules.yaml", "events.jsonl", "out"),  # type: ignore[arg-type]
    "explain_contact": lambda: kittiwake.explain_contact("rules.yaml", "events.jsonl", "ann"),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("step", NO_RULES)
def test_what_is_no_rules_is_refused_where_it_is_given(step: str) -> None:
    with pytest.raises(UnusableError, match=r"^rules: give what kittiwake\.load_rules .*returned, not "):
        NO_RULES[step]()


REFUSED = {
    "an hour": lambda rules: EvaluateRules(rules, allowed_lateness="an hour"),
    "whole milliseconds": lambda rules: EvaluateRules(rules, timer_resolution="0s"),
    "no zone": lambda rules: EvaluateHistories(rules, until=datetime(2026, 11, 1)),  # noqa: DTZ001
    "is no shape": lambda rules: ParseMessages(rules, shape="snowplough"),
    "name no account": lambda rules: ParseMessages(rules, shape="segment"),
    "from 1 to 256": lambda rules: ParseMessages(rules, item_shards=0),
    "no file matches": lambda _: ReadEventFiles("/nowhere/*.jsonl"),
    "outside 1 to": lambda rules: EvaluateHistories(rules, partitions=0),
    "500/s or 60x": lambda _: ReadRecordedEvents(__file__, pace="fast"),
    "project.dataset": lambda _: WriteTables("marketing"),
    "all, fired, off": lambda _: WriteTables("project-1.marketing", decisions="some"),
    "leave it out": lambda _: EvaluateRules(published_rules("gs://bucket/rules"), allowed_lateness="2h"),
}


@pytest.mark.parametrize("said", REFUSED)
def test_a_setting_that_cannot_be_used_is_refused_with_what_to_write(rules: kittiwake.Rules, said: str) -> None:
    with pytest.raises(UnusableError) as refused:
        REFUSED[said](rules)
    assert said in str(refused.value)


def test_an_explanation_of_nobody_is_refused(rules: kittiwake.Rules, events: Path) -> None:
    with pytest.raises(LookupError, match="no event"):
        kittiwake.explain_contact(rules, events, "nobody")


def test_durations_may_be_timedeltas_and_instants_datetimes() -> None:
    assert duration_us("x", timedelta(days=1)) == DAY_US
    assert instant_us("x", datetime(2026, 11, 3, tzinfo=UTC)) == UNTIL_US
    with pytest.raises(UnusableError):
        duration_us("x", timedelta(days=-1))
