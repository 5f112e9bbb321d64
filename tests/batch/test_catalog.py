"""Two snapshots of a catalogue compared: the laws of the events, and what no snapshot may hold."""

from __future__ import annotations

import csv
import gzip
import io
import json
import random
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kittiwake.batch.catalog import difference
from kittiwake.batch.catalog.columns import Columns
from kittiwake.batch.catalog.difference import Counts, Settings, write_difference
from kittiwake.batch.catalog.number_texts import number_of_text
from kittiwake.input.errors import InputError
from kittiwake.input.events import parse_event
from kittiwake.model import Event
from kittiwake.time.instants import parse_instant
from kittiwake.values import canonical, parse_json

TIME_US = parse_instant("2026-11-02T03:00:00Z")
ALL = Columns("id", None, frozenset())
Night = dict[str, dict[str, Any]]

VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.decimals(-1_000, 1_000, places=2), st.text(max_size=3),
    st.fixed_dictionaries({"net": st.integers(0, 3)}),
)  # fmt: skip
NIGHTS = st.dictionaries(
    st.text(min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(("price", "quantity", "title")), VALUES, max_size=3),
    max_size=6,
)


def lines_of(night: Night, path: Path) -> str:
    """The snapshot of a night as JSON Lines."""
    path.write_text("".join(canonical({"id": item, **values}) + "\n" for item, values in night.items()))
    return str(path)


def events_between(old: str | None, new: str, columns: Columns = ALL, delimiter: str = ",") -> list[dict[str, Any]]:
    into = io.BytesIO()
    write_difference(old, new, Settings("acme", TIME_US, columns, delimiter), into, lambda _: None)
    return [parse_json(line) for line in into.getvalue().splitlines()]


def applied(catalogue: Night, events: list[dict[str, Any]]) -> Night:
    """A catalogue after events, as whoever keeps it up to date applies them: null takes a value away."""
    after = dict(catalogue)
    for event in events:
        if event["type"] == "item.removed":
            del after[event["item_id"]]
        else:
            values = {**after.get(event["item_id"], {}), **event["properties"]}
            after[event["item_id"]] = {name: value for name, value in values.items() if value is not None}
    return after


def known(night: Night) -> Night:
    """A night without what is null, numbers as they are read."""
    read: Night = parse_json(canonical(night))
    return {item: {k: v for k, v in values.items() if v is not None} for item, values in read.items()}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nights=st.lists(NIGHTS, min_size=1, max_size=3))
def test_the_events_of_each_night_in_turn_make_its_snapshot(nights: list[Night], tmp_path: Path) -> None:
    catalogue: Night = {}
    old = None
    for number, night in enumerate(nights):
        new = lines_of(night, tmp_path / f"{number}.jsonl")
        catalogue = applied(catalogue, events_between(old, new))
        assert canonical(catalogue) == canonical(known(night))
        old = new


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(old=NIGHTS, new=NIGHTS)
def test_each_event_is_a_sound_one_of_an_item_and_says_only_what_changed(
    old: Night, new: Night, tmp_path: Path
) -> None:
    was, now = known(old), known(new)
    found = events_between(lines_of(old, tmp_path / "old"), lines_of(new, tmp_path / "new"))
    assert [one["item_id"] for one in found] == sorted(one["item_id"] for one in found)
    assert len({one["event_id"] for one in found}) == len(found)
    for event in found:
        read = parse_event(canonical(event).encode(), "here", TIME_US)
        assert isinstance(read, Event)
        assert (read.item_id, read.time_us, read.properties) == (event["item_id"], TIME_US, event["properties"])
        if event["type"] == "item.updated":
            before, after = was[event["item_id"]], now[event["item_id"]]
            assert event["properties"]
            for name, value in event["properties"].items():
                assert canonical(value) == canonical(after.get(name)) != canonical(before.get(name))
        if event["type"] == "item.removed":
            assert event["properties"] == ({"quantity": 0} if "quantity" in old[event["item_id"]] else {})


