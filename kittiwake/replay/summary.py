"""The account a run gives of itself: its settings, its counts, and whether it was stopped.

Pure. Written as `summary.json` beside the rows and printed by both hosts.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec

from kittiwake.replay.counts import NUMBERS, Counts, Place, Verdict, placed
from kittiwake.replay.programs import RulesUsed, VersionUsed
from kittiwake.replay.rows import Mode
from kittiwake.replay.settings import RunSettings, Stop, end_of_run, stop_of
from kittiwake.rules.publishing.layout import start_text, start_us
from kittiwake.time.instants import format_instant, parse_instant


class Summary(msgspec.Struct, frozen=True):
    """One run over bounded input, finished."""

    mode: Mode
    rules: RulesUsed
    start_us: int
    until_us: int
    stopped: Stop | None
    """Why nothing was decided; None: everything was."""
    counts: Counts

    @property
    def triggers(self) -> int:
        """How many decisions fired."""
        return sum(number for verdict, number in self.counts.verdicts.items() if verdict.decision == "fired")

    @property
    def decisions(self) -> int:
        """How many candidates there were."""
        return sum(self.counts.verdicts.values())

    @property
    def dead_letters(self) -> int:
        """How many records were no events."""
        return sum(self.counts.dead_letters.values())


def summary_of(mode: Mode, rules: RulesUsed, settings: RunSettings, counts: Counts) -> Summary:
    """The summary of a run from all it counted."""
    until_us, stopped = end_of_run(settings, counts, rules.frozen_at_us), stop_of(settings, counts)
    return Summary(mode, rules, settings.start_us, until_us, stopped, placed(counts))


# ---------------------------------------------------------------- as JSON


def to_json(summary: Summary) -> dict[str, Any]:
    """The summary as a JSON object, in a fixed order."""
    counts = summary.counts
    return {
        "mode": summary.mode.value,
        "ruleset_version": summary.rules.ruleset_version,
        "versions": [_version(one) for one in summary.rules.versions],
        "frozen_at": _instant(summary.rules.frozen_at_us),
        "start": format_instant(summary.start_us),
        "until": format_instant(summary.until_us),
        "stopped": None if summary.stopped is None else summary.stopped.value,
        **{name: getattr(counts, name) for name in NUMBERS},
        "newest": _instant(counts.newest_us),
        "triggers": summary.triggers,
        "decisions": [_row(verdict, number) for verdict, number in sorted(counts.verdicts.items())],
        "dead_letters": dict(sorted(counts.dead_letters.items())),
        "dead_letter_examples": {
            reason: [_example(place) for place in places] for reason, places in sorted(counts.examples.items())
        },
        "unreadable": counts.unreadable,
    }


def _version(version: VersionUsed) -> dict[str, str]:
    return {"effective_from": start_text(version.effective_us), "ruleset_version": version.ruleset_version}


def _instant(time_us: int | None) -> str | None:
    return None if time_us is None else format_instant(time_us)


def _row(verdict: Verdict, number: int) -> dict[str, Any]:
    return {**verdict._asdict(), "reason": verdict.reason or None, "count": number}


def _example(place: Place) -> dict[str, str]:
    return {"source": place.source, "detail": place.detail}


def to_text(summary: Summary) -> str:
    """The file `summary.json`: one field a line, so that a person can open it."""
    return json.dumps(to_json(summary), indent=2, ensure_ascii=False) + "\n"


def from_text(text: bytes | str) -> Summary:
    """The summary of a file that `to_text` wrote."""
    data = json.loads(text)
    verdicts = {Verdict(*(row[name] or "" for name in Verdict._fields)): row["count"] for row in data["decisions"]}
    counts = Counts(
        **{name: data.get(name, 0) for name in NUMBERS},
        newest_us=None if data["newest"] is None else parse_instant(data["newest"]),
        dead_letters=data["dead_letters"],
        examples={reason: [Place(**one) for one in places] for reason, places in data["dead_letter_examples"].items()},
        unreadable=data["unreadable"],
        verdicts=verdicts,
    )
    stopped = None if data["stopped"] is None else Stop(data["stopped"])
    versions = tuple(VersionUsed(start_us(one["effective_from"]), one["ruleset_version"]) for one in data["versions"])
    rules = RulesUsed(versions, None if data["frozen_at"] is None else parse_instant(data["frozen_at"]))
    began_us, until_us = parse_instant(data["start"]), parse_instant(data["until"])
    return Summary(Mode(data["mode"]), rules, began_us, until_us, stopped, counts)
