"""What an author wrote, as plain values the oracle can walk: every short form written out, defaults filled in."""

from dataclasses import dataclass, field, replace
from datetime import date, time
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle import clock
from tests.oracle.names import written_out
from tests.oracle.policies import RETENTION, Cap, Channel, Consent, Policy
from tests.oracle.preparing import Preparation, preparation
from tests.oracle.values import exact

_DAYS = {"today": 3, "this_week": 9, "this_month": 33, "this_year": 368}
KEEP = "400d"
PERIODS = {name: days * clock.DAY for name, days in _DAYS.items()}
"""For how long what happened in a period is remembered."""
_OPERATORS = ("gt", "gte", "lt", "lte", "eq", "in")
_VALUES = ("sum", "distinct", "avg", "min", "max", "last")
_CONDITIONS = ("count", "present", "absent", *_VALUES)


@dataclass(frozen=True, eq=False)
class Match:
    """One event match: types, `where`, and the `same` written inside it.

    `same` has the names in the event that arms or asks, `own` those in the events that match. `change` is what has to
    become of an attribute of the contact.
    """

    types: tuple[str, ...]
    where: dict[str, Any]
    same: tuple[str, ...]
    own: tuple[str, ...] = ()
    change: dict[str, Any] = field(default_factory=dict)
    item: str = ""
    """The property that names the item that has changed."""


Matches = tuple[Match, ...]


@dataclass(frozen=True, eq=False)
class Condition:
    """One history condition; of a `period`, or a range back from `near` on, `within` is how long it is remembered.

    `number` is what is measured is compared with: of `last` any scalar, or a list. `same` and `own`: as of a match.
    """

    what: str
    matches: Matches
    path: str
    same: tuple[str, ...]
    own: tuple[str, ...]
    within: int | None
    op: str
    number: Any
    period: str | None = None
    near: int = 0


@dataclass(frozen=True)
class LocalDay:
    """A local day so many days after a base, moved on to one of the weekdays (Monday 0), at a time if it has one."""

    days: int
    at: time | None
    on: tuple[int, ...]
    holidays: frozenset[date] = frozenset()

    def falls_on(self, day: date) -> bool:
        """Whether the day is one of those that are wanted."""
        return day.weekday() in self.on and day not in self.holidays


@dataclass(frozen=True)
class Wait:
    """Silence: fixed delays (one unless `listed`), a `field` of the arming event, `until` a date, or `local` days."""

    kind: str
    delays: tuple[int, ...] = ()
    listed: bool = False
    path: str = ""
    unit: int = 0
    default: int | None = None
    offset: int = 0
    at: time = time(9)
    repeat: str | None = None
    local_days: tuple[LocalDay, ...] = ()
    left_out: frozenset[date] = frozenset()
    later: "tuple[Wait, ...]" = ()
    """Of a list of reminders of one date: those after the first."""

    @property
    def of_contact(self) -> bool:
        """Whether an `until` looks at the contact rather than at the event."""
        return self.path.startswith("contact.")


