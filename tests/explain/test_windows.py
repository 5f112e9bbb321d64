"""What an explanation says of averages, newest values, periods of the calendar and ranges back."""

from __future__ import annotations

from typing import Any

from tests.explain.explaining import Happening, explained, lines, only_miss

PLAYED = "song.played"


def rule(given: dict[str, Any]) -> dict[str, Any]:
    return {"id": "cart", "when": PLAYED, "given": given}


def played(after: str, **properties: Any) -> Happening:
    return (after, PLAYED, properties)


def test_a_count_of_a_period_says_since_when_and_until_when() -> None:
    asked = rule({"count": PLAYED, "within": "this_week", "gte": 5})
    miss = only_miss(explained(asked, played("1h"), played("2h"), played("3h"), zone="Europe/Berlin"))
    assert miss.what == "given: 3 of 5 song.played this week (since Mon 2026-11-02 00:00 Europe/Berlin)"
    assert miss.needed == "2 more song.played before 2026-11-09 00:00"


def test_too_much_of_a_period_ends_with_it() -> None:
    miss = only_miss(explained(rule({"sum": "v", "of": PLAYED, "within": "today", "lt": 5}), played("1h", v=7)))
    assert miss.what == (
        "given: sum of v of song.played today (since Mon 2026-11-02 00:00 UTC) is 7, the rule wants < 5"
    )
    assert miss.needed == "sum of v of song.played today < 5: a new period begins at 2026-11-03 00:00"


def test_an_average_is_said_with_how_many_it_is_of() -> None:
    asked = rule({"avg": "v", "of": PLAYED, "within": "2d", "gte": 5})
    miss = only_miss(explained(asked, played("1h", v=1), played("2h", v=1), played("3h", v=2)))
    assert miss.what == "given: average v of song.played within 2d is 1.33333 (of 3 events), the rule wants ≥ 5"


def test_no_value_is_said_with_what_counted_for_nothing() -> None:
    miss = only_miss(explained(rule({"last": "plan", "of": PLAYED, "eq": "pro"}), played("1h", plan=5)))
    assert miss.what == (
        "given: no song.played with a usable plan; 1 × song.played counted for nothing: "
        "plan was 5, a number, and has to be a text (the newest, e1)"
    )
    assert miss.needed == 'song.played with plan = "pro"'


def test_a_newest_value_is_named_beside_what_the_rule_wants() -> None:
    asked = rule({"last": "plan", "of": PLAYED, "in": ["pro", "team"]})
    miss = only_miss(explained(asked, played("1h", plan="free")))
    assert miss.what == 'given: newest plan of song.played is "free", the rule wants in "pro" or "team"'


def test_a_range_back_names_both_its_ends() -> None:
    asked = rule({"count": PLAYED, "between": ["3d", "1d"], "gte": 2})
    miss = only_miss(explained(asked, played("0h"), played("25h"), until="3d"))
    assert miss.what == "given: 1 of 2 song.played between 3d and 1d ago"
    assert miss.needed == "one more song.played between 3d and 1d ago"


def test_an_absence_in_a_range_back_names_the_event_inside_and_when_it_leaves() -> None:
    asked = {**rule({"absent": PLAYED, "between": ["3d", "1d"]}), "when": "shop.visited"}
    miss = only_miss(explained(asked, played("0h"), ("25h", "shop.visited")))
    assert miss.what == "given: song.played at 2026-11-02 10:00, between 3d and 1d ago"
    assert miss.needed == "no song.played until 2026-11-05 10:00"


def test_a_total_of_a_period_begins_again_with_the_next() -> None:
    reaching = {"id": "cart", "when": PLAYED, "reaches": {"sum": "v", "at": [5], "within": "today"}}
    explanation = explained(reaching, played("1h", v=4), until="2d")
    assert lines(explanation) == ["total 4 of 5 today"]
    assert only_miss(explanation).what == "total 0 of 5 today"
    assert only_miss(explained(reaching, played("1h", v=4), until="2h")).what == "total 4 of 5 today"
