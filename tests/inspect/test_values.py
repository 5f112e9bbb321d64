"""How times are written is read from all values of a field, and a shape by it reads each of them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from kittiwake.input.mapping.spec import TimeSource, Unit
from kittiwake.input.mapping.times import read_as
from kittiwake.inspect.values import TimeForm, form_of, is_ambiguous, is_time_name


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["2026-03-01T10:00:00Z", "2026-03-01T10:00:00.123+02:00"], TimeForm()),
        (["2026-03-01T10:00:00", "2026-03-01 10:00:00.5"], TimeForm(has_zone=False)),
        (["2026-03-01 10:00", "2026-03-02"], TimeForm(has_zone=False)),
        (["2026-03-01"], TimeForm(has_zone=False, has_clock=False)),
        (["2026-03-01 10:00:00 UTC"], TimeForm("%Y-%m-%d %H:%M:%S %Z")),
        (["2026-03-01 10:00:00.123456 UTC"], TimeForm("%Y-%m-%d %H:%M:%S.%f %Z")),
        (["2026-03-01 10:00:00 +0200"], TimeForm("%Y-%m-%d %H:%M:%S %z")),
        (["2026-03-01T10:00+02:00"], TimeForm("%Y-%m-%dT%H:%M%z")),
        (["20260301"], TimeForm("%Y%m%d", None, False, False)),
        (["13/2/2026 9:05", "1/12/2026 23:59"], TimeForm("%d/%m/%Y %H:%M", None, False)),
        (["2/13/2026 9:05", "12/1/2026 23:59"], TimeForm("%m/%d/%Y %H:%M", None, False)),
        (["01.02.26"], TimeForm("%d.%m.%y", None, False, False)),
        (["2/13/2026 9:05:07 AM"], TimeForm("%m/%d/%Y %I:%M:%S %p", None, False)),
        (["2026/03/01 10:00"], TimeForm("%Y/%m/%d %H:%M", None, False)),
        (["01 Mar 2026 10:00", "12 Dec 2026 10:00"], TimeForm("%d %b %Y %H:%M", None, False)),
        (["1-Mar-2026"], TimeForm("%d-%b-%Y", None, False, False)),
        ([1772359200, Decimal("1772359200.5")], TimeForm(unit=Unit.SECONDS)),
        ([1772359200123], TimeForm(unit=Unit.MILLIS)),
        (["1772359200123456"], TimeForm(unit=Unit.MICROS)),
    ],
)
def test_a_form_is_known_and_reads_every_value(values: list[Any], expected: TimeForm) -> None:
    form = form_of(values)
    assert form == expected
    read = read_as(TimeSource((("time",),), form.unit, form.format, None if form.has_zone else "UTC"), "time")
    assert all(isinstance(read(value), int) for value in values)


@pytest.mark.parametrize(
    "values",
    [
        ["13/13/2026"],
        ["2026-03-01", "yesterday"],
        ["12", "13"],
        [12, 13],
        ["01/02/2026", "01/02/2026 10:00"],
        [True],
        [],
    ],
)
def test_what_is_no_time_has_no_form(values: list[Any]) -> None:
    assert form_of(values) is None


def test_numbers_are_times_only_where_the_name_says_so() -> None:
    assert form_of([1772359200], "order_id") is None
    assert [name for name in ("createdAt", "ts", "created_at", "Order Date") if not is_time_name(name)] == []
    assert [name for name in ("sku", "status", "category", "format") if is_time_name(name)] == []


def test_days_and_months_are_ambiguous_while_no_number_beyond_twelve_says_which() -> None:
    form = form_of(["01/02/2026", "03/04/2026"])
    assert form is not None
    assert is_ambiguous(form, ["01/02/2026", "03/04/2026"])
    assert not is_ambiguous(form, ["13/02/2026"])
    assert not is_ambiguous(TimeForm(), ["2026-01-02T00:00:00Z"])
