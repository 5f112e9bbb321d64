"""Calendar files: what they say is what written dates say, wherever rules are loaded from."""

from __future__ import annotations

import pickle
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.rules import RulesError, RuleSet, load, load_document, load_files
from kittiwake.rules.by_account import load_by_account, read_by_account
from kittiwake.rules.check.recurrence import rrule_problem
from kittiwake.rules.compile.account import compile_account
from kittiwake.rules.publishing.changes import What
from kittiwake.rules.publishing.errors import UnchangedError
from kittiwake.rules.publishing.loading import load_history
from kittiwake.rules.publishing.publish import publish
from kittiwake.rules.source.builder import Reading, UnreadableError
from kittiwake.rules.source.ics import read_days
from tests.cli.command import kittiwake, write
from tests.rules.published import LATER_US, NOW_US, first, target_of

RULES = """\
account: acme
calendar: CALENDAR
rules:
  - {id: call, when: demo.requested, wait: {days: 1, at: "09:00", on: workdays}}
"""
CHRISTMAS = "DTSTART;VALUE=DATE:20261225\r\nDTEND;VALUE=DATE:20261227\r\n"


def ics(*events: str) -> str:
    return "BEGIN:VCALENDAR\r\n" + "".join(map("BEGIN:VEVENT\r\n{}END:VEVENT\r\n".format, events)) + "END:VCALENDAR\r\n"


def rules(calendar: str, account: str = "acme") -> bytes:
    return RULES.replace("CALENDAR", calendar).replace("acme", account).encode()


def dates_of(ruleset: RuleSet) -> list[str]:
    return list(ruleset.holidays_of("acme") or ())


def days(text: str) -> list[str]:
    reading = Reading("holidays.ics")
    found = sorted(day.isoformat() for day in read_days(text, reading, rrule_problem))
    assert reading.errors == []
    return found


# ---------------------------------------------------------------- what a file says


def test_every_day_of_an_event_is_one_and_the_day_of_its_end_is_none() -> None:
    assert days(ics(CHRISTMAS)) == ["2026-12-25", "2026-12-26"]
    assert days(ics("DTSTART;VALUE=DATE:20261231\nDURATION:P1W\n"))[-1] == "2027-01-06"
    assert days(ics("DTSTART:20261224\n")) == ["2026-12-24"]


def test_a_rule_by_the_year_goes_on_from_its_first_day_to_its_end_or_to_2100() -> None:
    every_year = days(ics("DTSTART;VALUE=DATE:20201225\nRRULE:FREQ=YEARLY\n"))
    assert every_year == [f"{year}-12-25" for year in range(2020, 2101)]
    assert days(ics("DTSTART:20201225\nRRULE:FREQ=YEARLY;UNTIL=20221225T000000Z\n"))[-1] == "2022-12-25"
    assert len(days(ics("DTSTART:20201225\nRRULE:FREQ=YEARLY;COUNT=3\n"))) == 3
    assert days(ics("DTSTART:18001225\nRRULE:FREQ=YEARLY\n"))[0] == "1970-12-25"


def test_thanksgiving_is_the_fourth_thursday_of_november_and_labor_day_the_first_monday_of_september() -> None:
    assert days(ics("DTSTART:20261126\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;COUNT=3\n"))[1:] == [
        "2027-11-25",
        "2028-11-23",
    ]
    assert days(ics("DTSTART:20260907\nRRULE:FREQ=YEARLY;BYMONTH=9;BYDAY=1MO;COUNT=2\n"))[1] == "2027-09-06"


def test_dates_are_added_and_left_out_with_all_the_days_of_their_occurrence() -> None:
    event = CHRISTMAS + "RRULE:FREQ=YEARLY;UNTIL=20281225\nRDATE;VALUE=DATE:20301225\nEXDATE;VALUE=DATE:20271225\n"
    assert [day[:4] for day in days(ics(event))] == ["2026", "2026", "2028", "2028", "2030", "2030"]


def test_an_event_of_one_occurrence_stands_in_its_place_and_calls_it_off_where_it_is_cancelled() -> None:
    every_year = "UID:a\n" + CHRISTMAS + "RRULE:FREQ=YEARLY;UNTIL=20291225\n"
    moved = "UID:a\nRECURRENCE-ID;VALUE=DATE:20271225\nDTSTART;VALUE=DATE:20271224\n"
    off = "UID:a\nRECURRENCE-ID:20281225T000000Z\nDTSTART;VALUE=DATE:20281225\nSTATUS:CANCELLED\n"
    other = "UID:b\nDTSTART:20281225\n"
    for events in ((every_year, moved, off), (off, moved, every_year)):
        found = days(ics(*events))
        assert found == ["2026-12-25", "2026-12-26", "2027-12-24", "2029-12-25", "2029-12-26"]
        assert days(ics(*events, other)) == sorted([*found, "2028-12-25"])