@dataclass(frozen=True, eq=False)
class Catalog:
    """A change of an item: of the value at a path, as one word says, and whom it concerns for how long."""

    path: str
    spec: dict[str, Any]
    since: bool
    interest: Matches
    item: str
    within: int
    where: dict[str, Any] | None = None


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule. `steps` is the sequence (a plain `when` is one of a single step); audiences have none.

    `version` is the index of the rules file it stands in; `live_from` is what the rule or its policy says.
    """

    id: str
    version: int = 0
    steps: tuple[Matches, ...] = ()
    within: int = 0
    given: dict[str, Any] | None = None
    still: dict[str, Any] | None = None
    wait: Wait | None = None
    unless: Matches = ()
    per: tuple[str, ...] = ()
    restart: bool = True
    reaches: tuple[Fraction, ...] = ()
    reaches_sum: str | None = None
    reaches_period: str | None = None
    audience: dict[str, Any] | None = None
    conditions: tuple[Condition, ...] = ()
    emits: tuple[str, ...] = ("entered",)
    include: dict[str, Any] = field(default_factory=dict)
    shadow: bool = False
    rollout: Fraction | None = None
    rollout_salt: str = ""
    priority: int = 50
    reentry: str = "always"
    group: str | None = None
    transactional: bool = False
    holdout: bool = True
    expires: int = 3 * clock.DAY
    keep: int = 400 * clock.DAY
    live_from: int | None = None
    channel: str | None = None
    variants: tuple[tuple[str, Fraction], ...] = ()
    salt: str = ""
    catalog: Catalog | None = None
    digest: tuple[int, str | None, bool] | None = None
    """How many one trigger lists, by which field the best is found, and whether its highest number is the best."""

    @property
    def longest(self) -> int:
        """The longest `within` of its sequence, conditions and totals."""
        of_totals = PERIODS[self.reaches_period] if self.reaches_period else 0
        of_interest = self.catalog.within if self.catalog else 0
        return max([self.within, of_totals, of_interest, *(part.within or 0 for part in self.conditions)])

    @property
    def remembers_firing(self) -> int:
        """For how long a firing refuses the next one: not at all if re-entry is `always`."""
        if self.reentry == "always":
            return 0
        return self.keep if self.reentry == "once" else clock.duration(self.reentry)

    @property
    def same(self) -> tuple[str, ...]:
        """Every property any `same` of the rule names."""
        asked = tuple(path for part in self.conditions for path in part.same)
        return asked + tuple(path for part in self.unless for path in part.same)


@dataclass(frozen=True)
class RuleSet:
    """A whole rules file."""

    zone: ZoneInfo
    policy: Policy
    rules: tuple[Rule, ...]
    preparation: Preparation


def rule_set(document: dict[str, Any], version: int = 0) -> RuleSet:
    """The document read; rules that are off are absent."""
    raw = written_out(exact(document))
    audiences = {each["id"]: each["audience"] for each in raw.get("rules") or [] if "audience" in each}
    raw["rules"] = [_written_out(each, audiences) for each in raw.get("rules") or []]
    policy = _policy(raw.get("policy") or {})
    holidays = frozenset(map(date.fromisoformat, raw.get("calendar") or ()))
    on = [each for each in raw.get("rules") or [] if each.get("mode") != "off"]
    rules = tuple(_rule(each, policy, version, holidays) for each in on)
    return RuleSet(clock.zone_of(raw.get("timezone")) or ZoneInfo("UTC"), policy, rules, preparation(raw))


def _written_out(raw: dict[str, Any], audiences: dict[str, Any]) -> dict[str, Any]:
    """The rule with the tree of an audience in the place of each `in` that names it."""

    def whole(part: Any) -> Any:
        if isinstance(part, list):
            return [whole(each) for each in part]
        if set(part) == {"in"}:
            return whole(audiences[part["in"]])
        return {key: whole(inner) if key in ("all", "any", "not") else inner for key, inner in part.items()}

    return {key: whole(part) if key in ("given", "still", "audience") else part for key, part in raw.items()}


def _many(raw: Any) -> list[Any]:
    return raw if isinstance(raw, list) else [raw]


def _paths(raw: Any) -> tuple[str, ...]:
    return () if raw is None else tuple(_many(raw))


def matches(raw: Any) -> Matches:
    """An event match in any of its shapes, as alternatives."""
    return tuple(_match(part) for part in _many(raw))


def _match(raw: Any) -> Match:
    if isinstance(raw, str):
        return Match((raw,), {}, ())
    if "event" not in raw:
        names, where = _shared(raw.get("same")), raw.get("where") or {}
        return Match(("contact.updated",), where, *names, change=raw["contact"])
    return Match(_paths(raw["event"]), raw.get("where") or {}, *_shared(raw.get("same")), item=raw.get("item", ""))


def _shared(raw: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Of what two events share the names in the one that arms or asks, and in the other."""
    pairs = [
        pair
        for part in ([] if raw is None else _many(raw))
        for pair in (part.items() if isinstance(part, dict) else [(part, part)])
    ]
    return tuple(one for one, _ in pairs), tuple(other for _, other in pairs)


def condition(raw: dict[str, Any]) -> Condition:
    """One history condition in any of its shapes."""
    what = next(name for name in _CONDITIONS if name in raw)
    found = matches(raw["of"] if what in _VALUES else raw[what])
    same, own = _shared(raw.get("same"))
    if not same:  # all alternatives have the same one
        same, own = found[0].same, found[0].own
    op = next((name for name in _OPERATORS if name in raw), "")
    return Condition(
        what=what,
        matches=found,
        path=raw[what] if what in _VALUES else "",
        same=same,
        own=own,
        within=_look_back(raw),
        period=raw["within"] if raw.get("within") in PERIODS else None,
        near=clock.duration(raw["between"][1]) if raw.get("between") else 0,
        op=op,
        number=raw.get(op, Fraction(0)),
    )


def _look_back(raw: dict[str, Any]) -> int | None:
    if raw.get("between"):
        return clock.duration(raw["between"][0])
    within = raw.get("within")
    return PERIODS[within] if within in PERIODS else clock.duration(within) if within else None


