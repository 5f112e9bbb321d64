"""What an explanation says of a rule on a channel: which of its gates refused, and what it would have taken."""

from __future__ import annotations

from typing import Any

from tests.explain.explaining import ADDED, CART, explained, lines, only_miss

PUSHED = {**CART, "channel": "push"}


def policy(**push: Any) -> dict[str, Any]:
    return {"consent": {"purpose": "marketing"}, "channels": {"push": push, "email": {}}}


def test_the_consent_of_the_channel_was_never_given() -> None:
    consent = {"purpose": "push", "default": "withdrawn"}
    miss = only_miss(explained(PUSHED, ADDED, policy=policy(consent=consent)))
    assert miss.what == (
        "suppressed, no_consent: no consent event for purpose push, which channel push asks for, "
        "and the default is withdrawn"
    )
    assert miss.needed == 'consent.granted with purpose "push" before 11:00'


def test_without_a_consent_of_its_own_the_policys_is_named() -> None:
    miss = only_miss(explained(PUSHED, ADDED, ("30m", "consent.withdrawn", {}), policy=policy()))
    assert miss.what == "suppressed, no_consent: purpose marketing withdrawn at 10:30 (e2)"


def test_the_cap_of_the_channel_is_named_with_it() -> None:
    other = {"id": "other", "when": "cart.item_added", "channel": "push"}
    mailed = {"id": "mailed", "when": "cart.item_added", "channel": "email"}
    capped = policy(frequency={"max": 1, "per": "day"})
    explanation = explained([other, mailed, PUSHED], ADDED, policy=capped)
    miss = explanation.rules[-1].nearest[0]
    assert miss.what.startswith("suppressed, frequency_cap: 1 per day on push used by other at 10:00 (trigger ")
    assert miss.needed == "one firing fewer, or a candidate due at 2026-11-03 00:00 or later"


def test_what_the_quiet_hours_of_the_channel_hold_says_until_when() -> None:
    quiet = policy(quiet_hours={"from": "10:30", "to": "13:00"})
    miss = only_miss(explained(PUSHED, ADDED, policy=quiet, until="2h"))
    assert miss.what == "held by quiet hours of channel push until 13:00"
    assert miss.needed.startswith("it is asked again at 13:00")


def test_a_variant_stands_with_what_fired() -> None:
    explanation = explained({**CART, "variants": {"plain": 100}}, ADDED)
    assert any(text.startswith("FIRED (variant plain) trigger ") for text in lines(explanation))
