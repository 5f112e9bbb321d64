"""Scenario files: what they may say, how they are played, and what is told of a surprise."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import jsonschema
import pytest

from kittiwake.rules.errors import Code, RulesError
from kittiwake.rules.source.builder import Reading
from kittiwake.rules.source.tree import plain
from kittiwake.rules.source.yaml import read_yaml
from kittiwake.scenarios.files import find, load_cases
from kittiwake.scenarios.models import json_schema
from kittiwake.scenarios.run import Result, play, surprise_words
from kittiwake.time.instants import format_instant

RULES = """
account: acme
timezone: America/Toronto
policy:
  quiet_hours: {from: "21:00", to: "08:00"}
  frequency: [{max: 2, per: day}]
rules:
  - id: cart
    when: cart.item_added
    wait: 1h
    unless: order.completed
    include: {total: total}
  - id: milestone
    when: order.completed
    reaches: {sum: total, at: [100, 250.5]}
  - id: vip
    audience: {sum: total, of: order.completed, within: 30d, gte: 100}
    emits: [entered, exited]
  - id: asleep
    mode: off
    when: cart.item_added
"""
START = "start: 2026-11-02T10:00:00-05:00\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path


def written(folder: Path, text: str, name: str = "rules.test.yaml") -> Path:
    path = folder / name
    path.write_text(dedent(text))
    return path


def played(folder: Path, steps: str, head: str = START) -> Result:
    """The result of one test of these steps."""
    indented = "\n".join("      " + line for line in dedent(steps).strip().splitlines())
    (case,) = load_cases(written(folder, f"{dedent(head)}\ntests:\n  - name: it\n    steps:\n{indented}\n"))
    return play(case)


def messages_of(result: Result) -> list[str]:
    return [line for one in result.surprises for line in surprise_words(one)]


def refused(folder: Path, text: str) -> list[str]:
    """The errors of a scenario file, without its name."""
    path = written(folder, text)
    with pytest.raises(RulesError) as caught:
        load_cases(path)
    return [str(error).replace(f"{folder}/", "") for error in caught.value.errors]


# ---------------------------------------------------------------- playing


def test_a_wait_fires_and_a_purchase_stops_it(folder: Path) -> None:
    result = played(
        folder,
        """
        - {event: cart.item_added, with: {total: 12.5}}
        - {after: 59m, expect: nothing}
        - {after: 1m, expect: {fired: cart, at: "11:00", due: 2026-11-02T16:00:00Z, include: {total: 12.50}}}
        - {event: cart.item_added}
        - {after: 30m, event: order.completed}
        - {after: 5h, expect: nothing}
        """,
    )
    assert result.passed, messages_of(result)


def test_expect_looks_at_all_that_was_decided_since_the_last_one(folder: Path) -> None:
    result = played(folder, "- {event: order.completed, with: {total: 300}}\n- {expect: {fired: milestone}}")
    assert messages_of(result) == [
        "expected 1 decision from 2026-11-02 10:00 to 2026-11-02 10:00",
        "+ unexpected: suppressed milestone at 2026-11-02 10:00, reason superseded, threshold 100",
        "+ unexpected: entered vip at 2026-11-02 10:00",
    ]


def test_decisions_may_be_expected_in_any_order(folder: Path) -> None:
    result = played(
        folder,
        """
        - {event: order.completed, with: {total: 300}}
        - expect:
            - {suppressed: milestone, reason: superseded, threshold: 100}
            - {entered: vip, kind: entered}
            - {fired: milestone, threshold: 250.50, events: {count: 1, first: e0001, last: e0001}}
        """,
    )
    assert result.passed, messages_of(result)


def test_entered_may_be_expected_as_fired_too(folder: Path) -> None:
    result = played(
        folder,
        """
        - {event: order.completed, with: {total: 100}, expect: [{fired: vip}, {fired: milestone, threshold: 100}]}
        - {after: 30d, expect: {exited: vip}}
        """,
    )
    assert result.passed, messages_of(result)


def test_only_the_rules_a_test_is_about_are_looked_at(folder: Path) -> None:
    head = START + "about: [cart]\n"
    steps = "- {event: order.completed, with: {total: 300}}\n- {expect: nothing}"
    result = played(folder, steps, head)
    assert result.passed
    assert {one.rule_id for one in result.explanation.lines} == {None}


def test_what_quiet_hours_hold_is_expected_once_and_then_what_becomes_of_it(folder: Path) -> None:
    result = played(
        folder,
        """
        - {at: "20:30", event: cart.item_added}
        - {at: "21:30", expect: {deferred: cart, reason: quiet_hours, at: "21:30"}}
        - {after: 1h, expect: nothing}
        - {at: "08:00", expect: {fired: cart, at: "08:00", due: "21:30"}}
        - {at: "20:30", event: cart.item_added}
        - {at: "22:00", event: order.completed, expect: {cancelled: cart, reason: unless, at: "22:00"}}
        """,
    )
    assert result.passed, messages_of(result)


def test_a_time_of_day_is_the_next_one_of_the_contact_also_after_it_moved(folder: Path) -> None:
    result = played(
        folder,
        """
        - {event: contact.updated, with: {timezone: Europe/Berlin}}
        - {at: "19:00", event: cart.item_added}
        - {after: 1h, expect: {fired: cart, at: "20:00"}}
        - {event: contact.updated, with: {timezone: nowhere}}
        - {at: "14:30", event: cart.item_added}
        - {after: 1h, expect: {fired: cart, at: 2026-11-02T20:30:00Z}}
        """,
    )
    assert result.passed, messages_of(result)


def test_attributes_are_set_where_the_test_starts(folder: Path) -> None:
    result = played(
        folder, "- {at: 09:00, event: cart.item_added}\n- {after: 1h, expect: {fired: cart, at: '10:00'}}",
        START + "contact: {timezone: Asia/Tokyo}\n",
    )  # fmt: skip
    assert result.passed, messages_of(result)
    assert result.explanation.lines[0].text == 'contact.updated (e0000) timezone="Asia/Tokyo"'


def test_an_event_after_a_look_at_its_instant_happens_a_microsecond_later_and_is_not_late(folder: Path) -> None:
    result = played(
        folder,
        """
        - {event: cart.item_added, expect: nothing}
        - {event: order.completed, expect: nothing}
        - {after: 1h, expect: nothing}
        """,
    )
    assert result.passed, messages_of(result)
    stopped = next(one for one in result.explanation.lines if "disarmed" in one.text)
    assert format_instant(stopped.time_us) == "2026-11-02T15:00:00.000001Z"


def test_an_event_may_arrive_late(folder: Path) -> None:
    result = played(
        folder,
        """
        - event: cart.item_added
        - {after: 90m, expect: {fired: cart}}
        - {event: order.completed, ago: 2h, expect: nothing}
        """,
        START + "allowed_lateness: 1m\n",
    )
    assert result.passed, messages_of(result)
    assert any("too late" in one.text for one in result.explanation.lines)


def test_an_id_may_be_given_and_a_copy_changes_nothing(folder: Path) -> None:
    result = played(
        folder,
        """
        - {event: cart.item_added, id: first}
        - {event: cart.item_added, id: first, after: 10m}
        - {after: 50m, expect: {fired: cart, at: "11:00", events: {first: first, count: 1}}}
        """,
    )
    assert result.passed, messages_of(result)


def test_without_a_start_the_clock_starts_at_noon_of_a_monday(folder: Path) -> None:
    result = played(folder, "- {expect: nothing}", "")
    assert format_instant(result.explanation.evaluated_to_us) == "2026-01-05T17:00:00Z"


# ---------------------------------------------------------------- surprises


def test_a_surprise_says_what_is_missing_what_is_unexpected_and_what_differs(folder: Path) -> None:
    result = played(
        folder,
        """
        - event: cart.item_added
        - after: 1h
          expect:
            - {fired: cart, at: "12:00", events: {count: 2}, reminder: 1, include: {total: 3, other: 4}}
            - {exited: vip}
        - {event: order.completed, with: {total: 150}, expect: {entered: vip, instance: {a: 1}}}
        """,
    )
    assert messages_of(result) == [
        "expected 2 decisions from 2026-11-02 10:00 to 2026-11-02 11:00",
        "- missing:    exited vip",
        '~ differs:    fired cart, at 12:00, include {"other":4,"total":3}, events {"count":2}, reminder 1',
        "  decided:    fired cart at 2026-11-02 11:00",
        "    at: expected 12:00, found 2026-11-02 11:00",
        "    include.total: expected 3, found null",
        "    events.count: expected 2, found 1",
        "    reminder: expected 1, found nothing",
        "expected 1 decision from 2026-11-02 11:00 to 2026-11-02 11:00",
        "+ unexpected: fired milestone at 2026-11-02 11:00, threshold 100",
        '~ differs:    entered vip, instance {"a":1}',
        "  decided:    entered vip at 2026-11-02 11:00",
        "    instance.a: expected 1, found nothing",
    ]
    assert [one.mark.line for one in result.surprises] == [7, 11]


def test_a_fired_trigger_is_no_entry(folder: Path) -> None:
    result = played(folder, "- {event: cart.item_added}\n- {after: 1h, expect: {entered: cart}}")
    assert "    decision: expected entered, found fired" in messages_of(result)


# ---------------------------------------------------------------- files


def test_a_scenario_tests_the_rules_of_its_own_name_else_those_of_its_folder(folder: Path) -> None:
    other = RULES.replace("id: cart", "id: other").replace("acme", "globex")
    (folder / "globex.yaml").write_text(other)
    text = "tests: [{name: it, steps: [{event: cart.item_added}, {after: 1h, expect: {fired: other}}, {expect: []}]}]"
    assert play(load_cases(written(folder, text, "globex.test.yaml"))[0]).passed
    whole = "account: globex\n" + text
    assert play(load_cases(written(folder, whole, "anything.test.yaml"))[0]).passed


def test_a_scenario_may_name_its_rules(folder: Path) -> None:
    (folder / "deep").mkdir()
    text = "rules: ../rules.yaml\ntests: [{name: it, steps: [{expect: nothing}]}]"
    assert play(load_cases(written(folder / "deep", text))[0]).passed


def test_rules_of_every_account_are_tested_as_some_account(folder: Path) -> None:
    (folder / "rules.yaml").write_text(RULES.replace("account: acme", 'account: "*"'))
    text = "tests: [{name: it, steps: [{event: cart.item_added}, {after: 1h, expect: {fired: cart}}]}]"
    assert play(load_cases(written(folder, text))[0]).passed


def test_scenario_files_of_folders_are_found_by_their_names(folder: Path) -> None:
    for name in ("b.test.yml", "sub/a.test.yaml", ".hidden/c.test.yaml", "sub/other.yaml"):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("tests: []")
    assert [path.relative_to(folder).as_posix() for path in find([folder])] == ["b.test.yml", "sub/a.test.yaml"]


def test_a_folder_without_scenario_files_is_an_error(folder: Path) -> None:
    with pytest.raises(RulesError, match="there is no scenario file in it"):
        find([folder])


# ---------------------------------------------------------------- bad files

IT = "tests:\n  - name: it\n    steps:\n"


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        pytest.param(
            "      - {}\n      - {expect: nothing}\n",
            "4:9: this step does nothing. Write after, at, event or expect.",
            id="empty step",
        ),
        pytest.param(
            "      - {after: 1h, at: '09:00', expect: nothing}\n",
            "4:21: after and at both move the clock. Keep one of them.",
            id="two clocks",
        ),
        pytest.param(
            "      - {with: {a: 1}, expect: nothing}\n",
            "4:10: with tells of an event, and there is none here. Add event: to this step.",
            id="with without event",
        ),
        pytest.param(
            "      - {event: a.b, expect: nothing}\n      - {event: a.b}\n",
            "5:9: nothing is expected of the last step. Add expect: to it, say expect: nothing.",
            id="no expectation",
        ),
        pytest.param(
            "      - {event: a b, expect: nothing}\n",
            "4:17: the job would not read this event: wrong_type: type has to be dotted words, such as cart.item_added."
            " Mend it.",
            id="no event",
        ),
        pytest.param(
            "      - {after: 1 hour, expect: nothing}\n",
            '4:17: "1 hour" is no duration. Write 1h.',
            id="no duration",
        ),
        pytest.param(
            "      - {at: tomorrow, expect: nothing}\n",
            "4:14: tomorrow is no time. Write 2026-11-01T10:00:00Z, or 09:00 for the next nine o'clock of the contact.",
            id="no time",
        ),
        pytest.param(
            "      - {at: 2026-11-01T10:00, expect: nothing}\n",
            "4:14: 2026-11-01T10:00 has no offset from UTC. Write 2026-11-01T10:00Z, or, say, 2026-11-01T10:00-05:00.",
            id="no offset",
        ),
        pytest.param(
            "      - {at: 2020-01-01T00:00:00Z, expect: nothing}\n",
            "4:14: the clock already stands at 2026-01-05T17:00:00Z. Put the step earlier; an event that arrives late "
            "is written ago: 10m.",
            id="clock backwards",
        ),
        pytest.param(
            "      - {expect: {fired: cat}}\n",
            "4:26: account acme has no rule cat that is not off. Did you mean cart?",
            id="unknown rule",
        ),
        pytest.param(
            "      - {expect: {fired: asleep}}\n",
            "4:26: account acme has no rule asleep that is not off. Write one of cart, milestone, vip.",
            id="rule that is off",
        ),
        pytest.param(
            "      - {expect: {at: '09:00'}}\n",
            "4:18: it does not say what is decided. Add one of fired, entered, exited, suppressed, cancelled, revoked, "
            "deferred with the rule's id.",
            id="no verb",
        ),
        pytest.param(
            "      - {expect: {fired: cart, cancelled: cart}}\n",
            "4:18: fired and cancelled are two decisions. Write each on its own.",
            id="two verbs",
        ),
        pytest.param(
            "      - {expect: [{fired: cart, raeson: holdout}]}\n",
            "4:33: raeson is no key here. Did you mean reason?",
            id="unknown key",
        ),
        pytest.param(
            "      - {expect: [{suppressed: cart, reason: because}]}\n",
            "4:46: because",
            id="unknown reason",
        ),
        pytest.param(
            "      - {expect: cart}\n",
            "4:18: ",
            id="a bare word",
        ),
        pytest.param(
            "      - {expect: 3}\n", "4:18: expect takes nothing, one decision or a list of them", id="a number"
        ),
        pytest.param(
            "      - {event: a.b, with: 3, expect: nothing}\n", "4:28: an object is needed here, not 3", id="no object"
        ),
    ],
)
def test_what_is_wrong_with_a_step_is_said_with_its_place(folder: Path, steps: str, expected: str) -> None:
    (error,) = refused(folder, IT + steps)
    assert expected in error.replace('"', "") or expected in error


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the file is empty. Write tests: with a list of tests"),
        ("tests: []", "1:8: tests is empty. Write a test: - name"),
        ("tests: [{name: a, steps: []}]", "1:26: steps is empty"),
        ("tests: [{name: a}]", "steps is missing. Add steps: a list of steps"),
        ("test: []\ntests: [{name: a, steps: [{expect: nothing}]}]", "1:1: test is no key here. Did you mean tests?"),
        ("tests: [", "a bracket is opened and not closed"),
        (
            "account: nobody\ntests: [{name: a, steps: [{expect: nothing}]}]",
            "1:10: the rules have none for account nobody",
        ),
        ("about: vap\ntests: [{name: a, steps: [{expect: nothing}]}]", "1:8: account acme has no rule vap"),
        ("about: cart\ntests: [{name: a, steps: [{expect: {fired: vip}}]}]", "2:44: the test is not about vip"),
        (
            "tests: [{name: a, steps: [{expect: nothing}]}, {name: a, steps: [{expect: nothing}]}]",
            "the test in line 1 has the same name",
        ),
        ("start: '09:00'\ntests: [{name: a, steps: [{expect: nothing}]}]", "a test cannot start at 09:00 of no day"),
        ("rules: gone.yaml\ntests: [{name: a, steps: [{expect: nothing}]}]", "gone.yaml: this file cannot be read"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_with_its_place(folder: Path, text: str, expected: str) -> None:
    (error,) = refused(folder, text)
    assert expected in error


def test_everything_that_is_wrong_is_said_at_once(folder: Path) -> None:
    errors = refused(
        folder,
        """
        tests:
          - name: a
            steps:
              - {expect: {fired: cat}}
              - {with: {}}
          - name: a
            about: dog
            steps: []
        """,
    )
    assert [int(error.split(":")[1]) for error in errors] == [5, 6, 6, 6, 7, 8, 9]


def test_bad_rules_are_said_as_they_are_elsewhere(folder: Path) -> None:
    (folder / "rules.yaml").write_text(RULES.replace("wait: 1h", "wait: 1 hour"))
    (error,) = refused(folder, "tests: [{name: a, steps: [{expect: nothing}]}]")
    assert error.startswith("rules.yaml:10:11: ")


def test_rules_of_several_accounts_ask_for_one(folder: Path) -> None:
    (folder / "more.yaml").write_text(RULES.replace("acme", "globex"))
    path = written(folder, "tests: [{name: a, steps: [{expect: nothing}]}]", "whole.test.yaml")
    with pytest.raises(RulesError, match=r"of several accounts\. Add account: with one of acme, globex"):
        load_cases(path)


def test_files_that_are_no_text_are_said_to_be(folder: Path) -> None:
    path = folder / "rules.test.yaml"
    path.write_bytes(b"tests: \xff")
    with pytest.raises(RulesError) as caught:
        load_cases(path)
    assert [error.code for error in caught.value.errors] == [Code.NOT_UTF8]
    with pytest.raises(RulesError, match="cannot be read"):
        load_cases(folder / "gone.test.yaml")
    path.write_bytes(b"#" * 1_000_002)
    with pytest.raises(RulesError, match="larger than"):
        load_cases(path)


# ---------------------------------------------------------------- the schema


def test_the_schema_takes_the_scenarios_that_ship_and_refuses_what_the_loader_refuses(root: Path) -> None:
    schema = jsonschema.Draft202012Validator(json.loads(json.dumps(json_schema())))
    shipped = sorted((root / "examples").rglob("*.test.yaml"))
    assert shipped
    for path in shipped:
        schema.validate(plain(read_yaml(path.read_text(), Reading(path.name))))
    assert not schema.is_valid({"tests": [{"name": "a", "steps": [{"evnt": "a.b"}]}]})
    assert not schema.is_valid({"tests": [{"name": "a"}]})
