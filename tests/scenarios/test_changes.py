"""Scenarios in which events come late, rules change, and rules are frozen: what holds, and what is refused."""

from __future__ import annotations

from pathlib import Path

import jsonschema
import pytest

from kittiwake.explain.rendering import plain
from kittiwake.rules.source.builder import Reading
from kittiwake.rules.source.tree import plain as plain_node
from kittiwake.rules.source.yaml import read_yaml
from kittiwake.scenarios.models import json_schema
from tests.scenarios.test_scenario import RULES, START, messages_of, played, refused, written


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rules.yaml").write_text(RULES)
    return tmp_path


def holds(folder: Path, steps: str, head: str = START) -> str:
    """The story of steps that are as expected."""
    result = played(folder, steps, head)
    assert result.passed, "\n".join(messages_of(result))
    return plain(result.explanation)


# ---------------------------------------------------------------- late events


def test_a_purchase_that_comes_late_takes_the_reminder_back(folder: Path) -> None:
    story = holds(
        folder,
        """
        - event: cart.item_added
        - {after: 1h, expect: {fired: cart, late: false, revision: 0, replaces: []}}
        - after: 5m
          event: order.completed
          ago: 20m
          expect: {revoked: cart, reason: late_event, due: "11:00", at: "11:05", late: true, revision: 1}
        """,
    )
    assert "11:05  order.completed (e0002) arrives 20 minutes late and takes its place at 10:45" in story
    assert "cart: REVOKED: FIRED of 11:00 (trigger " in story
    assert "it would have taken: no order.completed before 11:00" in story


def test_beyond_the_horizon_an_event_changes_nothing(folder: Path) -> None:
    steps = """
        - event: cart.item_added
        - {after: 3h, expect: {fired: cart}}
        - {event: order.completed, ago: 2h30m, expect: nothing}
        """.replace("2h30m", "PT2H30M")
    story = holds(folder, steps)
    assert "13:00  order.completed (e0002) of 10:30: too late, changes nothing" in story
    assert messages_of(played(folder, steps, START + "allowed_lateness: 3h\n"))[1].startswith(
        "+ unexpected: revoked cart"
    )


def test_an_earlier_event_that_comes_late_moves_the_reminder_which_fires_again_under_its_id(folder: Path) -> None:
    story = holds(
        folder,
        """
        - event: cart.item_added
        - {after: 1h, expect: {fired: cart}}
        - after: 0s
          event: cart.item_added
          ago: 50m
          expect: {revoked: cart}
        - {after: 10m, expect: {fired: cart, due: "11:10", revision: 2, replaces: [], late: false}}
        """,
    )
    assert "told" not in story


def test_a_row_that_is_another_now_is_told_again_under_the_next_revision(folder: Path) -> None:
    story = holds(
        folder,
        """
        - {event: order.completed, with: {total: 60}}
        - {after: 10m, event: order.completed, with: {total: 50}, expect: [{fired: milestone}, {entered: vip}]}
        - after: 1m
          event: order.completed
          with: {total: 45}
          ago: 6m
          expect:
            - {fired: milestone, due: "10:05", late: true, revision: 1}
            - {revoked: vip}
            - {entered: vip, due: "10:05", late: true, replaces: vip}
        """,
    )
    assert "corrected: FIRED of 10:05" in story


def test_a_held_candidate_that_a_late_event_ends_is_told_no_more(folder: Path) -> None:
    holds(
        folder,
        """
        - {at: "20:30", event: cart.item_added}
        - {after: 65m, expect: {deferred: cart}}
        - {event: order.completed, ago: 10m, expect: nothing}
        - {at: "08:00", expect: nothing}
        """,
    )


def test_a_held_candidate_that_a_late_event_cancels_leaves_late(folder: Path) -> None:
    holds(
        folder,
        """
        - {at: "20:30", event: cart.item_added}
        - {after: 90m, expect: {deferred: cart}}
        - {event: order.completed, ago: 15m, expect: {cancelled: cart, reason: unless, late: true}}
        - {at: "08:00", expect: nothing}
        """,
    )


def test_the_first_event_of_a_contact_is_never_late(folder: Path) -> None:
    holds(folder, "- {after: 5h, event: cart.item_added, ago: 4h, expect: {fired: cart, late: false}}")


def test_a_contact_is_forgotten_after_the_retention_of_the_policy(folder: Path) -> None:
    story = holds(
        folder,
        """
        - event: cart.item_added
        - publish: {change: {cart: {wait: 10d}}, policy: {retention: 2d}}
        - {event: cart.item_added}
        - {after: 49h, expect: {cancelled: cart, reason: forgotten}}
        """,
    )
    assert "no event for 2d: what the contact did is forgotten (retention)" in story


# ---------------------------------------------------------------- rules that change