@pytest.mark.parametrize("zone", [";TZID=America/Sao_Paulo:{}", ":{}Z", ":{}"], ids=["zone", "utc", "floating"])
def test_what_goes_from_midnight_to_midnight_as_written_is_whole_days(zone: str) -> None:
    start, end = (zone.format(f"202612{day}T000000") for day in (25, 27))
    assert days(ics(f"DTSTART{start}\nDTEND{end}\n")) == ["2026-12-25", "2026-12-26"]
    assert days(ics(f"DTSTART{start}\nDURATION:P2D\n")) == ["2026-12-25", "2026-12-26"]


def test_cancelled_events_and_whatever_is_no_event_are_passed_over() -> None:
    other = "BEGIN:VTIMEZONE\nBEGIN:STANDARD\nDTSTART:19701025T030000\nEND:STANDARD\nEND:VTIMEZONE\n"
    alarm = "BEGIN:VALARM\nDURATION:PT15M\nDTSTART:none\nEND:VALARM\n"
    text = ics("DTSTART:20261224\n" + alarm, "DTSTART:20261231T090000\nSTATUS:CANCELLED\n")
    assert days(text.replace("BEGIN:VEVENT", other + "BEGIN:VEVENT", 1)) == ["2026-12-24"]


@given(at=st.sets(st.integers(3, 150)), ending=st.sampled_from(["\n", "\r\n"]), fold=st.sampled_from([" ", "\t"]))
def test_line_ends_and_folds_change_nothing(at: set[int], ending: str, fold: str) -> None:
    text = ics("SUMMARY:Weihnachten: der erste Tag\r\n" + CHRISTMAS + "RRULE:FREQ=YEARLY;UNTIL=20301225\r\n")
    plain = text.replace("\r\n", "\n")
    folded = "".join(f"\n{fold}{each}" if i in at and plain[i - 1] != "\n" else each for i, each in enumerate(plain))
    assert days(folded.replace("\n", ending)) == days(text)


@given(st.text(alphabet='BEGIN:VCALEDR\nDTST;="2061.,PWYXU \r\t', max_size=200))
def test_no_text_is_more_than_an_error(text: str) -> None:
    try:
        read_days("BEGIN:VCALENDAR\nBEGIN:VEVENT\n" + text, Reading("x.ics"), rrule_problem)
    except UnreadableError as error:
        assert error.error.line >= 1


@pytest.mark.parametrize(
    ("events", "said"),
    [
        (["DTSTART:20261225\n"] * 1_001, "more than 1,000 events"),
        ([f"DTSTART:1970{m:02}{d:02}\nRRULE:FREQ=YEARLY\n" for m in (1, 2, 3) for d in range(1, 29)], "10,000 days"),
    ],
    ids=["events", "days"],
)
def test_a_calendar_is_bounded(events: list[str], said: str) -> None:
    with pytest.raises(UnreadableError, match=said):
        days(ics(*events))


# ---------------------------------------------------------------- where it is loaded from


def test_a_file_says_what_its_dates_say_whatever_its_name_is() -> None:
    written = load_files({"acme.yaml": rules("[2026-12-24, 2026-12-25, 2026-12-26]")})
    for calendar in ("[2026-12-24, h.ics]", "[h.ics, 2026-12-24, 2026-12-25]", "[h.ics, h.ics, 2026-12-24]"):
        loaded = load_files({"acme.yaml": rules(calendar), "h.ics": ics(CHRISTMAS).encode("utf-8-sig")})
        assert (dates_of(loaded), loaded.version) == (dates_of(written), written.version)
        assert compile_account(loaded, "acme") == compile_account(written, "acme")
    other = load_files({"acme.yaml": rules("OTHER.ICS"), "OTHER.ICS": ics("DTSTART:20261224\n", CHRISTMAS).encode()})
    assert other.version == written.version
    one_day_less = load_files({"acme.yaml": rules("h.ics"), "h.ics": ics(CHRISTMAS).encode()})
    assert one_day_less.version != written.version


def test_its_name_is_relative_to_the_rules_file(tmp_path: Path) -> None:
    write(tmp_path / "calendars" / "at.ics", ics(CHRISTMAS))
    write(tmp_path / "rules" / "acme" / "rules.yaml", rules("../../calendars/at.ics").decode())
    write(tmp_path / "rules" / "globex.json", '{"account": "globex", "calendar": ["globex.ics"], "rules": []}')
    write(tmp_path / "rules" / "globex.ics", ics("DTSTART:20270101\n"))
    loaded = load(tmp_path / "rules")
    assert dates_of(loaded) == ["2026-12-25", "2026-12-26"]
    assert loaded.holidays_of("globex") == ("2027-01-01",)
    assert load_by_account(tmp_path / "rules").ruleset == loaded == pickle.loads(pickle.dumps(loaded))


def test_a_calendar_that_no_rules_name_is_not_read(tmp_path: Path) -> None:
    write(tmp_path / "rules.yaml", rules("[2026-12-25]").decode())
    write(tmp_path / "other.ics", "no calendar")
    assert dates_of(load(tmp_path)) == ["2026-12-25"]


