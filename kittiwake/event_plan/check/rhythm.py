"""Checks of a policy's feeds and breakers: whether what was seen would have been silent, or a flood.

Pure.
"""

from __future__ import annotations

from collections.abc import Iterator

from kittiwake.event_plan.check.names import check_types
from kittiwake.event_plan.check.wording import number
from kittiwake.event_plan.known import Known
from kittiwake.event_plan.model import VolumeObject
from kittiwake.event_plan.parts import VOLUME_EXACT_MAX
from kittiwake.event_plan.uses import TypeUse
from kittiwake.rules.diagnostics import Diagnostic, span_us
from kittiwake.rules.errors import LintCode
from kittiwake.rules.model.policy import BreakerObject, PolicyObject
from kittiwake.time.instants import parse_instant


def check_rhythms(policy: PolicyObject, known: Known) -> Iterator[Diagnostic[LintCode]]:
    """Types that never come, feeds with a shorter `every` than pauses that are usual, breakers that usual days open."""
    named = [*(("feeds", name) for name in policy.feeds or ()), *(("breaker", name) for name in policy.breaker or ())]
    for one in check_types([TypeUse(at, at[1]) for at in named], known):
        yield one._replace(at_key=True)
    for name, feed in (policy.feeds or {}).items():
        event = known.plan.events.get(name)
        pause = event and event.pause
        if pause and span_us(feed.every) <= parse_instant(pause.to) - parse_instant(pause.from_):
            message = f"no {name} came from {pause.from_} to {pause.to}: the feed would have been silent"
            advice = "Write a longer every: kittiwake profile proposes three times its longest pause"
            yield Diagnostic(("feeds", name, "every"), LintCode.FEED_SHORTER_THAN_PAUSE, message, advice)
    for name, breaker in (policy.breaker or {}).items():
        event = known.plan.events.get(name)
        volume = event and event.volume
        if volume and _opens(breaker, volume):
            about = "about " if volume.max > VOLUME_EXACT_MAX else ""
            came = f"{about}{number(volume.max)} {name} came in {volume.per} from {volume.from_}"
            message = f"{came}: the breaker would have opened"
            advice = "Write a greater max: kittiwake profile proposes three times the busiest interval"
            yield Diagnostic(("breaker", name, "max"), LintCode.BREAKER_BELOW_BUSIEST, message, advice)


def _opens(breaker: BreakerObject, volume: VolumeObject) -> bool:
    """Whether an interval of the breaker surely had more events than pass; an estimate may be a third too high."""
    surely = volume.max if volume.max <= VOLUME_EXACT_MAX else volume.max * 2 // 3
    per_us, from_us = span_us(breaker.per), parse_instant(volume.from_)
    last_us = from_us + max(span_us(volume.per) - 1, 0)
    intervals = last_us // per_us - from_us // per_us + 1
    return surely > breaker.max * intervals
