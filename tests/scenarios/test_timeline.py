"""Timelines of scenario files: what a line may say, what is said of a wrong one, and where."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent, indent

import jsonschema
import pytest

from kittiwake.rules.errors import RulesError
from kittiwake.rules.source.builder import Reading
from kittiwake.rules.source.tree import plain
from kittiwake.rules.source.yaml import read_yaml
from kittiwake.scenarios.cases import Case
from kittiwake.scenarios.files import load_cases
from kittiwake.scenarios.models import json_schema
from kittiwake.scenarios.run import play, surprise_words
from kittiwake.time.instants import format_instant

RULES = "{id: cart, when: cart.item_added, wait: 1h, unless: order.completed, include: {total: total}}"


def case_of(folder: Path, lines: str, *, rules: str = RULES, more: str = "") -> Case:
    """A test of these lines; the first stands in the fifth line of the file."""
    path = folder / "it.test.yaml"
    head = f"{more}tests:\n  - name: it\n    rules: {rules}\n    timeline: |\n"
    path.write_text(head + indent(dedent(lines).strip("\n"), "      ") + "\n")
    (case,) = load_cases(path)
    return case


def refused(folder: Path, lines: str, **how: str) -> list[str]:
    """What is said of these lines, each without the name of the file."""
    with pytest.raises(RulesError) as caught:
        case_of(folder, lines, **how)
    return [str(error).partition("it.test.yaml:")[2] for error in caught.value.errors]


def surprises(case: Case) -> list[tuple[int, list[str]]]:
    """The lines that were not met, and what is said of them."""
    return [(one.mark.line, surprise_words(one)) for one in play(case).surprises]


def test_events_and_the_decisions_they_leave(tmp_path: Path) -> None:
    lines = """
        2026-11-02 10:00  cart.item_added id=first {total: 5.50, of: ["a # b", {c: null}]}   # a remark
        # a remark of its own

                   11:00  → cart fired include={"total": 5.5} events={first: first, count: 1}
                   11:30  cart.item_added
                   12:30  -> cart fired
        2026-11-03 11:20:00.5  order.completed ago=30m
    """
    assert surprises(case_of(tmp_path, lines)) == []


def test_without_a_date_a_timeline_is_of_the_day_of_the_start(tmp_path: Path) -> None:
    for more, day in (("", "2026-01-05"), ("start: 2026-11-02T23:00:00-05:00\n", "2026-11-03")):
        case = case_of(tmp_path, "10:00  cart.item_added\n11:00  → cart fired", more=more)
        assert format_instant(case.start_us) == f"{day}T10:00:00Z"
        assert surprises(case) == []


def test_a_clock_tells_the_time_of_its_zone(tmp_path: Path) -> None:
    lines = "2026-11-01 00:30  cart.item_added\n           01:30  → cart fired\n           03:00"
    case = case_of(tmp_path, lines, more="clock: America/Toronto\n")
    assert format_instant(case.start_us) == "2026-11-01T04:30:00Z"
    assert surprises(case) == []


def test_attributes_are_set_where_a_timeline_starts(tmp_path: Path) -> None:
    rules = "{id: gold, when: {event: a.b, where: {contact: {tier: gold}}}}"
    case = case_of(tmp_path, "10:00  a.b\n10:00  → gold fired", rules=rules, more="contact: {tier: gold}\n")
    assert surprises(case) == []


def test_each_line_that_is_not_met_is_said_and_what_no_line_expects(tmp_path: Path) -> None:
    lines = """
        10:00  cart.item_added {total: 3}
        11:00  → cart fired include={total: 4}
        11:30  → cart suppressed holdout
        12:00  cart.item_added
        13:00  → cart fired
        13:00  cart.item_added
        15:00
    """
    assert [(line, words[1:]) for line, words in surprises(case_of(tmp_path, lines))] == [
        (
            6,
            [
                '~ differs:    fired cart, at 2026-01-05T11:00:00Z, include {"total":4}',
                "  decided:    fired cart at 2026-01-05 11:00",
                "    include.total: expected 4, found 3",
            ],
        ),
        (
            7,
            [
                "~ differs:    suppressed cart, due 2026-01-05T11:30:00Z, reason holdout",
                "  decided:    fired cart at 2026-01-05 14:00",
                "    decision: expected suppressed, found fired",
                "    due: expected 2026-01-05 11:30, found 2026-01-05 14:00",
                "    reason: expected holdout, found nothing",
            ],
        ),
    ]
    (unexpected,) = surprises(case_of(tmp_path, "10:00  cart.item_added\n12:00"))
    assert unexpected == (
        4,
        ["expected nothing from 2026-01-05 10:00 to 2026-01-05 12:00", "+ unexpected: fired cart at 2026-01-05 11:00"],
    )
    ((line, words),) = surprises(case_of(tmp_path, "10:00  a.b\n11:00  → cart fired"))
    assert (line, words[1]) == (6, "- missing:    fired cart, at 2026-01-05T11:00:00Z")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("cart.item_added", "5:7: this line begins with no time. Write 10:00, or 2026-11-02 10:00."),
        ("  10 am  a.b", "5:7: this line begins with no time. Write 10:00, or 2026-11-02 10:00."),
        ("24:00  a.b", "5:7: no clock shows this time. Write 00:00 to 23:59."),
        ("10:60  a.b", "5:7: no clock shows this time. Write 00:00 to 23:59."),
        ("10:00:60  a.b", "5:7: no clock shows this time. Write 00:00 to 23:59."),
        ("2026-02-30 10:00  a.b", "5:7: there is no 2026-02-30. Write 2026-11-02."),
        ("10:00  a.b\n09:00  a.b", "6:7: the clock already stands at 2026-01-05T10:00:00Z."),
        ("10:00  a.b {total: }", ""),
        ("10:00  a.b {total: [}", "5:27: a bracket is opened and not closed"),
        ("10:00  a.b {total: 1} more", "5:29: "),
        (
            "10:00  a.b total=1",
            "5:18: total is no part of an event. Write id=, ago=, item=, by=, and properties in braces",
        ),
        ("10:00  a.b total", "5:18: total is out of place here. Write fields as name=value."),
        ("10:00  a.b id= {total: 1}", "5:18: id has no value. Write id=… without a space."),
        ("10:00  a.b ago=soon", '5:22: "soon" is no duration.'),
        ("10:00  A b {}", "5:16: b is out of place here."),
        ("10:00  .b", "5:14: the job would not read this event: wrong_type"),
        ("10:00  →", "5:15: no decision stands behind the arrow. Write → cart-abandonment fired."),
        ("10:00  → cart", "5:20: it does not say what became of cart. Write → cart fired."),
        ("10:00  → cart reminder=0", "5:21: it does not say what became of cart. Write → cart fired."),
        ("10:00  → cart fird", "5:21: fird is no key here. Did you mean fired?"),
        ("10:00  → cat fired", "5:16: account acme has no rule cat that is not off. Did you mean cart?"),
        ("10:00  → cart suppressed because", "5:32: because"),
        ("10:00  → cart fired reminder=x", "5:36: "),
        ("10:00  → cart fired remainder=1", "5:27: remainder is no key here. Did you mean reminder?"),
        (
            "10:00  → cart fired at=10:00",
            "5:27: the time of the line says when it fired. Delete it; due= gives the other time.",
        ),
        (
            "10:00  → cart suppressed holdout due=10:00",
            "5:40: the time of the line says when it fell due. Delete it; at= gives the other time.",
        ),
        ("10:00  → cart fired include={a: 1", "5:35: a bracket is opened and not closed"),
    ],
)
def test_what_is_wrong_with_a_line_is_said_with_its_place(tmp_path: Path, lines: str, said: str) -> None:
    if not said:
        case_of(tmp_path, lines)  # null is a value
        return
    (error,) = refused(tmp_path, lines)
    assert error.startswith(said) or said in error.replace('"', ""), error


def test_every_line_that_is_wrong_is_said_at_once(tmp_path: Path) -> None:
    found = refused(tmp_path, "10:00  → cart\nnoon\n11:00  a.b total=1")
    assert [error.split(": ")[0] for error in found] == ["5:20", "6:7", "7:18"]
    found = refused(tmp_path, "10:00  → cat fired\n09:00  a.b\n10:00  → cart fired at=10:00 x=1")
    assert [error.split(": ")[0] for error in found] == ["7:27"]
    found = refused(tmp_path, "10:00  → cat fired\n09:00  a.b\n11:00  a..b")
    assert [error.split(": ")[0] for error in found] == ["5:16", "6:7", "7:14"]


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("timeline: 3", "4:15: a timeline is a block of lines. Write timeline: | and its lines below, indented."),
        ('timeline: "10:00  a.b"', "4:15: a timeline is a block of lines."),
        ("timeline: >\n      10:00  a.b", "4:15: a timeline is a block of lines."),
        ("timeline: |\n      # nothing", "4:15: the timeline is empty. Write a line: 10:00  cart.item_added."),
        ("steps: [{expect: nothing}]\n    timeline: |\n      10:00  a.b", "5:5: steps and a timeline are two ways"),
        ("clock: Mars\n    timeline: |\n      10:00  a.b", "4:12: "),
        ("start: 2027-01-01T00:00:00Z\n    timeline: |\n      2026-01-05 10:00  a.b", "6:7: the clock already stands"),
    ],
)
def test_what_is_wrong_with_a_timeline_is_said_with_its_place(tmp_path: Path, test: str, said: str) -> None:
    path = tmp_path / "it.test.yaml"
    path.write_text(f"tests:\n  - name: it\n    rules: {RULES}\n    {test}\n")
    with pytest.raises(RulesError) as caught:
        load_cases(path)
    assert str(caught.value.errors[0]).partition("it.test.yaml:")[2].startswith(said), caught.value.errors


# ---------------------------------------------------------------- rules of a test


@pytest.mark.parametrize(
    "rules",
    [
        "{id: r, when: a.b}",
        "[{id: r, when: a.b}, {id: s, when: c.d}]",
        "{timezone: Europe/Berlin, policy: {retention: 30d}, rules: [{id: r, when: a.b}]}",
        "{account: other, rules: [{id: r, when: a.b}]}",
        "own.yaml",
    ],
)
def test_a_test_may_hold_its_own_rules_or_name_them(tmp_path: Path, rules: str) -> None:
    (tmp_path / "own.yaml").write_text("account: other\nrules: [{id: r, when: a.b}]\n")
    assert surprises(case_of(tmp_path, "10:00  a.b\n10:00  → r fired", rules=rules)) == []


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ("{id: r, when: a.b, wait: soon}", '3:37: "soon" is no duration.'),
        ("[{id: r, wen: a.b}]", "3:21: wen is no key here. Did you mean when?"),
        ("{rules: [{id: r, when: a.b, mode: of}]}", "3:46: "),
        ("{rules: [{id: r, when: a.b}], polcy: {}}", "3:42: polcy is no key here. Did you mean policy?"),
        ("3", "3:12: a path or rules are needed here, not 3. Write cart.yaml, or {id: …, when: …}."),
    ],
)
def test_what_is_wrong_with_rules_in_a_test_is_said_with_its_place(tmp_path: Path, rules: str, said: str) -> None:
    errors = refused(tmp_path, "10:00  a.b\n10:00  → r fired", rules=rules)
    assert [error for error in errors if error.startswith(said)], errors


def test_rules_may_be_published_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "it.test.yaml"
    steps = "[{publish: {rules: {id: s, when: a.b}}}, {event: a.b, expect: {fired: s}}]"
    path.write_text(f"rules: {{id: r, when: a.b}}\ntests:\n  - name: it\n    steps: {steps}\n")
    (case,) = load_cases(path)
    assert surprises(case) == []


def test_the_schema_takes_timelines_and_the_conformance_files(root: Path) -> None:
    schema = jsonschema.Draft202012Validator(json.loads(json.dumps(json_schema())))
    for path in sorted((root / "tests" / "conformance").glob("*.test.yaml")):
        written = plain(read_yaml(path.read_text(), Reading(str(path))))
        assert [error.message for error in schema.iter_errors(json.loads(json.dumps(written, default=float)))] == []
    both = {"tests": [{"name": "it", "steps": [], "timeline": "10:00"}]}
    assert list(schema.iter_errors(both))
    assert list(schema.iter_errors({"tests": [{"name": "it"}]}))
