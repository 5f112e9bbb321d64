"""What an author wrote, as plain values the oracle can walk: every short form written out, defaults filled in."""

from dataclasses import dataclass, field
from datetime import time
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle import clock
from tests.oracle.values import exact

KEEP = "400d"
_OPERATORS = ("gt", "gte", "lt", "lte", "eq")
_CONDITIONS = ("count", "sum", "distinct", "present", "absent")


@dataclass(frozen=True, eq=False)
class Match:
    """One event match: types, `where`, and the `same` written inside it."""

    types: tuple[str, ...]
    where: dict[str, Any]
    same: tuple[str, ...]


Matches = tuple[Match, ...]


@dataclass(frozen=True, eq=False)
class Condition:
    """One history condition."""

    what: str
    matches: Matches
    path: str
    same: tuple[str, ...]
    within: int | None
    op: str
    number: Fraction


@dataclass(frozen=True)
class Wait:
    """Silence: fixed delays (one unless `listed`), a `field` of the arming event, or `until` a date."""

    kind: str
    delays: tuple[int, ...] = ()
    listed: bool = False
    path: str = ""
    unit: int = 0
    default: int | None = None
    offset: int = 0
    at: time = time(9)
    repeat: str | None = None


@dataclass(frozen=True)
class Cap:
    """One frequency cap; `calendar` is day, week or month, else it rolls over `span`."""

    maximum: int
    calendar: str | None
    span: int
    group: str | None


@dataclass(frozen=True)
class Policy:
    """The account's policy; what is absent does not gate."""

    live_from: int | None = None
    history_from: int | None = None
    purpose: str | None = None
    consent_default: bool = True
    holdout_percent: Fraction | None = None
    holdout_salt: str = ""
    caps: tuple[Cap, ...] = ()
    quiet: tuple[time, time] | None = None


@dataclass(frozen=True, eq=False)
class Rule:
    """One rule. `steps` is the sequence (a plain `when` is one of a single step); audiences have none."""

    id: str
    steps: tuple[Matches, ...] = ()
    within: int = 0
    given: tuple[Condition, ...] = ()
    wait: Wait | None = None
    unless: Matches = ()
    per: tuple[str, ...] = ()
    restart: bool = True
    reaches: tuple[Fraction, ...] = ()
    reaches_sum: str | None = None
    audience: dict[str, Any] | None = None
    conditions: tuple[Condition, ...] = ()
    emits: tuple[str, ...] = ("entered",)
    include: dict[str, str] = field(default_factory=dict)
    shadow: bool = False
    priority: int = 50
    reentry: str = "always"
    group: str | None = None
    transactional: bool = False
    expires: int = 3 * clock.DAY
    keep: int = 400 * clock.DAY
    ready: int | None = None

    @property
    def same(self) -> tuple[str, ...]:
        """Every property any `same` of the rule names."""
        given = tuple(path for part in self.given for path in part.same)
        return given + tuple(path for part in self.unless for path in part.same)


@dataclass(frozen=True)
class RuleSet:
    """A whole rules file."""

    zone: ZoneInfo
    policy: Policy
    rules: tuple[Rule, ...]


def rule_set(document: dict[str, Any]) -> RuleSet:
    """The document read; rules that are off are absent."""
    raw = exact(document)
    policy = _policy(raw.get("policy") or {})
    rules = tuple(_rule(each, policy) for each in raw.get("rules") or [] if each.get("mode") != "off")
    return RuleSet(clock.zone_of(raw.get("timezone")) or ZoneInfo("UTC"), policy, rules)


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
    return Match(_paths(raw["event"]), raw.get("where") or {}, _paths(raw.get("same")))


def condition(raw: dict[str, Any]) -> Condition:
    """One history condition in any of its shapes."""
    what = next(name for name in _CONDITIONS if name in raw)
    found = matches(raw["of"] if what in ("sum", "distinct") else raw[what])
    inside = found[0].same if len(found) == 1 else ()
    op = next((name for name in _OPERATORS if name in raw), "")
    return Condition(
        what=what,
        matches=found,
        path=raw[what] if what in ("sum", "distinct") else "",
        same=_paths(raw.get("same")) or inside,
        within=clock.duration(raw["within"]) if raw.get("within") else None,
        op=op,
        number=raw.get(op, Fraction(0)),
    )


