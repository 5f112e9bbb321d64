"""`kittiwake catalog diff`: nights of a product feed to events that rules decide, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.command import Ran, event, kittiwake, write

RULES = """\
account: acme
rules:
  - {use: price-drop, include: {now: item.price}}
  - {use: back-in-stock}
"""
NIGHTS = (
    "product_id,price,quantity,title\nmug,10,4,Mug\ncup,5.00,2,Cup\n",
    "product_id,price,quantity,title\nmug,8,4,Mug\npot,30,1,Pot\n",
    "product_id,price,quantity,title\nmug,8,4,Mug\npot,30,1,Pot\ncup,5,9,Cup\n",
)


@pytest.fixture
def nights(tmp_path: Path) -> list[Path]:
    return [write(tmp_path / f"{night}.csv", *text.splitlines()) for night, text in enumerate(NIGHTS)]


def diff(*arguments: str | Path, day: int = 2) -> Ran:
    time = f"2026-11-{day:02d}T03:00:00Z"
    return kittiwake("catalog", "diff", *arguments, "--account", "acme", "--time", time, "--numbers", "price,quantity")


def test_three_nights_of_a_product_feed_fire_a_price_drop_and_back_in_stock(nights: list[Path], tmp_path: Path) -> None:
    files: list[Path] = []
    for night, new in enumerate(nights):
        files.append(tmp_path / f"{night}.jsonl")
        ran = diff(*nights[max(0, night - 1) : night], new, "--output", files[-1], day=2 + night)
        assert (ran.code, ran.out) == (0, "")
    contact = [event("product.viewed", "2026-11-02T09:00:00Z", product_id="mug")]
    contact += [event("stock_alert.requested", "2026-11-02T09:00:00Z", product_id="cup")]
    files.append(write(tmp_path / "contacts.jsonl", *contact))
    rules = write(tmp_path / "rules.yaml", RULES)
    inputs = [part for file in files for part in ("--input", file)]
    until = ("--until", "2026-11-05T00:00:00Z")
    assert kittiwake("replay", "--rules", rules, *inputs, "--output", tmp_path / "out", *until).code == 0
    (part,) = (tmp_path / "out/triggers").glob("*.jsonl")
    rows = [json.loads(line) for line in part.read_text().splitlines()]
    assert sorted((row["rule_id"], row["fired_at"], row["instance"]["item_id"]) for row in rows) == [
        ("back-in-stock", "2026-11-04T03:00:00Z", "cup"),
        ("price-drop", "2026-11-03T05:00:00Z", "mug"),
    ]
    assert [row["include"] for row in rows if row["rule_id"] == "price-drop"] == [{"now": 8}]


def test_standard_output_has_what_the_file_has_and_counts_stand_beside_it(nights: list[Path], tmp_path: Path) -> None:
    shown, written = diff(*nights[:2]), diff(*nights[:2], "--output", tmp_path / "events.jsonl")
    assert shown.out == (tmp_path / "events.jsonl").read_text()
    assert len(shown.out.splitlines()) == 3
    assert shown.err == written.err == "items: 1 added, 1 updated, 1 removed, 0 unchanged\n"
    assert diff(*nights[:2]).out == shown.out


def test_texts_that_look_like_numbers_are_pointed_out(nights: list[Path]) -> None:
    ran = kittiwake("catalog", "diff", nights[0], "--account", "acme", "--time", "2026-11-02T03:00:00Z")
    assert ran.code == 0
    assert "--numbers price,quantity" in ran.err


def test_prices_with_a_currency_are_pointed_out_and_rows_without_an_id_counted(tmp_path: Path) -> None:
    feed = write(tmp_path / "feed.tsv", "id\ttitle\tprice", "1\tMug\t", "2\tCup\t19,99 EUR", "\t\t")
    base = ("--account", "acme", "--time", "2026-11-02T03:00:00Z", "--delimiter", r"\t", "--id", "id")
    refused = kittiwake("catalog", "diff", feed, *base)
    assert (refused.code, "--skip-without-id" in refused.err) == (2, True)
    ran = kittiwake("catalog", "diff", feed, *base, "--skip-without-id")
    assert (ran.code, "--numbers price" in ran.err, "1 row(s) without id" in ran.err) == (0, True, True)
    read = kittiwake("catalog", "diff", feed, *base, "--skip-without-id", "--numbers", "price", "--decimal", ",")
    assert [json.loads(line)["properties"] for line in read.out.splitlines()] == [
        {"title": "Mug"},
        {"price": 19.99, "title": "Cup"},
    ]


def test_an_export_that_broke_off_writes_nothing_unless_that_is_meant(nights: list[Path], tmp_path: Path) -> None:
    broken = write(tmp_path / "broken.csv", "product_id,price,quantity")
    ran = diff(nights[0], broken)
    assert (ran.code, ran.out) == (2, "")
    assert "2 of 2 items are not in it any more" in ran.err
    meant = diff(nights[0], broken, "--max-removed", "1")
    assert meant.code == 0
    assert [json.loads(line)["properties"] for line in meant.out.splitlines()] == [{"quantity": 0}] * 2


def test_a_mistake_leaves_what_was_written_before(nights: list[Path], tmp_path: Path) -> None:
    output = write(tmp_path / "events.jsonl", "before")
    bad = write(tmp_path / "bad.csv", *NIGHTS[1].splitlines(), "mug,1,1,Mug")
    ran = diff(nights[0], bad, "--output", output)
    assert ran.code == 2
    assert "bad.csv:4: the item 'mug' is at line 2 too" in ran.err
    assert output.read_text() == "before\n"
    assert {path.name for path in tmp_path.iterdir()} == {"0.csv", "1.csv", "2.csv", "bad.csv", "events.jsonl"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("0.csv", "1.csv", "2.csv"), "3 snapshots are given"),
        (("none.csv",), "cannot read"),
        ((".",), "it is no file but a folder"),
        (("0.csv", "--time", "2026-11-02"), "--time: "),
        (("0.csv", "--account", ""), "--account: "),
        (("0.csv", "--delimiter", ",,"), "--delimiter: "),
        (("0.csv", "--max-removed", "2"), "--max-removed: "),
        (("0.csv", "--output", "0.csv"), "is one of the snapshots"),
        (("0.csv", "--output", "none/e.jsonl"), "cannot write none/e.jsonl"),
        (("0.csv", "--columns", "prise"), "did you mean price?"),
        (("0.csv", "--columns", "sum=prise"), "did you mean price?"),
        (("0.csv", "--columns", "price,price=title"), "two columns are to be sent as price"),
        (("0.csv", "--columns", "price="), "write COLUMN or NAME=COLUMN"),
        (("0.csv", "--decimal", ";"), "is no decimal mark"),
        (("a.parquet",), "a snapshot is CSV or JSON Lines"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_refused_with_code_2(
    arguments: tuple[str, ...], message: str, nights: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    base = ("--account", "acme", "--time", "2026-11-02T03:00:00Z")
    ran = kittiwake("catalog", "diff", *base, *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert message in ran.err
    assert nights[0].read_text() == NIGHTS[0]