def test_rules_that_are_no_file_have_no_calendar_files() -> None:
    with pytest.raises(RulesError, match="only rules that are read from a file"):
        load_document({"account": "acme", "calendar": ["h.ics"], "rules": []})


def test_a_calendar_is_no_rules_file(tmp_path: Path) -> None:
    ran = kittiwake("validate", write(tmp_path / "h.ics", ics(CHRISTMAS)))
    assert ran.code == 2
    assert "this is a calendar, and holds no rules. Name the rules, and in them calendar: h.ics" in ran.err


def test_a_wrong_calendar_refuses_the_accounts_that_name_it_and_no_other() -> None:
    wrong = ics("DTSTART:20261225T090000\n").encode()
    files = {"acme.yaml": rules("[2026-12-25]"), "h.ics": wrong}
    files |= {f"{name}.yaml": rules("h.ics", name) for name in ("globex", "initech")}
    found = read_by_account(files)
    assert sorted(found.refused) == ["globex", "initech"]
    assert {str(error) for errors in found.refused.values() for error in errors} == {
        "h.ics:3:9: DTSTART has a time of day, and a holiday is a whole day. Write DTSTART;VALUE=DATE:20261225."
    }
    assert sorted(found.ruleset.accounts) == ["acme"]
    with pytest.raises(RulesError):
        read_by_account({**files, "every.yaml": rules("h.ics", '"*"').replace(b"call", b"every")})


# ---------------------------------------------------------------- published, and run


def test_a_published_version_has_its_calendar_with_it(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    folder = tmp_path / "rules"
    write(folder / "acme" / "rules.yaml", rules("../../h.ics").decode())
    write(tmp_path / "h.ics", "\ufeff" + ics("SUMMARY:Weihnachten – Jul\n" + CHRISTMAS))
    before = load(folder)
    ran = kittiwake("publish", folder, tmp_path / "target", "--effective-from", "always")
    assert ran.code == 0, ran.err
    (tmp_path / "h.ics").unlink()
    for by_account in (False, True):
        read = load_history(target, by_account=by_account).newest
        assert (read.ruleset.version, dates_of(read.ruleset)) == (before.version, dates_of(before))


def test_another_day_is_a_change_of_the_calendar_and_another_name_is_none(tmp_path: Path) -> None:
    target = target_of(tmp_path)
    first(target, {"acme.yaml": rules("h.ics"), "h.ics": ics(CHRISTMAS).encode()})
    with pytest.raises(UnchangedError):
        publish(target, {"a.yaml": rules("at.ics"), "at.ics": ics(CHRISTMAS).encode()}, LATER_US, NOW_US)
    more = {"a.yaml": rules("at.ics"), "at.ics": ics(CHRISTMAS, "DTSTART:20270101\n").encode()}
    found = publish(target, more, LATER_US, NOW_US)
    assert [(one.setting, one.what) for one in found.changes] == [("calendar", What.CHANGED)]


def test_commands_decide_by_it(tmp_path: Path) -> None:
    folder = tmp_path / "rules"
    write(folder / "acme.yaml", rules("h.ics").decode())
    write(folder / "h.ics", ics(CHRISTMAS.replace("2026", "2025")))
    timeline = "2025-12-24 15:00  demo.requested\n2025-12-29 09:00  → call fired\n"
    indented = "".join(f"      {line}\n" for line in timeline.splitlines())
    scenario = write(folder / "acme.test.yaml", f"tests:\n  - name: after the holiday\n    timeline: |\n{indented}")
    assert kittiwake("test", folder) == (0, f"{scenario}\n  ✓ after the holiday\n1 passed\n", "")
    event = '{"event_id": "1", "account_id": "acme", "contact_id": "c-1", "type": "demo.requested", '
    events = write(tmp_path / "events.jsonl", event + '"time": "2025-12-24T15:00:00Z"}\n')
    assert kittiwake("publish", folder, tmp_path / "target", "--effective-from", "always").code == 0
    for source in (folder, tmp_path / "target"):
        out = tmp_path / f"out-{source.name}"
        until = ("--until", "2025-12-31T00:00:00Z")
        assert kittiwake("replay", "--rules", source, "--input", events, "--output", out, *until).code == 0
        assert '"2025-12-29T09:00:00Z"' in next((out / "triggers").iterdir()).read_text()
        said = kittiwake("explain", "--rules", source, "--input", events, "--contact", "c-1", *until)
        assert "2025-12-29" in said.out


@given(st.dates(date(1970, 1, 1), date(2099, 12, 1)), st.integers(1, 366))
def test_an_event_has_as_many_days_as_lie_between_its_dates(start: date, length: int) -> None:
    end = start + timedelta(days=length)
    found = days(ics(f"DTSTART;VALUE=DATE:{start:%Y%m%d}\r\nDTEND;VALUE=DATE:{end:%Y%m%d}\r\n"))
    assert found[0] == start.isoformat()
    assert len(found) == len([day for day in range(length) if start + timedelta(day) <= date(2100, 12, 31)])
