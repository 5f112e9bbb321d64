"""Times of day, offsets and durations: every form is read as what it says, or refused with what to write."""

from __future__ import annotations

import pytest

from kittiwake.kernel.plan.wait import Delays, UntilWait
from kittiwake.rules import Code, RulesError, load_files
from kittiwake.rules.compile.account import compile_account
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, SECOND_US

LAST_US = 23 * HOUR_US + 59 * MINUTE_US
ANY_TIME = 'Write hours and minutes: "09:00", "21:30"'


def wait_of(written: str) -> Delays | UntilWait:
    text = f"account: acme\nrules:\n  - {{id: r, when: a.b, wait: {written}}}\n"
    found = compile_account(load_files({"r.yaml": text.encode()}), "acme").rules[0].wait
    assert isinstance(found, (Delays, UntilWait))
    return found


def refusal(written: str) -> tuple[Code, str]:
    with pytest.raises(RulesError) as caught:
        wait_of(written)
    (error,) = caught.value.errors
    assert isinstance(error.code, Code)
    return error.code, error.advice


@pytest.mark.parametrize(("written", "us"), [("00:00", 0), ('"09:00"', 9 * HOUR_US), ("23:59", LAST_US)])
def test_a_time_of_day_is_read(written: str, us: int) -> None:
    found = wait_of(f"{{until: d, at: {written}}}")
    assert isinstance(found, UntilWait)
    assert found.at_us == us


@pytest.mark.parametrize(
    ("written", "advice"),
    [
        ("9:00", 'Write "09:00"'),
        ("24:00", 'Write "00:00", with days: 1, or one more than it has: a day ends where the next one begins'),
        ("09:00:30", ANY_TIME),
        ("09:60", ANY_TIME),
        ("0900", ANY_TIME),
        ("9", 'Write "09:00"'),
        ("9am", 'Write "09:00"'),
        ('"09:00 "', 'Write "09:00"'),
        ('" 09:00"', 'Write "09:00"'),
        ("09.00", ANY_TIME),
        ('"\u0966\u096f:00"', 'Write "09:00"'),
        ("-01:00", ANY_TIME),
    ],
)
def test_a_text_that_is_no_time_of_day_is_refused(written: str, advice: str) -> None:
    assert refusal(f"{{until: d, at: {written}}}") == (Code.BAD_TIME_OF_DAY, advice)


@pytest.mark.parametrize(
    ("written", "us"),
    [
        ("-7d", -7 * DAY_US),
        ("+12h", 12 * HOUR_US),
        ("12h", 12 * HOUR_US),
        ("-P1DT12H", -36 * HOUR_US),
        ("PT0.5H", HOUR_US // 2),
        ("-PT0.000001S", -1),
        ("0s", 0),
        ("-400d", -400 * DAY_US),
    ],
)
def test_an_offset_is_exact(written: str, us: int) -> None:
    found = wait_of(f"{{until: d, offset: {written}}}")
    assert isinstance(found, UntilWait)
    assert found.offset_us == us


@pytest.mark.parametrize(
    "written",
    ["P-1D", "\u22127d", '"- 7d"', "-7", "--7d", "7 d", "-1.5h", "-P1M", "P1Y", "-PT", "P", "PT0.0000001S", '""'],
)
def test_a_text_that_is_no_offset_is_refused(written: str) -> None:
    assert refusal(f"{{until: d, offset: {written}}}")[0] is Code.BAD_DURATION


@pytest.mark.parametrize(
    ("written", "us"),
    [
        ("90s", 90 * SECOND_US),
        ("PT90S", 90 * SECOND_US),
        ("PT1H30M", 90 * MINUTE_US),
        ("P1W", 7 * DAY_US),
        ("P0.5D", 12 * HOUR_US),
        ("P1W2DT3H", 9 * DAY_US + 3 * HOUR_US),
        ("PT0S", 0),
    ],
)
def test_a_duration_is_exact(written: str, us: int) -> None:
    found = wait_of(written)
    assert isinstance(found, Delays)
    assert found.delays_us == (us,)


@pytest.mark.parametrize(
    "written",
    ["P1M", "P1Y", "P1Y2M", "1y", "1M", "1mo", "1.5h", "1h30m", "PT1,5H", "P1H", "PT1D", "P", "PT", "1 h", "1H"],
)
def test_a_text_that_is_no_duration_is_refused(written: str) -> None:
    code, advice = refusal(written if "," not in written else f'"{written}"')
    assert code is Code.BAD_DURATION
    assert advice.startswith(("Write 90s, 15m, 1h, 2d, 1w or ISO 8601", "Months and years", "Write 1h"))