def test_another_wait_holds_for_what_begins_after_it(folder: Path) -> None:
    story = holds(
        folder,
        """
        - event: cart.item_added
        - {after: 30m, publish: {change: {cart: {wait: 2h}}}, expect: nothing}
        - {after: 30m, event: cart.item_added, expect: {fired: cart, due: "11:00"}}
        - {after: 1h, expect: nothing}
        - {after: 1h, expect: {fired: cart, due: "13:00"}}
        """.replace("event: cart.item_added, expect", "expect").replace(
            "- {after: 1h, expect: nothing}", "- event: cart.item_added\n        - {after: 1h, expect: nothing}"
        ),
    )
    assert "10:30  other rules come into force: cart is changed" in story


def test_another_kind_of_rule_cancels_what_is_pending_before_all_else_of_its_instant(folder: Path) -> None:
    story = holds(
        folder,
        """
        - event: cart.item_added
        - after: 1h
          publish: {change: {cart: {when: checkout.started}}}
          expect: {cancelled: cart, reason: rule_changed, at: "11:00"}
        """,
    )
    assert "cart: cancelled, rule_changed: the rule that comes into force at 11:00 is not the same" in story


def test_rules_that_are_published_after_a_look_come_into_force_a_microsecond_later(folder: Path) -> None:
    holds(
        folder,
        """
        - event: cart.item_added
        - {after: 1h, expect: {fired: cart, at: "11:00"}}
        - publish: {remove: cart}
        - {event: cart.item_added}
        - {after: 2h, expect: nothing}
        """,
    )


def test_a_rule_that_goes_cancels_what_is_pending_and_one_that_comes_begins(folder: Path) -> None:
    story = holds(
        folder,
        """
        - event: cart.item_added
        - publish: {remove: cart, add: [{id: late-cart, when: cart.item_added, wait: 4h}], effective_from: "10:30"}
        - {after: 30m, expect: {cancelled: cart, reason: rule_removed, at: "10:30"}}
        - event: cart.item_added
        - {after: 4h, expect: {fired: late-cart}}
        """,
    )
    assert "10:30  other rules come into force: late-cart is new and cart is gone" in story
    assert "cart did not fire (2026-11-02 10:30)" in story


def test_a_key_without_a_value_takes_it_away_of_rules_and_of_the_policy(folder: Path) -> None:
    holds(
        folder,
        """
        - publish: {change: {cart: {unless: null}}, policy: {quiet_hours: null}}
        - {at: "20:30", event: cart.item_added}
        - {after: 30m, event: order.completed}
        - {after: 30m, expect: {fired: cart, at: "21:30"}}
        """,
    )


def test_rules_of_another_file_are_published_by_its_path(folder: Path) -> None:
    (folder / "next.yaml").write_text("account: acme\nrules: [{id: now, when: a.b}]\n")
    holds(
        folder,
        "- {publish: {rules: next.yaml}, event: a.b, expect: {fired: now}}",
        START + "rules: rules.yaml\n",
    )


def test_an_added_rule_looks_back_on_the_whole_history_unless_the_file_says_otherwise(folder: Path) -> None:
    steps = """
        - {event: a.b}
        - {after: 1h, publish: {add: {id: again, when: c.d, given: {present: a.b, within: 2d}}}}
        - {after: 1h, event: c.d, expect: EXPECTED}
        """
    holds(folder, steps.replace("EXPECTED", "{fired: again, partial_history: false}"))
    stream = START + "whole_history: false\n"
    holds(folder, steps.replace("EXPECTED", "nothing"), stream)
    event = "- {event: order.completed, with: {total: 1}}\n" + " " * 8 + "- {event: a.b}"
    known = steps.replace("- {event: a.b}", event).replace("present: a.b, within: 2d", "absent: z.z, within: 2d")
    story = holds(folder, known.replace("EXPECTED", "{suppressed: again, reason: not_ready}"), stream)
    assert "not_ready: due 12:00, and the rule is ready from 2026-11-04 11:00" in story
    partial = known.replace("publish: {add", "publish: {policy: {history_from: effective}, add")
    holds(folder, partial.replace("EXPECTED", "{fired: again, partial_history: true}"), stream)


# ---------------------------------------------------------------- freezes


def test_while_rules_are_frozen_nothing_is_settled_and_then_all_of_it(folder: Path) -> None:
    holds(
        folder,
        """
        - event: cart.item_added
        - {after: 30m, frozen: true}
        - {after: 2h, event: order.completed, with: {total: 100}, expect: nothing}
        - after: 1h
          frozen: false
          expect:
            - {fired: cart, at: "11:00", late: false}
            - {fired: milestone, at: "12:30"}
            - {entered: vip, at: "12:30"}
        """,
    )


def test_rules_can_be_mended_while_they_are_frozen(folder: Path) -> None:
    holds(
        folder,
        """
        - event: cart.item_added
        - {after: 10m, frozen: true}
        - {after: 20m, publish: {remove: cart}}
        - {after: 2h, frozen: false, expect: {cancelled: cart, reason: rule_removed, at: "10:30"}}
        """,
    )


# ---------------------------------------------------------------- what is refused

HEAD = "tests:\n  - name: it\n    steps:\n"
LAST = "      - {after: 1d, expect: nothing}\n"


