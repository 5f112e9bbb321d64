"""What an explanation says of what fell due and did not fire."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from kittiwake.explain.model import Stage
from tests.explain.explaining import ADDED, CART, VIP, explained, lines, only_miss


def test_consent_was_withdrawn_at() -> None:
    policy = {"consent": {"purpose": "marketing", "default": "granted"}}
    explanation = explained(CART, ADDED, ("30m", "consent.withdrawn", {"purpose": "marketing"}), policy=policy)
    miss = only_miss(explanation)
    assert miss.stage is Stage.GATED
    assert miss.what == "suppressed, no_consent: purpose marketing withdrawn at 10:30 (e2)"
    assert miss.needed == 'consent.granted with purpose "marketing" before 11:00'
    assert "gates: consent ✗" in lines(explanation)


def test_consent_was_never_given() -> None:
    miss = only_miss(explained(CART, ADDED, policy={"consent": {"purpose": "marketing", "default": "withdrawn"}}))
    assert miss.what == "suppressed, no_consent: no consent event for purpose marketing, and the default is withdrawn"


@pytest.mark.parametrize(
    ("cap", "words", "free"),
    [
        ({"max": 1, "per": "day"}, "1 per day", "2026-11-03 00:00"),
        ({"max": 1, "per": "week"}, "1 per week", "2026-11-09 00:00"),
        ({"max": 1, "per": "month"}, "1 per month", "2026-12-01 00:00"),
        ({"max": 1, "per": "7h"}, "1 per 7h", "17:00"),
    ],
)
def test_a_cap_was_used_up_by_another_rule(cap: Mapping[str, Any], words: str, free: str) -> None:
    greedy = {"id": "greedy", "when": "cart.item_added"}
    explanation = explained([greedy, CART], ADDED, policy={"frequency": [cap]})
    _, cart = explanation.rules
    fired = next(text for text in lines(explanation, "greedy") if text.startswith("FIRED"))
    trigger_id = fired.removeprefix("FIRED trigger ")
    assert cart.nearest[0].what == (
        f"suppressed, frequency_cap: {words} used by greedy at 10:00 (trigger {trigger_id})"
    )
    assert cart.nearest[0].needed == f"one firing fewer, or a candidate due at {free} or later"


def test_a_digest_tells_what_it_lists_and_what_had_no_place() -> None:
    rule = {
        "id": "cart",
        "when": "cart.item_added",
        "per": "k",
        "include": {"price": "v"},
        "reentry": "once",
        "digest": {"max": 1, "highest": "price"},
    }
    mug, lamp = {"k": "mug", "v": 5}, {"k": "lamp", "v": 9}
    events = [("0m", "cart.item_added", one) for one in (mug, lamp)]
    explanation = explained(rule, *events, ("3h", "cart.item_added", lamp), policy={"arbitration": {"within": "2h"}})
    (cart,) = explanation.rules
    fired = next(text for text in lines(explanation) if text.startswith("FIRED"))
    trigger_id = fired.split()[2].rstrip(",")
    assert fired == f'FIRED trigger {trigger_id}, a digest of 2: {{"k":"lamp"}}'
    assert f"passes, digested: it is listed in trigger {trigger_id}" in lines(explanation)
    unlisted, again = cart.nearest
    assert (cart.fired, unlisted.instance, again.instance) == (1, '{"k":"mug"}', '{"k":"lamp"}')
    assert unlisted.what == (
        f"suppressed, unlisted: digest {trigger_id} has no place for it, what it lists is better by price"
    )
    assert again.what == f"suppressed, reentry: once, and it fired at 12:00 (trigger {trigger_id})"


def test_a_firing_that_no_cap_counts_uses_none_up() -> None:
    greedy = {"id": "greedy", "when": "cart.item_added", "transactional": True}
    other = {"id": "other", "when": "cart.item_added", "group": "g"}
    policy = {"frequency": [{"max": 1, "per": "day", "group": "g"}]}
    explanation = explained([greedy, other, {**CART, "group": "g"}], ADDED, policy=policy)
    assert "used by other at 10:00" in explanation.rules[2].nearest[0].what


def test_reentry_names_the_last_firing() -> None:
    again = ("3h", "cart.item_added")
    once = explained({**CART, "reentry": "once"}, ADDED, again).rules[0].nearest[0]
    assert once.what.startswith("suppressed, reentry: once, and it fired at 11:00 (trigger ")
    day = explained({**CART, "reentry": "24h"}, ADDED, again).rules[0].nearest[0]
    assert day.what.startswith("suppressed, reentry: 1d, and it fired at 11:00 (trigger ")
    assert day.needed == "a candidate due at 2026-11-03 11:00 or later"


def test_a_shadow_rules_own_record_is_what_reentry_names() -> None:
    rule = {**CART, "reentry": "once", "mode": "shadow"}
    first, second = explained(rule, ADDED, ("3h", "cart.item_added")).rules[0].nearest
    assert first.needed == "mode: live"
    assert second.what.startswith("suppressed, reentry: once, and it would have fired at 11:00")


def test_a_rule_was_not_ready() -> None:
    miss = only_miss(explained({**CART, "live_from": "2026-11-03T00:00:00Z"}, ADDED))
    assert miss.what == "suppressed, not_ready: due 11:00, and the rule is ready from 2026-11-03 00:00"


def test_a_contact_is_in_the_holdout() -> None:
    miss = only_miss(explained(CART, ADDED, policy={"holdout": {"percent": 100, "salt": "winter"}}))
    assert miss.what == "suppressed, holdout: contact c1 is among the 100 percent of salt winter"
    assert (
        miss.needed == "nothing this contact does: it is decided like any other, and sent nothing while the salt stands"
    )


def test_of_who_is_held_out_what_would_have_fired_is_what_re_entry_and_caps_name() -> None:
    again = ("3h", "cart.item_added")
    policy = {"holdout": {"percent": 100, "salt": "winter"}}
    first, second = explained({**CART, "reentry": "once"}, ADDED, again, policy=policy).rules[0].nearest
    assert first.what.startswith("suppressed, holdout")
    assert second.what.startswith("suppressed, reentry: once, and it would have fired at 11:00 (trigger ")
    capped = explained(CART, ADDED, again, policy={**policy, "frequency": {"max": 1, "per": "day"}}).rules[0].nearest[1]
    assert capped.what.startswith("suppressed, frequency_cap: 1 per day used by cart at 11:00 (trigger ")
    assert capped.what.endswith(", held out)")


def test_a_contact_outside_of_a_rollout_is_told_when_it_comes_in() -> None:
    def miss(percent: float) -> tuple[str, str]:
        found = only_miss(explained({**CART, "rollout": {"percent": percent, "salt": "spring"}}, ADDED))
        return found.what, found.needed

    what = "suppressed, rollout: contact c1 is not among the first 5 percent of salt spring"
    assert miss(5) == (what, "a rollout of 97.463 percent or more, which comes to this contact")
    assert miss(97.462)[0].startswith("suppressed, rollout")
    explanation = explained({**CART, "rollout": {"percent": 97.463, "salt": "spring"}}, ADDED)
    assert explanation.rules[0].fired == 1
    assert "gates: rollout ✓" in lines(explanation)


def test_outside_of_a_rollout_re_entry_names_what_would_have_fired_and_no_cap_does() -> None:
    rule = {**CART, "reentry": "once", "rollout": {"percent": 0}}
    again = ("3h", "cart.item_added")
    frequency = {"frequency": {"max": 1, "per": "day"}}
    first, second = explained(rule, ADDED, again, policy=frequency).rules[0].nearest
    assert first.what.startswith("suppressed, rollout")
    assert second.what.startswith("suppressed, reentry: once, and it would have fired at 11:00 (trigger ")


def test_an_exit_of_who_is_outside_of_a_rollout_says_so() -> None:
    rule = {**VIP, "rollout": {"percent": 0}}
    explanation = explained(rule, ("0m", "order.completed", {"total": 600}), ("1h", "support.complaint"))
    assert [(miss.what.split(":")[0], miss.needed) for miss in explanation.rules[0].nearest][1] == (
        "suppressed, rollout",
        "a rollout that has come to it when it enters",
    )


def test_an_exit_of_who_was_held_out_says_so() -> None:
    policy = {"holdout": {"percent": 100, "salt": "x"}}
    explanation = explained(VIP, ("0m", "order.completed", {"total": 600}), ("1h", "support.complaint"), policy=policy)
    assert [(miss.what.split(":")[0], miss.needed) for miss in explanation.rules[0].nearest][1] == (
        "suppressed, holdout",
        "an entered that fires",
    )


QUIET = {"quiet_hours": {"from": "10:30", "to": "13:00"}}


def test_quiet_hours_hold_it_and_it_fires_on_release() -> None:
    explanation = explained(CART, ADDED, policy=QUIET)
    assert "held by quiet hours until 13:00" in lines(explanation)
    assert explanation.rules[0].fired == 1


def test_what_quiet_hours_still_hold_says_when_it_is_asked_again() -> None:
    miss = only_miss(explained(CART, ADDED, policy=QUIET, until="2h"))
    assert miss.what == "held by quiet hours until 13:00"
    assert miss.needed == "it is asked again at 13:00: every gate has to pass, and no order.completed until then"


def test_a_purchase_in_quiet_hours_cancelled_it() -> None:
    miss = only_miss(explained(CART, ADDED, ("2h", "order.completed"), policy=QUIET))
    assert miss.what == "cancelled, unless: order.completed (e2) came while quiet hours held it"
    assert miss.needed == "no order.completed before its release"


def test_it_had_expired_when_it_was_released() -> None:
    miss = only_miss(explained({**CART, "expires": "1h"}, ADDED, policy=QUIET))
    assert miss.what == "suppressed, expired: released 2 hours after it was due, and the rule expires after 1h"
    assert miss.needed == "a release before 12:00, or a longer expires"


def test_a_newer_candidate_took_the_held_place() -> None:
    rule = {**CART, "wait": ["1h", "2h"]}
    superseded = explained(rule, ADDED, policy=QUIET).rules[0].nearest[0]
    assert superseded.what == "suppressed (reminder 0), superseded: a newer candidate took its place in quiet hours"


def test_a_higher_threshold_of_the_same_event_is_the_one_that_fires() -> None:
    rule = {"id": "cart", "when": "order.completed", "reaches": {"sum": "total", "at": [250, 500]}}
    (miss,) = explained(rule, ("0m", "order.completed", {"total": 600})).rules[0].nearest
    assert miss.what == (
        "suppressed (threshold 250), superseded: the event that crossed 250 crossed a higher threshold too"
    )


def test_a_deleted_contacts_held_candidate_is_cancelled() -> None:
    miss = only_miss(explained(CART, ADDED, ("2h", "contact.deleted"), policy=QUIET))
    assert miss.what == "cancelled, deleted: the contact was deleted before it could fire"


def test_a_merged_contacts_held_candidate_is_cancelled() -> None:
    miss = only_miss(explained(CART, ADDED, ("2h", "contact.merged", {"into": "c-42"}), policy=QUIET))
    assert miss.what == "cancelled, merged: the contact was merged into another before it could fire"
    assert miss.needed == "no contact.merged before it"


def test_an_exit_without_a_fired_entry_says_so() -> None:
    policy = {"consent": {"purpose": "x", "default": "withdrawn"}}
    explanation = explained(VIP, ("0m", "order.completed", {"total": 600}), ("1h", "support.complaint"), policy=policy)
    assert [miss.what.split(":")[0] for miss in explanation.rules[0].nearest] == [
        "suppressed, no_consent",
        "suppressed, not_entered",
    ]


def test_a_limit_says_which() -> None:
    rule = {**CART, "per": "product_id"}
    explanation = explained(
        rule, ("0m", "cart.item_added", {"product_id": "p1"}), ("1m", "cart.item_added", {"product_id": "p2"}), keys=1
    )
    assert "no room: the rule remembers as many instances as it may" in lines(explanation)
    assert explanation.rules[0].nearest[-1].what == "suppressed, limit: the rule has no room for it"


# ---------------------------------------------------------------- still


def test_what_did_not_hold_any_more_is_named() -> None:
    rule = {**CART, "still": {"count": "feature.used", "within": "2h", "lt": 2}}
    uses = [(f"{minutes}m", "feature.used") for minutes in (10, 20)]
    miss = only_miss(explained(rule, ADDED, *uses))
    assert miss.what == "suppressed, condition_unmet: count of feature.used within 2h is 2, the rule wants < 2"
    assert miss.needed == "count of feature.used within 2h < 2: the oldest that counts leaves at 12:10"


def test_still_is_asked_about_the_newest_arming_event() -> None:
    rule = {**CART, "still": {"any": [{"present": "product.viewed", "same": "sku"}, {"contact": {"tier": "gold"}}]}}
    miss = only_miss(explained(rule, ("0m", "product.viewed", {"sku": "a"}), ("1m", "cart.item_added", {"sku": "b"})))
    assert miss.what == (
        'suppressed, condition_unmet: no product.viewed with sku "b" '
        'and contact.tier is missing, the rule wants contact.tier = "gold"'
    )
    assert miss.needed == 'product.viewed with sku "b" before it or contact.tier = "gold"'