def _tree(raw: dict[str, Any]) -> dict[str, Any]:
    """An audience's tree with its leaves read."""
    if "not" in raw:
        return {"not": _tree(raw["not"])}
    for name in ("all", "any"):
        if name in raw:
            return {name: [_tree(part) for part in raw[name]]}
    return {"leaf": condition(raw)}


def _leaves(tree: dict[str, Any]) -> list[Condition]:
    if "leaf" in tree:
        return [tree["leaf"]]
    return [leaf for part in _many(next(iter(tree.values()))) for leaf in _leaves(part)]


def _wait(raw: Any) -> Wait | None:
    if raw is None:
        return None
    if isinstance(raw, str | list):
        return Wait("delays", delays=tuple(map(clock.duration, _many(raw))), listed=isinstance(raw, list))
    if "field" in raw:
        default = clock.duration(raw["default"]) if raw.get("default") is not None else None
        return Wait("field", path=raw["field"], unit=clock.unit_of(raw["unit"]), default=default)
    return Wait(
        "until",
        path=raw["until"],
        offset=clock.duration(raw.get("offset") or "0s"),
        at=clock.parse_clock(raw.get("at") or "09:00"),
        repeat=raw.get("repeat"),
    )


def _rule(raw: dict[str, Any], policy: Policy) -> Rule:
    read = _audience_parts(raw) if "audience" in raw else _event_parts(raw)
    rule = Rule(
        id=raw["id"],
        include=raw.get("include") or {},
        shadow=raw.get("mode") == "shadow",
        priority=int(raw.get("priority", 50)),
        reentry=raw.get("reentry") or "always",
        group=raw.get("group"),
        transactional=raw.get("transactional", "audience" in raw),
        expires=clock.duration(raw.get("expires") or "3d"),
        keep=clock.duration(raw.get("keep") or KEEP),
        **read,
    )
    object.__setattr__(rule, "ready", _ready(rule, clock.parse_instant(raw.get("live_from")), policy))
    return rule


def _audience_parts(raw: dict[str, Any]) -> dict[str, Any]:
    tree = _tree(raw["audience"])
    return {"audience": tree, "conditions": tuple(_leaves(tree)), "emits": tuple(raw.get("emits") or ["entered"])}


def _event_parts(raw: dict[str, Any]) -> dict[str, Any]:
    when = raw["when"]
    sequence = when.get("sequence") if isinstance(when, dict) else None
    reaches = raw.get("reaches") or {}
    given = tuple(condition(part) for part in _many(raw["given"])) if raw.get("given") else ()
    return {
        "steps": tuple(matches(step) for step in sequence) if sequence else (matches(when),),
        "within": clock.duration(when["within"]) if sequence else 0,
        "given": given,
        "conditions": given,
        "wait": _wait(raw.get("wait")),
        "unless": matches(raw["unless"]) if raw.get("unless") else (),
        "per": _paths(raw.get("per")),
        "restart": raw.get("restart", True),
        "reaches": tuple(reaches.get("at") or ()),
        "reaches_sum": reaches.get("sum"),
    }


def _ready(rule: Rule, live_from: int | None, policy: Policy) -> int | None:
    """The instant before which the rule's candidates are not ready, if any."""
    longest = max([rule.within, *(part.within or 0 for part in rule.conditions)])
    history = None if policy.history_from is None else policy.history_from + longest
    given = [each for each in (policy.live_from if live_from is None else live_from, history) if each is not None]
    return max(given, default=None)


def _policy(raw: dict[str, Any]) -> Policy:
    consent, holdout, quiet = raw.get("consent") or {}, raw.get("holdout") or {}, raw.get("quiet_hours")
    return Policy(
        live_from=clock.parse_instant(raw.get("live_from")),
        history_from=clock.parse_instant(raw.get("history_from")),
        purpose=consent.get("purpose"),
        consent_default=consent.get("default", "granted") == "granted",
        holdout_percent=holdout.get("percent"),
        holdout_salt=holdout.get("salt", ""),
        caps=tuple(_cap(cap) for cap in _many(raw.get("frequency") or [])),
        quiet=(clock.parse_clock(quiet["from"]), clock.parse_clock(quiet["to"])) if quiet else None,
    )


def _cap(raw: dict[str, Any]) -> Cap:
    per = raw["per"]
    calendar = per if per in ("day", "week", "month") else None
    return Cap(int(raw["max"]), calendar, 0 if calendar else clock.duration(per), raw.get("group"))
