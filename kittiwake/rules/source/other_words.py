"""Words of other systems for keys that have another word here: what errors advise who writes theirs.

Pure. Called by `validation`, only where something is wrong anyway: nothing is read otherwise than it is written.
"""

from __future__ import annotations

from typing import Final

from kittiwake.rules.errors import KeyPath
from kittiwake.rules.model.base import Model

_CHANGE: Final = "A change is written as contact: {tier: {becomes: gold}}"
_EVENT: Final = "A change is an event: when: {contact: {tier: {becomes: gold}}}"
_EDGE: Final = (
    "An audience rule fires by itself when a contact enters it: {id: vip, audience: …, emits: [entered, exited]}; "
    "whether one is in it, given and still ask: {in: vip}"
)
_ITEM: Final = "A price is an item's: when: {item: {price: {drops_by: 10%}}}, with interest beside when"
_DATE: Final = "A date is waited for: when: contact.updated, and wait: {until: contact.birthday, repeat: yearly}"
_CONDITION: Final = "A condition stands in given or still: given: {count: order.completed, gte: 3}"
_ZONE: Final = "Delete it: times are those of the contact's timezone"
_EVER: Final = "Delete it: without within all time counts"
_WHERE: Final = "Write it inside the event: {count: {event: …, where: {…}}, gte: 3}"
_ATTRIBUTES: Final = "Write given: {contact: {tier: gold}}"
_ROLLOUT: Final = "rollout: {percent: 5}"
_SHARES: Final = "variants: {a: 50, b: 50}; who gets nothing is the policy's holdout: {percent: 50, salt: spring}"
_CAPS: Final = "In the policy write frequency: {max: 1, per: 16h}"

_WEEKDAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MATCH: Final = {
    **dict.fromkeys(("type", "name", "trigger", "event_type", "on"), "Write event"),
    **dict.fromkeys(("if", "filter", "filters", "properties", "conditions", "with"), "Write where"),
    **dict.fromkeys(("attribute", "attributes", "profile", "user"), _CHANGE),
    **dict.fromkeys(("attribute_changed", "attribute_change", "property_changed", "changed", "changes"), _CHANGE),
    **dict.fromkeys(("segment", "in", "audience", "enters", "entered", "enter", "exits", "exited", "leaves"), _EDGE),
    **dict.fromkeys(("price_drop", "price", "back_in_stock", "stock"), _ITEM),
    **dict.fromkeys(("date", "date_property", "anniversary", "cron", "schedule", "every"), _DATE),
    **dict.fromkeys(("count", "sum", "avg", "last", "present", "absent", "gte", "lte", "gt", "lt"), _CONDITION),
    "not": "A condition stands in given or still: given: {absent: order.completed, within: 30m}",
}
_SIGNS: Final = {">": "gt", ">=": "gte", "<": "lt", "<=": "lte", "=": "eq", "==": "eq", "!=": "ne"}
KEYS: Final[dict[str, dict[str, str]]] = {
    "Header": {
        **dict.fromkeys(("holidays", "calendars"), "Write calendar"),
        **dict.fromkeys(("dedupe", "deduplicate", "duplicates"), "Write repeats"),
        **dict.fromkeys(("tz", "time_zone"), "Write timezone"),
        **dict.fromkeys(("split", "explode", "flatten", "unnest", "line_items"), "Write derive"),
        **dict.fromkeys(("aliases", "definitions", "events", "names"), "Write matches"),
        **dict.fromkeys(("convert", "transform", "types", "coerce"), "Write cast"),
        **dict.fromkeys(("journeys", "flows", "campaigns", "canvases", "triggers", "automations"), "Write rules"),
        **dict.fromkeys(("segments", "audiences"), "Write rules: [{id: vip, audience: {…}}]"),
        **{
            key: f"Write policy: {{{key}: …}}"
            for key in (
                "arbitration",
                "breaker",
                "channels",
                "consent",
                "feeds",
                "frequency",
                "holdout",
                "quiet_hours",
                "retention",
            )
        },
    },
    "Rule": {
        **dict.fromkeys(("on", "trigger", "event", "entry", "triggers"), "Write when"),
        **dict.fromkeys(("delay", "after", "schedule", "wait_for"), "Write wait"),
        **dict.fromkeys(("send_at", "send_time"), 'Write wait: {at: "10:00"}'),
        **dict.fromkeys(
            ("if", "only_if", "filter", "filters", "conditions", "condition"),
            "Write given, or where: {…} inside when for the event itself",
        ),
        **dict.fromkeys(("cancel", "cancel_on", "exit", "exit_on", "exception", "stop", "until"), "Write unless"),
        **dict.fromkeys(
            ("exception_events", "exit_conditions", "exit_criteria", "cancel_if", "end_on"), "Write unless"
        ),
        **dict.fromkeys(("in", "segments"), "Write given: {in: NAME}, with the id of an audience rule"),
        "segment": "Write audience for a rule that is one; who is in it, given: {in: NAME} asks",
        **dict.fromkeys(("batch", "bundle", "group_messages"), "Write digest: {max: 3}"),
        **dict.fromkeys(
            ("entry_audience", "target_audience", "entry_segment", "audience_filter"),
            "Write given: {in: NAME}, with the id of an audience rule",
        ),
        **dict.fromkeys(("profile_filter", "profile_filters", "user_filters", "attributes", "contact"), _ATTRIBUTES),
        **dict.fromkeys(("params", "parameters", "args"), "Write with"),
        **dict.fromkeys(("ab_test", "experiment", "split"), "Write variants: {a: 50, b: 50}"),
        **dict.fromkeys(("sample", "random_sample"), f"Write {_SHARES}; to begin with a few, {_ROLLOUT}"),
        **dict.fromkeys(
            ("percentage", "percentage_rollout", "percent", "canary", "ramp", "ramp_up", "gradual_rollout"),
            f"Write {_ROLLOUT}; for several messages, {_SHARES}",
        ),
        **dict.fromkeys(("soft_launch", "phased_rollout", "traffic_allocation"), f"Write {_ROLLOUT}"),
        **dict.fromkeys(("goal", "conversion"), "Write unless"),
        **dict.fromkeys(("recheck", "check_again", "verify", "on_send", "reevaluate"), "Write still"),
        **dict.fromkeys(("cooldown", "throttle", "re_entry", "re_eligibility", "reeligibility"), "Write reentry: 30d"),
        **dict.fromkeys(
            ("smart_sending", "frequency", "frequency_cap", "frequency_capping", "rate_limit", "cap"), _CAPS
        ),
        **dict.fromkeys(
            ("quiet_hours", "send_window", "time_window", "sending_hours", "delivery_window"),
            'In the policy write quiet_hours: {from: "21:00", to: "08:00"}, when nothing is sent',
        ),
        **dict.fromkeys(
            ("arbitration", "prioritization", "rank", "ranking"),
            "In the policy write arbitration: {within: 2h}; here stands priority",
        ),
        **dict.fromkeys(
            ("dedupe", "dedupe_key", "deduplicate", "unique_by", "idempotency_key"),
            "Beside rules write repeats: [{event: order.completed, same: order_id, within: 30d}]",
        ),
        **dict.fromkeys(("nth", "occurrence", "first_time"), "Write given: {count: order.completed, eq: 2}"),
        **dict.fromkeys(("template", "recipe"), "Write use"),
        **dict.fromkeys(("labels", "label", "folder"), "Write tags"),
        **dict.fromkeys(
            ("where", "trigger_filter", "trigger_filters", "event_filter", "event_filters"),
            ("Write it inside the event: when: {event: …, where: {…}}"),
        ),
        "name": "Write id, and description for what people read",
        "debounce": "Write wait: every further event starts it anew",
    },
    "MatchObject": _MATCH,
    "UntilWaitObject": {
        **dict.fromkeys(("before", "days_before"), "Write days with a minus: days: -3"),
        **dict.fromkeys(("after", "days_after"), "Write days: 3"),
        **dict.fromkeys(("time", "time_of_day", "hour"), 'Write at: "09:00"'),
        **dict.fromkeys(("timezone", "tz", "local", "local_time"), _ZONE),
        **dict.fromkeys(("rrule", "recurrence", "every"), "Write repeat"),
        **dict.fromkeys(("exdate", "exdates", "skip"), "Write except"),
        **dict.fromkeys(
            ("max", "timeout", "or_after", "at_most"),
            "Delete it: until waits for a date. For an event write wait: 7d, and unless with what ends the wait",
        ),
    },
    "CalendarWaitObject": {
        **dict.fromkeys(("time", "time_of_day", "hour"), 'Write at: "10:00"'),
        **dict.fromkeys(("weekday", "weekdays", "day_of_week"), "Write on"),
        **dict.fromkeys(("timezone", "tz", "local", "local_time"), _ZONE),
        **dict.fromkeys(("hours", "minutes"), "Write a duration in place of the object: wait: 2h"),
        **dict.fromkeys(("weeks", "week"), "Write days: 7"),
        **dict.fromkeys(("months", "month"), "Write days: 30"),
        **dict.fromkeys(("day",), "Write days"),
        **dict.fromkeys(
            ("business_days", "workdays", "working_days", "weekdays_after"),
            "Write days and on: workdays: so many days, and on to the next working day",
        ),
    },
    "ValueChange": {
        **dict.fromkeys(("to", "changes_to", "changed_to", "is", "equals", "eq"), "Write becomes"),
        **dict.fromkeys(("changed", "any_change"), "Write changes: true"),
        **dict.fromkeys(("decreases_by", "decreases", "falls_by", "drops", "decreased_by"), "Write drops_by"),
        **dict.fromkeys(("increases_by", "increases", "grows_by", "rises", "increased_by"), "Write rises_by"),
        **dict.fromkeys(("falls_below", "goes_below", "below"), "Write drops_below"),
        **dict.fromkeys(("exceeds", "goes_above", "above", "reaches"), "Write rises_above"),
        **dict.fromkeys(("removed", "unset", "cleared"), "Delete it: what takes a value away matches nothing"),
    },
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
        **dict.fromkeys(("any", "some", "at_least_one", "has", "includes", "include"), "Write contains"),
        **dict.fromkeys(
            ("contains_any", "contains_one_of", "contains_all"),
            "Write contains, once for each: any: [{tags: {contains: a}}, {tags: {contains: b}}]; for each of them, all",
        ),
        **dict.fromkeys(
            ("not_contains", "does_not_contain", "doesnt_contain", "excludes", "not_includes"),
            "Write contains, and not around it: not: {tags: {contains: gift}}",
        ),
        **dict.fromkeys(("matches", "regex", "like", "pattern"), "Write contains or in: a text is no pattern here"),
        **dict.fromkeys(("ends_with",), "Write contains or in: only beginnings and parts are compared"),
        **dict.fromkeys(("icontains", "contains_ci", "iequals", "ieq"), "Write contains or in: capitals count"),
        **dict.fromkeys(
            ("length", "size", "count"),
            "Write empty: false; to count elements, derive an event of each and write {count: …, gte: 3}",
        ),
        **dict.fromkeys(
            ("within", "before", "after", "in_last", "in_the_last", "days_ago", "older_than", "in_next"),
            "Write lt or gt with a date as the events write it; for a distance from now there is wait: {until: …}",
        ),
        "path": "Write eq: {path: …}",
    },
    "OtherProperty": {
        **dict.fromkeys(("property", "field"), "Write path"),
        **dict.fromkeys(
            ("times", "plus", "minus", "multiply", "factor"),
            "Delete it: two properties are compared as they are. Send what is reckoned from them as a property",
        ),
    },
    "_Condition": {
        **dict.fromkeys(("at_least", "min"), "Write gte"),
        **dict.fromkeys(("at_most", "max"), "Write lte"),
        **dict.fromkeys(("more_than", "greater_than", "above", "over"), "Write gt"),
        **dict.fromkeys(("less_than", "below", "under", "fewer_than"), "Write lt"),
        **dict.fromkeys(("equals", "exactly", "is"), "Write eq"),
        **dict.fromkeys(
            ("times", "operator", "op", "value", "number"), "Write gte: 3, or another of gt, lt, lte and eq"
        ),
        **dict.fromkeys(
            ("window", "for", "in_last", "last_days", "during", "period", "in_the_last", "in_last_days"),
            ("Write within"),
        ),
        **dict.fromkeys(("since",), "Write within: 30d; what must not come after when stands in unless"),
        **dict.fromkeys(
            ("before", "older_than", "more_than_ago", "ago"),
            "Write between, the farther end first: between: [400d, 30d] is more than 30 days ago",
        ),
        **dict.fromkeys(("over_all_time", "all_time", "ever", "lifetime"), _EVER),
        **dict.fromkeys(("where", "filter", "filters", "properties", "with"), _WHERE),
        **dict.fromkeys(("ne", "not_eq", "is_not", "not_in"), "Write eq or in, and not around it: {not: {last: …}}"),
        **dict.fromkeys(("contains",), "Write eq or in: a value is compared whole"),
        **dict.fromkeys(("per", "by", "for_each"), "Write same: product_id"),
    },
    "ReachesObject": {
        **dict.fromkeys(("period", "per"), "Write within"),
        **dict.fromkeys(("thresholds", "every", "steps", "levels"), "Write at: [100, 200, 300]"),
        **dict.fromkeys(
            ("avg", "distinct", "min", "max", "last"),
            "Write count: true or sum: PATH; of others ask in given: {avg: …}",
        ),
        **dict.fromkeys(("gte", "gt", "eq"), "Write at: [3]"),
    },
    "RepeatsObject": dict.fromkeys(("by", "key", "on", "property"), "Write same"),
    "DeriveObject": {
        **dict.fromkeys(("type", "name", "emit", "into"), "Write event"),
        **dict.fromkeys(("list", "foreach", "for_each", "unnest"), "Write each"),
        "where": "Delete it; ask in the rule: when: {event: …, where: {…}}",
    },
    "CastObject": {
        **dict.fromkeys(("date", "time", "timestamp", "datetime"), "Write instant: {created_at: epoch_seconds}"),
        **dict.fromkeys(("money", "float", "decimal", "integer", "fields", "properties"), "Write number: [total]"),
        **dict.fromkeys(("bool", "boolean", "text", "string"), "Delete it: only numbers and instants are cast"),
    },
    "QuietHoursObject": {
        "start": "Write from",
        "end": "Write to",
        "on": "Write days",
        **{
            day: f"Write days: [{day[:3]}], with from and to or, for all of the day, without"
            for weekday in _WEEKDAYS
            for day in (weekday, weekday[:3])
        },
        **dict.fromkeys(
            ("allow", "open", "send", "send_between"), "Write from and to of the time when nothing is sent"
        ),
    },
    "CapObject": {
        **dict.fromkeys(("every", "within", "window", "period"), "Write per"),
        **dict.fromkeys(("days", "hours"), "Write per: 7d"),
        "limit": "Write max",
        "channel": "Delete it; the caps of a channel stand under channels: {email: {frequency: {max: 2, per: week}}}",
    },
    "ArbitrationObject": {
        **dict.fromkeys(("window", "per"), "Write within"),
        **dict.fromkeys(("by", "pick", "sort"), "Delete it: of those within, the highest priority fires"),
        **dict.fromkeys(("group", "groups", "channel"), "Delete it: a round has all that falls due for the contact"),
    },
    "RolloutObject": {
        **dict.fromkeys(("percentage", "share", "weight", "size", "value", "fraction", "ratio"), "Write percent: 5"),
        **dict.fromkeys(
            ("seed", "bucket", "bucket_by", "bucketing_key", "stickiness", "hash", "key"),
            "Write salt: a word; contacts are drawn by their ids, always alike",
        ),
        **dict.fromkeys(
            ("steps", "stages", "schedule", "until", "increment", "ramp"),
            "Delete it: publish the rule again with a higher percent, when what it sent was right",
        ),
        **dict.fromkeys(
            ("variants", "variant", "variations"), "Delete it: which message a contact gets, variants beside it says"
        ),
    },
    "ChannelObject": {
        **dict.fromkeys(("caps", "cap", "limits"), "Write frequency"),
        **dict.fromkeys(
            ("subscription", "subscription_group", "opt_in", "purpose"), "Write consent: {purpose: newsletter}"
        ),
        **dict.fromkeys(
            ("holdout", "arbitration", "priority"), "Delete it: it stands in the policy, once for all channels"
        ),
    },
    "BreakerObject": {
        **dict.fromkeys(("limit", "at_most", "threshold", "count", "max_events", "maximum"), "Write max"),
        **dict.fromkeys(("within", "interval", "every", "window", "period"), "Write per"),
        **dict.fromkeys(("action", "on_flood", "then"), "Write mode: hold"),
    },
    "FeedObject": {
        **dict.fromkeys(("within", "interval", "rhythm", "max_gap", "timeout", "per"), "Write every"),
        **dict.fromkeys(("action", "on_silence", "then"), "Write mode: hold"),
    },
    "PolicyObject": {
        **dict.fromkeys(
            ("smart_sending", "frequency_cap", "frequency_caps", "frequency_capping", "rate_limit", "caps", "cap"),
            "Write frequency: {max: 1, per: 16h}",
        ),
        **dict.fromkeys(
            ("send_window", "time_window", "sending_hours", "delivery_window", "do_not_disturb", "dnd"),
            'Write quiet_hours: {from: "21:00", to: "08:00"}, when nothing is sent',
        ),
        **dict.fromkeys(
            ("prioritization", "priorities", "ranking", "priority", "best_of"), "Write arbitration: {within: 2h}"
        ),
        **dict.fromkeys(
            ("control_group", "control", "global_control", "global_control_group"),
            "Write holdout: {percent: 5, salt: winter}",
        ),
        **dict.fromkeys(
            ("rollout", "canary", "percentage"),
            "Delete it: a rule has its own, rollout: {percent: 5}; those who are sent nothing at all are the holdout",
        ),
        **dict.fromkeys(("subscription", "subscriptions", "opt_in"), "Write consent: {purpose: marketing}"),
        **dict.fromkeys(
            ("feed", "feed_health", "heartbeat", "heartbeats", "freshness", "data_freshness"),
            "Write feeds: {order.completed: {every: 6h}}",
        ),
        **dict.fromkeys(
            ("breakers", "circuit_breaker", "volume", "volume_breaker", "max_volume", "throttle", "flood"),
            "Write breaker: {cart.item_added: {max: 5000, per: 1h}}",
        ),
        **dict.fromkeys(("channel",), "Write channels: {email: {}}"),
        **dict.fromkeys(("timezone", "calendar"), "Delete it: it stands beside rules"),
    },
    "ConsentObject": dict.fromkeys(("topic", "list", "subscription", "group", "name"), "Write purpose"),
}
"""By the name of the model that reads an object, or of one it is made of: a key that is none there, and what is."""

