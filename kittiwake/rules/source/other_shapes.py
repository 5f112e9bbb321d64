"""Values that have a shape, or words, of other systems: what errors advise who writes them.

Pure. Called by `validation`, only where something is wrong anyway; of keys `other_words` knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from kittiwake.rules.errors import KeyPath
from kittiwake.rules.model.history import MEASURES
from kittiwake.rules.source.days_in_words import local_day, time_of_day

_AUDIENCE: Final = "Write {in: NAME}, with the id of an audience rule"
_DID: Final = "Write {present: EVENT, within: 30d}, or {count: EVENT, within: 30d, gte: 3}"
_CONDITIONS: Final = {
    **dict.fromkeys(("audience", "segment", "in_segment", "in_audience", "member_of"), _AUDIENCE),
    **dict.fromkeys(("not_in", "not_in_segment"), "Write {not: {in: NAME}}"),
    **dict.fromkeys(("average", "mean", "median"), "Write {avg: PATH, of: EVENT, gte: 3}"),
    **dict.fromkeys(("attribute", "attributes", "profile", "user"), "Write {contact: {tier: gold}}"),
    **dict.fromkeys(("first", "earliest"), "For a first event write {count: EVENT, eq: 1}; for a value there is last"),
    **dict.fromkeys(("most_recent", "latest", "newest"), "Write {last: PATH, of: EVENT, eq: pro}"),
    **dict.fromkeys(("last_seen", "active", "last_active"), 'Write {present: "*", within: 30d}'),
    **dict.fromkeys(("event", "did", "has_done", "has", "done", "performed", "occurred", "triggered"), _DID),
    **dict.fromkeys(
        ("has_not_done", "did_not", "not_present", "missing", "has_not", "not_done", "never"),
        "Write {absent: EVENT, within: 30d}",
    ),
    **dict.fromkeys(("and",), "Write all"),
    **dict.fromkeys(("or",), "Write any"),
    **dict.fromkeys(("none", "nor", "none_of"), "Write {not: {any: […]}}"),
    **dict.fromkeys(("include", "exclude"), "Write {all: […]}, and in it {not: …} for what is left out"),
}
_MEANT_BESIDE: Final = {"last": "within: 30d", "min": "gte: 3", "max": "lte: 3"}
"""Of a measure that stands beside another: what is meant."""
_EXAMPLES_OF_LISTS: Final = {
    "cast": "[{event: order.completed, number: [total]}]",
    "derive": "[{event: order.item_purchased, from: order.completed, each: products}]",
    "repeats": "[{event: order.completed, same: order_id, within: 30d}]",
    "keep": "the names alone: [order_id, currency]",
    "between": "both ends, the farther first: [30d, 7d]",
}
_OPERATORS: Final = frozenset({"eq", "ne", "gt", "gte", "lt", "lte", "in", "not_in", "exists", "empty", "contains"})
_UNITS: Final = {"second": "s", "minute": "m", "hour": "h", "day": "d", "week": "w"}
_AT_ONCE: Final = frozenset({"immediately", "immediate", "instantly", "none", "now", "no", "at_once"})
_EVER: Final = frozenset({"ever", "forever", "always", "all_time", "lifetime", "never"})
_TIME: Final = re.compile(r"(\d{1,2})(?::(\d\d))?\s*([ap]m)?", re.IGNORECASE)
_PAST_PERIOD: Final = {
    "day": "2d, 1d",
    "week": "14d, 7d",
    "month": "60d, 30d",
    "quarter": "180d, 90d",
    "year": "730d, 365d",
}


def of_shape(path: KeyPath, written: Any, message: str) -> str | None:
    """What to write where a value has a shape that nothing here has; None where nothing is known."""
    if message.startswith("a condition has"):
        return _of_condition(written)
    if message.startswith("a wait has") and isinstance(written, dict):
        return _of_wait(written)
    where = next((part for part in reversed(path) if isinstance(part, str)), "")
    if isinstance(written, list):
        return _of_list(path, where)
    if isinstance(written, dict):
        return _of_object(where)
    if where in ("at", "from", "to") and not {"wait", "with", "quiet_hours"}.isdisjoint(path):
        return _of_time(path, str(written))
    if where == "reentry" and isinstance(written, bool):
        return f"Write {'always' if written else 'once'}"
    return _of_text(path, where, written) if isinstance(written, str) else None


def _of_list(path: KeyPath, where: str) -> str | None:
    if where == "days" and "wait" in path:
        return "Write a reminder for each: [{until: DATE, days: -7}, {until: DATE, days: -1}]"
    if where == "in" and "where" not in path:
        return "Name one; for several write {any: [{in: a}, {in: b}]}"
    if where == "contains":
        return (
            "Write one; for several write any: [{tags: {contains: a}}, {tags: {contains: b}}], or all for each of them"
        )
    if where == "becomes":
        return "Name one; for several write a list of such matches: [{contact: {tier: {becomes: gold}}}, …]"
    if where == "at" and "wait" in path:
        return 'Write a reminder for each: [{days: 1, at: "09:00"}, {days: 1, at: "17:00"}]'
    if where == "where":
        return "Write {all: […]}, or {any: […]} where one of them is enough"
    return "Name one, and write a rule for each" if where == "channel" else None


def _of_object(where: str) -> str | None:
    if where in _EXAMPLES_OF_LISTS:
        return f"Write {_EXAMPLES_OF_LISTS[where]}"
    if where == "until":
        return "Name the property, or contact.attribute, that holds the date: {until: contact.trial_end}"
    joined = {"and": "all", "or": "any"}.get(where)
    return f"Write {joined} in place of {where}" if joined else None


def _of_text(path: KeyPath, where: str, written: str) -> str | None:
    word = re.sub(r"[\s-]+", "_", written.strip().lower())
    under, found = _OF_TEXT.get(where, (None, None))
    advice = found(word) if found is not None and (under is None or under in path) else None
    if advice is not None:
        return advice
    if where == "each" and written.endswith(("[]", "*")):
        return f"Write {written.rstrip('[]*.')}"
    if where == "within" and word in _EVER:
        return "Write the longest, 400d" if "repeats" in path else _ever(path)
    if "instant" in path and word.startswith(("iso", "rfc", "date", "text")):
        return "Delete it: a text with date, time and offset is read as it is"
    if where in _EXAMPLES_OF_LISTS and (where != "keep" or written == "*"):
        return f"Write {_EXAMPLES_OF_LISTS[where]}"
    return _of_delay(where, written) if "wait" in path and where != "offset" else None


def _ever(path: KeyPath) -> str | None:
    asked = ("given", "still", "audience", "reaches")
    return None if set(asked).isdisjoint(path) else "Delete it: without within all time counts"


def _of_delay(where: str, written: str) -> str | None:
    if re.fullmatch(r"-[0-9]+[smhdw]", written):
        if where == "days" and written.endswith("d"):
            return f"Write {written[:-1]}"
        return f"Write {written[1:]}; before a date it is {{until: DATE, offset: {written}}}"
    return local_day(written) if where == "wait" else None


def _of_time(path: KeyPath, written: str) -> str | None:
    if written == "24:00":
        if "quiet_hours" in path:
            return 'Write "00:00"; what covers a whole day has neither from nor to'
        return 'Write "00:00", with days: 1, or one more than it has: a day ends where the next one begins'
    found = _TIME.fullmatch(written.strip())
    at = time_of_day(*found.groups()) if found else None
    return f"Write {at}" if at else None


def _of_days(word: str) -> str | None:
    if word in ("holidays", "holiday"):
        return "Write weekdays: [sat, sun]; holidays are known to on: workdays alone"
    return "Write [mon, tue, wed, thu, fri]" if word in ("weekdays", "workdays") else _of_on(word)


def _of_on(word: str) -> str | None:
    return "Write [sat, sun]" if word in ("weekend", "weekends") else None


def _of_within(word: str) -> str | None:
    rolling = re.fullmatch(r"(?:last|past|previous)_(\d+)_(second|minute|hour|day|week)s?", word)
    if rolling is not None:
        return f"Write {rolling[1]}{_UNITS[rolling[2]]}"
    past = re.fullmatch(r"(?:last|past|previous)_(day|week|month|quarter|year)|yesterday", word)
    if past is not None:
        ends = _PAST_PERIOD[past[1] or "day"]
        return f"Write between: [{ends}] in its place: no period of the calendar but the present one is asked"
    return "Write 90d: the calendar has today, this_week, this_month and this_year" if "quarter" in word else None


def _of_per(word: str) -> str | None:
    found = re.search(r"day|daily|today|week|month", word)
    return f"Write {'day' if found[0] in ('daily', 'today') else found[0]}" if found else None


def _of_repeat(word: str) -> str | None:
    found = re.search(r"day|daily|week|month|year|annual", word)
    names = {"day": "daily", "daily": "daily", "week": "weekly", "month": "monthly"}
    if "freq" in word or found is None:
        return None
    return f"Write {names.get(found[0], 'yearly')}"


def _of_frequency(word: str) -> str | None:
    found = re.fullmatch(r"(\d+)_?(?:per|a|every|/|x)_?(day|week|month)", word)
    return f"Write [{{max: {found[1]}, per: {found[2]}}}]" if found else None


def _of_except(word: str) -> str | None:
    if not word.endswith(".ics"):
        return None
    return (
        "Write the dates: [2026-12-25]. A calendar file stands beside rules, calendar: holidays.ics, for on: workdays"
    )


_OF_TEXT: Final[dict[str, tuple[str | None, Callable[[str], str | None]]]] = {
    "count": ("reaches", lambda _: "Write true: it counts what when matches"),
    "days": (None, _of_days),
    "emits": (None, lambda _: "Write [entered, exited]"),
    "except": (None, _of_except),
    "frequency": (None, _of_frequency),
    "on": (None, _of_on),
    "per": ("frequency", _of_per),
    "priority": (None, lambda _: "Write 0 to 100: what is higher goes first"),
    "reentry": (None, lambda word: "Write once" if word in ("never", "no", "off") else None),
    "repeat": (None, _of_repeat),
    "wait": (None, lambda word: "Delete it: without wait nothing is waited for" if word in _AT_ONCE else None),
    "within": (None, _of_within),
}
"""By the key, and a key above it where it has to stand below one: what is meant by a text, its words with _ between."""


def _of_condition(written: Any) -> str | None:
    if isinstance(written, list):
        return "Write {all: […]}, or {any: […]} where one of them is enough"
    if isinstance(written, str):
        return f"Write {{in: {written[:40]}}} for the members of an audience, {{present: {written[:40]}}} for an event"
    if not isinstance(written, dict):
        return None
    for key in written:
        if key in _CONDITIONS:
            return _CONDITIONS[key]
    several = [key for key in MEASURES if key in written]
    beside = next((key for key in several if key in _MEANT_BESIDE), None) if len(several) > 1 else None
    if beside is not None:
        return f"Write {_MEANT_BESIDE[beside]} in place of {beside}"
    return _of_attribute(written)


def _of_attribute(written: dict[str, Any]) -> str | None:
    key, value = next(iter(written.items()), ("", None))
    if len(written) != 1 or isinstance(value, list):
        return None
    name = key.removeprefix("contact.")[:40]
    if isinstance(value, dict):
        return (
            f"For an attribute of the contact write {{contact: {{{name}: {{…}}}}}}"
            if value.keys() & _OPERATORS
            else None
        )
    return f"For an attribute of the contact write {{contact: {{{name}: {value}}}}}"


def _of_wait(written: dict[str, Any]) -> str | None:
    for unit in ("second", "minute", "hour", "week"):
        number = written.get(unit, written.get(f"{unit}s"))
        if number is not None and not isinstance(number, (dict, list)):
            return f"Write {number}{unit[0]}"
    if "day" in written:
        return f"Write {{days: {written['day']}}}"
    for key, days in (("month", 30), ("year", 365)):
        if key in written or f"{key}s" in written:
            return f"Write {{days: {days}}}"
    if any(key in written for key in ("business_days", "workdays", "working_days")):
        return "Write {days: 2, on: workdays}: so many days, and on to the next working day"
    return _of_amount(written)


def _of_amount(written: dict[str, Any]) -> str | None:
    amount = next((written[key] for key in ("duration", "delay", "amount", "value", "for") if key in written), None)
    unit = str(written.get("unit", written.get("units", ""))).lower().rstrip("s")
    if unit in _UNITS and isinstance(amount, int):
        return f"Write {amount}{_UNITS[unit]}"
    return f"Write {amount}" if isinstance(amount, str) else None
