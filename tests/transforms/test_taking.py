"""The front of the streaming job on a runner: messages go their three ways, are counted, and none is logged."""

from __future__ import annotations

import json
import logging
import pickle
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import apache_beam as beam
import pytest
from apache_beam.io.gcp.pubsub import PubsubMessage
from apache_beam.runners.runner import PipelineResult
from apache_beam.testing.util import assert_that

from kittiwake.input.shapes.base import InputShape, Shape
from kittiwake.pipelines.runner import new_pipeline, runner_named
from kittiwake.rules.loader import load
from kittiwake.rules.versions import always
from kittiwake.stream.intake import IntakeSettings
from kittiwake.stream.records import buffered_event_of, dead_letter_of, subject_of
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import HOUR_US, parse_instant
from kittiwake.transforms.stream.parse import ParseDoFn, ParseMessages, message_of

CLOCK_US = parse_instant("2026-11-02T00:00:00Z")
RULES = "account: acme\nrules:\n  - {id: cart, when: cart.item_added, wait: 1h}\n"
MARK = "zuzu"
"""Stands in everything that no log may repeat."""


def clock() -> int:
    return CLOCK_US


def record(**fields: object) -> bytes:
    plain = {
        "event_id": f"{MARK}-id", "account_id": "acme", "contact_id": f"{MARK}-contact", "type": "cart.item_added",
        "time": "2026-11-01T10:00:00Z", "properties": {f"{MARK}_name": f"{MARK} value"},
    }  # fmt: skip
    return json.dumps(plain | fields).encode()


POISON = {
    MARK.encode(): "not_json",
    b"{" + record(): "not_json",
    record() + b"}": "not_json",
    record()[:-1] + b"\xff}": "not_utf8",
    b"[" + record() + b"]": "not_an_object",
    record(properties={f"{MARK}": [MARK]})[:-1] + b',"x":1e999}': "bad_number",
    record(contact_id=[MARK]): "wrong_type",
    record(contact_id=f"{MARK}" * 99): "wrong_type",
    record(item_id=MARK): "two_subjects",
    record(time=f"{MARK} o'clock"): "bad_time",
    record(time="2026-11-01T10:00:00" + MARK): "bad_time",
    record(type=f"{MARK} {MARK}"): "wrong_type",
    record(properties=MARK): "wrong_type",
    record(properties={MARK: "x" * 300_000}): "oversize",
    record(time="2027-11-01T10:00:00Z"): "time_in_future",
    record(time="2025-11-01T10:00:00Z"): "too_old",
}


def taking(tmp_path: Path) -> ParseMessages:
    (tmp_path / "acme.yaml").write_text(RULES)
    rules = StaticRules(always(load(tmp_path)), HOUR_US)
    return ParseMessages(rules, max_age_us=24 * 30 * HOUR_US, clock=clock)


def run(step: ParseMessages, messages: Iterable[PubsubMessage], out: Path) -> PipelineResult:
    """Take messages in; `out` holds arrivals and dead letters, pickled."""

    def keep(name: str, elements: list[object]) -> None:
        (out / name).write_bytes(pickle.dumps(elements))

    pipeline = new_pipeline(runner_named(None), [])
    taken = pipeline | beam.Create(list(messages), reshuffle=False) | step
    assert_that(taken.arrivals, lambda found: keep("arrivals", found), label="Arrivals")
    assert_that(taken.dead, lambda found: keep("dead", found), label="Dead")
    result = pipeline.run()
    result.wait_until_finish()
    return result


def kept(out: Path, name: str) -> list[object]:
    found: list[object] = pickle.loads((out / name).read_bytes())
    return found


def counted(result: PipelineResult) -> dict[str, int]:
    return {one.key.metric.name: one.committed for one in result.metrics().query()["counters"]
            if one.key.metric.namespace == "kittiwake"}  # fmt: skip


