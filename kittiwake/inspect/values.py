"""What single values look like: numbers as texts, and times with their unit or format.

Pure. Called with the values of a sample.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, Final, NamedTuple

from kittiwake.input.mapping.spec import Unit


class TimeForm(NamedTuple):
    """How times are written."""

    format: str | None = None
    unit: Unit | None = None
    has_zone: bool = True
    has_clock: bool = True


_RFC3339: Final = TimeForm()
_ISO: Final = TimeForm(has_zone=False)
_ISO_DATE: Final = TimeForm(has_zone=False, has_clock=False)
_CLOCK: Final = r"(?P<clock> \d{1,2}:\d\d(?P<seconds>:\d\d(?P<fraction>\.\d+)?)?(?P<half> ?[AaPp][Mm])?)?"
_FORMS: Final = (
    (re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d+)?)? ?([Zz]|[+-]\d\d(:?\d\d)?)"), _RFC3339),
    (re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d([.,]\d+)?)?"), _ISO),
    (re.compile(r"\d{4}-\d\d-\d\d"), _ISO_DATE),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC"), TimeForm("%Y-%m-%d %H:%M:%S %Z")),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+ UTC"), TimeForm("%Y-%m-%d %H:%M:%S.%f %Z")),
    (re.compile(r"(19|20)\d\d(0\d|1[0-2])([0-2]\d|3[01])"), TimeForm("%Y%m%d", None, False, False)),
)
_STRICT: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d(:?\d\d)?)")
_DAYS: Final = re.compile(rf"(?P<a>\d{{1,2}})(?P<sep>[/.-])(?P<b>\d{{1,2}})(?P=sep)(?P<year>\d{{4}}|\d\d){_CLOCK}")
_YEARS: Final = re.compile(rf"\d{{4}}/\d{{1,2}}/\d{{1,2}}{_CLOCK}")
_MONTHS: Final = re.compile(rf"\d{{1,2}}(?P<sep>[ -])[A-Z][a-z]{{2}}(?P=sep)(?P<year>\d{{4}}){_CLOCK}")

_NUMBER: Final = re.compile(r"[+-]?(\d+|\d{1,3}([,.]\d{3})+)([.,]\d+)?([eE][+-]?\d+)?|[+-]?[.,]\d+")
_UNITS: Final = ((10**8, 4 * 10**9, Unit.SECONDS), (10**11, 4 * 10**12, Unit.MILLIS), (10**14, 4 * 10**15, Unit.MICROS))
"""Numbers since 1970 of the years 1973 to 2096, whose magnitudes do not overlap."""

_TIME_NAME: Final = re.compile(
    r"time|date|stamp|(^|_)ts$|(^|_|ed|[a-z] )at$|(^|_)when$|^created|datum|^day$|^seen$", re.IGNORECASE
)


def is_time_name(name: str) -> bool:
    """Whether a field's name speaks of a time."""
    return _TIME_NAME.search(name) is not None or name.endswith(("At", "On"))


def is_number_text(text: str) -> bool:
    """Whether a text says a number."""
    return _NUMBER.fullmatch(text.strip()) is not None


def time_form(text: str) -> TimeForm | None:
    """How a single text says a time; None: it says none."""
    text = text.strip()
    for pattern, form in _FORMS:
        if pattern.fullmatch(text):
            return form._replace(format=_spaced(text)) if form is _RFC3339 and not _STRICT.fullmatch(text) else form
    if _DAYS.fullmatch(text) or _YEARS.fullmatch(text) or _MONTHS.fullmatch(text):
        return form_of([text])
    return None


def _spaced(text: str) -> str:
    """The format of an instant with an offset that is no RFC 3339."""
    seconds = "%S" if text.count(":") - ("+" in text and text.rsplit("+", 1)[1].count(":")) > 1 else ""
    fraction = ".%f" if "." in text else ""
    blank = " " if re.search(r"\d [Zz+-]", text) else ""
    return f"%Y-%m-%d{text[10]}%H:%M" + (f":{seconds}{fraction}" if seconds else "") + f"{blank}%z"


