"""`Story`: the five lines a user writes, and what they learn when a line fails."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from kittiwake.rules.errors import RulesError
from kittiwake.testing import Story

CART = {"id": "cart", "when": "cart.item_added", "wait": "1h", "unless": "order.completed", "include": {"t": "total"}}
TEN = "2026-11-02T10:00Z"


def quiet(**more: Any) -> dict[str, Any]:
    return {"policy": {"quiet_hours": {"from": "21:00", "to": "08:00"}}, "rules": [{**CART, **more}]}


def test_a_rule_is_tested_in_five_lines() -> None:
    story = Story(CART)
    story.at(TEN, "cart.item_added", total=68.74)
    story.after("1h").fires("cart", at="2026-11-02T11:00Z", include={"t": 68.74})
    story.after("1h", "cart.item_added").after("30m", "order.completed")
    story.after("1d").nothing()


@pytest.mark.parametrize("suffix", ["yaml", "json"])
def test_rules_are_taken_by_path_as_text_and_as_data(tmp_path: Path, suffix: str) -> None:
    text = '{"account": "acme", "rules": [{"id": "cart", "when": "cart.item_added"}]}'
    path = tmp_path / f"rules.{suffix}"
    path.write_text(text)
    one = {"id": "cart", "when": "cart.item_added"}
    for rules in (path, str(path), text, f"# rules\n{text}", {"rules": [one]}, one):
        Story(rules).then("cart.item_added").fires("cart").nothing()


def test_rules_that_cannot_be_used_say_so_with_all_their_errors() -> None:
    with pytest.raises(RulesError, match='"1 hour" is no duration'):
        Story({**CART, "wait": "1 hour"})


def test_rules_of_several_accounts_ask_for_one(tmp_path: Path) -> None:
    for name in ("acme", "globex"):
        (tmp_path / f"{name}.yaml").write_text(f"account: {name}\nrules: [{{id: {name}-rule, when: a.b}}]\n")
    with pytest.raises(ValueError, match=r"several accounts; say which with account=: \['acme', 'globex'\]"):
        Story(tmp_path)
    Story(tmp_path, account="globex").then("a.b").fires("globex-rule")


def test_the_clock_goes_to_the_next_time_of_day_of_the_contact() -> None:
    story = Story(quiet(), {"timezone": "America/Toronto"})
    story.at("2026-11-02T20:30-05:00", "cart.item_added").after("1h").defers("cart", due="21:30")
    story.at("08:00").fires("cart", at="08:00")
    assert [row["fired_at"] for row in story.decisions] == [None, "2026-11-03T13:00:00Z"]


def test_events_of_one_instant_are_taken_in_the_order_told() -> None:
    story = Story({"id": "both", "when": {"sequence": ["a.a", "b.b"], "within": "1m"}})
    story.then("b.b").then("a.a").after("2m").nothing()
    story.then("a.a").then("b.b").fires("both", events={"last": "e0004"})


def test_a_story_without_a_start_starts_at_noon_of_a_monday_in_the_accounts_zone() -> None:
    story = Story({"timezone": "Asia/Tokyo", "rules": [CART]})
    assert repr(story.after("0s")) == "Story(at 2026-01-05T03:00:00Z, 0 decisions)"


def test_every_outcome_can_be_checked() -> None:
    audience = {"id": "vip", "audience": {"present": "order.completed", "within": "1d"}, "emits": ["entered", "exited"]}
    story = Story({**quiet(), "rules": [CART, audience, {"id": "once", "when": "a.b", "reentry": "once"}]})
    story.at("2026-11-02T20:30Z", "cart.item_added").after("30m", "a.b").after("30m").defers("once").defers("cart")
    story.after("1m", "order.completed").cancels("cart", "unless").enters("vip")
    story.at("08:00").fires("once").then("a.b").suppresses("once", "reentry").after("1d").exits("vip").nothing()


def test_a_check_takes_its_decision_and_the_rest_stays() -> None:
    story = Story({**CART, "per": "product_id"})
    story.then("cart.item_added", product_id=1).then("cart.item_added", product_id=2).after("1h")
    story.fires("cart", instance={"product_id": 2})
    with pytest.raises(AssertionError, match=r'expected nothing, but there was:\n  fired cart .*"product_id":1'):
        story.nothing()
    story.fires("cart").nothing()
    assert len(story.decisions) == 2


def test_a_failed_check_says_what_was_expected_the_nearest_decision_and_the_whole_story() -> None:
    story = Story(CART).at(TEN, "cart.item_added").after("1h")
    with pytest.raises(AssertionError) as caught:
        story.fires("cart", at="12:00", include={"t": 5})
    text = str(caught.value)
    assert text.startswith(
        'expected fired cart, at 12:00, include {"t":5}\n'
        "nearest  fired cart at 2026-11-02 11:00\n"
        "  at: expected 12:00, found 2026-11-02 11:00\n"
        "  include.t: expected 5, found null\n"
    )
    assert "  10:00  cart.item_added (e0001)\n           cart: armed, due 11:00\n" in text


def test_a_failed_check_of_what_did_not_happen_says_what_it_would_have_taken() -> None:
    story = Story(CART).at(TEN, "cart.item_added").after("35m", "order.completed").after("1h")
    with pytest.raises(AssertionError, match="nothing was decided since the last check") as caught:
        story.fires("cart")
    assert "it would have taken: no order.completed before 11:00" in str(caught.value)


def test_a_failed_check_of_another_rule_says_what_there_is() -> None:
    story = Story({"rules": [CART, {"id": "now", "when": "cart.item_added"}]}).then("cart.item_added")
    with pytest.raises(AssertionError, match="expected fired cart\nthere is fired now at "):
        story.fires("cart")


def test_a_failure_points_at_the_line_of_the_test(tmp_path: Path) -> None:
    path = tmp_path / "test_mine.py"
    path.write_text(
        "from kittiwake.testing import Story\n\n\ndef test_it():\n"
        '    story = Story({"id": "now", "when": "a.b"})\n'
        '    story.then("a.c").fires("now")\n'
    )
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--rootdir", tmp_path, path],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert "test_mine.py:6: AssertionError" in ran.stdout
    assert "story.py" not in ran.stdout
    assert "no event of type a.b seen at all" in ran.stdout


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda s: s.at("09:00"), ValueError, "a story cannot start at 09:00 of no day"),
        (lambda s: s.at("soon"), ValueError, "soon is no time"),
        (lambda s: s.at("2026-11-02T10:00"), ValueError, "no offset from UTC"),
        (lambda s: s.at(TEN).at("2026-11-01T10:00Z"), ValueError, "only goes forward"),
        (lambda s: s.after("1 hour"), ValueError, "is no duration: write 90s"),
        (lambda s: s.after("-1h"), ValueError, "is no duration"),
        (lambda s: s.late("0m", "a.b"), ValueError, "is no duration"),
        (lambda s: s.then("a b"), ValueError, "wrong_type: type has to be dotted words"),
        (lambda s: s.fires("cat"), ValueError, "there is no rule 'cat'; there are cart"),
        (lambda s: s.fires("cart", becuase="x"), TypeError, "a decision has no 'becuase'; it has at, due"),
    ],
)
def test_a_mistake_in_a_test_is_no_failed_check(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        act(Story(CART))


def test_an_event_may_come_late() -> None:
    story = Story(CART).at(TEN, "cart.item_added").after("90m").fires("cart")
    assert "too late" in story.late("2h", "order.completed").after("0s").explain()
