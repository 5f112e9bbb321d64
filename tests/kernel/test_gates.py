"""The gates one by one and in their order: each may refuse, and the first that refuses names the reason."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest

from kittiwake.kernel.advance import advance
from kittiwake.kernel.plan.build import build_program
from kittiwake.kernel.plan.gates import GATES
from kittiwake.kernel.plan.policy import Holdout, Policy
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.reasons import Reason
from tests.kernel.timeline import START, at, program, timeline

EVENING = "2026-11-02T20:00:00Z"
OVERNIGHT = "quiet_hours: {from: '21:00', to: '08:00'}"


# ---------------------------------------------------------------- order


def test_the_gates_stand_in_the_order_of_the_language() -> None:
    assert [*GATES] == [
        Reason.NOT_READY,
        Reason.NO_CONSENT,
        Reason.REENTRY,
        Reason.QUIET_HOURS,
        Reason.FREQUENCY_CAP,
        Reason.EXPIRED,
        Reason.HOLDOUT,
        Reason.SHADOW,
    ]


def test_not_ready_comes_before_consent() -> None:
    timeline(
        "{when: a}",
        "does A\nr r",
        policy="live_from: 2026-11-04T00:00:00Z\nconsent: {purpose: news, default: withdrawn}",
    )


def test_consent_comes_before_the_holdout() -> None:
    timeline(
        "{when: a}",
        "does A\nr n",
        policy="consent: {purpose: news, default: withdrawn}\nholdout: {percent: 100, salt: winter}",
    )


def test_reentry_comes_before_quiet_hours() -> None:
    timeline(
        "{when: a, reentry: once}",
        """
        hours  20.22
        does   A.A.
        r      !.e.
        """,
        step="1h",
        start=EVENING,
        policy=OVERNIGHT,
    )


def test_quiet_hours_come_before_the_cap() -> None:
    timeline(
        "{when: a}",
        """
        hours  20.22.24......07.09
        does   A.A................
        r      !...........!......
        """,
        step="1h",
        start=EVENING,
        policy=f"{OVERNIGHT}\nfrequency: {{max: 1, per: day}}",
    )


def test_the_cap_comes_before_expiry_and_expiry_before_shadow() -> None:
    timeline(
        """
        - {id: a-first, when: a}
        - {id: capped, when: a, expires: 1h}
        """,
        """
        hours    21......04..08.09
        does     A................
        a-first  ...........!.....
        capped   ...........f.....
        """,
        step="1h",
        start="2026-11-02T21:00:00Z",
        policy=f"{OVERNIGHT}\nfrequency: {{max: 1, per: day}}",
    )
    timeline(
        "{when: a, expires: 1h, mode: shadow}",
        """
        hours  21......04..08.09
        does   A................
        r      ...........x.....
        """,
        step="1h",
        start="2026-11-02T21:00:00Z",
        policy=OVERNIGHT,
    )


# ---------------------------------------------------------------- ready


def test_a_candidate_due_before_live_from_is_not_ready_and_one_at_it_is() -> None:
    timeline(
        "{when: a, live_from: '2026-11-02T00:30:00Z'}",
        """
        does   AAA
        r      rr!
        """,
    )


def test_readiness_asks_when_it_was_due_not_when_it_was_armed_or_released() -> None:
    timeline(
        "{when: a, wait: 1h, live_from: '2026-11-02T01:00:00Z'}",
        """
        does   A.....
        r      ....!.
        """,
    )
    timeline(
        "{when: a, live_from: '2026-11-03T00:00:00Z'}",
        """
        hours  21......04..08.09
        does   A..A.............
        r      r..........!.....
        """,
        step="1h",
        start="2026-11-02T21:00:00Z",
        policy=OVERNIGHT,
    )


def test_a_rules_live_from_replaces_that_of_the_policy() -> None:
    timeline(
        """
        - {id: own, when: a, live_from: '2026-11-02T00:15:00Z'}
        - {id: shared, when: a}
        """,
        """
        does    AAA
        own     r!!
        shared  rr!
        """,
        policy="live_from: 2026-11-02T00:30:00Z",
    )


def test_history_from_holds_back_a_rule_for_as_long_as_it_looks_back() -> None:
    timeline(
        """
        - {id: ever, when: a, given: {count: a, gte: 1}}
        - {id: given, when: a, given: [{present: a, within: 15m}, {present: a, within: 30m}]}
        - {id: plain, when: a}
        - {id: sequence, when: {sequence: [b, a], within: 45m}}
        """,
        """
        does      BABA.
        ever      .!.!.
        given     .r.!.
        plain     .!.!.
        sequence  .r.!.
        """,
        policy="history_from: 2026-11-02T00:00:00Z",
    )


def test_the_later_of_live_from_and_history_counts() -> None:
    for live_from, row in (("2026-11-02T00:00:00Z", "rr!"), ("2026-11-02T00:45:00Z", "rrr")):
        timeline(
            "{when: a, given: {present: a, within: 30m}}",
            f"does AAA\nr {row}",
            policy=f"history_from: 2026-11-02T00:00:00Z\nlive_from: {live_from}",
        )


# ---------------------------------------------------------------- consent


def test_consent_is_the_newest_word_on_the_purpose() -> None:
    timeline(
        "{when: a}",
        """
        does   AWAGAVAHAWAHAGA
        r      !.n.!.!.!.n.n.!
        """,
        policy="consent: {purpose: news}",
        W={"type": "consent.withdrawn", "purpose": "news"},
        G={"type": "consent.granted", "purpose": "news"},
        V={"type": "consent.withdrawn", "purpose": "other"},
        H={"type": "consent.granted", "purpose": "other"},
    )


def test_consent_without_purpose_means_every_purpose() -> None:
    timeline(
        "{when: a}",
        """
        does   AGAWAHA
        r      n.!.n.!
        """,
        policy="consent: {purpose: news, default: withdrawn}",
        G={"type": "consent.granted"},
        W={"type": "consent.withdrawn", "purpose": None},
        H={"type": "consent.granted", "purpose": None},
    )


@pytest.mark.parametrize("purpose", [5, True, ["news"], {"news": True}])
def test_a_purpose_that_is_no_text_withdraws_and_does_not_grant(purpose: object) -> None:
    timeline(
        "{when: a}",
        """
        does   GAWAGA
        r      .n.n.n
        """,
        policy="consent: {purpose: news, default: withdrawn}",
        G={"type": "consent.granted", "purpose": purpose},
        W={"type": "consent.withdrawn", "purpose": purpose},
    )
    timeline(
        "{when: a}",
        """
        does   GAWAGA
        r      .!.n.n
        """,
        policy="consent: {purpose: news}",
        G={"type": "consent.granted", "purpose": purpose},
        W={"type": "consent.withdrawn", "purpose": purpose},
    )


def test_without_a_policy_nobody_asks_for_consent() -> None:
    timeline("{when: a}", "does WA\nr .!", W={"type": "consent.withdrawn"})


def test_consent_is_asked_at_the_gate_not_at_the_arming() -> None:
    timeline(
        "{when: a, wait: 1h}",
        """
        hours  0   1   2
        does   A...W.A...G..
        r      ....!.....n..
        """,
        policy="consent: {purpose: news}",
        W={"type": "consent.withdrawn"},
        G={"type": "consent.granted"},
    )


def test_consent_of_the_instant_comes_before_what_its_events_cause() -> None:
    timeline(
        "{when: a}",
        """
        does   A
        does   W
        r      n
        """,
        policy="consent: {purpose: news}",
        W={"type": "consent.withdrawn"},
    )


# ---------------------------------------------------------------- holdout


def held_out(contact: str, percent: str, salt: str = "winter") -> bool:
    """Whether the kernel holds the contact out."""
    rules = program("{when: a}", f"holdout: {{percent: {percent}, salt: {salt}}}")
    (decision,) = advance(rules, new_state(contact), [Event(at(START), "1", "a")], at(START) + 1).decisions
    assert decision.reason in (None, Reason.HOLDOUT)
    return decision.reason is Reason.HOLDOUT


def test_the_holdout_is_the_hash_of_salt_account_and_contact() -> None:
    """`printf winter:acme:c1 | sha256sum` begins b081151e44721eeb, which is 68.946…% of all there is."""
    below, above = (f"{0xB081151E44721EEB * 100 / 2**64 + shift:.10f}" for shift in (-1e-9, 1e-9))
    assert (held_out("c1", below), held_out("c1", above)) == (False, True)


def test_the_holdout_compares_exactly() -> None:
    """A share exactly as large as the hash does not hold out; one that is larger by the last bit does."""
    with localcontext() as context:
        context.prec = 100
        drawn = Decimal(0xB081151E44721EEB) * 100 / 2**64
        assert drawn * 2**64 == Decimal(0xB081151E44721EEB) * 100
        more = drawn + Decimal("1e-60")
    for percent, held in ((drawn, False), (more, True)):
        rules = build_program("acme", program("{when: a}").rules, policy=Policy(holdout=Holdout(percent, "winter")))
        (decision,) = advance(rules, new_state("c1"), [Event(at(START), "1", "a")], at(START) + 1).decisions
        assert (decision.reason is Reason.HOLDOUT) is held


def test_the_holdout_draws_anew_for_another_salt_and_another_contact() -> None:
    contacts = [f"c{i}" for i in range(400)]
    first = [held_out(one, "25") for one in contacts]
    assert 70 < sum(first) < 130
    assert first != [held_out(one, "25", "summer") for one in contacts]
    assert sum(held_out(one, "0") for one in contacts) == 0
    assert sum(held_out(one, "100") for one in contacts) == 400


def test_who_is_held_out_at_one_share_is_held_out_at_every_larger() -> None:
    for i in range(100):
        held = [held_out(f"c{i}", percent) for percent in ("0", "0.5", "10", "33.3", "99.999", "100")]
        assert held == sorted(held)


# ---------------------------------------------------------------- shadow


def test_a_shadow_rule_passes_the_gates_against_its_own_record() -> None:
    timeline(
        "{when: a, mode: shadow, reentry: 1h}",
        """
        hours  0   1   2
        does   A.A.A....
        r      s.e.s....
        """,
    )


def test_a_shadow_rule_reads_the_caps_and_does_not_use_them_up() -> None:
    timeline(
        """
        - {id: live, when: b}
        - {id: shadow, when: a, mode: shadow, priority: 90}
        """,
        """
        does    AABABA
        live    ..!.f.
        shadow  ss.f.f
        """,
        policy="frequency: {max: 1, per: day}",
    )


def test_a_shadow_audience_leaves_as_one_who_entered() -> None:
    timeline(
        "{audience: {present: a, within: 30m}, emits: [entered, exited], mode: shadow, reentry: 1h}",
        """
        hours  0   1   2
        does   A..A......
        r      s.se.o....
        """,
    )


def test_a_shadow_reminder_is_not_asked_about_reentry_after_the_first() -> None:
    timeline(
        "{when: a, wait: [0s, 15m, 30m], mode: shadow, reentry: 2h}",
        """
        does   A...A...
        r      sss.eee.
        """,
    )
