"""The gates one by one and in their order: each may refuse, and the first that refuses names the reason."""

from __future__ import annotations

from decimal import Decimal, localcontext

from kittiwake.kernel.incremental import advance
from kittiwake.kernel.plan.build import build_program
from kittiwake.kernel.plan.gates import GATES
from kittiwake.kernel.plan.policy import Holdout, Policy
from kittiwake.kernel.state.state import new_state
from kittiwake.model import Event
from kittiwake.reasons import Reason
from tests.kernel.programs import START, at, program

# ---------------------------------------------------------------- order


def test_the_gates_stand_in_the_order_of_the_language() -> None:
    assert [*GATES] == [
        Reason.NOT_READY,
        Reason.CONDITION_UNMET,
        Reason.NO_CONSENT,
        Reason.REENTRY,
        Reason.FEED_SILENT,
        Reason.FLOODED,
        Reason.QUIET_HOURS,
        Reason.ARBITRATION,
        Reason.OUTRANKED,
        Reason.FREQUENCY_CAP,
        Reason.EXPIRED,
        Reason.ROLLOUT,
        Reason.HOLDOUT,
        Reason.SHADOW,
    ]


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
