"""Random rule sets of the kinds that the accelerator knows, all of them, and histories that are mostly ordinary."""

from __future__ import annotations

import random
from typing import Any, NamedTuple

from kittiwake.batch.event_rows import Row
from kittiwake.time.instants import DAY_US, HOUR_US, MINUTE_US, format_instant, parse_instant
from kittiwake.values import canonical

TYPES = ("a.a", "b.b", "c.c", "d.d")
ZONES = ("America/Toronto", "Europe/Berlin", "Asia/Kolkata", "UTC", "Australia/Lord_Howe")
KEYS = ("p1", "p1", "p2", "p3", "Ünï")
ODD_KEYS = ("p1", 1, 12, True, 1.5)
STARTS = ("2026-01-14T12:00:00Z", "2026-03-08T03:00:00Z", "2026-10-31T23:00:00Z", "2026-05-30T20:00:00Z")
"""Toronto skips an hour, and shows one twice."""


class KnownWorld(NamedTuple):
    """Rules, one contact's rows as a batch host hands them over, and the instant up to which it is decided."""

    document: dict[str, Any]
    rows: list[Row]
    until_us: int


def known_world(seed: int) -> KnownWorld:
    """The world of that seed."""
    dice = random.Random(f"known {seed}")
    unit_us = dice.choice((5 * MINUTE_US, HOUR_US, HOUR_US, DAY_US))
    drawn = _Drawn(dice, unit_us, parse_instant(dice.choice(STARTS)))
    document: dict[str, Any] = {"account": "acme", "timezone": dice.choice(ZONES), "policy": drawn.policy()}
    ids = dice.sample(("alpha", "beta", "gamma", "r-1", "r-10", "r-2", "zeta"), dice.choice((1, 2, 3, 3, 5, 7)))
    document["rules"] = [{"id": name, **drawn.rule()} for name in ids]
    return KnownWorld(document, *drawn.history())