def test_the_order_of_lines_says_nothing_also_where_products_go_to_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dice = random.Random(1)
    nights = [{f"i{n}": {"price": dice.randrange(3)} for n in dice.sample(range(900), 700)} for _ in range(2)]
    files = [lines_of(night, tmp_path / f"{n}") for n, night in enumerate(nights)]
    expected = events_between(*files)
    shuffled = []
    for file in files:
        rows = Path(file).read_text().splitlines()
        dice.shuffle(rows)
        shuffled.append(Path(file + "s"))
        shuffled[-1].write_text("\n".join(rows))
    monkeypatch.setattr(difference, "HELD_BYTES", 10_000)
    assert events_between(*map(str, shuffled)) == expected
    assert {one["type"] for one in expected} == {"item.added", "item.updated", "item.removed"}


def test_csv_and_json_lines_plain_or_packed_say_the_same(tmp_path: Path) -> None:
    night = {"mug, big": {"price": 9.5, "title": 'a "mug"\nof tin'}, "7": {"price": 4, "title": None}}
    sheet = io.StringIO()
    rows = csv.writer(sheet)
    rows.writerows([["id", "price", "title"], *([item, *values.values()] for item, values in night.items())])
    numbers = ALL._replace(numbers=frozenset({"price"}))
    (tmp_path / "a.csv").write_text("\ufeff" + sheet.getvalue(), encoding="utf-8")
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(sheet.getvalue().encode()))
    (tmp_path / "a.zst").write_bytes(zstandard.compress(sheet.getvalue().encode()))
    expected = events_between(None, lines_of(night, tmp_path / "a.jsonl"))
    assert expected[0]["properties"] == {"price": 4}
    for name in ("a.csv", "a.csv.gz", "a.zst"):
        assert events_between(None, str(tmp_path / name), numbers) == expected


def test_only_the_named_columns_are_compared(tmp_path: Path) -> None:
    old = lines_of({"mug": {"price": 1, "viewed": 1}, "cup": {"price": 1, "viewed": 1}}, tmp_path / "old")
    new = lines_of({"mug": {"price": 2, "viewed": 2}, "cup": {"price": 1, "viewed": 2}}, tmp_path / "new")
    (event,) = events_between(old, new, ALL._replace(compared={"price": "price"}))
    assert (event["item_id"], event["properties"]) == ("mug", {"price": 2})


