"""Words of other systems for what has another word here: what errors advise who writes theirs.

Pure. Called by `validation`, only where something is wrong anyway: nothing is read otherwise than it is written.
"""

from __future__ import annotations

import re
from typing import Any, Final

from kittiwake.rules.errors import KeyPath
from kittiwake.rules.model.base import Model

_CHANGE: Final = "A change is written as contact: {tier: {becomes: gold}}"
_AUDIENCE: Final = "Write {in: NAME}, with the id of an audience rule"
_EVENT: Final = "A change is an event: when: {contact: {tier: {becomes: gold}}}"
_ZONE: Final = "Delete it: times are those of the contact's timezone"
_MATCH: Final = {
    **dict.fromkeys(("type", "name", "trigger", "event_type", "on"), "Write event"),
    **dict.fromkeys(("if", "filter", "filters", "properties", "conditions", "with"), "Write where"),
    **dict.fromkeys(("attribute", "attributes", "profile", "user"), _CHANGE),
}
_SIGNS: Final = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "=": "eq", "==": "eq", "!=": "ne"}
KEYS: Final[dict[str, dict[str, str]]] = {
    "Header": {
        **dict.fromkeys(("holidays", "calendars"), "Write calendar"),
        **dict.fromkeys(("dedupe", "deduplicate", "duplicates"), "Write repeats"),
        **dict.fromkeys(("tz", "time_zone"), "Write timezone"),
    },
    "Rule": {
        **dict.fromkeys(("on", "trigger", "event", "entry", "triggers"), "Write when"),
        **dict.fromkeys(("delay", "after", "schedule", "wait_for"), "Write wait"),
        **dict.fromkeys(
            ("if", "only_if", "filter", "filters", "conditions", "condition"),
            "Write given, or where: {…} inside when for the event itself",
        ),
        **dict.fromkeys(("cancel", "cancel_on", "exit", "exit_on", "exception", "stop", "until"), "Write unless"),
        **dict.fromkeys(("segment", "in", "segments"), "Write given: {in: NAME}, with the id of an audience rule"),
        **dict.fromkeys(("params", "parameters", "args"), "Write with"),
        **dict.fromkeys(("ab_test", "experiment", "split"), "Write variants: {a: 50, b: 50}"),
        **dict.fromkeys(("goal", "conversion"), "Write unless"),
        "recipe": "Write use",
        "where": "Write it inside the event: when: {event: …, where: {…}}",
        "name": "Write id, and description for what people read",
        "debounce": "Write wait: every further event starts it anew",
    },
    "MatchObject": _MATCH,
    "UntilWaitObject": {
        **dict.fromkeys(("before", "days_before"), "Write days with a minus: days: -3"),
        **dict.fromkeys(("after", "days_after"), "Write days: 3"),
        **dict.fromkeys(("time", "time_of_day", "hour"), 'Write at: "09:00"'),
        **dict.fromkeys(("timezone", "tz"), _ZONE),
        **dict.fromkeys(("rrule", "recurrence", "every"), "Write repeat"),
        **dict.fromkeys(("exdate", "exdates", "skip"), "Write except"),
    },
    "CalendarWaitObject": {
        **dict.fromkeys(("time", "time_of_day", "hour"), 'Write at: "10:00"'),
        **dict.fromkeys(("weekday", "weekdays", "day_of_week"), "Write on"),
        **dict.fromkeys(("timezone", "tz"), _ZONE),
        **dict.fromkeys(("hours", "minutes", "weeks"), "Write a duration in place of the object: wait: 2h"),
    },
    "ValueChange": dict.fromkeys(("to", "changes_to", "changed_to", "is", "equals", "eq"), "Write becomes"),
    "Operators": {
        **dict.fromkeys(("greater_than", "more_than", "above", "over"), "Write gt"),
        **dict.fromkeys(("less_than", "below", "under"), "Write lt"),
        **dict.fromkeys(("at_least", "greater_than_or_equal", "min"), "Write gte"),
        **dict.fromkeys(("at_most", "less_than_or_equal", "max"), "Write lte"),
        **dict.fromkeys(("is", "equals", "equal"), "Write eq"),
        **dict.fromkeys(("is_not", "not_equals", "not"), "Write ne"),
        **dict.fromkeys(("becomes", "changes", "changed_to"), _EVENT),
        **{sign: f"Write {name}" for sign, name in _SIGNS.items()},
        **dict.fromkeys(("between", "range"), "Write gte and lte: {gte: 10, lte: 50}"),
        **dict.fromkeys(("is_set", "is_not_null"), "Write exists: true"),
        **dict.fromkeys(("is_empty", "blank"), "Write empty: true"),
        **dict.fromkeys(("any_of", "one_of"), "Write in"),
        **dict.fromkeys(("none_of", "is_none_of"), "Write not_in"),
        "path": "Write eq: {path: …}",
    },
    "OtherProperty": dict.fromkeys(("property", "field"), "Write path"),
    "_Condition": {
        **dict.fromkeys(("at_least", "min"), "Write gte"),
        **dict.fromkeys(("at_most", "max"), "Write lte"),
        **dict.fromkeys(("more_than", "greater_than", "above", "over"), "Write gt"),
        **dict.fromkeys(("less_than", "fewer_than", "below", "under"), "Write lt"),
        **dict.fromkeys(("window", "in_last", "last_days", "since", "during", "period"), "Write within"),
    },
    "ReachesObject": {**dict.fromkeys(("period", "per"), "Write within"), "thresholds": "Write at"},
    "RepeatsObject": dict.fromkeys(("by", "key", "on", "property"), "Write same"),
    "DeriveObject": {
        **dict.fromkeys(("type", "name", "emit", "into"), "Write event"),
        **dict.fromkeys(("list", "foreach", "for_each", "unnest"), "Write each"),
        "where": "Delete it; ask in the rule: when: {event: …, where: {…}}",
    },
    "CastObject": {
        **dict.fromkeys(("date", "time", "timestamp", "datetime"), "Write instant: {created_at: epoch_seconds}"),
        **dict.fromkeys(("money", "float", "decimal", "integer", "fields", "properties"), "Write number: [total]"),
    },
    "QuietHoursObject": {"start": "Write from", "end": "Write to", "on": "Write days"},
    "CapObject": {**dict.fromkeys(("every", "within", "window"), "Write per"), "limit": "Write max"},
    "ArbitrationObject": {
        **dict.fromkeys(("window", "per"), "Write within"),
        **dict.fromkeys(("by", "pick", "sort"), "Delete it: of those within, the highest priority fires"),
    },
    "ChannelObject": dict.fromkeys(("caps", "cap", "limits"), "Write frequency"),
}
"""By the name of the model that reads an object, or of one it is made of: a key that is none there, and what is."""

