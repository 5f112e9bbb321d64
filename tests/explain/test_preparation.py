"""What an explanation says of events that are not seen as they came in."""

from __future__ import annotations

from tests.explain.explaining import explained

BIG = {"id": "big", "when": {"event": "paid", "where": {"total": {"gte": 50}}}, "include": {"sku": "sku"}}


def test_what_is_cast_is_shown_beside_what_came_in() -> None:
    beside = {"cast": [{"event": "paid", "number": ["total", "cart.tax"]}]}
    rule = {**BIG, "include": {"sku": "sku", "tax": "cart.tax"}}
    found = explained(rule, ("0m", "paid", {"total": "68.74", "sku": "7", "cart": {"tax": "1"}}), beside=beside)
    seen, sent = 'cart.tax=1 sku="7" total=68.74', 'cart.tax="1" total="68.74"'
    assert found.lines[0].text == f"paid (e1) {seen}; cast from {sent}"


def test_a_repeat_is_shown_and_does_nothing() -> None:
    found = explained(
        {"id": "r", "when": "paid"},
        ("0m", "paid", {"order": 1}),
        ("5m", "paid", {"order": 1}),
        beside={"repeats": [{"event": "paid", "same": "order", "within": "1d"}]},
    )
    assert [line.text for line in found.lines if line.rule_id is None] == [
        "paid (e1) order=1",
        "paid (e2): a repeat, dropped",
    ]


def test_a_derived_event_names_its_parent() -> None:
    beside = {
        "cast": [{"event": "bought", "number": "price"}],
        "derive": [{"event": "bought", "from": "paid", "each": "lines"}],
    }
    rule = {"id": "r", "when": {"event": "bought", "where": {"price": {"gte": 5}}}}
    found = explained(rule, ("0m", "paid", {"lines": [{"price": "7"}]}), beside=beside)
    assert [line.text for line in found.lines if line.rule_id is None] == [
        "paid (e1)",
        'bought (e1/paid/bought/0) price=7; derived from e1; cast from price="7"',
    ]
