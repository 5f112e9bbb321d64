"""Lines of what was emitted before a late event was known: arrivals, and decisions that were taken back or corrected.

Pure. Called by hosts that decide as a stream does; the lines stand at the clock at which it happened, beside an
explanation from all that is known now.
"""

from __future__ import annotations

from kittiwake.event_types import own_type
from kittiwake.explain.model import Line, Tone
from kittiwake.explain.steps import arrived_words
from kittiwake.explain.wording import moment_words
from kittiwake.kernel.state.trace import Step, StepKind
from kittiwake.model import Decision
from kittiwake.reasons import Outcome


def arrival_line(step: Step, clock_us: int, zone: str) -> Line:
    """A late event arrives: a CORRECTED step, put in its place; or a LATE one, beyond the allowed lateness."""
    details = step.details
    if step.kind is StepKind.CORRECTED:
        text, tone = arrived_words(details, clock_us, zone), Tone.ASIDE
    else:
        of = moment_words(step.time_us, zone, clock_us)
        name = f"{own_type(details['type'])} ({details['event_id']})"
        text, tone = f"{name} of {of}: too late, changes nothing", Tone.STOPPED
    return Line(clock_us, step.kind, tone, None, None, text, zone)


def retold_line(row: Decision, before: Decision | None, clock_us: int, zone: str) -> Line:
    """A decision that a correction takes back, emits anew, or makes."""
    if row.decision is Outcome.REVOKED:
        assert before is not None, "only what was emitted is taken back"
        text, tone = f"REVOKED: {_decision_words(before, clock_us, zone)} is taken back", Tone.STOPPED
    else:
        words = _decision_words(row, clock_us, zone)
        was = before is not None and before.decision is not Outcome.REVOKED
        text = f"corrected: {words}, revision {row.revision}" if was else f"decided late: {words}"
        tone = Tone.FIRED if row.decision is Outcome.FIRED else Tone.STOPPED
    if row.replaces:
        text += f", in place of {', '.join(row.replaces)}"
    return Line(clock_us, StepKind.CORRECTED, tone, row.rule_id, row.instance, text, zone)


def _decision_words(row: Decision, clock_us: int, zone: str) -> str:
    fired = row.decision is Outcome.FIRED
    what = str(row.kind).upper() if fired else f"{row.decision} ({row.reason})"
    return f"{what} of {moment_words(row.time_us, zone, clock_us)} (trigger {row.trigger_id})"
