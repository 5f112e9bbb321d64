"""Times as text, one and many: what is written is read again, and bulk reading is reading."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kittiwake.input.event_times import instants, microseconds, span_us, usual_form
from kittiwake.time.instants import BEFORE_ALL_US, EPOCH, BadTimeError, format_instant, parse_instant

INSTANTS = st.datetimes(EPOCH.replace(year=1900), EPOCH.replace(year=2999))
ZONES = st.sampled_from(["Z", "+00:00", "-00:00", "+05:30", "-11:00", "+23:59", "+0000", "-0530", "+00", "-05"])
ODD = st.sampled_from(["", "Z", "2026-11-01", "2026-02-30T00:00:00Z", "2026-11-01T24:00:00Z", "2026-11-01T10:00:00"])


@given(INSTANTS)
def test_an_instant_is_written_as_a_datetime_would_be_and_read_again(moment: datetime) -> None:
    time_us = (moment - EPOCH) // timedelta(microseconds=1)
    assert format_instant(time_us) == moment.isoformat() + "Z"
    assert parse_instant(format_instant(time_us)) == time_us


@given(st.lists(INSTANTS, min_size=1, max_size=8), ZONES, st.sampled_from(["auto", "seconds", "milliseconds"]))
def test_times_of_one_form_are_read_at_once(moments: list[datetime], zone: str, timespec: str) -> None:
    texts = [moment.isoformat(timespec=timespec) + zone for moment in moments]
    alone = list(map(parse_instant, texts))
    assert instants(texts) == alone
    form = usual_form(texts)
    if len(set(map(len, texts))) == 1:
        assert form is not None
        assert microseconds(texts, form) == alone
        assert span_us(form) == (min(alone), max(alone))
    else:
        assert form is None


@given(st.lists(st.tuples(INSTANTS, ZONES).map(lambda it: it[0].isoformat() + it[1]) | ODD, min_size=1, max_size=8))
def test_times_of_any_forms_are_read_and_what_is_none_is_never(texts: list[str]) -> None:
    assert instants(texts) == [_alone(text) for text in texts]


def _alone(text: str) -> int:
    try:
        return parse_instant(text)
    except BadTimeError:
        return BEFORE_ALL_US


def test_a_month_is_not_taken_for_an_offset_of_hours() -> None:
    texts = ["2026-05-01T10:00:00-05", "2026-06-01T10:00:00-06"]
    assert usual_form(texts) is None
    assert instants(texts) == list(map(parse_instant, texts))
    assert usual_form(["2026-05-01T10:00:00-05", "2026-06-01T10:00:00-05"]) is not None


@pytest.mark.parametrize("odd", ["2026-11-01T10:00:60Z", "2026-11-01T10:60:00Z", "2026-11-31T10:00:00Z"])
def test_one_time_that_is_none_is_seen_among_many_of_its_form(odd: str) -> None:
    texts = ["2026-11-01T10:00:00Z"] * 5 + [odd] + ["2026-11-01T11:00:00Z"] * 5
    assert usual_form(texts) is None
    assert instants(texts)[5] == BEFORE_ALL_US
    assert BEFORE_ALL_US not in instants(texts)[:5]