@pytest.mark.parametrize(
    ("step", "error"),
    [
        ("publish: {}", "rules.test.yaml:5:18: nothing is published. Write rules, change, add, remove or policy."),
        ("publish: {chnage: {}}", "5:19: chnage is no key here. Did you mean change?"),
        ("publish: {change: {crat: {wait: 2h}}}", "5:28: account acme has no rule crat at that time. Did you mean"),
        ("publish: {change: {cart: {wait: 2 h}}}", '5:41: "2 h" is no duration. Write 2h'),
        ("publish: {change: {cart: {id: x}}}", "5:35: an edit keeps the id of its rule. Remove cart and add another"),
        ("publish: {change: {cart: 2h}}", "5:27: cart needs the keys that are changed. Write {cart-ab"),
        ("publish: {change: {}}", "5:27: nothing is changed."),
        ("publish: {change: {cart: {when: null}}}", "rules.test.yaml:5:34: "),
        ("publish: {change: {cart: {wait: 2h}}, remove: cart}", "5:28: cart is removed as well. Keep one of them."),
        ("publish: {remove: [cart, crat]}", "5:34: account acme has no rule crat at that time. Did you mean cart?"),
        ("publish: {add: {id: cart, when: a.b}}", "the id cart is taken by the rule at rules.yaml:8. Give one of them"),
        ("publish: {add: now}", '5:24: a rule or a list of rules is needed here. Write {id: …, when: …}.'),
        ("publish: {add: {id: now}}", "5:24: "),
        ("publish: {policy: {quiet: 1}}", "5:28: quiet is no key here."),
        ("publish: {policy: {retention: 1}}", "the duration 1 has no unit"),
        ("publish: {rules: next.yaml}", "5:26: there is no next.yaml. Write the path of rules, from this file."),
        ("publish: {rules: globex.yaml}", "5:26: the rules have none for account acme. Name rules of it; these"),
        ("publish: {rules: rules.yaml, remove: cart}", "5:38: rules names other rules, and remove changes the pres"),
        ("publish: {rules: rules.yaml}", "5:18: these rules say what those before say."),
        ("publish: {remove: cart, effective_from: soon}", "soon is no time"),
        ("publish: {remove: cart, effective_from: 2020-01-01T00:00Z}", "5:49: the clock already stands at "),
        ("{event: order.completed, ago: 999999d}", "so long ago lies before the year 1900. Write a shorter time."),
        ("after: 9999999d", "the clock would stand beyond the year 9000. Write a shorter time."),
        ("frozen: false", "5:9: the rules are not frozen. Delete it."),
        ("frozen: maybe", '5:17: "maybe" is neither true nor false.'),
    ],
)  # fmt: skip
def test_a_change_that_makes_no_sense_is_refused_where_it_stands(folder: Path, step: str, error: str) -> None:
    (folder / "globex.yaml").write_text("account: globex\nrules: [{id: now, when: a.b}]\n")
    errors = refused(folder, f"rules: rules.yaml\n{HEAD}      - {step}\n{LAST}")
    assert any(error in one for one in errors), errors


def test_rules_do_not_come_into_force_before_those_that_were_published_before(folder: Path) -> None:
    later = "      - publish: {remove: cart, effective_from: '18:00'}\n"
    steps = f"{later}      - after: 1h\n        publish: {{remove: vip}}\n"
    (error,) = refused(folder, HEAD + steps + LAST)
    assert "the rules published before come into force at 2026-01-05T23:00:00Z. Let these come" in error


def test_a_rule_is_known_from_when_it_is_published(folder: Path) -> None:
    before = "      - {expect: {fired: now}, event: a.b}\n"
    publish = "      - publish: {add: {id: now, when: a.b}}\n"
    (error,) = refused(folder, HEAD + before + publish + LAST)
    assert "account acme has no rule now that is not off" in error
    assert played(folder, "- publish: {add: {id: now, when: a.b}}\n- {event: a.b, expect: {fired: now}}").passed


def test_the_schema_takes_what_a_scenario_may_say(folder: Path) -> None:
    text = HEAD + (
        "      - {publish: {change: {cart: {wait: 2h, unless: null}}, add: [{id: n, when: a.b}], remove: vip,"
        " policy: {quiet_hours: null}, effective_from: '12:00'}, frozen: true}\n"
        "      - {frozen: false, expect: {fired: cart, late: true, revision: 2, replaces: [cart],"
        " partial_history: false}}\n"
    )
    jsonschema.validate(plain_node(read_yaml(text, Reading("x"))), json_schema())
    wrong = text.replace("frozen: true", "frozen: 1")
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(plain_node(read_yaml(wrong, Reading("x"))), json_schema())
    assert written(folder, text)


# ---------------------------------------------------------------- contacts that end


@pytest.mark.parametrize("ended", ["event: contact.deleted", "event: contact.merged, with: {into: c-42}"])
def test_a_contact_that_is_deleted_or_merged_is_sent_nothing_more(folder: Path, ended: str) -> None:
    story = holds(folder, f"- event: cart.item_added\n- {{after: 10m, {ended}}}\n- {{after: 2h, expect: nothing}}\n")
    assert "disarmed: the contact was" in story
