"""Variants: each contact has one, whoever asks, whenever, and as many have it as its share says."""

from collections import Counter
from decimal import Decimal

from kittiwake.kernel.evaluate.variants import draw, variant_of
from kittiwake.kernel.plan.variants import Variants, draws_below
from kittiwake.rules import load_document
from kittiwake.rules.compile.account import compile_account
from kittiwake.testing import run

CONTACTS = [f"c{number}" for number in range(4_000)]


def program_variants(**variants: object) -> Variants:
    rule = {"id": "r", "when": "cart.opened", "variants": variants}
    found = compile_account(load_document({"account": "acme", "rules": [rule]}), "acme").rules[0].variants
    assert found is not None
    return found


def version_of(**variants: object) -> str:
    rule = {"id": "r", "when": "cart.opened", "variants": variants}
    return load_document({"account": "acme", "rules": [rule]}).rules_of("acme")[0].version


def test_shares_that_come_to_the_whole_leave_no_draw_without_a_variant() -> None:
    thirds = program_variants(a=Decimal("33.3"), b=Decimal("33.3"), c=Decimal("33.4"))
    assert thirds.edges[-1] == 2**64
    assert draws_below(50) == 2**63
    assert draws_below(0) == 0


def test_a_draw_at_an_edge_belongs_to_the_share_that_begins_there() -> None:
    at = draw("s", "acme", "c1")
    before, behind = Variants("s", ("a", "b"), (at, 2**64)), Variants("s", ("a", "b"), (at + 1, 2**64))
    assert (variant_of(before, "acme", "c1"), variant_of(behind, "acme", "c1")) == ("b", "a")


def test_a_variant_without_a_share_is_drawn_by_nobody() -> None:
    variants = program_variants(a=0, b=50, c=0, d=50, e=0)
    assert {variant_of(variants, "acme", name) for name in CONTACTS} == {"b", "d"}


def test_as_many_contacts_get_a_variant_as_its_share_says() -> None:
    variants = program_variants(a=70, b=20, c=10)
    found = Counter(variant_of(variants, "acme", name) for name in CONTACTS)
    for name, share in (("a", 70), ("b", 20), ("c", 10)):
        assert abs(found[name] / len(CONTACTS) - share / 100) < 0.03


def test_other_words_draw_independently() -> None:
    one, other = program_variants(a=50, b=50, salt="one"), program_variants(a=50, b=50, salt="other")
    found = Counter((variant_of(one, "acme", name), variant_of(other, "acme", name)) for name in CONTACTS)
    assert all(abs(number / len(CONTACTS) - 0.25) < 0.03 for number in found.values())
    held_out = [name for name in CONTACTS if draw("winter", "acme", name) < draws_below(5)]
    assert abs(sum(variant_of(one, "acme", name) == "a" for name in held_out) / len(held_out) - 0.5) < 0.15


def test_other_shares_move_the_border_and_nobody_else() -> None:
    narrow, wide = program_variants(a=50, b=50), program_variants(a=60, b=40)
    moved = [(variant_of(narrow, "acme", name), variant_of(wide, "acme", name)) for name in CONTACTS]
    assert {*moved} == {("a", "a"), ("b", "a"), ("b", "b")}
    assert abs(moved.count(("b", "a")) / len(CONTACTS) - 0.1) < 0.02


def test_the_order_of_variants_is_part_of_a_rules_text() -> None:
    assert version_of(a=50, b=50) != version_of(b=50, a=50)
    assert version_of(a=50, b=50) == version_of(a=Decimal("50.0"), b=50)


def test_a_rule_without_variants_has_none_to_show() -> None:
    document = {"account": "acme", "rules": [{"id": "r", "when": "cart.opened"}]}
    event = {"event_id": "e", "type": "cart.opened", "time": "2026-11-02T10:00:00Z"}
    events = [{**event, "account_id": "acme", "contact_id": "c1"}]
    (row,) = run(document, events, 1_800_000_000_000_000, account="acme", contact="c1")
    assert row["variant"] is None
