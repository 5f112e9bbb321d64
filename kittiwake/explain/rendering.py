"""An explanation as lines of text, each with its tone: a timeline, then what fired and what did not.

Pure. A terminal colours the tones; a failing test prints the plain text.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from kittiwake.explain.model import Explanation, Line, Miss, RuleExplanation, Tone
from kittiwake.explain.wording import clock_words, counted, date_words, moment_words
from kittiwake.kernel.plan.about import About
from kittiwake.kernel.state.trace import StepKind
from kittiwake.printable import visible

MISSES_SHOWN: Final = 5
"""Near misses of a rule that are shown, the newest; `--json` has all."""


class Text(NamedTuple):
    """One line and what it is to its reader; no tone: a heading."""

    text: str
    tone: Tone | None = None


def plain(explanation: Explanation) -> str:
    """The whole explanation without colours."""
    return "\n".join(line.text for line in texts(explanation))


def texts(explanation: Explanation) -> Iterator[Text]:
    """The whole explanation; nothing that is foreign in a line hides, or begins another."""
    for line in _texts(explanation):
        yield line._replace(text=visible(line.text))


def _texts(explanation: Explanation) -> Iterator[Text]:
    yield from heading(explanation)
    yield from timeline(explanation)
    yield Text("")
    yield from verdicts(explanation)


def heading(explanation: Explanation) -> Iterator[Text]:
    """Whose explanation this is, and until when."""
    until = moment_words(explanation.evaluated_to_us, explanation.zone)
    events = counted(explanation.events, "event")
    yield Text(f"contact {explanation.contact_id} of account {explanation.account_id}")
    yield Text(f"{events}, decided up to {until} ({explanation.zone})", Tone.ASIDE)
    if explanation.left_out:
        how = "kittiwake explain --all-properties shows them"
        yield Text(f"properties that no rule reads are left out: {how}", Tone.ASIDE)


# ---------------------------------------------------------------- timeline


def timeline(explanation: Explanation) -> Iterator[Text]:
    """Every line in the order of time, beneath the day it fell on, by the clock in force there and then."""
    several = len({explanation.zone, *(line.zone for line in explanation.lines)}) > 1
    zone = day = ""
    shown_us: int | None = None
    for line in explanation.lines:
        clock, before = clock_words(line.time_us, line.zone), zone
        if day != (day := date_words(line.time_us, line.zone)):
            yield Text("")
            yield Text(f"{day} ({line.zone})" if several else day)
            shown_us = None
        margin = " " * (len(clock) + 4)
        if before and before != line.zone:  # by being forgotten, or by other rules: no line brings it
            yield Text(f"  {clock}  timezone is now {line.zone}", Tone.ASIDE)
            shown_us = line.time_us
        yield Text((margin if shown_us == line.time_us else f"  {clock}  ") + _shown_text(line), line.tone)
        shown_us, zone = line.time_us, line.new_zone or line.zone
        if line.new_zone is not None:
            there = _there(line.time_us, line.zone, line.new_zone)
            yield Text(f"{margin}timezone is now {line.new_zone}, where it is {there}", Tone.ASIDE)


def _there(time_us: int, here: str, there: str) -> str:
    """An instant by another clock, with its date where it is another day there."""
    is_same_day = date_words(time_us, here) == date_words(time_us, there)
    return clock_words(time_us, there) if is_same_day else moment_words(time_us, there)


def _shown_text(line: Line) -> str:
    if line.rule_id is None:
        return line.text
    if line.kind is StepKind.GATE:  # stands beneath the decision it led to
        return f"    {line.text}"
    return f"  {_subject(line.rule_id, line.instance)}: {line.text}"


def _subject(rule_id: str, instance: str | None) -> str:
    return rule_id if instance in (None, "{}") else f"{rule_id} {instance}"


# ---------------------------------------------------------------- verdicts


def verdicts(explanation: Explanation) -> Iterator[Text]:
    """What became of each rule: how often it fired, and of what did not fire the nearest miss."""
    for rule in explanation.rules:
        if rule.about is not None:
            yield Text(f"{rule.rule_id}: {about_words(rule.about)}", Tone.ASIDE)
        if rule.fired:
            yield Text(f"{rule.rule_id} fired {_times(rule.fired)}", Tone.FIRED)
        yield from _more(rule)
        for miss in rule.nearest[-MISSES_SHOWN:]:
            yield from _missed(explanation, miss)


def about_words(about: About) -> str:
    """What a rule says of itself, in one line."""
    owner = [f"owner {about.owner}"] if about.owner else []
    tags = [f"tags {', '.join(about.tags)}"] if about.tags else []
    said = [" ".join(about.description.split())] if about.description else []
    return "; ".join([*said, *owner, *tags])


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"


def _missed(explanation: Explanation, miss: Miss) -> Iterator[Text]:
    zone = "" if miss.zone == explanation.zone else f" {miss.zone}"
    when = "" if miss.time_us is None else f" ({moment_words(miss.time_us, miss.zone)}{zone})"
    yield Text(f"{_subject(miss.rule_id, miss.instance)} did not fire{when}", Tone.STOPPED)
    yield Text(f"    {miss.what}")
    yield Text(f"    it would have taken: {miss.needed}", Tone.PROGRESS)


def _more(rule: RuleExplanation) -> Iterator[Text]:
    hidden = len(rule.nearest) - MISSES_SHOWN
    if hidden > 0:
        yield Text(f"{rule.rule_id} did not fire {_times(hidden)} more, earlier; --json has them all", Tone.ASIDE)
