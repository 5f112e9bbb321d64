"""What was pending when: the waits of episodes, and candidates that were held back, from a trace.

Filled by `explanation`, step by step; shown as bars by the page of `kittiwake explain`.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final, NamedTuple

from kittiwake.explain.model import Span, SpanKind
from kittiwake.kernel.state.trace import Step, StepKind
from kittiwake.reasons import Reason

Key = tuple[str, str]

PENDING: Final = "pending"
"""How what goes on yet has ended."""


class _Open(NamedTuple):
    from_us: int
    due_us: int
    """The last time at which it falls due, or when it is released."""


class Spans:
    """The spans so far."""

    def __init__(self) -> None:
        self.ended: list[Span] = []
        self._waits: dict[Key, _Open] = {}
        self._held: dict[Key, _Open] = {}

    def take(self, key: Key, step: Step) -> None:
        """Take one step of a rule and an instance in, in their order."""
        time_us, details = step.time_us, step.details
        match step.kind:
            case StepKind.ARMED | StepKind.RESTARTED | StepKind.MOVED:
                known = self._waits.get(key)
                from_us = time_us if known is None or step.kind is StepKind.ARMED else known.from_us
                self._waits[key] = _Open(from_us, max(details["dues_us"], default=time_us))
            case StepKind.DISARMED:
                self._end(self._waits, key, SpanKind.WAIT, time_us, details["why"])
            case StepKind.DUE if key in self._waits and details["time_us"] >= self._waits[key].due_us:
                self._end(self._waits, key, SpanKind.WAIT, details["time_us"], "due")
            case StepKind.DEFERRED:
                known = self._held.get(key)
                self._held[key] = _Open(known.from_us if known else time_us, details["release_us"])
            case StepKind.DECISION:
                reason = details["reason"]
                ended = str(reason) if time_us < self._released_us(key) and reason else "released"
                self._end(self._held, key, SpanKind.HELD, time_us, ended)
                if reason in (Reason.RULE_CHANGED, Reason.RULE_REMOVED, Reason.FORGOTTEN):
                    self._end(self._waits, key, SpanKind.WAIT, time_us, str(reason))

    def keep_only(self, kept: Container[Key], time_us: int) -> None:
        """Other waits than these are forgotten."""
        for key in [key for key in self._waits if key not in kept]:
            self._end(self._waits, key, SpanKind.WAIT, time_us, str(Reason.FORGOTTEN))

    def until(self, end_us: int) -> tuple[Span, ...]:
        """All of them; what is pending yet reaches to the end."""
        for key in list(self._waits):
            self._end(self._waits, key, SpanKind.WAIT, end_us, PENDING)
        for key in list(self._held):
            self._end(self._held, key, SpanKind.HELD, end_us, PENDING)
        return tuple(self.ended)

    def _released_us(self, key: Key) -> int:
        return self._held[key].due_us if key in self._held else 0

    def _end(self, opened: dict[Key, _Open], key: Key, kind: SpanKind, time_us: int, ended: str) -> None:
        one = opened.pop(key, None)
        if one is not None:
            rule_id, instance = key
            to_us = max(time_us, one.from_us)
            self.ended.append(Span(rule_id, instance or None, kind, one.from_us, to_us, ended, one.due_us))
