"""The shop, run by the main job: everything it is meant to show happens, and the same every time."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from examples.shop import generate
from kittiwake.reasons import DeadLetterReason, Reason
from tests.examples.running import ROOT, Ran, Row, backfill, verdicts
from tests.input.inputs import OF_THE_STREAM

RULES = ROOT / "examples/shop/rules"
GOLDEN = Path(__file__).parent / "golden" / "shop.json"
CONTACTS, SEED, DAYS = 400, 7, 180
# Recipes of trades that are no shop of coffee: examples/recipes has a scenario for each.
OF_OTHER_TRADES = {"appointment-reminder", "no-show", "trial-ending"}
OF_OTHER_TRADES |= {"second-purchase", "signup-welcome", "tier-reached", "price-drop-vip"}
# Made by late events and deletions at the very instant of a release: the shop has none of these.
NOT_SHOWN = {Reason.DELETED, Reason.EXITED, Reason.EXPIRED, Reason.LIMIT}
# Its visitors are known from the first, and whoever leaves the audience has entered it by then.
NOT_SHOWN |= {Reason.MERGED, Reason.NOT_ENTERED}
# No rule of the shop asks again at its deadline.
NOT_SHOWN |= {Reason.CONDITION_UNMET}
# No round is open as its half year ends.
NOT_SHOWN |= {Reason.ARBITRATION}
# Of one contact no more falls due at once than a digest lists.
NOT_SHOWN |= {Reason.UNLISTED}
# Its rules are sent to everybody, and its policy expects no feed.
NOT_SHOWN |= {Reason.ROLLOUT, Reason.FEED_SILENT, Reason.FLOODED}
# Half a year is too short to be forgotten in, its rules have one version, and a batch corrects nothing.
NOT_SHOWN |= {Reason.FORGOTTEN, Reason.RULE_CHANGED, Reason.RULE_REMOVED, Reason.LATE_EVENT}


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return generate.write(tmp_path_factory.mktemp("shop"), CONTACTS, SEED, DAYS)


@pytest.fixture(scope="module")
def ran(events: Path) -> Ran:
    return backfill(RULES, events, events.parent / "run")


@pytest.fixture(scope="module")
def decisions(ran: Ran) -> list[Row]:
    return ran.rows("decisions")


def test_the_clickstream_and_what_comes_of_it_are_those_of_the_golden_file(
    events: Path, ran: Ran, decisions: list[Row], update_golden: bool
) -> None:
    found = {
        "events": hashlib.sha256(events.read_bytes()).hexdigest(),
        "dead_letters": ran.summary["dead_letters"],
        "verdicts": verdicts(decisions),
    }
    if update_golden:
        GOLDEN.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    assert found == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_every_recipe_of_a_shop_fires(decisions: list[Row]) -> None:
    recipes = {path.stem for path in (ROOT / "kittiwake/rules/recipes").glob("*.yaml")}
    fired = {row["rule_id"] for row in decisions if row["account_id"] == "acme" and row["decision"] == "fired"}
    assert fired == recipes - OF_OTHER_TRADES


def test_audiences_are_entered_and_left_and_reminders_come_in_threes(decisions: list[Row]) -> None:
    fired = [row for row in decisions if row["decision"] == "fired"]
    assert {row["kind"] for row in fired if row["rule_id"] == "vip"} == {"entered", "exited"}
    assert {row["reminder"] for row in fired if row["rule_id"] == "checkout-abandonment"} == {0, 1, 2}
    assert {row["threshold"] for row in fired if row["rule_id"] == "loyalty-milestone"} == {250, 500, 1_000}


def test_every_gate_refuses_somebody(decisions: list[Row]) -> None:
    assert {Reason(row["reason"]) for row in decisions if row["reason"]} == set(Reason) - NOT_SHOWN


def test_the_shadow_rule_is_counted_and_never_fires(decisions: list[Row]) -> None:
    shadow = [row for row in decisions if row["rule_id"] == "cart-abandonment-4h"]
    assert "fired" not in {row["decision"] for row in shadow}
    assert "shadow" in {row["reason"] for row in shadow}


def test_who_is_in_the_holdout_is_sent_nothing(decisions: list[Row]) -> None:
    acme = [row for row in decisions if row["account_id"] == "acme"]
    held = {row["contact_id"] for row in acme if row["reason"] == "holdout"}
    assert 0.02 < len(held) / len({row["contact_id"] for row in acme}) < 0.09
    assert [row for row in acme if row["contact_id"] in held and row["decision"] == "fired"] == []


def test_nothing_is_sent_in_the_contacts_night(decisions: list[Row], events: Path) -> None:
    """By the clock of contacts who told their zone once; thanks and audiences may come at any hour."""
    zones = _only_zones(events)
    quiet = {"loyalty-milestone", "vip"}
    hours = {
        datetime.fromisoformat(row["fired_at"]).astimezone(ZoneInfo(zones[row["contact_id"]])).hour
        for row in decisions
        if row["account_id"] == "acme"
        and row["fired_at"]
        and row["rule_id"] not in quiet
        and row["contact_id"] in zones
    }
    assert min(hours) == 8
    assert max(hours) == 20


def _only_zones(events: Path) -> dict[str, str]:
    """acme's contacts whose zone never changed."""
    told: dict[str, list[str]] = {}
    for line in events.read_bytes().splitlines():
        if line not in generate.BROKEN and b'"contact.updated"' in line and b'"acme"' in line:
            record = json.loads(line)
            told.setdefault(record["contact_id"], []).append(record["properties"].get("timezone", ""))
    return {contact: zones[0] for contact, zones in told.items() if set(zones) == {zones[0]} and zones[0]}


def test_one_account_is_decided_as_if_the_other_were_not_there(
    decisions: list[Row], events: Path, tmp_path: Path
) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    shutil.copy(RULES / "globex.yaml", rules)
    lines = events.read_bytes().splitlines(keepends=True)
    alone = tmp_path / "events.jsonl"
    alone.write_bytes(b"".join(line for line in lines if b'"globex"' in line))
    until = ("--until", _newest(lines))
    decided = backfill(rules, alone, tmp_path / "run", *until).rows("decisions")
    both = [row for row in decisions if row["account_id"] == "globex"]
    assert _without_versions(decided) == _without_versions(both)


def _newest(lines: list[bytes]) -> str:
    """Just after the newest event, at which the run over both accounts ends too."""
    times = [json.loads(line)["time"] for line in lines if line.strip() not in generate.BROKEN]
    newest = max(datetime.fromisoformat(time).astimezone(UTC) for time in times)
    return (newest + timedelta(microseconds=1)).isoformat()


def _without_versions(rows: list[Row]) -> list[Row]:
    kept = [{name: value for name, value in row.items() if name != "ruleset_version"} for row in rows]
    return sorted(kept, key=lambda row: str(row["trigger_id"]))


def test_dead_letters_are_the_broken_lines_whole(ran: Ran) -> None:
    rows = ran.rows("dead_letters")
    text = {line.decode() for line in generate.BROKEN if not _is_latin(line)}
    assert {row["raw"] for row in rows if row["raw_encoding"] == "utf-8"} == text
    expected = set(DeadLetterReason) - OF_THE_STREAM - {DeadLetterReason.OVERSIZE, DeadLetterReason.TOO_DEEP}
    assert {DeadLetterReason(row["reason"]) for row in rows} == expected
    assert len(rows) == len(generate.BROKEN)


def _is_latin(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return True
    return False