def test_messages_go_their_three_ways_and_are_counted(tmp_path: Path) -> None:
    published = datetime(2026, 11, 1, 10, 0, 1, 5, tzinfo=UTC)
    good = PubsubMessage(record(), {"traceparent": "00-1-2-01"}, "m1", published)
    unneeded = PubsubMessage(record(type="page.viewed"), {})
    other = PubsubMessage(record(account_id="beta"), {})
    dead = [PubsubMessage(data, {"n": "1"}, "m2") for data in POISON]
    result = run(taking(tmp_path), [good, unneeded, unneeded, other, *dead], tmp_path)
    ((key, data),) = kept(tmp_path, "arrivals")
    assert subject_of(key) == ("acme", f"{MARK}-contact")
    arrival = buffered_event_of(data)
    assert (arrival.data, arrival.attributes, arrival.message_id) == (good.data, good.attributes, "m1")
    assert arrival.publish_us == parse_instant("2026-11-01T10:00:01.000005Z")
    letters = [dead_letter_of(one) for one in kept(tmp_path, "dead")]
    assert {one.raw: one.reason.value for one in letters} == POISON
    assert all(one.attributes == {"n": "1"} and one.message_id == "m2" for one in letters)
    assert counted(result) == {
        "events_in": 4,
        "unneeded": 3,
        "unknown_types": 2,
        "unknown_accounts": 1,
        "dead_letters": len(POISON),
        **{f"dead_letters_{reason}": number for reason, number in Counter(POISON.values()).items()},
    }


def test_what_rules_need_and_never_came_is_logged_once_after_an_hour(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "beta.yaml").write_text(RULES.replace("acme", "beta").replace("cart.item_added", "cart.opened"))
    now = [CLOCK_US]
    rules = taking(tmp_path).rules
    step = ParseDoFn(rules, IntakeSettings(), lambda: now[0])
    step.setup()
    with caplog.at_level(logging.INFO):
        for hours in range(3):
            now[0] = CLOCK_US + hours * HOUR_US
            step.start_bundle()
            for event_type in ("cart.opend", "cart.item_added", MARK):
                assert len([*step.process(PubsubMessage(record(type=event_type), {}))]) == (event_type in RULES)
            step.finish_bundle()
    (line,) = [json.loads(one) for one in caplog.messages if "types_awaited" in one]
    found = {name: line[name] for name in ("types", "number", "nearest", "accounts")}
    assert found == {"types": ["cart.opened"], "number": 1, "nearest": ["cart.opend"], "accounts": 1}
    assert MARK not in caplog.text


def test_a_message_of_two_events_goes_to_two_contacts_and_the_counts_add_up(tmp_path: Path) -> None:
    call = {"messageId": "m1", "userId": "u1", "anonymousId": "a1", "timestamp": "2026-11-01T10:00:00Z"}
    added, page = call | {"type": "track", "event": "Product Added"}, call | {"type": "page", "messageId": "m2"}
    step = replace(taking(tmp_path), shape=InputShape(Shape.SEGMENT, "acme"))
    result = run(step, [PubsubMessage(json.dumps(one).encode(), {}) for one in (added, page)], tmp_path)
    arrivals = [(subject_of(key)[1], buffered_event_of(data)) for key, data in kept(tmp_path, "arrivals")]
    assert [(contact_id, one.type, one.event_id, one.index) for contact_id, one in arrivals] == [
        ("u1", "cart.item_added", "m1", 0),
        ("anonymous:a1", "contact.merged", "m1", 1),
        ("anonymous:a1", "contact.merged", "m2", 1),
    ]
    found = counted(result)
    assert found == {"events_in": 2, "extra_events": 2, "unneeded": 1, "unknown_types": 1}
    assert found["events_in"] + found["extra_events"] == found["unneeded"] + len(arrivals)


def test_a_message_without_data_attributes_id_and_times_is_a_message() -> None:
    assert message_of(PubsubMessage(b"", None)) == (b"", {}, "", None)
    assert message_of(PubsubMessage(None, {"a": "b"}, "", datetime(1970, 1, 1, 0, 0, 1))).publish_us == 1_000_000  # noqa: DTZ001


def test_no_log_repeats_what_a_message_says(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        run(taking(tmp_path), [PubsubMessage(data, {MARK: MARK}, MARK) for data in POISON], tmp_path)
    assert len(kept(tmp_path, "dead")) == len(POISON)
    assert [text for text in caplog.messages if MARK in text] == []
    ours = [json.loads(entry.getMessage()) for entry in caplog.records if entry.name == "kittiwake"]
    assert {line["event"] for line in ours} == {"messages_refused"}
    assert sum(line["number"] for line in ours) == len(POISON)
    assert {line["reason"] for line in ours} == set(POISON.values())
