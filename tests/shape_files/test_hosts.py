"""Shape files in the commands: several inputs with a shape each, records left out, shapes that streams refuse."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest

from kittiwake.errors import UnusableError
from kittiwake.input.shapes.base import CANONICAL, InputShape
from kittiwake.input.single import event_from
from kittiwake.rules.loader import load
from kittiwake.rules.versions import always
from kittiwake.shape_files.naming import input_shapes, message_shape
from kittiwake.stream.intake import Brought, IntakeSettings, Message, take
from kittiwake.stream.recorded_schedule import Disorder
from kittiwake.stream.records import DeadLetterRecord, event_of, subject_of
from kittiwake.stream.rules_source.view import StaticRules
from kittiwake.time.instants import HOUR_US
from kittiwake.transforms.input_files import InputFile
from kittiwake.transforms.stream.recorded_source import RecordedEvents, read_schedule
from tests.cli.command import kittiwake
from tests.shape_files.shaping import RECORD, START_US, TIME, shape, shape_text

RULES = "account: acme\nrules:\n  - {id: thanks, when: order.completed, include: {total: total}}\n"
CSV = """id,who,what,at,total,test
1,ann,order.completed,{at},12.50,
2,bob,order.completed,{at},7,yes
3,,order.completed,{at},1,
"""
OF_CSV = shape_text(
    records="{format: csv}",
    properties="{total: {path: total, as: number}}",
    only="{test: {ne: yes}}",
    guests="leave_out",
)
EVENT = {"event_id": "x", "account_id": "acme", "contact_id": "cat", "type": "order.completed", "time": TIME}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    (tmp_path / "orders.csv").write_text(CSV.format(at=TIME))
    (tmp_path / "events.jsonl").write_text(json.dumps(EVENT))
    (tmp_path / "orders.yaml").write_text(OF_CSV)
    return tmp_path


def test_several_inputs_have_a_shape_each_in_one_run(folder: Path) -> None:
    orders = ["--input", folder / "orders.csv", "--input-shape", folder / "orders.yaml"]
    events = ["--input", folder / "events.jsonl", "--input-shape", "canonical"]
    ran = kittiwake("replay", "--rules", folder / "rules.yaml", *orders, *events, "--output", folder / "out", "--json")
    assert ran.code == 0, ran.err
    assert (ran.data["records"], ran.data["left_out"], ran.data["events"], ran.data["triggers"]) == (4, 2, 2, 2)
    ran = kittiwake("explain", "--rules", folder / "rules.yaml", *orders, *events, "--contact", "ann")
    assert (ran.code, "total=12.5" in ran.out) == (0, True)


def test_a_shape_file_that_is_wrong_ends_the_command_with_its_errors(folder: Path) -> None:
    (folder / "orders.yaml").write_text("contact: who\n")
    orders = ["--input", folder / "orders.csv", "--input-shape", folder / "orders.yaml"]
    ran = kittiwake("replay", "--rules", folder / "rules.yaml", *orders, "--output", folder / "out")
    assert ran.code == 2
    assert f"{folder}/orders.yaml:1:1: event_id is missing" in ran.err


def test_as_many_shapes_as_inputs_or_one(folder: Path) -> None:
    shapes, options = [str(folder / "orders.yaml"), "canonical"], ("--input-shape", "--input-account")
    assert input_shapes((), None, options, 3).shape == CANONICAL
    assert input_shapes(shapes[:1], None, options, 3).each == ()
    assert [str(one.shape) for one in input_shapes(shapes, None, options, 2).each] == shapes
    with pytest.raises(UnusableError, match=r"there are 2 shapes and 3 inputs: say it once, or 3 times"):
        input_shapes(shapes, None, options, 3)
    with pytest.raises(UnusableError, match=r"orders\.yaml says the account itself: leave it out"):
        input_shapes(shapes, "acme", options, 2)
    mixed = input_shapes([shapes[0], "segment"], "acme", options, 2)
    assert [one.account_id for one in mixed.each] == [None, "acme"]
    assert str(mixed.shape.shape) == "segment", "the one that derives events by itself"


def test_a_file_that_two_inputs_name_with_different_shapes_is_refused(folder: Path) -> None:
    orders = ["--input", folder / "orders.csv", "--input-shape", folder / "orders.yaml"]
    again = ["--input", folder / "*.csv", "--input-shape", "canonical"]
    ran = kittiwake("replay", "--rules", folder / "rules.yaml", *orders, *again, "--output", folder / "out")
    assert ran.code == 2
    assert "orders.csv is named twice" in ran.err


def test_a_shape_that_only_files_can_have_is_no_shape_of_messages() -> None:
    assert message_shape(InputShape(shape()), "--input_shape") == InputShape(shape())
    with pytest.raises(UnusableError, match=r"a message is one JSON object, and shape\.yaml says another format"):
        message_shape(InputShape(shape(records="{format: csv}")), "--input_shape")
    with pytest.raises(UnusableError, match="leave ordinal out of event_id"):
        message_shape(InputShape(shape(event_id="{fields: [id], ordinal: true}")), "--input_shape")


def test_a_message_is_taken_in_by_its_shape_and_evaluated_as_the_same_event(folder: Path) -> None:
    rules = StaticRules(always(load(folder / "rules.yaml")), HOUR_US).view(START_US)
    asked = InputShape(pickle.loads(pickle.dumps(shape(only="{test: {exists: false}}"))))
    taken = take(Message(json.dumps(RECORD).encode()), START_US, rules, IntakeSettings(asked))
    assert isinstance(taken, Brought)
    ((key, arrival),) = taken.needed
    event = event_of(arrival, asked)
    assert (subject_of(key), event) == (("acme", "ann"), event_from(json.dumps(RECORD).encode(), START_US, asked))
    left_out = take(Message(json.dumps(RECORD | {"test": 1}).encode()), START_US, rules, IntakeSettings(asked))
    assert isinstance(left_out, Brought)
    assert (left_out.needed, left_out.events) == ([], 0)
    dead = take(Message(b'{"who": 7}'), START_US, rules, IntakeSettings(asked))
    assert isinstance(dead, DeadLetterRecord)
    assert (dead.raw, dead.reason) == (b'{"who": 7}', "missing_field")


def test_a_recorded_line_that_the_shape_leaves_out_comes_with_the_one_before(tmp_path: Path) -> None:
    lines = [RECORD, RECORD | {"test": 1}, RECORD | {"at": "2026-11-02T09:00:01Z"}]
    events = tmp_path / "events.jsonl"
    events.write_text("".join(json.dumps(line) + "\n" for line in lines))
    asked = InputShape(shape(only="{test: {exists: false}}"))
    file = InputFile(str(events), events.stat().st_size)
    schedule = read_schedule(RecordedEvents((file,), START_US, Disorder(), asked))
    assert [time_us - schedule.times_us[0] for time_us in schedule.times_us] == [0, 0, 1_000_000]
