"""Inputs of other shapes through the hosts: what they decide is what they decide of the same events, canonical."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from examples.shop.generate import lines as shop_lines
from kittiwake.batch.replay import replay
from kittiwake.batch.settings import RunSettings
from kittiwake.batch.summary import Summary
from kittiwake.errors import UnusableError
from kittiwake.explain.input import read_contact
from kittiwake.input.errors import InputError
from kittiwake.input.events import RAW_BYTES_MAX, parse_event
from kittiwake.input.files import ShapedFile
from kittiwake.input.shapes.base import CANONICAL, InputShape, Shape, input_shape, shape_names
from kittiwake.model import DeadLetter, Event
from kittiwake.rules.compile.accounts import Programs
from kittiwake.rules.loader import load
from tests.input.inputs import DEAD, START_US, as_sets, record, rows, write_lines, write_rules
from tests.input.shaped import CLOUDEVENTS, SEGMENT, SOURCE, as_cloudevent, as_segment

SHOP_RULES = Path(__file__).parent.parent.parent / "examples" / "shop" / "rules"
OPTIONS = ("--input_shape", "--input_account")


@pytest.fixture(scope="module")
def shop() -> list[dict[str, Any]]:
    """The events of the contacts of a generated shop with two accounts, copies among them: no other shape has items."""
    found = [(line, parse_event(line, "", START_US)) for line in shop_lines(60, 1, 60)]
    return [json.loads(line) for line, event in found if isinstance(event, Event) and event.contact_id]


def run(folder: Path, lines: list[bytes], shape: InputShape = CANONICAL) -> Summary:
    """A replay of lines in one file by the shop's rules, into `out`."""
    folder.mkdir()
    events = write_lines(folder / "events.jsonl", lines)
    return replay(Programs(load(SHOP_RULES)), [str(events)], folder / "out", RunSettings(START_US, shape=shape))


def test_segments_calls_decide_what_the_same_events_decide(tmp_path: Path, shop: list[dict[str, Any]]) -> None:
    of_acme = [event for event in shop if event["account_id"] == "acme"]
    canonical = run(tmp_path / "canonical", [json.dumps(event).encode() for event in of_acme])
    segment = run(tmp_path / "segment", [as_segment(event) for event in of_acme], SEGMENT)
    assert as_sets(tmp_path / "segment" / "out") == as_sets(tmp_path / "canonical" / "out")
    assert segment.counts.extra_events == canonical.counts.records, "each of its calls names a visitor too"
    assert segment.counts.contacts == canonical.counts.contacts + 1, "of one browser"
    own = ("events", "extra_events", "contacts", "duplicates")
    assert replace(segment.counts, **dict.fromkeys(own, 0)) == replace(canonical.counts, **dict.fromkeys(own, 0))
    assert segment.until_us == canonical.until_us
    assert canonical.triggers > 50
    assert canonical.counts.duplicates > 0


def test_cloudevents_decide_what_the_same_events_decide(tmp_path: Path, shop: list[dict[str, Any]]) -> None:
    named = [event | {"event_id": f"{SOURCE} {event['event_id']}"} for event in shop]
    canonical = run(tmp_path / "canonical", [json.dumps(event).encode() for event in named])
    cloudevents = run(tmp_path / "cloudevents", [as_cloudevent(event) for event in named], CLOUDEVENTS)
    assert as_sets(tmp_path / "cloudevents" / "out") == as_sets(tmp_path / "canonical" / "out")
    assert cloudevents == canonical
    assert {verdict.account_id for verdict in canonical.counts.verdicts} == {"acme", "globex"}


@pytest.mark.parametrize("shape", [SEGMENT, CLOUDEVENTS], ids=lambda shape: shape.shape.value)
def test_canonical_records_are_no_records_of_another_shape(tmp_path: Path, shape: InputShape) -> None:
    """Among others they are dead letters; a file that begins with them is refused, with what to leave out."""
    lines = [record(), *DEAD.values()]
    with pytest.raises(InputError, match=r"holds canonical events\. To read it: leave out"):
        run(tmp_path / "run", lines, shape)
    dead = [parse_event(line, "line", START_US, shape) for line in lines]
    assert all(isinstance(one, DeadLetter) for one in dead)


@pytest.mark.parametrize("shape", [SEGMENT, CLOUDEVENTS], ids=lambda shape: shape.shape.value)
def test_of_an_endless_line_the_next_line_is_still_read(tmp_path: Path, shape: InputShape) -> None:
    good = json.loads(record(event_id="/shop e1"))
    line = as_segment(good) if shape == SEGMENT else as_cloudevent(good)
    summary = run(tmp_path / "run", [b"x" * (RAW_BYTES_MAX + 9), b"", line], shape)
    assert (summary.counts.dead_letters, summary.counts.records) == ({"oversize": 1}, 2)
    assert summary.counts.examples["oversize"][0].source.endswith("events.jsonl:1")


