"""How many triggers a rule has fired in a day, beside what is usual for it: a day of the same weekdays before. And how
many were recalled in that day.

Pure. `kittiwake.pipelines.volumes` asks the tables and writes what comes of it to Cloud Monitoring, with account and
rule as labels: the metrics of a runner never carry them (`kittiwake.stream.metrics`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final, NamedTuple

LAST_DAY: Final = "custom.googleapis.com/kittiwake/triggers_last_day"
USUAL_DAY: Final = "custom.googleapis.com/kittiwake/triggers_usual_day"
RECALLED_DAY: Final = "custom.googleapis.com/kittiwake/triggers_recalled_last_day"
"""Metrics, as Cloud Monitoring calls them, with the labels `job_name`, `account_id` and `rule_id`."""

WEEKS: Final = 4
"""Of which the day is compared with the same one: a month, in which an old campaign no longer counts."""
FACTOR: Final = 3
"""So many times the usual, or so small a part of it, is unusual: weekends and sales stay below."""
NUMBER_MIN: Final = 100
"""Below it nothing is unusual: of ten triggers three times as many are chance."""
RULES_MAX: Final = 500
"""Rules with a series of their own, those that fire most; the rest is one. Two metrics of 500 rules, written each hour,
are 24,000 points a day, and Cloud Monitoring charges by the point. Rules of which something was
recalled, which are few, have a third."""
OTHERS: Final = "(others)"
"""Account and rule of the rest; no rule can be called so."""


class DayCount(NamedTuple):
    """Triggers of a rule on one day."""

    account_id: str
    rule_id: str
    weeks_ago: int
    """0: the day up to now; up to `WEEKS`."""
    number: int
    recalled: int = 0
    """Of whatever day, on this one."""


class RuleVolume(NamedTuple):
    """A rule's last day beside its usual one."""

    account_id: str
    rule_id: str
    number: int
    usual: float | None
    """The median of the days before, from the first on which it fired; None: it never did."""
    recalled: int = 0
    """Triggers that were taken back by hand in the last day, whenever they had fired."""

    @property
    def is_unusual(self) -> bool:
        """Whether somebody should look: far more, or far less."""
        if self.usual is None or max(self.number, self.usual) < NUMBER_MIN:
            return False
        return self.number > FACTOR * self.usual or self.number * FACTOR < self.usual


def volumes_of(counts: Iterable[DayCount]) -> list[RuleVolume]:
    """Of each rule, by account and rule; one that has stopped firing is there with 0."""
    days: dict[tuple[str, str], dict[int, int]] = {}
    recalled: Counter[tuple[str, str]] = Counter()
    for one in counts:
        fired = days.setdefault((one.account_id, one.rule_id), {})
        if one.number:
            fired[one.weeks_ago] = one.number
        if not one.weeks_ago:
            recalled[one.account_id, one.rule_id] += one.recalled
    return [
        RuleVolume(*rule, fired.get(0, 0), _usual(fired), recalled[rule])
        for rule, fired in sorted(days.items())
        if fired or recalled[rule]
    ]


def _usual(days: dict[int, int]) -> float | None:
    first = max(days, default=0)
    return median(days.get(ago, 0) for ago in range(1, first + 1)) if first else None


def bounded(volumes: Sequence[RuleVolume], rules_max: int = RULES_MAX) -> list[RuleVolume]:
    """At most so many rules, those with most triggers, and the rest as one."""
    if len(volumes) <= rules_max:
        return list(volumes)
    by_size = sorted(volumes, key=lambda one: (-max(one.number, one.usual or 0), one))
    rest = by_size[rules_max:]
    usual = sum(one.usual for one in rest if one.usual is not None)
    number, recalled = sum(one.number for one in rest), sum(one.recalled for one in rest)
    return [*sorted(by_size[:rules_max]), RuleVolume(OTHERS, OTHERS, number, usual, recalled)]
