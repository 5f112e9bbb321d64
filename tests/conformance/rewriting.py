"""Expected lines of a timeline written anew from what was decided: `pytest tests/conformance --update-golden`.

Lines that tell what happens stay as they are. Read the difference before you commit it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from kittiwake.kernel.evaluate.digest import listed_in
from kittiwake.model import Decision
from kittiwake.reasons import Outcome, Reason
from kittiwake.scenarios.expect import verb_of
from kittiwake.scenarios.timeline import ARROWS, AT_ITS_INSTANT
from kittiwake.time.instants import format_instant
from kittiwake.values import canonical, parse_json
from tests.conformance.histories import History

_LINE = re.compile(r"(?:(\d{4}-\d\d-\d\d) |\s+)?(\d\d:\d\d(?::[\d.]+)?)(.*)")


def rewrite(histories: Iterable[History]) -> None:
    """Write the expected lines of timelines in UTC anew, of each file from below, so that lines stay where they are."""
    for history in sorted(histories, key=lambda one: one.case.mark, reverse=True):
        path = Path(history.case.file)
        lines = path.read_text(encoding="utf-8").split("\n")
        head = history.case.steps[-1].mark.line
        end = next((n for n in range(head, len(lines)) if not lines[n].startswith("      ")), len(lines))
        block = [line[6:] for line in lines[head:end]]
        lines[head:end] = [f"      {line}".rstrip() for line in timeline_of(block, history)]
        path.write_text("\n".join(lines), encoding="utf-8")


def timeline_of(block: Sequence[str], history: History) -> list[str]:
    """The lines of a timeline with what was decided."""
    day = format_instant(history.case.start_us)[:10]
    found: list[tuple[str, int, str]] = []
    for line in block:
        parts = _LINE.fullmatch(line)
        assert parts, line
        day = parts[1] or day
        if not parts[3].lstrip().startswith(ARROWS):
            found.append((f"{day} {_whole(parts[2])}", 0, parts[3].strip()))
    found += [(_stands(one), 1, arrow_of(one, history)) for one in history.decided]
    found.sort(key=lambda line: line[:2])
    last = found[-1]
    kept = [line for line in found if line[2] or line == last]
    return _shown(kept, format_instant(history.case.start_us)[:10])


def _whole(clock: str) -> str:
    return clock if len(clock) > 5 else f"{clock}:00"


def _stands(decision: Decision) -> str:
    at_us = decision.decided_us if verb_of(decision) in AT_ITS_INSTANT else decision.time_us
    return format_instant(at_us)[:-1].replace("T", " ")


def _shown(lines: Sequence[tuple[str, int, str]], day: str) -> list[str]:
    dated = any(time[:10] != day for time, _, _ in lines)
    day = "" if dated else day
    shown = []
    for time, _, text in lines:
        date, clock = time[:10], time[11:]
        before = (date if date != day else " " * 10) + " " if dated else ""
        clock = clock.removesuffix(":00") if len(clock) == 8 else clock
        shown.append(f"{before}{clock}  {text}".rstrip())
        day = date
    return shown


def arrow_of(decision: Decision, history: History) -> str:
    """A decision as a line expects it, with the fields that are not as they mostly are."""
    verb = verb_of(decision)
    words = ["→", decision.rule_id, verb]
    if decision.reason is not None and decision.decision is not Outcome.DEFERRED:
        words.append(str(decision.reason))
    if verb in ("suppressed", "cancelled", "revoked") and str(decision.kind) != "fired":
        words.append(f"kind={decision.kind}")
    for name in ("reminder", "threshold", "occurrence", "variant", "channel"):
        if getattr(decision, name) is not None:
            words.append(f"{name}={getattr(decision, name)}")
    for name in ("instance", "include"):
        if getattr(decision, name) != "{}":
            words.append(f"{name}={_flow(getattr(decision, name))}")
    events = decision.events
    if events is not None and events.count > 1:
        words.append(f"events={{first: {events.first}, last: {events.last}, count: {events.count}}}")
    if decision.decision is Outcome.DEFERRED and decision.reason is not Reason.QUIET_HOURS:
        words.append(f"reason={decision.reason}")
    return " ".join([*words, *_of_corrections(decision, history), *_times(decision, verb)])


def _of_corrections(decision: Decision, history: History) -> list[str]:
    words = ["late=true"] if decision.late and decision.decision is not Outcome.REVOKED else []
    words += [f"revision={decision.revision}"] if decision.revision else []
    if decision.replaces:
        of = {row.trigger_id: row.rule_id for row in history.decided}
        words.append(f"replaces=[{', '.join(sorted(of.get(one, one) for one in decision.replaces))}]")
    words += ["partial_history=true"] if decision.partial_history else []
    if decision.outranked_by is not None:
        of = {row.trigger_id: row.rule_id for row in history.decided}
        words.append(f"outranked_by={of[decision.outranked_by]}")
    if decision.digest is not None:
        words.append(f"lists=[{', '.join(_flow(canonical(one['instance'])) for one in listed_in(decision))}]")
    return words


def _times(decision: Decision, verb: str) -> list[str]:
    if verb == "deferred" or decision.time_us == decision.decided_us:
        return []
    if verb in AT_ITS_INSTANT:
        return [f"due={format_instant(decision.time_us)}"]
    return [f"at={format_instant(decision.decided_us)}"]


def _flow(text: str) -> str:
    """An object as a person writes it: keys that need no quotes have none."""
    entries = parse_json(text).items()
    plain = re.compile(r"[A-Za-z_][\w.]*")
    return "{" + ", ".join(f"{k if plain.fullmatch(k) else canonical(k)}: {canonical(v)}" for k, v in entries) + "}"
