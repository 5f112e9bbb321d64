"""The summary of a run: its settings, its counts, and whether it was stopped.

Pure. Written as `summary.json` beside the rows and printed by both hosts.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from kittiwake.batch.counts import (
    NUMBERS,
    Counts,
    DuplicateExample,
    PendingRule,
    Refusal,
    SilentRule,
    SourceLine,
    Verdict,
    number_lines,
    without_arrivals,
)
from kittiwake.batch.coverage.comparison import Coverage, coverage_of, empty_messages
from kittiwake.batch.feeds.covered import FeedHealth, Flooding, floods_until, health_of
from kittiwake.batch.settings import RunSettings, Stop, end_of_run, stop_of
from kittiwake.kernel.evaluate.pending import Pending
from kittiwake.output.rows import Mode
from kittiwake.printable import plain_json
from kittiwake.reasons import Clause, Found
from kittiwake.rules.compile.accounts import Refused, RulesUsed, VersionUsed
from kittiwake.rules.compile.needs import RuleNeeds
from kittiwake.rules.publishing.layout import start_text, start_us
from kittiwake.time.durations import format_duration, parse_duration
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
    coverage: Coverage = Coverage()
    """Whether its events and its rules have met."""
    feeds: tuple[FeedHealth, ...] = ()
    """How the feeds of its rules have done."""
    breakers: tuple[Flooding, ...] = ()
    """How often the breakers of its rules were asked for more than they let through."""

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

    @property
    def findings(self) -> tuple[str, ...]:
        """Messages about what somebody has to check, though the run was finished: with any, the exit code is 1."""
        return tuple(findings_of(self.rules, self.counts)) if self.stopped is None else ()

    @property
    def empty(self) -> tuple[str, ...]:
        """Messages about what of the run had nothing to do: with any, the exit code is 1 unless that is allowed."""
        return () if self.stopped is Stop.UNREADABLE else tuple(empty_messages(self.coverage, self.counts))

    def is_fine(self, *, allow_empty: bool) -> bool:
        """Whether nobody has to check anything."""
        return self.stopped is None and not self.findings and (allow_empty or not self.empty)


COPIES_DIFFER_RATIO: Final = Decimal("0.01")
"""Part of the events that may be duplicates which say something else: producers that write an event anew for a retry
are few, and of a hundred events one is not missed. Beyond it an id hardly is one."""


def findings_of(rules: RulesUsed, counts: Counts) -> Iterator[str]:
    """Messages about what somebody has to check."""
    for one in rules.refused:
        what = f"keeps rule set {one.keeps}" if one.keeps else "none of them is run, and its events decide nothing"
        yield f"account {one.account_id}: its rules in rule set {one.ruleset_version} cannot be used, {what}"
    if counts.copies_differ > COPIES_DIFFER_RATIO * counts.events:
        share = f"{100 * counts.copies_differ / counts.events:.0f} %"
        yield (
            f"{counts.copies_differ:,} of {counts.events:,} events ({share}) were dropped as duplicates of an event"
            " with the same event_id, and say something else than that one. Probably several things share an id, as the"
            " rows of an invoice share its number: give each an event_id of its own, such as number/row, or send one"
            " event with a list. If they are retries, send each as it was sent first"
        )

    yield from text_findings(counts.unusable)
    yield from _idle_findings(counts)


MEASURING: Final = (Clause.GIVEN, Clause.STILL, Clause.AUDIENCE, Clause.REACHES)
"""Clauses that measure: a number that is text is left out of a sum, and the sum is wrong."""


def text_findings(unusable: Mapping[Refusal, int]) -> Iterator[str]:
    """Messages about numbers that were sent as text where a rule sums or compares them over events."""
    for one, number in sorted(unusable.items()):
        if one.found == Found.NUMBER_AS_TEXT and one.clause in MEASURING:
            what = (
                "value is a number sent as text and was" if number == 1 else "values are numbers sent as text and were"
            )
            yield (
                f"rule {one.rule_id} of account {one.account_id}: of {one.path}, {number:,} {what} left out of"
                f" {one.clause}. Send numbers, or add to the rules: cast: [{{event: …, number: {one.path}}}]"
            )


def _idle_findings(counts: Counts) -> Iterator[str]:
    """Messages about rules of which nothing came, and that met texts in place of what they compare or measure."""
    busy = {(verdict.account_id, verdict.rule_id) for verdict in counts.verdicts}
    busy |= {(rule.account_id, rule.rule_id) for rule in counts.pending}
    for one, number in sorted(counts.unusable.items()):
        is_number = one.found == Found.NUMBER_AS_TEXT
        is_measured = is_number and one.clause in MEASURING
        if one.found not in (Found.TEXT, Found.NUMBER_AS_TEXT) or is_measured or (one.account_id, one.rule_id) in busy:
            continue
        times = "once" if number == 1 else f"{number:,} times"
        advice = f"add to the rules: cast: [{{event: …, number: {one.path}}}]" if is_number else "check which is meant"
        yield (
            f"rule {one.rule_id} of account {one.account_id} decided nothing: {times} {one.path} was a text that"
            f" {one.clause} could not use. Send numbers, or {advice}"
        )


def summary_of(
    mode: Mode, rules: RulesUsed, settings: RunSettings, counts: Counts, needs: Sequence[RuleNeeds] = ()
) -> Summary:
    """The summary of a run from all it counted, and from what its rules need."""
    until_us, stopped = end_of_run(settings, counts, rules.frozen_at_us), stop_of(settings, counts)
    coverage = coverage_of(needs, counts)
    since_us = settings.snapshots_until_us
    feeds, breakers = health_of(counts.feeds, until_us, since_us), floods_until(counts.feeds, until_us, since_us)
    kept = without_arrivals(number_lines(counts))
    return Summary(mode, rules, settings.start_us, until_us, stopped, kept, coverage, feeds, breakers)


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
        "empty": list(summary.empty),
        **{name: getattr(counts, name) for name in NUMBERS},
        "newest": _instant(counts.newest_us),
        "triggers": summary.triggers,
        "decisions": [_row(verdict, number) for verdict, number in sorted(counts.verdicts.items())],
        "dead_letters": dict(sorted(counts.dead_letters.items())),
        "dead_letter_examples": {
            reason: [_example(line) for line in lines] for reason, lines in sorted(counts.examples.items())
        },
        "unreadable": counts.unreadable,
        "copies_differ_examples": [
            {**one._asdict(), "differs": list(one.differs)} for one in counts.duplicate_examples
        ],
        "unknown_zones": dict(sorted(counts.unknown_zones.items())),
        "refused_accounts": [_refused(one, counts) for one in summary.rules.refused],
        **msgspec.to_builtins(summary.coverage),
        "findings": list(summary.findings),
        "pending": [
            {**rule._asdict(), "count": one.number, "next_due": format_instant(one.next_due_us)}
            for rule, one in sorted(counts.pending.items())
        ],
        "unusable": [{**one._asdict(), "count": number} for one, number in sorted(counts.unusable.items())],
        "feeds": list(map(_feed, summary.feeds)),
        "silent": _of_rules(counts, flooded=False),
        "breakers": list(map(_breaker, summary.breakers)),
        "flooded": _of_rules(counts, flooded=True),
    }


def _version(version: VersionUsed) -> dict[str, str]:
    return {"effective_from": start_text(version.effective_us), "ruleset_version": version.ruleset_version}


def _feed(feed: FeedHealth) -> dict[str, Any]:
    return {
        "account_id": feed.account_id,
        "type": feed.type,
        "every": format_duration(feed.every_us),
        "silences": feed.silences,
        "longest": format_duration(feed.longest_us),
        "silent_since": _instant(feed.silent_since_us),
    }


def _breaker(one: Flooding) -> dict[str, Any]:
    return {
        "account_id": one.account_id,
        "type": one.type,
        "max": one.max_events,
        "per": format_duration(one.per_us),
        "floods": one.floods,
        "first": _instant(one.first_us),
        "newest": _instant(one.newest_us),
    }


def _breaker_of(row: Mapping[str, Any]) -> Flooding:
    first_us, newest_us = (None if row[name] is None else parse_instant(row[name]) for name in ("first", "newest"))
    per_us = parse_duration(row["per"]) or 0
    return Flooding(row["account_id"], row["type"], row["max"], per_us, row["floods"], first_us, newest_us)


def _of_rules(counts: Counts, *, flooded: bool) -> list[dict[str, Any]]:
    """What was due of each rule while a feed was silent, or armed by a flood."""
    own = [(one, number) for one, number in sorted(counts.silent.items()) if one.flooded is flooded]
    names = SilentRule._fields[:-1]
    return [{**dict(zip(names, one, strict=False)), "count": number} for one, number in own]


def _rules_of(data: Mapping[str, Any]) -> dict[SilentRule, int]:
    return {
        SilentRule(row["account_id"], row["rule_id"], row["type"], flooded=word == "flooded"): row["count"]
        for word in ("silent", "flooded")
        for row in data.get(word, [])
    }


def _feed_of(row: Mapping[str, Any]) -> FeedHealth:
    every_us, longest_us = parse_duration(row["every"]) or 0, parse_duration(row["longest"]) or 0
    since_us = None if row["silent_since"] is None else parse_instant(row["silent_since"])
    return FeedHealth(row["account_id"], row["type"], every_us, row["silences"], longest_us, since_us)


def _instant(time_us: int | None) -> str | None:
    return None if time_us is None else format_instant(time_us)


def _row(verdict: Verdict, number: int) -> dict[str, Any]:
    return {**verdict._asdict(), "reason": verdict.reason or None, "count": number}


def _refused(one: Refused, counts: Counts) -> dict[str, Any]:
    """`events`: those that decided nothing."""
    events = 0 if one.keeps else counts.refused.get(one.account_id, 0)
    return {**one._asdict(), "errors": list(one.errors), "events": events}


def _example(line: SourceLine) -> dict[str, str]:
    return {"source": line.source, "detail": line.detail, "remedy": line.remedy}


def to_text(summary: Summary) -> str:
    """The file `summary.json`: one field a line, so that a person can open it."""
    return plain_json(json.dumps(to_json(summary), indent=2, ensure_ascii=False)) + "\n"


def _duplicate_example(one: dict[str, Any]) -> DuplicateExample:
    return DuplicateExample(one["account_id"], one["contact_id"], one["event_id"], tuple(one["differs"]))


def from_text(text: bytes | str) -> Summary:
    """The summary of a file that `to_text` wrote."""
    data = json.loads(text)
    verdicts = {Verdict(*(row[name] or "" for name in Verdict._fields)): row["count"] for row in data["decisions"]}
    counts = Counts(
        **{name: data.get(name, 0) for name in NUMBERS},  # of the release before, not all there are now
        newest_us=None if data["newest"] is None else parse_instant(data["newest"]),
        dead_letters=data["dead_letters"],
        examples={
            reason: [SourceLine(**one) for one in lines] for reason, lines in data["dead_letter_examples"].items()
        },
        unreadable=data["unreadable"],
        verdicts=verdicts,
        duplicate_examples=[_duplicate_example(one) for one in data["copies_differ_examples"]],
        unknown_zones=data["unknown_zones"],
        refused={one["account_id"]: one["events"] for one in data["refused_accounts"] if one["events"]},
        unusable={Refusal(*(row[name] for name in Refusal._fields)): row["count"] for row in data.get("unusable", [])},
    )
    counts.pending = {
        PendingRule(row["account_id"], row["rule_id"]): Pending(row["count"], parse_instant(row["next_due"]))
        for row in data.get("pending", [])
    }
    counts.silent = _rules_of(data)
    stopped = None if data["stopped"] is None else Stop(data["stopped"])
    versions = tuple(VersionUsed(start_us(one["effective_from"]), one["ruleset_version"]) for one in data["versions"])
    frozen_at_us = None if data["frozen_at"] is None else parse_instant(data["frozen_at"])
    refused = [{**one, "errors": tuple(one["errors"])} for one in data["refused_accounts"]]
    rules = RulesUsed(
        versions, frozen_at_us, tuple(Refused(*(one[name] for name in Refused._fields)) for one in refused)
    )
    began_us, until_us = parse_instant(data["start"]), parse_instant(data["until"])
    coverage = msgspec.convert({name: data.get(name, []) for name in Coverage.__struct_fields__}, Coverage)
    feeds, breakers = map(_feed_of, data.get("feeds", [])), map(_breaker_of, data.get("breakers", []))
    mode = Mode(data["mode"])
    return Summary(mode, rules, began_us, until_us, stopped, counts, coverage, tuple(feeds), tuple(breakers))
