"""What has to be checked in an export is said, with how often, and nothing where all is in order."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from kittiwake.inspect.inspection import Inspection, inspect_files
from kittiwake.time.instants import parse_instant

NOW_US = parse_instant("2026-11-22T00:00:00Z")


def inspected(path: Path, *records: dict[str, Any] | str) -> Inspection:
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    path.write_text("".join(f"{line}\n" for line in lines))
    return inspect_files([str(path)], "acme", NOW_US, lambda *_: None)


def record(at: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"e{at}",
        "user_id": f"c{at % 40}",
        "event": "viewed",
        "timestamp": f"2026-01-{at % 28 + 1:02d}T10:00:00Z",
        **more,
    }


def test_nothing_is_said_of_what_is_in_order(tmp_path: Path) -> None:
    assert inspected(tmp_path / "a.jsonl", *(record(at, price=9.9) for at in range(200))).findings == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"price": "9.90"}, "amounts are texts that say numbers: price; the shape reads them as numbers"),
        (lambda at: {"a": {"price": "9.90" if at else "free"}}, "some texts say numbers and others none: a.price"),
        (lambda at: {"user_id": "guest-till" if at % 2 else f"c{at}"}, "contact guest-till has 50.0 % of all events"),
        (lambda at: {"user_id": None if at % 4 == 0 else "c1"}, "50 records (25.0 %) without a contact, left out"),
        (lambda at: {"user_id": "unknown" if at % 4 == 0 else "c1"}, "50 records (25.0 %) without a contact, left out"),
        (lambda at: {"id": f"e{at // 2}", "event": f"t{at % 2}"}, "100 ids shared by events of several types"),
        (lambda at: record(at // 2), "100 records equal to another in everything"),
        ({"timestamp": "2026-01-01 10:00:00"}, "timestamp has no zone: the shape says UTC"),
        ({"timestamp": "2026-01-01"}, "timestamp is a date only"),
        ({"timestamp": "02/03/2026 10:00"}, "timestamp may be day/month or month/day"),
        (lambda at: {"timestamp": f"202{7 if at < 3 else 6}-01-01T00:00:00Z"}, "3 records in the future"),
        (lambda at: {"timestamp": f"{1970 if at < 3 else 2026}-01-01T00:00:00Z"}, "the first event is of 1970"),
        ({"user_id": "shop-1"}, "contact shop-1 has 100.0 % of all events"),
        ({"total": "$1,005.50"}, "amounts with a currency are texts, which no rule compares or sums: total"),
        ({"total": "12,50 €"}, "amounts with a currency are texts, which no rule compares or sums: total"),
        (lambda at: {"user_id": f"{at}.0"}, "all contacts end in .0"),
        (lambda at: {"user_id": f"c{at}"}, "every contact has one event"),
        (lambda at: {"quantity": at - 1}, "some values are negative: quantity"),
        ({"items": [{"sku": "a"}]}, "items is a list: rules read its elements by derive"),
    ],
)  # fmt: skip
def test_what_has_to_be_checked_is_said(tmp_path: Path, change: Any, said: str) -> None:
    changed = change if callable(change) else lambda _: change
    found = inspected(tmp_path / "a.jsonl", *({**record(at), **changed(at)} for at in range(200)))
    assert [one for one in found.findings if said in one] != [], found.findings


def test_an_id_that_comes_again_beyond_the_sample_is_said(tmp_path: Path) -> None:
    rows = [record(at) for at in range(5_000)] + [record(at, event="other", user_id="x", price=at) for at in range(20)]
    rows += [record(at, user_id="y", price=at) for at in range(30)]
    said = inspected(tmp_path / "a.jsonl", *rows).findings
    assert any("with the id of another, and different" in one for one in said), said


def test_rows_of_one_order_are_known_by_the_fields_that_tell_them_apart(tmp_path: Path) -> None:
    rows = [f"{at // 3},{at % 3},c{at % 7},2026-01-01T10:00:00Z,1" for at in range(30)]
    found = inspected(tmp_path / "a.csv", "order_id,sku,customer_id,ordered_at,quantity", *rows)
    assert "event_id: {fields: [order_id, sku]}" in found.shape
    assert any("several records have one order_id" in one for one in found.findings)


def test_texts_of_json_and_lists_of_pairs_are_walked_into(tmp_path: Path) -> None:
    body = json.dumps({"customer_id": "c1", "created_at": "2026-01-01T10:00:00Z", "total": "9.90"})
    found = inspected(tmp_path / "a.jsonl", *({"id": at, "body": body} for at in range(3)))
    assert found.outcome.events == 3
    assert "json: [body]" in found.shape
    pairs = [{"key": "user_id", "value": {"string_value": "c1"}}]
    found = inspected(tmp_path / "b.jsonl", *({"id": at, "ts": 1772359200, "params": pairs} for at in range(3)))
    assert found.outcome.events == 3
    assert "pairs: [params]" in found.shape


def test_a_file_of_too_many_rows_numbers_none_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [f"c{at},2026-01-01 10:00,{at}" for at in range(30)]
    assert (
        "event_id: {digest: true, ordinal: true}" in inspected(tmp_path / "a.csv", "customer,ordered_at,n", *rows).shape
    )
    monkeypatch.setattr("kittiwake.inspect.inspection.ORDINALS_MAX", 20)
    found = inspected(tmp_path / "a.csv", "customer,ordered_at,n", *rows)
    assert "event_id: {digest: true}" in found.shape
    assert found.outcome.events == 30


def test_events_in_rows_keep_the_account_that_they_name(tmp_path: Path) -> None:
    head = "event_id,account_id,contact_id,type,time,total"
    found = inspected(tmp_path / "a.csv", head, "e1,shop,c1,order.completed,2026-01-01T00:00:00Z,9.90")
    assert "account: account_id" in found.shape.splitlines()
    assert (found.outcome.types, found.outcome.dead_letters) == ({"order.completed": 1}, 0)


def test_a_name_of_dotted_words_is_the_type_and_one_of_people_is_not(tmp_path: Path) -> None:
    for names, types in (
        (("cart.viewed", "order.placed"), {"cart.viewed", "order.placed"}),
        (("Ann", "Bob"), {"a.recorded"}),
    ):
        records = [{"id": at, "user": f"c{at}", "name": names[at % 2], "ts": "2026-01-01T10:00:00Z"} for at in range(6)]
        assert set(inspected(tmp_path / "a.jsonl", *records).outcome.types) == types
