"""`kittiwake explain`."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import RULES, event, kittiwake, write

CART = event("cart.item_added", "2025-03-03T10:00:00Z", product_id="p1")
ORDER = event("order.completed", "2025-03-03T10:35:00Z")
OTHER = event("cart.item_added", "2025-03-03T12:00:00Z", "c2")
TWIN = event("cart.item_added", "2025-03-03T10:00:00Z", account="globex")
TWO_RULES = RULES + "  - {id: now, when: cart.item_added}\n"


@pytest.fixture
def files(tmp_path: Path) -> list[str | Path]:
    rules = write(tmp_path / "rules.yaml", TWO_RULES)
    events = write(tmp_path / "events.jsonl", ORDER, OTHER, CART)
    return ["explain", "--rules", rules, "--input", events]


def test_a_contacts_story_ends_with_what_did_not_fire_and_what_it_would_have_taken(files: list[str | Path]) -> None:
    ran = kittiwake(*files, "--contact", "c1")
    assert (ran.code, ran.err) == (0, "")
    lines = ran.out.splitlines()
    assert lines[:2] == ["contact c1 of account acme", "2 events, decided up to 2025-03-03 12:00:00.000001 (UTC)"]
    assert lines[2] == "properties that no rule reads are left out: kittiwake explain --all-properties shows them"
    assert "  10:00  cart.item_added (cart.item_added-2025-03-03T10:00:00Z)" in lines
    whole = kittiwake(*files, "--contact", "c1", "--all-properties")
    assert '  10:00  cart.item_added (cart.item_added-2025-03-03T10:00:00Z) product_id="p1"' in whole.out.splitlines()
    assert "    it would have taken: no order.completed before 11:00" in lines
    assert "now fired once" in lines


def test_events_are_named_bare_too(files: list[str | Path]) -> None:
    *rules, _, events = files
    assert kittiwake(*rules, events, "--contact", "c1") == kittiwake(*files, "--contact", "c1")


def test_only_one_rule_can_be_asked_for(files: list[str | Path]) -> None:
    ran = kittiwake(*files, "--contact", "c1", "--rule", "cart")
    assert ran.code == 0
    assert "now" not in ran.out
    unknown = kittiwake(*files, "--contact", "c1", "--rule", "crat")
    assert unknown.code == 2
    assert unknown.err == "account acme has no rule crat; it has cart, now\n"


def test_it_settles_where_a_replay_of_the_same_input_ends_or_where_it_is_told_to(files: list[str | Path]) -> None:
    whole = kittiwake(*files, "--contact", "c1", "--json").data
    assert whole["settled"] == "2025-03-03T12:00:00.000001Z"
    part = kittiwake(*files, "--contact", "c1", "--until", "2025-03-03T10:10:00Z", "--json").data
    assert part["settled"] == "2025-03-03T10:10:00Z"
    assert [rule["fired"] for rule in part["rules"]] == [0, 1]
    assert part["rules"][0]["nearest"][0]["stage"] == "waiting"


def test_an_id_that_is_written_with_escapes_is_found_too(tmp_path: Path, files: list[str | Path]) -> None:
    escaped = write(tmp_path / "more.jsonl", CART.replace('"c1"', '"\\u0063\\u00e9"'))
    ran = kittiwake(*files, "--input", escaped, "--contact", "cé", "--until", "2025-03-04T00:00:00Z")
    assert ran.code == 0
    assert "1 event, decided" in ran.out


def test_a_contact_of_several_accounts_asks_for_one(tmp_path: Path, files: list[str | Path]) -> None:
    twin = write(tmp_path / "twin.jsonl", TWIN)
    ran = kittiwake(*files, "--input", twin, "--contact", "c1")
    assert ran.code == 2
    assert ran.err == "contact c1 is of several accounts, acme, globex: say which with --account\n"
    ran = kittiwake(*files, "--input", twin, "--contact", "c1", "--account", "globex")
    assert (ran.code, ran.err) == (1, "EMPTY: there is no rule for account globex, which these events are of\n")
    assert "contact c1 of account globex" in ran.out


def test_a_contact_without_events_is_a_finding(tmp_path: Path, files: list[str | Path]) -> None:
    bad = write(tmp_path / "bad.jsonl", "no event")
    ran = kittiwake(*files, "--input", bad, "--contact", "c9")
    assert ran.code == 1
    assert ran.err.splitlines() == [
        "the input has no event of contact c9",
        "1 of the records read are no events: not_json",
        "    reason    number  for example",
        f"    not_json       1  {bad}:1: Invalid character (byte 4)",
        "    not_json: write one whole JSON object a line",
    ]
    found = kittiwake(*files, "--contact", "c9", "--json")
    assert (found.code, found.data["ok"]) == (1, False)


def test_bad_rules_and_inputs_are_unusable(tmp_path: Path, files: list[str | Path]) -> None:
    bad = write(tmp_path / "bad.yaml", RULES.replace("1h", "1 hour"))
    assert kittiwake("explain", "--rules", bad, *files[3:], "--contact", "c1").code == 2
    assert kittiwake(*files, "--input", "gone.jsonl", "--contact", "c1").code == 2
    assert kittiwake(*files, "--contact", "c1", "--until", "x").code == 2
    assert kittiwake(*files).code == 2


def test_a_target_is_explained_by_the_versions_in_force_at_each_time(tmp_path: Path, files: list[str | Path]) -> None:
    target, after = tmp_path / "published", write(tmp_path / "after.yaml", RULES.replace("id: cart", "id: trolley"))
    assert kittiwake("publish", files[2], target, "--effective-from", "always").code == 0
    assert kittiwake("publish", after, target, "--effective-from", "+10m").code == 0
    ran = kittiwake(
        "explain", "--rules", target, "--input", files[4], "--contact", "c1", "--until", "2100-01-01T00:00:00Z"
    )
    assert ran.code == 0, ran.err
    assert "other rules come into force: trolley is new, cart is gone and now is gone" in ran.out
    assert "now fired once" in ran.out
    one = kittiwake(
        *files[:2], target, *files[3:], "--contact", "c1", "--rule", "trolley", "--until", "2099-01-01T00:00:00Z"
    )
    assert "trolley did not fire\n    no event of type cart.item_added seen since " in one.out
    damaged = kittiwake("explain", "--rules", target, "--rules", after, "--input", files[4], "--contact", "c1")
    assert (damaged.code, damaged.out) == (2, "")
    assert "has published versions, which stand alone" in damaged.err


@pytest.mark.parametrize("until", [(), ("--until", "2025-03-04T00:00:00Z")])
def test_a_contact_named_by_bytes_that_are_no_utf8_has_no_event(
    files: list[str | Path], until: tuple[str, ...]
) -> None:
    """The shell hands them over as half of a surrogate pair."""
    ran = kittiwake(*files, "--contact", "\udcff", *until)
    assert ran.code == 1
    assert ran.err.startswith("the input has no event of contact ")


@pytest.mark.parametrize("name", ["Mars/Olympus", "+05:30", "W. Europe Standard Time", 5])
def test_a_time_zone_that_is_none_is_named_where_the_contact_got_it(tmp_path: Path, name: object) -> None:
    rules = write(tmp_path / "rules.yaml", "timezone: America/Toronto\n" + TWO_RULES)
    moved = event("contact.updated", "2025-03-03T09:00:00Z", timezone=name)
    events = write(tmp_path / "events.jsonl", moved, CART)
    ran = kittiwake("explain", "--rules", rules, "--input", events, "--contact", "c1")
    (line,) = [line for line in ran.out.splitlines() if "contact.updated" in line]
    assert line.endswith("; timezone is no IANA zone, so that of the account counts: America/Toronto")


@pytest.mark.parametrize("name", ["europe/berlin", " Europe/Berlin", None])
def test_of_a_time_zone_that_is_read_nothing_is_remarked(tmp_path: Path, name: object) -> None:
    moved = event("contact.updated", "2025-03-03T09:00:00Z", timezone=name)
    events = write(tmp_path / "events.jsonl", moved, CART)
    ran = kittiwake("explain", "--rules", write(tmp_path / "r.yaml", RULES), "--input", events, "--contact", "c1")
    assert "no IANA zone" not in ran.out
    assert ("11:00  cart.item_added" if name else "10:00  cart.item_added") in ran.out