def test_a_column_that_the_old_snapshot_does_not_have_is_new_for_every_item(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_text("id,price\nmug,1\n")
    (tmp_path / "new.csv").write_text("id,price,quantity\nmug,1,4\n")
    columns = Columns("id", {one: one for one in ("price", "quantity")}, frozenset({"price", "quantity"}))
    (event,) = events_between(str(tmp_path / "old.csv"), str(tmp_path / "new.csv"), columns)
    assert event["properties"] == {"quantity": 4}


def test_one_that_is_compared_in_no_value_is_unchanged_and_all_are_counted(tmp_path: Path) -> None:
    old = lines_of({"a": {"n": 1, "m": None}, "b": {"n": 1}, "c": {"n": 1}}, tmp_path / "old")
    new = lines_of({"a": {"n": 1}, "b": {"n": 2}, "d": {"n": 1}}, tmp_path / "new")
    made = write_difference(old, new, Settings("acme", TIME_US, ALL, ","), io.BytesIO(), lambda _: None)
    assert made == Counts(added=1, updated=1, removed=1, unchanged=1)


PRICED = ALL._replace(numbers=frozenset({"price"}))

WRONG: list[tuple[str, Columns, str]] = [
    ("id,price\nmug,1\ncup,2\nmug,3\n", ALL, ":4: the item 'mug' is at line 2 too"),
    ("id,price\nmug,1,2\n", ALL, ":2: it has 3 fields, the heading has 2"),
    ('id,price\nmug,"1\ncup,2\n', ALL, ":2: the row is no CSV"),
    ("id,price,price\nmug,1,2\n", ALL, ":1: two columns are called price"),
    ("id;price\nmug;1\n", ALL, ":1: the heading is one column: say --delimiter ';'"),
    ("id,price\nmug,1\n", ALL._replace(item="idd"), r":1: there is no column idd \(--id\); did you mean id\?"),
    ("id,price\nmug,1\n", ALL._replace(numbers=frozenset({"x"})), r"no column x \(--numbers\); there are: id, price"),
    ("id,price\nmug,\ncup,9,\n", ALL, ":3: it has 3 fields"),
    ('id,price\n\nmug,"9,99 EUR"\n', PRICED, ":3: price is no number: '9,99 EUR'; .*, say --decimal ','"),
    ("id,price\nmug,7 pieces\n", PRICED, ":2: price is no number: '7 pieces'; write it as in JSON"),
    ("id,price\nmug,9 EUR\ncup,9 USD\n", PRICED, ":3: price is in USD, at .*new:2 in EUR; a column has one currency"),
    ("id,price\rmug,1\r", ALL, ":1: lines end in a carriage return alone"),
    ("<?xml version='1.0'?>\n<rss/>\n", ALL, ":1: it is XML or HTML"),
    ('{\n "products": []\n}\n', ALL, ":1: it is one JSON object of several lines"),
    ('{"products": [{"id": 1}]}\n', ALL, r":1: products is a list of objects: .* `jq -c '\.products\[\]'`"),
    ("id,price\n,1\n", ALL, ":2: id names no item"),
    ('{"id": "mug"}\n{"id": true}\n', ALL, ":2: id names no item"),
    ('{"id": "mug"}\n\n{"id": "cup"\n', ALL, ":3: "),
    ('{"id": "mug"}\n[1]\n', ALL, ":2: the record is a list, not a JSON object"),
    ('[{"id": "mug"}]\n', ALL, ":1: it is a JSON array: write one product a line"),
    ('{"id": "mug", "n": 1e999}\n', ALL, ":1: a number lies beyond"),
    ('{"ids": "mug"}\n', ALL, ":1: there is no column id .*did you mean ids"),
    ('{"id": "mug", "prize": 1}\n', Columns("id", {"price": "price"}, frozenset()), "did you mean prize"),
    ('{"id": "mug", "text": "%s"}\n' % ("x" * 200_000), ALL, ":1: the columns take 200,"),
]


@pytest.mark.parametrize(("text", "columns", "message"), WRONG, ids=[one[2] for one in WRONG])
def test_a_mistake_in_a_snapshot_is_said_with_its_line(
    text: str, columns: Columns, message: str, tmp_path: Path
) -> None:
    (tmp_path / "new").write_text(text)
    with pytest.raises(InputError, match=f"new.*{message}"):
        events_between(None, str(tmp_path / "new"), columns)


def test_what_is_no_utf_8_is_said_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "new").write_bytes(b"id,title\nmug,Zo\xeb\n")
    with pytest.raises(InputError, match="new:2: the line is not UTF-8"):
        events_between(None, str(tmp_path / "new"))