EXAMPLES: Final = {
    "ArbitrationObject": "{within: 2h}",
    "AttributeChanges": "{tier: {becomes: gold}}",
    "CapObject": "{max: 1, per: day}",
    "BreakerObject": "{max: 5000, per: 1h}",
    "ConsentObject": "{purpose: marketing}",
    "ContactCondition": "{tier: gold}",
    "DigestObject": "{max: 3}",
    "FeedObject": "{every: 6h}",
    "HoldoutObject": "{percent: 5, salt: winter}",
    "InstantPaths": "{expires_at: epoch_seconds}",
    "ReachesObject": "{count: true, at: [3]}",
    "RolloutObject": "{percent: 5}",
    "Where": "{category: coffee, price: {gte: 50}}",
}

_BREAKER, _FEED = "cart.item_added: {max: 5000, per: 1h}", "order.completed: {every: 6h}"

_OF_KEYS: Final[dict[KeyPath, str]] = {
    ("breaker",): f"{{{_BREAKER}}}",
    ("channels",): "{email: {consent: {purpose: email}}}",
    ("feeds",): f"{{{_FEED}}}",
}
"""By the key alone, where an object of no model of its own is asked for."""

_OF_TYPES: Final = {"BreakerObject": _BREAKER, "FeedObject": _FEED}
_NO_TYPES: Final = ("every", "max", "mode", "per", "event", "type")
"""What stands where a type should, in front of an object, where somebody left the type out."""


def meant(key: str, model: type[Model] | None) -> str | None:
    """What to write in place of a key that is none of a model's; None where nothing is known."""
    names = [one.__name__ for one in (model.__mro__ if model is not None else ())]
    if key.startswith("contact.") and "MatchObject" in names:
        return _CHANGE
    known = next((words[key] for name in names if key in (words := KEYS.get(name, {}))), None)
    return (
        f"Write number: [{key}], or instant: {{{key}: epoch_seconds}}" if not known and "CastObject" in names else known
    )


def example(model: str, path: KeyPath) -> str | None:
    """What an object of a model looks like whose keys are the author's."""
    if model == "Where" and path[-1:] == ("contact",):
        return "{tier: gold}"
    if model in _OF_TYPES and path[-1] in _NO_TYPES:
        return _OF_TYPES[model]
    return EXAMPLES.get(model) or _OF_KEYS.get(path[-1:])