_CONDITIONS: Final = {
    **dict.fromkeys(("audience", "segment", "in_segment", "in_audience", "member_of"), _AUDIENCE),
    **dict.fromkeys(("not_in", "not_in_segment"), "Write {not: {in: NAME}}"),
    **dict.fromkeys(("average", "mean"), "Write {avg: PATH, of: EVENT, gte: 3}"),
    **dict.fromkeys(("attribute", "attributes", "profile", "user"), "Write {contact: {tier: gold}}"),
    **dict.fromkeys(("first", "earliest"), "For a first event write {count: EVENT, eq: 1}; for a value there is last"),
    **dict.fromkeys(("event", "did", "has_done"), "Write {present: EVENT, within: 30d}"),
    **dict.fromkeys(("has_not_done", "did_not"), "Write {absent: EVENT, within: 30d}"),
}
_SEVERAL: Final = "Name one; for several write {any: [{in: a}, {in: b}]}"
EXAMPLES: Final = {
    "AttributeChanges": "{tier: {becomes: gold}}",
    "InstantPaths": "{expires_at: epoch_seconds}",
    "Where": "{category: coffee, price: {gte: 50}}",
    "ContactCondition": "{tier: gold}",
}

_OF_KEYS: Final[dict[KeyPath, str]] = {("channels",): "{email: {consent: email_consent}}"}
"""By the key alone, where an object of no model of its own is asked for."""


def meant(key: str, model: type[Model] | None) -> str | None:
    """What to write in place of a key that is none of a model's; None where nothing is known."""
    names = [one.__name__ for one in (model.__mro__ if model is not None else ())]
    if key.startswith("contact.") and "MatchObject" in names:
        return _CHANGE
    return next((words[key] for name in names if key in (words := KEYS.get(name, {}))), None)


def example(model: str, path: KeyPath) -> str | None:
    """What an object of a model looks like whose keys are the author's."""
    if model == "Where" and path[-1:] == ("contact",):
        return "{tier: gold}"
    return EXAMPLES.get(model) or _OF_KEYS.get(path[-1:])


def of_shape(path: KeyPath, written: Any, message: str) -> str | None:
    """What to write where a value has a shape that nothing here has; None where nothing is known."""
    if message.startswith("a condition has"):
        return _of_condition(written)
    if message.startswith("a wait has") and isinstance(written, dict):
        return _of_wait(written)
    where = next((part for part in reversed(path) if isinstance(part, str)), "")
    if isinstance(written, str):
        return _of_text(where, written, is_wait="wait" in path)
    if isinstance(written, list) and where == "days" and "wait" in path:
        return "Write a reminder for each: [{until: DATE, days: -7}, {until: DATE, days: -1}]"
    return _SEVERAL if isinstance(written, list) and where == "in" and "where" not in path else None


def _of_text(where: str, written: str, *, is_wait: bool) -> str | None:
    if where == "between":
        return "Write both ends: [30d, 7d] is from thirty days ago to seven days ago"
    if where in ("days", "on") and written.lower() in ("weekend", "weekends"):
        return "Write [sat, sun]"
    if where == "days" and written.lower() in ("weekdays", "workdays"):
        return "Write [mon, tue, wed, thu, fri]"
    if is_wait and where != "offset" and re.fullmatch(r"-[0-9]+[smhdw]", written):
        return f"Write {written[1:]}; before a date it is {{until: DATE, offset: {written}}}"
    return None


def _of_condition(written: Any) -> str | None:
    if isinstance(written, str):
        return f"Write {{in: {written[:40]}}} for the members of an audience, {{present: {written[:40]}}} for an event"
    if not isinstance(written, dict):
        return None
    for key in written:
        if key in _CONDITIONS:
            return _CONDITIONS[key]
    key, value = next(iter(written.items()), ("", None))
    if len(written) == 1 and not isinstance(value, (dict, list)):
        return f"For an attribute of the contact write {{contact: {{{key.removeprefix('contact.')[:40]}: {value}}}}}"
    return None


def _of_wait(written: dict[str, Any]) -> str | None:
    for unit in ("minute", "hour", "week"):
        number = written.get(unit, written.get(f"{unit}s"))
        if number is not None and not isinstance(number, (dict, list)):
            return f"Write {number}{unit[0]}"
    if "day" in written:
        return f"Write {{days: {written['day']}}}"
    delay = written.get("delay", written.get("duration"))
    return f"Write {delay}" if isinstance(delay, str) else None
