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


def test_a_late_purchase_revokes_and_the_story_says_so() -> None:
    story = Story(CART).at(TEN, "cart.item_added").after("1h").fires("cart", late=False)
    story.after("5m").late("10m", "order.completed").revokes("cart", "late_event", revision=1).nothing()
    assert "REVOKED: FIRED of 11:00" in story.explain()
    assert [row["decision"] for row in story.decisions] == ["fired", "revoked"]


def test_the_horizon_of_a_story_can_be_chosen() -> None:
    wide = Story(CART, allowed_lateness="3h").at(TEN, "cart.item_added").after("3h").fires("cart")
    wide.late("150m", "order.completed").revokes("cart")
    Story(CART).at(TEN, "cart.item_added").after("3h").fires("cart").late("150m", "order.completed").nothing()


def test_a_trigger_names_the_rules_whose_decisions_it_stands_for() -> None:
    story = Story({"id": "seen", "when": "a.b", "wait": "5m", "restart": False}).at(TEN)
    story.after("10m", "a.b").after("5m").fires("seen", at="2026-11-02T10:15Z").after("1m").late("8m", "a.b")
    story.revokes("seen").fires("seen", due="2026-11-02T10:13Z", late=True, replaces="seen").nothing()
    with pytest.raises(AssertionError, match="replaces: expected cart, found nothing"):
        Story(CART).at(TEN, "cart.item_added").after("1h").fires("cart", replaces=["cart"])


def test_rules_are_edited_replaced_and_frozen_on_the_way() -> None:
    story = Story(CART).at(TEN, "cart.item_added").after("30m").publish(change={"cart": {"wait": "2h"}})
    story.after("30m").fires("cart").after("1m", "cart.item_added").after("1h").nothing()
    story.publish({"id": "other", "when": "a.b"}, effective_from="11:30")
    story = Story(CART).at(TEN, "cart.item_added").publish(remove="cart", add=[{"id": "now", "when": "a.b"}])
    story.cancels("cart", "rule_removed").after("1m", "a.b").fires("now")
    story.publish(CART).freeze().after("1h", "cart.item_added").nothing().after("3h").nothing()
    story.unfreeze().fires("cart").nothing()


def test_rules_of_a_story_that_began_without_a_snapshot_are_not_ready() -> None:
    def told(*, whole_history: bool) -> Story:
        story = (
            Story({"rules": [CART]}, whole_history=whole_history).at(TEN, "cart.item_added").after("2h").fires("cart")
        )
        story.publish(add={"id": "back", "when": "a.b", "given": {"absent": "z.z", "within": "1d"}})
        return story.after("1h", "a.b")

    told(whole_history=True).fires("back", partial_history=False)
    told(whole_history=False).suppresses("back", "not_ready")


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda s: s.publish(), ValueError, "publish other rules, or changes of these"),
        (lambda s: s.publish(CART, remove="cart"), ValueError, "publish other rules, or changes of these"),
        (lambda s: s.publish(remove="crat"), RulesError, "has no rule crat at that time. Did you mean cart"),
        (lambda s: s.publish(change={"cart": {"wait": "2 h"}}), RulesError, "is no duration"),
        (lambda s: s.publish(change={"cart": "2h"}), RulesError, "cart needs the keys that are changed"),
        (lambda s: s.publish(remove="cart", effective_from="2020-01-01T00:00Z"), ValueError, "now or later"),
        (lambda s: s.publish(remove="cart", effective_from="soon"), ValueError, "soon is no time"),
        (lambda s: s.publish(remove="cart", effective_from="23:00").publish(CART), ValueError, "published before"),
    ],
)
def test_an_edit_that_makes_no_sense_is_no_failed_check(act: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        act(Story(CART))