def form_of(values: Iterable[Any], name: str = "time") -> TimeForm | None:
    """How all values of a field say times; None: they do not."""
    values = [value for value in values if value is not None and value != ""]
    if not values:
        return None
    if all(isinstance(value, str) for value in values):
        return _of_texts([value.strip() for value in values], name)
    if all(isinstance(value, (int, Decimal, float)) and not isinstance(value, bool) for value in values):
        return _of_numbers(values, name)
    return None


def _of_numbers(values: list[Any], name: str) -> TimeForm | None:
    if not is_time_name(name):
        return None
    for low, high, unit in _UNITS:
        if all(low <= value < high for value in values):
            return TimeForm(unit=unit)
    return None


def _of_texts(values: list[str], name: str) -> TimeForm | None:
    if all(re.fullmatch(r"\d{9,16}(\.\d+)?", value) for value in values):
        return _of_numbers([Decimal(value) for value in values], name)
    for pattern, form in _FORMS:
        if all(pattern.fullmatch(value) for value in values):
            if form.format == "%Y%m%d" and not is_time_name(name):
                return None
            return _of_rfc3339(values) if form is _RFC3339 else form
    if all(_FORMS[1][0].fullmatch(value) or _FORMS[2][0].fullmatch(value) for value in values):
        return _ISO
    return _of_days(values) or _with_clock(_YEARS, "%Y/%m/%d", values) or _of_months(values)


def _of_rfc3339(values: list[str]) -> TimeForm:
    if all(_STRICT.fullmatch(value) for value in values):
        return _RFC3339
    formats = {_spaced(value) for value in values}
    return TimeForm(formats.pop()) if len(formats) == 1 else TimeForm(has_zone=False)  # read with a zone, any layout


def _of_days(values: list[str]) -> TimeForm | None:
    """Days and months before years: which is which only a number beyond 12 says."""
    found = [_DAYS.fullmatch(value) for value in values]
    if not all(found):
        return None
    matches = [one for one in found if one is not None]
    seps, lengths = {one["sep"] for one in matches}, {len(one["year"]) for one in matches}
    first, second = max(int(one["a"]) for one in matches), max(int(one["b"]) for one in matches)
    if len(seps) > 1 or len(lengths) > 1 or (first > 12 and second > 12):
        return None
    sep = seps.pop()
    days = ("%m", "%d") if second > 12 else ("%d", "%m")
    year = "%Y" if lengths == {4} else "%y"
    return _with_clock(_DAYS, f"{days[0]}{sep}{days[1]}{sep}{year}", values)


def _of_months(values: list[str]) -> TimeForm | None:
    seps = {found["sep"] for value in values if (found := _MONTHS.fullmatch(value))}
    sep = seps.pop() if len(seps) == 1 else " "
    return _with_clock(_MONTHS, f"%d{sep}%b{sep}%Y", values)


def _with_clock(pattern: re.Pattern[str], day: str, values: list[str]) -> TimeForm | None:
    """The format of days with one and the same kind of clock behind them."""
    clocks = set()
    for value in values:
        found = pattern.fullmatch(value)
        if found is None:
            return None
        clocks.add(_clock_of(found))
    clock = clocks.pop()
    return None if clocks else TimeForm(day + clock, None, False, bool(clock))


def _clock_of(found: re.Match[str]) -> str:
    if not found["clock"]:
        return ""
    half = found["half"] or ""
    seconds = (":%S" if found["seconds"] else "") + (".%f" if found["fraction"] else "")
    return f" {'%I' if half else '%H'}:%M{seconds}" + (" %p" if half.startswith(" ") else "%p" if half else "")


def is_ambiguous(form: TimeForm, values: Iterable[Any]) -> bool:
    """Whether days and months could as well be the other way round."""
    if form.format is None or not form.format.startswith(("%d", "%m")) or "%b" in form.format:
        return False
    matches = [found for value in values if isinstance(value, str) and (found := _DAYS.fullmatch(value.strip()))]
    return all(int(found["a"]) <= 12 and int(found["b"]) <= 12 for found in matches)