def _tree(raw: Any) -> dict[str, Any]:
    """A tree of conditions with its leaves read; a list is of conditions that all have to hold."""
    if isinstance(raw, list):
        return _tree({"all": raw})
    if "contact" in raw:
        return raw
    if "not" in raw:
        return {"not": _tree(raw["not"])}
    for name in ("all", "any"):
        if name in raw:
            return {name: [_tree(part) for part in raw[name]]}
    return {"leaf": condition(raw)}


def leaves(tree: dict[str, Any]) -> list[Condition]:
    if "leaf" in tree:
        return [tree["leaf"]]
    if "contact" in tree:
        return []
    return [leaf for part in _many(next(iter(tree.values()))) for leaf in leaves(part)]


def _wait(raw: Any, holidays: frozenset[date]) -> Wait | None:
    if raw is None:
        return None
    if isinstance(raw, dict) and not raw.keys() & {"until", "field"}:
        return Wait("local", local_days=(_local_day(raw, holidays),))
    if isinstance(raw, list) and isinstance(raw[0], dict) and "until" in raw[0]:
        first, *later = (_until(each, holidays) for each in raw)
        return replace(first, listed=True, later=tuple(later))
    if isinstance(raw, list) and isinstance(raw[0], dict):
        return Wait("local", local_days=tuple(_local_day(each, holidays) for each in raw), listed=True)
    if isinstance(raw, str | list):
        return Wait("delays", delays=tuple(map(clock.duration, _many(raw))), listed=isinstance(raw, list))
    if "field" in raw:
        default = clock.duration(raw["default"]) if raw.get("default") is not None else None
        return Wait("field", path=raw["field"], unit=clock.unit_of(raw["unit"]), default=default)
    return _until(raw, holidays)


def _until(raw: dict[str, Any], holidays: frozenset[date]) -> Wait:
    if "BYHOUR" in (raw.get("repeat") or ""):
        numbers = dict(part.split("=") for part in raw["repeat"].split(";"))
        raw = {**raw, "at": f"{int(numbers['BYHOUR']):02}:{int(numbers['BYMINUTE']):02}"}
    return Wait(
        "until",
        path=raw["until"],
        offset=clock.duration(raw.get("offset") or "0s"),
        at=clock.parse_clock(raw.get("at") or "09:00"),
        repeat=raw.get("repeat"),
        local_days=(_local_day(raw, holidays),) if raw.keys() & {"days", "at", "on"} else (),
        left_out=frozenset(map(date.fromisoformat, raw.get("except") or ())),
    )


_WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _local_day(raw: dict[str, Any], holidays: frozenset[date]) -> LocalDay:
    at, on = raw.get("at"), raw.get("on") or [*_WEEKDAYS]
    days, time_of_day = int(raw.get("days") or 0), clock.parse_clock(at) if at else None
    if on == "workdays":
        return LocalDay(days, time_of_day, (0, 1, 2, 3, 4), holidays)
    return LocalDay(days, time_of_day, tuple(map(_WEEKDAYS.index, _many(on))))


def _rule(raw: dict[str, Any], policy: Policy, version: int, holidays: frozenset[date]) -> Rule:
    read = _audience_parts(raw) if "audience" in raw else _event_parts(raw, holidays)
    live_from = clock.parse_instant(raw.get("live_from"))
    variants, rollout = raw.get("variants") or {}, raw.get("rollout") or {}
    return Rule(
        id=raw["id"],
        version=version,
        include={name: _source(raw, said) for name, said in (raw.get("include") or {}).items()},
        shadow=raw.get("mode") == "shadow",
        rollout=rollout.get("percent"),
        rollout_salt=rollout.get("salt") or f"rollout:{raw['id']}",
        priority=int(raw.get("priority", 50)),
        reentry=raw.get("reentry") or "always",
        group=raw.get("group"),
        channel=raw.get("channel"),
        transactional=raw.get("transactional", "audience" in raw),
        holdout=raw.get("holdout", True),
        expires=clock.duration(raw.get("expires") or "3d"),
        keep=clock.duration(raw.get("keep") or KEEP),
        live_from=policy.live_from if live_from is None else live_from,
        variants=tuple((name, share) for name, share in sorted(variants.items()) if name != "salt"),
        salt=variants.get("salt") or raw["id"],
        digest=_digest(raw.get("digest")),
        **read,
    )


