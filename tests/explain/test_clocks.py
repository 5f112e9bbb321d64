"""By whose clock an explanation tells of a contact that moves: always by the one in force there and then."""

from __future__ import annotations

import re
from typing import Final

import pytest

from kittiwake.explain.explanation import explain
from kittiwake.explain.model import as_data
from kittiwake.explain.rendering import plain
from kittiwake.explain.wording import clock_words, moment_words
from kittiwake.kernel.incremental import advance
from kittiwake.kernel.state.state import new_state
from kittiwake.kernel.state.trace import StepKind
from kittiwake.output.snapshots import readable
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.documents import load_document
from kittiwake.scenarios.player import event_of
from kittiwake.time.instants import parse_instant
from tests.explain.explaining import ADDED, CART, explained
from tests.explain.test_worlds import prepared
from tests.oracle.worlds import ACCOUNT, CONTACT, world

NEW_YORK: Final = {"timezone": "America/New_York"}


def timeline(text: str) -> list[str]:
    """What stands between the heading and what came of each rule."""
    lines = text.splitlines()
    return lines[3 : lines.index("", 4)] if "" in lines[4:] else lines[3:]


def test_a_contact_that_moved_is_told_by_the_clock_of_each_instant() -> None:
    explanation = explained(CART, ADDED, ("3h", "contact.updated", NEW_YORK), ("4h", "cart.item_added"), until="6h")
    assert [line.strip().split(" trigger")[0] for line in timeline(plain(explanation))] == [
        "Mon 2026-11-02 (UTC)",
        "10:00  cart.item_added (e1)",
        "cart: armed, due 11:00",
        "11:00    cart: deadline reached without order.completed",
        "cart: FIRED",
        '13:00  contact.updated (e2) timezone="America/New_York"',
        "timezone is now America/New_York, where it is 08:00",
        "09:00  cart.item_added (e3)",
        "cart: armed, due 10:00",
        "10:00    cart: deadline reached without order.completed",
        "cart: FIRED",
    ]
    assert [one["timezone"] for one in as_data(explanation)["timeline"]][:2] == ["UTC", "UTC"]
    assert as_data(explanation)["timeline"][-1]["timezone"] == "America/New_York"


def test_a_move_into_another_day_begins_that_day() -> None:
    explanation = explained(CART, ADDED, ("30m", "contact.updated", {"timezone": "Pacific/Kiritimati"}), until="40m")
    assert timeline(plain(explanation))[-2:] == [
        '  10:30  contact.updated (e2) timezone="Pacific/Kiritimati"',
        "         timezone is now Pacific/Kiritimati, where it is 2026-11-03 00:30",
    ]
    (miss,) = explanation.rules[0].nearest
    assert miss.what == "armed at 00:00 by e1, due 01:00: the end (00:40) comes before"


def test_a_deletion_takes_the_contacts_clock_away() -> None:
    explanation = explained(
        CART, ("0m", "contact.updated", NEW_YORK), ADDED, ("10m", "contact.deleted"), zone="Europe/Berlin"
    )
    lines = [line.strip() for line in timeline(plain(explanation))]
    at = lines.index("05:10  contact.deleted (e3)")
    assert lines[at + 1 :] == [
        "timezone is now Europe/Berlin, where it is 11:10",
        "cart: disarmed: the contact was deleted, 50 minutes before its deadline 12:00",
    ]
    (miss,) = explanation.rules[0].nearest
    assert (miss.zone, miss.needed) == ("Europe/Berlin", "no contact.deleted before 12:00")


def test_what_is_forgotten_is_told_by_the_contacts_clock_and_what_comes_then_by_the_accounts() -> None:
    explanation = explained(
        {**CART, "wait": "9d"},
        ("0m", "contact.updated", NEW_YORK),
        ADDED,
        ("3d", "shop.entered"),
        until="4d",
        policy={"retention": "1d", "profile_retention": "1d"},
    )
    lines = [line.strip() for line in plain(explanation).splitlines()]
    assert any(line.startswith("05:00  no event for 1d: the contact is forgotten") for line in lines), lines
    at = lines.index("10:00  timezone is now UTC")
    assert (lines[at - 1], lines[at + 1]) == ("Thu 2026-11-05 (UTC)", "shop.entered (e3)")
    (miss,) = explanation.rules[0].nearest
    assert "cart did not fire (2026-11-03 05:00 America/New_York)" in plain(explanation)
    assert miss.zone == "America/New_York"


def test_a_wait_over_the_change_of_the_clock_says_the_other_offset() -> None:
    autumn_us = parse_instant("2026-11-01T05:30:00Z")  # 01:30 in New York, for the first time
    assert moment_words(autumn_us + 3_600_000_000, "America/New_York", autumn_us) == "01:30 (UTC-05:00)"
    assert moment_words(autumn_us + 60_000_000, "America/New_York", autumn_us) == "01:31"
    assert moment_words(autumn_us + 3_600_000_000, "America/New_York") == "2026-11-01 01:30"


def test_an_occurrence_is_a_date() -> None:
    rule = {"id": "bday", "when": "contact.updated", "wait": {"until": "contact.birthday", "repeat": "yearly"}}
    explanation = explained(rule, ("0m", "contact.updated", {"birthday": "1990-11-03"}))
    assert "bday: deadline reached (occurrence 2026-11-03)" in plain(explanation)
    raw = {
        "event_id": "e1",
        "type": "contact.updated",
        "time": "2026-11-02T10:00:00Z",
        "properties": {"birthday": "1990-11-03"},
    }
    program = compile_account(load_document({"account": "acme", "rules": [rule]}), "acme")
    until_us = parse_instant("2026-11-04T00:00:00Z")
    state = advance(program, new_state("c1"), [event_of("acme", "c1", raw)], until_us).state
    (instance,) = readable(state)["rules"]["bday"]["instances"].values()
    assert instance["episode"]["occurrence"] == "2026-11-03"
    assert [one["occurrence"] for one in instance["episode"]["reminders"]] == ["2027-11-03"]


CLOCK = re.compile(
    r"^(armed|restarted \(\d+ events? so far\)), due (.*?)( \((?!UTC)[^()]*\))?"
    r"( \(passed over: [^()]*\))?(, by its default .*)?$"
)
"""Behind the deadline may stand why it is then: that of which day, at which local time, and what was passed over."""


@pytest.mark.parametrize("first", [0, 100])
def test_every_deadline_in_a_line_is_by_the_clock_of_that_line(first: int) -> None:
    """Worked out again from the trace, over random worlds whose contacts move."""
    looked = moved = 0
    for seed in range(first, first + 100):
        program, events, until_us = prepared(world(seed))
        watched = advance(program, new_state(CONTACT), events, until_us, trace=True)
        explanation = explain(program, watched.state, watched.trace)
        assert explanation.account_id == ACCOUNT
        kinds = (StepKind.ARMED, StepKind.RESTARTED)
        dues = iter([step for step in watched.trace if step.kind in kinds and "@" not in str(step.rule_id)])
        for line in explanation.lines:
            if line.kind not in kinds:
                continue
            step, found = next(dues), CLOCK.match(line.text)
            assert found, line
            last_us = step.details["dues_us"][-1]
            assert found[2].endswith(moment_words(last_us, line.zone, line.time_us)), (seed, line)
            looked += 1
        zones = {line.zone for line in explanation.lines}
        moved += len(zones) > 1
        text = plain(explanation)
        assert all(zone in text for zone in zones), (seed, text)
        assert all(clock_words(line.time_us, line.zone) in text for line in explanation.lines), seed
    assert looked > 50
    assert moved > 3