@pytest.mark.parametrize("until_us", [None, START_US])
def test_explain_finds_somebody_unknown_by_the_id_that_triggers_name(tmp_path: Path, until_us: int | None) -> None:
    call = json.loads(as_segment(json.loads(record())))
    events = write_lines(tmp_path / "events.jsonl", [json.dumps(call | {"userId": None}).encode()])
    found = read_contact(
        [ShapedFile(str(events), SEGMENT)], "anonymous:a-1", RunSettings(START_US, until_us, shape=SEGMENT)
    )
    assert [event.type for event in found.accounts["acme"]] == ["cart.item_added"]


VISITOR = {"type": "track", "event": "Product Added", "anonymousId": "a1"}
KNOWN = {"anonymousId": "a1", "userId": "u1"}
BOUGHT = [
    VISITOR | {"messageId": "m1", "timestamp": "2026-11-02T15:00:00Z"},
    KNOWN | {"type": "identify", "messageId": "m2", "timestamp": "2026-11-02T15:10:00Z"},
    KNOWN | {"type": "track", "event": "Order Completed", "messageId": "m3", "timestamp": "2026-11-02T15:20:00Z"},
    KNOWN | {"type": "page", "messageId": "m4", "timestamp": "2026-11-03T15:00:00Z"},
]


def replayed(folder: Path, calls: list[dict[str, Any]]) -> tuple[Summary, list[tuple[str, str]]]:
    """A replay of calls by the rule `cart-abandonment`; its summary, and who was sent what."""
    events = write_lines(folder / "calls.jsonl", [json.dumps(call).encode() for call in calls])
    programs = Programs(load(write_rules(folder / "rules.yaml")))
    summary = replay(programs, [str(events)], folder / "out", RunSettings(START_US, shape=SEGMENT))
    return summary, [(row["contact_id"], row["rule_id"]) for row in rows(folder / "out" / "triggers")]


@pytest.mark.parametrize("order", [1, -1])
def test_who_signs_in_and_buys_is_not_reminded_as_a_visitor(tmp_path: Path, order: int) -> None:
    summary, fired = replayed(tmp_path, BOUGHT[::order])
    assert fired == []
    counts = summary.counts
    assert (counts.records, counts.events, counts.extra_events, counts.contacts) == (4, 7, 3, 2)


def test_any_one_call_that_names_both_is_enough(tmp_path: Path) -> None:
    """Also the purchase itself; the page of the day after comes too late."""
    for number, of_both in enumerate(BOUGHT[1:]):
        (folder := tmp_path / str(number)).mkdir()
        known = [call if call is of_both else call | {"anonymousId": None} for call in BOUGHT[1:]]
        _, fired = replayed(folder, [BOUGHT[0], *known])
        assert fired == ([("anonymous:a1", "cart-abandonment")] if of_both is BOUGHT[3] else [])


def test_who_fills_the_cart_after_signing_out_is_a_visitor_anew(tmp_path: Path) -> None:
    again = VISITOR | {"messageId": "m5", "timestamp": "2026-11-02T16:00:00Z"}
    assert replayed(tmp_path, [*BOUGHT, again])[1] == [("anonymous:a1", "cart-abandonment")]


def test_explain_tells_of_a_visitor_what_the_customers_calls_ended(tmp_path: Path) -> None:
    events = write_lines(tmp_path / "calls.jsonl", [json.dumps(call).encode() for call in BOUGHT])
    found = read_contact([ShapedFile(str(events), SEGMENT)], "anonymous:a1", RunSettings(START_US, shape=SEGMENT))
    assert [(event.type, event.event_id) for event in found.accounts["acme"]] == [
        ("cart.item_added", "m1"), ("contact.merged", "m2"), ("contact.merged", "m3"), ("contact.merged", "m4"),
    ]  # fmt: skip
    assert (found.counts.records, found.counts.extra_events) == (4, 3)


# ---------------------------------------------------------------- what a person types


@pytest.mark.parametrize(
    ("name", "account_id"), [("canonical", None), ("segment", "acme"), ("cloudevents", None), ("cloudevents", "acme")]
)
def test_a_shape_is_read_with_its_account(name: str, account_id: str | None) -> None:
    assert input_shape(name, account_id, OPTIONS) == InputShape(Shape(name), account_id)


@pytest.mark.parametrize(
    ("name", "account_id", "message"),
    [
        ("Segment", "acme", f"--input_shape: 'Segment' is no shape: write {shape_names()}"),
        (
            "segment",
            None,
            "--input_account: Segment's records name no account: say whose they are, such as --input_account acme",
        ),
        ("canonical", "acme", "--input_account: canonical records name their account_id themselves: leave it out"),
        ("segment", "", "--input_account: an account has 1 to 128 characters"),
        ("segment", "\udcff", "--input_account: an account has to be UTF-8"),
        ("cloudevents", "a" * 129, "--input_account: an account has 1 to 128 characters"),
    ],
)
def test_a_shape_that_cannot_be_read_is_refused(name: str, account_id: str | None, message: str) -> None:
    with pytest.raises(UnusableError) as error:
        input_shape(name, account_id, OPTIONS)
    assert str(error.value) == message