def test_numbers_of_csv_are_values_and_ids_are_texts_but_for_json_numbers(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,n\n007,1.50\n")
    (tmp_path / "a.jsonl").write_text(json.dumps({"id": 7.0, "n": "x"}) + "\n")
    (event,) = events_between(None, str(tmp_path / "a.csv"), ALL._replace(numbers=frozenset({"n"})))
    assert (event["item_id"], canonical(event["properties"])) == ("007", '{"n":1.5}')
    (event,) = events_between(None, str(tmp_path / "a.jsonl"))
    assert event["item_id"] == "7"


NUMBERS: list[tuple[str, str | None, str]] = [
    ("19.99 EUR", None, "19.99"),
    ("EUR 19.99", None, "19.99"),
    ("$19.99", None, "19.99"),
    ("US$ 5", None, "5"),
    ("kr 5", None, "5"),
    ("-5 \u20ac", None, "-5"),
    (" 1e3 ", None, "1000"),
    ("19,99 \u20ac", ",", "19.99"),
    ("1.299,50", ",", "1299.5"),
    ("1 299,50", ",", "1299.5"),
    ("1\u202f299\u202f000,5\u00a0\u20ac", ",", "1299000.5"),
    ("CHF 1'299.50", ".", "1299.5"),
    ("1,299", ".", "1299"),
    ("1299", ".", "1299"),
    ("0.5", ".", "0.5"),
]
NO_NUMBERS = [
    ("1,299", None), ("1'299", None), ("19.99", ","), ("1.29,5", ","), ("1.299.50", "."), ("1,299 000", "."),
    ("12,", ","), (",5", ","), ("$5 USD", None), ("5 $$", None), ("10%", None), ("7 pieces", None), ("EUR", None),
    ("1-2", None), ("--1", None), ("+1", None), ("007", None), ("1" * 500, None), ("a" + " " * 100_000 + "b", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "decimal", "number"), NUMBERS, ids=str)
def test_a_number_of_an_export_may_have_a_currency_a_decimal_comma_and_groups(
    text: str, decimal: str | None, number: str
) -> None:
    found = number_of_text(text, decimal)
    assert found is not None
    assert canonical(found.number) == number


@pytest.mark.parametrize(("text", "decimal"), NO_NUMBERS, ids=range(len(NO_NUMBERS)))
def test_what_may_be_read_in_two_ways_is_no_number(text: str, decimal: str | None) -> None:
    assert number_of_text(text, decimal) is None


@given(value=st.decimals(-(10**9), 10**9, places=2), group=st.sampled_from("'. \u00a0\u202f"))
def test_the_groups_and_the_mark_of_a_number_say_nothing_of_its_value(value: Decimal, group: str) -> None:
    text = f"{value:,.2f}".translate({ord(","): group, ord("."): ","})
    found = number_of_text(text, ",")
    assert found is not None
    assert found.number == value


def test_a_feed_of_merchants_needs_no_work_of_its_producer(tmp_path: Path) -> None:
    """Prices with currencies, names that rules know them by, rows of images without an id, spaces in a heading."""
    heading = "id; price;Variant Inventory Qty;title\n"
    (tmp_path / "old").write_text(f"{heading}mug ;1.019,99 EUR;4;Mug\n;;;\ncup;5,00 EUR;0;Cup\n")
    (tmp_path / "new").write_text(f"{heading}mug;919,99 EUR;4;Mug, big\n;;;\n")
    sent = {"price": "price", "quantity": "Variant Inventory Qty"}
    columns = Columns("id", sent, frozenset(sent), ",", skip_without_id=True)
    into = io.BytesIO()
    settings_ = Settings("acme", TIME_US, columns, ";")
    counts = write_difference(str(tmp_path / "old"), str(tmp_path / "new"), settings_, into, lambda _: None)
    assert counts == Counts(updated=1, removed=1, without_id=2)
    found = [(one["item_id"], one["properties"]) for one in map(parse_json, into.getvalue().splitlines())]
    assert found == [("cup", {"quantity": 0}), ("mug", {"price": Decimal("919.99")})]


def test_a_value_inside_an_object_is_sent_under_a_name(tmp_path: Path) -> None:
    path = tmp_path / "new"
    path.write_text('{"id": 1, "prices": {"EUR": {"amount": "9.50"}}}\n{"id": 2, "prices": {}}\n')
    columns = Columns("id", {"price": "prices.EUR.amount"}, frozenset({"price"}))
    assert [one["properties"] for one in events_between(None, str(path), columns)] == [{"price": Decimal("9.5")}, {}]
    with pytest.raises(InputError, match=r"there is no column prices\.USD"):
        events_between(None, str(path), columns._replace(compared={"price": "prices.USD"}))