def _digest(raw: dict[str, Any] | None) -> tuple[int, str | None, bool] | None:
    if raw is None:
        return None
    return int(raw["max"]), raw.get("highest") or raw.get("lowest"), raw.get("lowest") is None


def _source(rule: dict[str, Any], said: Any) -> Any:
    """A path as it is; what the rule says of itself as a list of one."""
    return said if isinstance(said, str) else [rule[said["rule"]]]


def _audience_parts(raw: dict[str, Any]) -> dict[str, Any]:
    tree = _tree(raw["audience"])
    return {"audience": tree, "conditions": tuple(leaves(tree)), "emits": tuple(raw.get("emits") or ["entered"])}


def _event_parts(raw: dict[str, Any], holidays: frozenset[date]) -> dict[str, Any]:
    when = raw["when"]
    catalog = _catalog(when, raw["interest"]) if "interest" in raw else None
    sequence = when.get("sequence") if isinstance(when, dict) else None
    reaches = raw.get("reaches") or {}
    given, still = (_tree(raw[name]) if raw.get(name) else None for name in ("given", "still"))
    return {
        "steps": () if catalog else tuple(matches(step) for step in sequence) if sequence else (matches(when),),
        "catalog": catalog,
        "within": clock.duration(when["within"]) if sequence else 0,
        "given": given,
        "still": still,
        "conditions": tuple(leaf for tree in (given, still) if tree for leaf in leaves(tree)),
        "wait": _wait(raw.get("wait"), holidays),
        "unless": matches(raw["unless"]) if raw.get("unless") else (),
        "per": ("item_id",) if catalog else _paths(raw.get("per")),
        "restart": raw.get("restart", True),
        "reaches": tuple(reaches.get("at") or ()),
        "reaches_sum": reaches.get("sum"),
        "reaches_period": reaches.get("within"),
    }


def _catalog(when: dict[str, Any], interest: dict[str, Any]) -> Catalog:
    ((path, spec),) = when["item"].items()
    within = clock.duration(interest["within"])
    shown = matches(interest["events"])
    return Catalog(path, spec, "since" in when, shown, interest["item"], within, when.get("where"))


def _policy(raw: dict[str, Any]) -> Policy:
    holdout, channels = raw.get("holdout") or {}, raw.get("channels") or {}
    caps = [_cap(cap, None) for cap in _many(raw.get("frequency") or [])]
    caps += [_cap(cap, name) for name, each in channels.items() for cap in _many(each.get("frequency") or [])]
    best = raw.get("arbitration")
    return Policy(
        live_from=clock.parse_instant(raw.get("live_from")),
        history_from=clock.parse_instant(raw.get("history_from")),
        effective=raw.get("history_from") == "effective",
        consent=_consent(raw.get("consent")),
        holdout_percent=holdout.get("percent"),
        holdout_salt=holdout.get("salt", ""),
        caps=tuple(caps),
        quiet=_quiet_hours(raw.get("quiet_hours")),
        channels={
            name: Channel(_consent(each.get("consent")), _quiet_hours(each.get("quiet_hours")))
            for name, each in channels.items()
        },
        arbitration=(clock.duration(best["within"]), int(best.get("max", 1))) if best else None,
        feeds={
            name: (clock.duration(each["every"]), each.get("mode") == "hold")
            for name, each in (raw.get("feeds") or {}).items()
        },
        breakers={
            name: (int(each["max"]), clock.duration(each["per"]), each.get("mode") == "hold")
            for name, each in (raw.get("breaker") or {}).items()
        },
        retention=clock.duration(raw["retention"]) if raw.get("retention") else RETENTION,
        profile_retention=clock.duration(raw["profile_retention"]) if raw.get("profile_retention") else None,
    )


def _consent(raw: dict[str, Any] | None) -> Consent | None:
    return Consent(raw["purpose"], raw.get("default", "granted") == "granted") if raw else None


def _quiet_hours(raw: Any) -> tuple[clock.Quiet, ...]:
    return tuple(_quiet(each) for each in _many(raw or []))


_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _quiet(raw: dict[str, Any]) -> clock.Quiet:
    """Days alone are whole days."""
    days = frozenset(_DAYS.index(name) for name in raw.get("days") or _DAYS)
    return clock.Quiet(days, clock.parse_clock(raw.get("from", "00:00")), clock.parse_clock(raw.get("to", "00:00")))


def _cap(raw: dict[str, Any], channel: str | None) -> Cap:
    per = raw["per"]
    calendar = per if per in ("day", "week", "month") else None
    return Cap(int(raw["max"]), calendar, 0 if calendar else clock.duration(per), raw.get("group"), channel)