class _Drawn:
    def __init__(self, dice: random.Random, unit_us: int, start_us: int) -> None:
        self.dice, self.unit_us, self.start_us = dice, unit_us, start_us
        self.keys: tuple[Any, ...] = KEYS if self.may(70) else ODD_KEYS

    def may(self, percent: int) -> bool:
        return self.dice.random() * 100 < percent

    def span(self, least: int, most: int) -> str:
        return f"{self.dice.randint(least, most) * self.unit_us // MINUTE_US}m"

    # ------------------------------------------------------------ policy

    def policy(self) -> dict[str, Any]:
        drawn: dict[str, Any] = {}
        if self.may(25):
            drawn["live_from"] = format_instant(self.start_us + self.dice.randint(-2, 12) * self.unit_us)
        if self.may(45):
            drawn["consent"] = {
                "purpose": "marketing",
                "default": self.dice.choice(("granted", "granted", "withdrawn")),
            }
        if self.may(25):
            drawn["holdout"] = {"percent": self.dice.choice((0, 12.5, 50, 100)), "salt": "winter"}
        if self.may(55):
            drawn["frequency"] = [self._cap() for _ in range(self.dice.randint(1, 3))]
        if self.may(65):
            begins, ends = self.dice.sample(("21:00", "08:00", "00:30", "02:30", "12:00", "00:00"), 2)
            drawn["quiet_hours"] = {"from": begins, "to": ends}
        if self.may(30):
            drawn["arbitration"] = {"within": self.dice.choice(("5m", "2h", "1d")), "max": self.dice.randint(1, 2)}
        return drawn

    def _cap(self) -> dict[str, Any]:
        cap = {"max": self.dice.randint(1, 3), "per": self.dice.choice(("day", "week", self.span(1, 12)))}
        return {**cap, "group": "intent"} if self.may(35) else cap

    # ------------------------------------------------------------ rules

    def rule(self) -> dict[str, Any]:
        shape = self.dice.choice(
            (self._plain, self._waiting, self._waiting, self._dated, self._reaching, self._audience)
        )
        return {**shape(), **self._eligibility()}

    def _plain(self) -> dict[str, Any]:
        return {"when": self._arming(), **self._around(waits=False)}

    def _waiting(self) -> dict[str, Any]:
        wait: Any = self.span(0, 5)
        if self.may(35):
            steps = sorted(self.dice.sample(range(8), self.dice.randint(1, 3)))
            wait = [f"{step * self.unit_us // MINUTE_US}m" for step in steps]
        elif self.may(30):
            wait = {"field": "n", "unit": self.dice.choice(("hours", "days", "minutes"))}
            wait |= {"default": self.span(1, 4)} if self.may(50) else {}
        return {"when": self._arming(), "wait": wait, **self._around(waits=True)}

    def _dated(self) -> dict[str, Any]:
        of_contact = self.may(55)
        wait: dict[str, Any] = {"until": "contact.birthday" if of_contact else "on"}
        if self.may(40):
            wait["offset"] = self.dice.choice(("-2d", "-1h", "3h", "1d"))
        if self.may(50):
            wait["at"] = self.dice.choice(("09:00", "02:30", "00:00"))
        if self.may(50):
            wait["repeat"] = self.dice.choice(("daily", "weekly", "monthly", "yearly"))
        when = "contact.updated" if of_contact and self.may(60) else self._arming()
        return {"when": when, "wait": wait, **self._around(waits=True)}

    def _reaching(self) -> dict[str, Any]:
        reaches: dict[str, Any] = {"count": True, "at": sorted(self.dice.sample(range(1, 6), self.dice.randint(1, 3)))}
        if self.may(50):
            reaches = {
                "sum": "v",
                "at": sorted(self.dice.sample((50, 68.74, 100.5, 150, 300), self.dice.randint(1, 3))),
            }
        return {"when": self._arming(), "reaches": reaches, **self._around(waits=False)}

    def _audience(self) -> dict[str, Any]:
        gated = {"transactional": False} if self.may(50) else {}  # else it knows no quiet hours and no caps
        emits = self.dice.choice((["entered", "exited"], ["entered"]))
        return {"audience": self._tree(0, keyed=False), "emits": emits, **gated}

    def _arming(self) -> Any:
        if self.may(15):
            steps = [self._match() for _ in range(self.dice.randint(2, 4))]
            return {"sequence": steps, "within": self.span(2, 12)}
        return self._match()

    def _match(self) -> Any:
        kind = self.dice.randrange(8)
        if kind < 4:
            return self.dice.choice(TYPES)
        if kind < 6:
            return "*" if kind == 5 else self.dice.sample(TYPES, 2)
        return {"event": self.dice.choice((self.dice.choice(TYPES), "*")), "where": self._where(0)}

    def _where(self, depth: int) -> dict[str, Any]:
        if depth < 2 and self.may(30):
            name = self.dice.choice(("all", "any", "not"))
            parts = [self._where(depth + 1) for _ in range(2)]
            return {name: parts[0] if name == "not" else parts}
        return self.dice.choice(
            (
                {"k": self.dice.choice(KEYS)},
                {"k": {"ne": self.dice.choice(KEYS)}},
                {"k": {"not_in": ["p1", 12]}},
                {"g": ["x", "z"]},
                {"v": {self.dice.choice(("gt", "gte", "lt", "lte", "eq", "ne")): self.dice.choice((8.51, 68.74, 100))}},
                {"v": {"gte": 8.51, "lt": 96.47}},
                {self.dice.choice(("flag", "k", "gone")): {"exists": self.may(50)}},
                {"flag": self.may(50)},
            )
        )

    def _around(self, *, waits: bool) -> dict[str, Any]:
        drawn: dict[str, Any] = {}
        if self.may(40):
            drawn["per"] = self.dice.choice(("k", "k", "g", ["k", "g"]))
        if self.may(35):
            given = [self._condition(keyed=True) for _ in range(self.dice.randint(1, 2))]
            drawn["given"] = self._tree(0, keyed=True) if self.may(30) else given
        if self.may(65 if waits else 25):
            drawn["unless"] = [self._unless() for _ in range(self.dice.choice((1, 1, 2)))]
        if waits and self.may(20):
            drawn["restart"] = False
        if self.may(40):
            drawn["include"] = dict(self.dice.sample((("sku", "k"), ("total", "v"), ("none", "gone"), ("on", "on")), 2))
        return drawn

    def _unless(self) -> Any:
        drawn: dict[str, Any] = {"event": self.dice.choice((self.dice.choice(TYPES), self.dice.sample(TYPES, 2)))}
        if self.may(50):
            drawn["same"] = self.dice.choice(("k", "g", ["k", "g"]))
        if self.may(25):
            drawn["where"] = self._where(0)
        return drawn

    def _condition(self, *, keyed: bool) -> dict[str, Any]:
        what = self.dice.choice(("count", "count", "sum", "present", "absent"))
        drawn: dict[str, Any] = {"sum": "v", "of": self._match()} if what == "sum" else {what: self._match()}
        if keyed and self.may(40):
            drawn["same"] = self.dice.choice(("k", "g", ["k", "g"]))
        if self.may(65):
            drawn["within"] = self.span(1, 12)
        if what in ("count", "sum"):
            bounds = (1, 2, 3) if what == "count" else (8.51, 68.74, 100, 165.21)
            drawn[self.dice.choice(("gte", "gte", "gt", "lt", "lte", "eq"))] = self.dice.choice(bounds)
        return drawn

    def _tree(self, depth: int, *, keyed: bool) -> dict[str, Any]:
        if depth == 2 or self.may(45):
            return self._condition(keyed=keyed)
        name = self.dice.choice(("all", "any", "not"))
        if name == "not":
            return {"not": self._tree(depth + 1, keyed=keyed)}
        return {name: [self._tree(depth + 1, keyed=keyed) for _ in range(2)]}

    def _eligibility(self) -> dict[str, Any]:
        drawn: dict[str, Any] = {}
        if self.may(15):
            drawn["mode"] = "shadow"
        if self.may(40):
            drawn["priority"] = self.dice.choice((0, 49, 51, 100))
        if self.may(45):
            drawn["reentry"] = self.dice.choice(("once", self.span(1, 8), self.span(1, 8)))
        if self.may(40):
            drawn["group"] = self.dice.choice(("intent", "care"))
        if self.may(15):
            drawn["transactional"] = True
        if self.may(15):
            drawn["holdout"] = False
        if self.may(35):
            drawn["expires"] = self.span(1, 6)
        if self.may(20):
            drawn["keep"] = self.span(3, 12)
        return drawn

    # ------------------------------------------------------------ history

    def history(self) -> tuple[list[Row], int]:
        """Rows in order, and up to when they are decided: their end, soon after, or far beyond."""
        rows, grid_us, is_clean = list[Row](), self.start_us, self.may(70)
        for number in range(self.dice.choice((3, 8, 15, 30))):
            grid_us += self.dice.choice((0, 1, 1, 1, 2, 3, 5)) * self.unit_us
            at_us = grid_us + self.dice.choice((0, 0, 0, 0, 1, -1))
            at_us = max(at_us, rows[-1][0] + (1 if self.may(99) else 0)) if rows else at_us
            kind = self._type()
            text = self._written(self._properties(kind, at_us, is_clean=is_clean))
            rows.append((at_us, f"e-{self.dice.randrange(100)}-{number}", kind, text))
        rows.sort()
        beyond_us = self.dice.choice(
            (1, 1, self.unit_us, 9 * self.unit_us, 40 * self.unit_us, 90 * DAY_US, 500 * DAY_US)
        )
        return rows, rows[-1][0] + beyond_us

    def _written(self, properties: dict[str, Any]) -> bytes:
        """As producers write it: with blanks, a zero more behind the point, names in their own order, one twice."""
        text = canonical(properties)
        if self.may(40):
            parts = [f'"{name}" : {canonical(value)}' for name, value in properties.items()]
            parts = ['"k" : "first"', *parts] if "k" in properties else parts
            text = "{ " + " , ".join(parts) + " }"
        return text.replace("68.74", "68.740").replace(":100", ":100.00").encode()

    def _type(self) -> str:
        if self.may(78):
            return self.dice.choice(TYPES)
        own = ("contact.updated", "contact.updated", "consent.granted", "consent.withdrawn", "contact.seen", "e.e")
        return "contact.deleted" if self.may(2) else self.dice.choice(own)

    def _properties(self, kind: str, at_us: int, *, is_clean: bool) -> dict[str, Any]:
        on = format_instant(at_us + self.dice.randint(-1, 30) * DAY_US)
        if kind == "contact.updated":
            drawn: dict[str, Any] = {"birthday": self.dice.choice((f"1980{on[4:10]}", on[:10], "1984-02-29"))}
            if self.may(40):
                drawn["timezone"] = self.dice.choice((*ZONES, "Mars/Olympus", None, 5, "europe/berlin"))
            return drawn if self.may(80) else {name: drawn[name] for name in drawn if name != "birthday"}
        if kind.startswith("consent."):
            return self.dice.choice(({}, {"purpose": "marketing"}, {"purpose": "news"}, {"purpose": 5}))
        drawn = {
            "k": self.dice.choice(self.keys),
            "g": self.dice.choice(("x", "x", "y")),
            "v": self.dice.choice((68.74, 96.47, 8.51, -20.5, 100, 0, 31.26)),
            "n": self.dice.choice((0, 1, 2, 0.5, 3)),
            "on": self.dice.choice((on, on[:10])),
            "flag": self.may(50),
        }
        if not is_clean and self.may(15):
            drawn[self.dice.choice(list(drawn))] = self.dice.choice(
                ("x", 'a"b', None, True, [1], {"a": 1}, 10**20, 1e-9)
            )
        if self.may(10):
            del drawn[self.dice.choice(("flag",) if is_clean else list(drawn))]
        return drawn
